package router

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/junctorio/junctor/transport"
)

// pipeConn is a connection that takes as many octets as it is told to.
// Messages on it begin with '<'.
type pipeConn struct {
	mu     sync.Mutex
	room   int // octets that TryWrite takes
	got    bytes.Buffer
	closed bool
	resume chan struct{} // Write blocks until it is closed
	ended  chan struct{} // closed by Close
	tried  func()        // if set, called after each TryWrite
	wrote  func(n int)   // if set, called before each Write's n octets count as written
}

func (c *pipeConn) Read([][]byte) ([][]byte, []byte, error) { panic("not read from") }
func (c *pipeConn) AppendHeader(dst []byte, _ int) []byte   { return append(dst, '<') }
func (c *pipeConn) AppendPing(dst []byte) []byte            { return dst }
func (c *pipeConn) Heard() uint64                           { return 0 }
func (c *pipeConn) Info() *transport.Info                   { return &transport.Info{} }
func (c *pipeConn) CloseWrite() error                       { return nil }

func (c *pipeConn) Close() error {
	close(c.ended)
	return nil
}

func (c *pipeConn) TryWrite(bufs [][]byte) (n int, err error) {
	if c.tried != nil {
		defer c.tried()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	for _, b := range bufs {
		b = b[:min(len(b), c.room)]
		c.got.Write(b)
		c.room -= len(b)
		n += len(b)
	}
	return n, nil
}

func (c *pipeConn) Write(bufs [][]byte) error {
	<-c.resume
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	n := 0
	for _, b := range bufs {
		c.got.Write(b)
		n += len(b)
	}
	if c.wrote != nil {
		c.wrote(n)
	}
	return nil
}

func (c *pipeConn) written() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got.String()
}

func newTestOutbox(room int) (*outbox, *pipeConn, *worker) {
	c := &pipeConn{room: room, resume: make(chan struct{}), ended: make(chan struct{})}
	o := &outbox{
		conn:   c,
		limits: transport.Limits{Send: 1 << 20},
		budget: &budget{limit: 1 << 30},
		max:    1 << 20,
	}
	return o, c, &worker{}
}

func mustPush(t *testing.T, o *outbox, w *worker, message string) {
	t.Helper()
	if err := o.push([]byte(message), nil, nil, w); err != nil {
		t.Fatalf("pushing %q: %v", message, err)
	}
}

func mustPushControl(t *testing.T, o *outbox, w *worker, octets string) {
	t.Helper()
	if err := o.pushControl([]byte(octets), w); err != nil {
		t.Fatalf("pushing control octets %q: %v", octets, err)
	}
}

func TestOutboxWritesWhatWasPushedInOrder(t *testing.T) {
	t.Parallel()
	o, c, w := newTestOutbox(1 << 20)
	large := bytes.Repeat([]byte{'L'}, transport.OwnedFrame)
	mustPush(t, o, w, "one")
	if err := o.push([]byte("two["), large, []byte("]"), w); err != nil {
		t.Fatal(err)
	}
	mustPush(t, o, w, "three")
	w.flush()
	if got, want := c.written(), "<one<two["+string(large)+"]<three"; got != want {
		t.Errorf("got %d octets, want %d in the order of pushes", len(got), len(want))
	}
	if o.size != 0 || len(o.queue) != 0 || len(w.touched) != 0 {
		t.Errorf("something is left: size %d, queue %d, touched %d", o.size, len(o.queue), len(w.touched))
	}
}

func TestOutboxLeavesTheRestToAFlusher(t *testing.T) {
	t.Parallel()
	o, c, w := newTestOutbox(5)
	mustPush(t, o, w, "one")
	mustPush(t, o, w, "two")
	w.flush() // takes "<one<"
	mustPush(t, o, w, "three")
	w.flush() // must not overtake
	if got := c.written(); got != "<one<" {
		t.Fatalf("got %q before the socket has room", got)
	}
	if got := o.budget.used.Load(); got != int64(len("<one<two<three")) {
		t.Errorf("a full socket has %d octets charged", got)
	}
	drained := o.drain()
	close(c.resume)
	<-drained
	o.flushers.Wait()
	if got := c.written(); got != "<one<two<three" {
		t.Errorf("got %q", got)
	}
	if got := o.budget.used.Load(); got != 0 {
		t.Errorf("%d octets are still charged", got)
	}
	mustPush(t, o, w, "four")
	c.room = 100
	w.flush()
	if got := c.written(); got != "<one<two<three<four" {
		t.Errorf("got %q after the flusher is gone", got)
	}
}

func TestOutboxWaitsForReservedPlaces(t *testing.T) {
	t.Parallel()
	o, c, w := newTestOutbox(1 << 20)
	mustPush(t, o, w, "one")
	two, err := o.reserve(w)
	if err != nil {
		t.Fatal(err)
	}
	mustPush(t, o, w, "three")
	gap, _ := o.reserve(w)
	mustPush(t, o, w, "five")
	o.flush()
	if got := c.written(); got != "<one" {
		t.Fatalf("got %q while the second message is not known", got)
	}
	if err := o.fill(two, []byte("t"), []byte("w"), []byte("o"), w); err != nil {
		t.Fatal(err)
	}
	o.flush()
	o.empty(gap, w)
	o.flush()
	if got := c.written(); got != "<one<two<three<five" {
		t.Errorf("got %q", got)
	}
	if o.size != 0 || o.slots != 0 {
		t.Errorf("something is left: size %d, slots %d", o.size, o.slots)
	}
}

// Whoever pushed first is who flushes, and may have flushed before a place
// that another worker reserved is filled or given up.
func TestOutboxIsFlushedByWhoSettlesAReservedPlace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		settle func(*outbox, *slot, *worker)
		want   string
	}{
		{"by filling it", func(o *outbox, s *slot, w *worker) {
			if err := o.fill(s, []byte("two"), nil, nil, w); err != nil {
				t.Error(err)
			}
		}, "<one<two<three"},
		{"by giving it up", func(o *outbox, s *slot, w *worker) { o.empty(s, w) }, "<one<three"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, c, first := newTestOutbox(1 << 20)
			second := &worker{}
			mustPush(t, o, first, "one")
			place, err := o.reserve(second)
			if err != nil {
				t.Fatal(err)
			}
			mustPush(t, o, first, "three")
			first.flush()
			tt.settle(o, place, second)
			second.flush()
			if got := c.written(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOutboxPutsControlBeforeWhatIsQueued(t *testing.T) {
	t.Parallel()
	o, c, w := newTestOutbox(2)
	mustPush(t, o, w, "one")
	w.flush() // "<o" is written, the flusher has the rest
	mustPush(t, o, w, "two")
	if err := o.pushControl([]byte("PONG"), w); err != nil {
		t.Fatal(err)
	}
	drained := o.drain()
	close(c.resume)
	<-drained
	if got := c.written(); got != "<onePONG<two" {
		t.Errorf("got %q, want the control octets between two messages, as early as can be (RS-25)", got)
	}
}

func TestOutboxKeepsControlInOrder(t *testing.T) {
	t.Parallel()
	o, c, w := newTestOutbox(2)
	mustPush(t, o, w, "one")
	w.flush()
	mustPush(t, o, w, "two")
	for _, pong := range []string{"PONG1", "PONG2", "PONG3"} {
		mustPushControl(t, o, w, pong)
	}
	drained := o.drain()
	close(c.resume)
	<-drained
	if got := c.written(); got != "<onePONG1PONG2PONG3<two" {
		t.Errorf("got %q", got)
	}
}

func TestOutboxTakesControlWhenItTakesNoMessages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare func(*outbox)
	}{
		{"since it is full", func(o *outbox) { o.max = 2 }},
		{"since the last one was said", func(o *outbox) { o.finish() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, c, w := newTestOutbox(0)
			mustPush(t, o, w, "one")
			w.flush()
			tt.prepare(o)
			mustPushControl(t, o, w, "PONG") // RS-21
			drained := o.drain()
			close(c.resume)
			<-drained
			if got := c.written(); got != "<onePONG" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestOutboxBoundsTheControlOfWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		max    int
		budget int64
	}{{"by its own bound", 10, 1 << 20}, {"by the process's budget", 1 << 20, 10}} {
		t.Run(tt.name, func(t *testing.T) {
			o, c, w := newTestOutbox(0)
			o.max, o.budget.limit = tt.max, tt.budget
			mustPush(t, o, w, "1234567890")
			w.flush()
			mustPushControl(t, o, w, "1234567890a")
			if err := o.pushControl([]byte("b"), w); !errors.Is(err, errFull) {
				t.Errorf("got %v, want %v", err, errFull)
			}
			close(c.resume)
			o.flushers.Wait()
		})
	}
}

// What waits for a full socket is written turn by turn: it stops counting as
// queued, and control is put in between (RS-25).
func TestOutboxWritesALongQueueInTurns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		push func(*outbox, *worker) error
	}{
		{"of small messages", func(o *outbox, w *worker) error {
			return o.push(make([]byte, 1000), nil, nil, w)
		}},
		{"of messages that fill no chunk evenly", func(o *outbox, w *worker) error {
			return o.push(make([]byte, 100), make([]byte, 11_000), []byte("]"), w)
		}},
		{"of large messages", func(o *outbox, w *worker) error {
			return o.push(make([]byte, 10), make([]byte, transport.OwnedFrame), []byte("]"), w)
		}},
		{"of places filled late", func(o *outbox, w *worker) error {
			s, err := o.reserve(w)
			if err != nil {
				return err
			}
			return o.fill(s, make([]byte, 10), make([]byte, 1000), []byte("]"), w)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, c, w := newTestOutbox(0)
			o.max = 8 * turnBytes
			for o.size < 6*turnBytes {
				if err := tt.push(o, w); err != nil {
					t.Fatal(err)
				}
			}
			size := o.size
			w.flush()
			mustPushControl(t, o, w, "PONG")
			c.wrote = func(n int) {
				o.mu.Lock()
				defer o.mu.Unlock()
				if want := size + len("PONG") - c.got.Len() + n; o.size != want {
					t.Errorf("%d octets count as queued after a write, want %d", o.size, want)
				}
			}
			drained := o.drain()
			close(c.resume)
			<-drained
			got := c.written()
			before, after, found := strings.Cut(got, "PONG")
			if !found || len(before) > 2*turnBytes || after[0] != '<' {
				t.Errorf("PONG after %d octets of %d, want it between the first two turns", len(before), len(got))
			}
			if len(got) != size+len("PONG") {
				t.Errorf("%d octets written, want %d", len(got), size+len("PONG"))
			}
		})
	}
}

func TestOutboxFlushDoesNotWriteForEverWhatOthersPush(t *testing.T) {
	t.Parallel()
	o, c, w := newTestOutbox(1 << 20)
	mustPush(t, o, w, "x")
	turns := 0
	c.tried = func() {
		if turns++; turns < 10*flushTurns {
			mustPush(t, o, w, "x")
		}
	}
	o.flush()
	if turns != flushTurns {
		t.Errorf("the flush took %d turns, want %d", turns, flushTurns)
	}
	drained := o.drain()
	close(c.resume)
	<-drained
	if got, want := c.written(), strings.Repeat("<x", flushTurns+1); got != want {
		t.Errorf("%d octets written, want %d", len(got), len(want))
	}
}

func TestOutboxRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare func(*outbox, *worker)
		want    error
	}{
		{"a message that its receiver does not accept", func(o *outbox, _ *worker) { o.limits.Send = 3 }, errTooLarge},
		{"a message above the bound", func(o *outbox, w *worker) { o.max = 2; mustPush(t, o, w, "xyz") }, errFull},
		{"a message of a full socket above the process's budget", func(o *outbox, w *worker) {
			o.budget.limit = 1
			o.conn.(*pipeConn).room = 0
			mustPush(t, o, w, "xyz")
			w.flush()
		}, errFull},
		{"a message after the last one", func(o *outbox, _ *worker) { o.finish() }, errGone},
		{"a message after closing", func(o *outbox, _ *worker) { o.close() }, errGone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, c, w := newTestOutbox(1 << 20)
			tt.prepare(o, w)
			if err := o.push([]byte("four"), nil, nil, w); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			close(c.resume)
			o.flushers.Wait()
		})
	}
}

func TestOutboxBelowItsBoundTakesAMessageOfAnySize(t *testing.T) {
	t.Parallel()
	o, _, w := newTestOutbox(0)
	o.max = 10
	if err := o.push(make([]byte, 1<<20), nil, nil, w); err != nil {
		t.Errorf("got %v for a first message larger than the bound", err)
	}
}

func TestOutboxGivesUpWhenTheConnectionFails(t *testing.T) {
	t.Parallel()
	for _, room := range []int{0, 2} { // failing in the flush, and in the flusher
		synctest.Test(t, func(t *testing.T) {
			o, c, w := newTestOutbox(room)
			mustPush(t, o, w, "one")
			if room == 0 {
				c.closed = true
			}
			w.flush()
			c.mu.Lock()
			c.closed = true
			c.mu.Unlock()
			drained := o.drain()
			close(c.resume)
			<-drained
			<-c.ended // by and by, else callers would wait for who hears nothing
			o.close()
			if o.size > 0 || o.budget.used.Load() != 0 {
				t.Errorf("room %d: size %d, charged %d after the end", room, o.size, o.budget.used.Load())
			}
		})
	}
}
