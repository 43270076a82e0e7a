package inproc

import (
	"io"
	"net"
	"sync"
)

// pipe is one direction: octets in order, at most limit of them at a time.
type pipe struct {
	limit int // constant

	mu        sync.Mutex // guards the fields below
	readable  sync.Cond  // buf is not empty, or the pipe has ended
	writable  sync.Cond  // buf is not full, or the pipe has ended
	buf       []byte
	ended     bool // the writer has closed: what is in buf may still be read
	abandoned bool // the reader has closed: nothing is wanted any more
}

func newPipe(limit int) *pipe {
	p := &pipe{limit: limit}
	p.readable.L, p.writable.L = &p.mu, &p.mu
	return p
}

func (p *pipe) tryWrite(bufs [][]byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	written := 0
	for _, b := range bufs {
		n, err := p.takeLocked(b)
		written += n
		if err != nil || n < len(b) {
			return written, err
		}
	}
	return written, nil
}

func (p *pipe) write(bufs [][]byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range bufs {
		for {
			n, err := p.takeLocked(b)
			if err != nil {
				return err
			}
			if b = b[n:]; len(b) == 0 {
				break
			}
			p.writable.Wait()
		}
	}
	return nil
}

// takeLocked buffers as much of b as fits.
func (p *pipe) takeLocked(b []byte) (int, error) {
	if p.ended || p.abandoned {
		return 0, net.ErrClosed
	}
	n := min(len(b), p.limit-len(p.buf))
	if n > 0 {
		p.buf = append(p.buf, b[:n]...)
		p.readable.Signal()
	}
	return n, nil
}

// swap waits for octets and returns them; spare takes their place as the
// buffer to write to.
func (p *pipe) swap(spare []byte) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.buf) == 0 && !p.ended && !p.abandoned {
		p.readable.Wait()
	}
	switch {
	case p.abandoned:
		return spare, net.ErrClosed
	case len(p.buf) == 0:
		return spare, io.EOF
	}
	full := p.buf
	p.buf = spare[:0]
	p.writable.Signal()
	return full, nil
}

// end closes the pipe from its writer's side.
func (p *pipe) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.readable.Broadcast()
	p.writable.Broadcast()
}

// abandon closes the pipe from its reader's side.
func (p *pipe) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.abandoned = true
	p.buf = nil
	p.readable.Broadcast()
	p.writable.Broadcast()
}
