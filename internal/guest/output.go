package guest

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	maxLine       = 16 << 10 // octets of a line; longer ones are logged in pieces
	maxQueue      = 1 << 20  // octets of lines read and not yet logged
	lineCost      = 32       // octets that a line in the queue takes besides its text
	maxLineRate   = 10_000   // lines logged in one second
	ratePeriod    = time.Second
	lostMessage   = "guest output lost"
	outputMessage = "guest output"
)

// capture logs what a process writes, line by line. It never keeps the process
// waiting: lines that come faster than they can be logged, or faster than
// maxLineRate, are counted and dropped, and the log says so.
type capture struct {
	log *slog.Logger

	// Owned by the reading goroutine.
	period  time.Time // when the current ratePeriod began
	inRange int       // lines taken in it

	mu     sync.Mutex // guards the fields below
	queue  []string
	queued int // octets of queue
	lost   int // lines dropped and not yet reported
	closed bool

	wake chan struct{} // capacity 1: "queue, lost or closed changed"
}

func newCapture(log *slog.Logger) *capture {
	return &capture{log: log, wake: make(chan struct{}, 1)}
}

// run reads r to its end and returns when everything is logged.
func (c *capture) run(r io.Reader) {
	var writer sync.WaitGroup
	writer.Go(c.write)
	c.read(r)
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.signal()
	writer.Wait()
}

func (c *capture) read(r io.Reader) {
	buf := make([]byte, maxLine)
	n := 0
	for {
		k, err := r.Read(buf[n:])
		rest := c.split(buf[:n+k])
		n = copy(buf, rest)
		if err != nil {
			if n > 0 {
				c.push(buf[:n])
			}
			return
		}
	}
}

// split pushes the lines of buf, and buf itself when it is full without one. It
// returns what is left.
func (c *capture) split(buf []byte) []byte {
	for {
		line, rest, found := bytes.Cut(buf, []byte("\n"))
		if !found {
			break
		}
		c.push(bytes.TrimSuffix(line, []byte("\r")))
		buf = rest
	}
	if len(buf) < maxLine {
		return buf
	}
	cut := lastRune(buf)
	c.push(buf[:cut])
	return buf[cut:]
}

// lastRune returns where text can be cut without cutting a character: at its
// end or before the incomplete character there.
func lastRune(text []byte) int {
	for i := len(text) - 1; i >= max(0, len(text)-utf8.UTFMax); i-- {
		if utf8.RuneStart(text[i]) {
			if utf8.FullRune(text[i:]) {
				break
			}
			return i
		}
	}
	return len(text)
}

// push queues a line, or counts it as lost.
func (c *capture) push(line []byte) {
	allowed := c.withinRate()
	text := strings.ToValidUTF8(string(line), "\uFFFD")
	c.mu.Lock()
	if cost := len(text) + lineCost; allowed && c.queued+cost <= maxQueue {
		c.queue = append(c.queue, text)
		c.queued += cost
	} else {
		c.lost++
	}
	c.mu.Unlock()
	c.signal()
}

func (c *capture) withinRate() bool {
	if now := time.Now(); now.Sub(c.period) >= ratePeriod {
		c.period, c.inRange = now, 0
	}
	c.inRange++
	return c.inRange <= maxLineRate
}

func (c *capture) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write logs what is queued until the capture is closed. Lost lines are
// reported once per ratePeriod, or the report would be a flood itself.
func (c *capture) write() {
	var reported time.Time
	for range c.wake {
		lines, lost, closed := c.take(time.Since(reported) >= ratePeriod)
		for _, line := range lines {
			c.log.Info(outputMessage, "line", line)
		}
		if lost > 0 {
			c.log.Warn(lostMessage, "lines", lost)
			reported = time.Now()
		}
		if closed {
			return
		}
	}
}

// take empties the queue, and the count of lost lines if report is set or
// nothing will follow.
func (c *capture) take(report bool) (lines []string, lost int, closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines, c.queue, c.queued = c.queue, nil, 0
	if report || c.closed {
		lost, c.lost = c.lost, 0
	}
	return lines, lost, c.closed
}
