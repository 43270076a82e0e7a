package dialogue

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// Realm is the realm that scripts join. A Target must have it, and let
// anonymous sessions do everything in it.
const Realm = "realm1"

// Target is a router under test.
type Target interface {
	// Connect opens a connection.
	Connect() (Client, error)
	// Advance lets time pass for the router. It is called only for scripts
	// that are Timed.
	Advance(time.Duration)
}

// Stopper is a Target that can be shut down.
type Stopper interface {
	// Shutdown begins to shut the router down in order, and does not wait for
	// the end.
	Shutdown()
}

// Client is the client's end of a connection.
type Client interface {
	// Serializer is what frames are in. It does not change.
	Serializer() wamp.Serializer
	// Send sends a frame and returns without waiting for its effect.
	Send(frame []byte) error
	// Receive returns the next frame. Its error is io.EOF when the router
	// closed the connection; any other error means that nothing came, which a
	// Target that is not synchronous may take some seconds to find.
	Receive() ([]byte, error)
	// Close closes the connection and returns once the router has dealt with
	// the end of the session. It may be called twice.
	Close() error
}

// ErrNothing is what a Client's Receive may return when nothing came.
var ErrNothing = errors.New("nothing came")

//go:embed testdata/*.txt
var testdata embed.FS

// Scripts returns all scripts of this package, sorted by name.
func Scripts() ([]*Script, error) {
	files, err := testdata.ReadDir("testdata")
	if err != nil {
		return nil, err
	}
	var scripts []*Script
	for _, f := range files {
		text, err := testdata.ReadFile(path.Join("testdata", f.Name()))
		if err != nil {
			return nil, err
		}
		s, err := Parse(strings.TrimSuffix(f.Name(), ".txt"), string(text))
		if err != nil {
			return nil, err
		}
		scripts = append(scripts, s)
	}
	if len(scripts) == 0 {
		return nil, fmt.Errorf("dialogue: there are no scripts")
	}
	return scripts, nil
}

// Each runs all scripts as parallel subtests. Play makes a Target for the script
// and runs it against that; a script that its router cannot play (one that is
// Timed, one whose Options it does not have), it skips, with the reason.
func Each(t *testing.T, play func(t *testing.T, s *Script)) {
	t.Helper()
	scripts, err := Scripts()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			play(t, s)
		})
	}
}

// Play runs the script in a test.
func (s *Script) Play(t *testing.T, target Target) {
	t.Helper()
	if err := s.Run(target); err != nil {
		t.Errorf("%v\n%s", err, s.Rules)
	}
}
