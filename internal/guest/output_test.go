package guest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/junctorio/junctor/internal/guest"
)

// logbook is a log that can be read.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logbook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logbook) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// entries returns the records of a message.
func (b *logbook) entries(t *testing.T, message string) []map[string]any {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []map[string]any
	for d := json.NewDecoder(bytes.NewReader(b.buf.Bytes())); ; {
		var e map[string]any
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		if e["msg"] == message {
			found = append(found, e)
		}
	}
}

// lines returns the output that was logged for a stream, "" for all.
func (b *logbook) lines(t *testing.T, stream string) []string {
	t.Helper()
	var lines []string
	for _, e := range b.entries(t, "guest output") {
		if stream == "" || e["stream"] == stream {
			lines = append(lines, e["line"].(string))
		}
	}
	return lines
}

// lost returns how many lines the log says are missing.
func (b *logbook) lost(t *testing.T) int {
	t.Helper()
	sum := 0
	for _, e := range b.entries(t, "guest output lost") {
		sum += int(e["lines"].(float64))
	}
	return sum
}

func TestOutputIsLogged(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", guest.MaxLine)
	tests := []struct {
		name   string
		output string
		want   []string
	}{
		{"not at all when there is none", "", nil},
		{"line by line", "one\ntwo\n", []string{"one", "two"}},
		{"with a last line that does not end", "one\ntwo", []string{"one", "two"}},
		{"with empty lines", "\n\none\n\n", []string{"", "", "one", ""}},
		{"without the carriage returns of line ends", "one\r\ntw\ro\r\n", []string{"one", "tw\ro"}},
		{"with replacements for what is no text", "a\xff\xfeb\n", []string{"a\uFFFDb"}},
		{"whole up to the bound", long[1:] + "\nnext\n", []string{long[1:], "next"}},
		{"in pieces beyond the bound", long + long + "y\nnext\n", []string{long, long, "y", "next"}},
		{"in pieces that leave characters whole", long[1:] + "\u20ac" + "\n", []string{long[1:], "\u20ac"}},
		{"in pieces of anything", long[1:] + "\xff\xff\n", []string{long[1:] + "\uFFFD", "\uFFFD"}},
	}
	readers := map[string]func(io.Reader) io.Reader{
		"read at once":           func(r io.Reader) io.Reader { return r },
		"read octet by octet":    iotest.OneByteReader,
		"read up to a failure":   func(r io.Reader) io.Reader { return io.MultiReader(r, iotest.ErrReader(io.ErrClosedPipe)) },
		"read with data and end": iotest.DataErrReader,
	}
	for _, tt := range tests {
		for how, reader := range readers {
			t.Run(tt.name+" "+how, func(t *testing.T) {
				t.Parallel()
				var book logbook
				guest.Capture(book.logger(), reader(strings.NewReader(tt.output)))
				if got := book.lines(t, ""); !slices.Equal(got, tt.want) {
					t.Errorf("got %.200q, want %.200q", got, tt.want)
				}
				if lost := book.lost(t); lost != 0 {
					t.Errorf("lost %d lines", lost)
				}
			})
		}
	}
}

// stuck is a log that takes nothing until it is released.
type stuck struct {
	slog.Handler
	release chan struct{}
}

func (s stuck) Handle(ctx context.Context, r slog.Record) error {
	<-s.release
	return s.Handler.Handle(ctx, r)
}

func TestOutputIsReadWhileTheLogIsStuck(t *testing.T) {
	t.Parallel()
	var book logbook
	log := stuck{book.logger().Handler(), make(chan struct{})}
	r, w := io.Pipe()
	var capture sync.WaitGroup
	capture.Go(func() { guest.Capture(slog.New(log), r) })
	const lines = 3000
	line := []byte(strings.Repeat("x", 1000) + "\n")
	for range lines { // 3 MB, and each Write waits for its reader
		if _, err := w.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	close(log.release)
	capture.Wait()
	logged, lost := len(book.lines(t, "")), book.lost(t)
	if logged+lost != lines {
		t.Errorf("got %d lines and %d reported as lost of %d", logged, lost, lines)
	}
	if logged < 900 || logged > 2100 { // one MiB, and what was being logged
		t.Errorf("kept %d lines of 1000 octets, want about 1000", logged)
	}
}

func TestAFloodOfOutputIsCutAndCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // one moment in time
		var book logbook
		guest.Capture(book.logger(), strings.NewReader(strings.Repeat("\n", guest.MaxLineRate+500)))
		if got := len(book.lines(t, "")); got != guest.MaxLineRate {
			t.Errorf("got %d lines, want %d", got, guest.MaxLineRate)
		}
		if got := book.lost(t); got != 500 {
			t.Errorf("got %d lines reported as lost, want 500", got)
		}
	})
}
