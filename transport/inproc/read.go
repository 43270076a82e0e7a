package inproc

import (
	"encoding/binary"
	"io"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

const headerSize = 4

func appendHeader(dst []byte, size int) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(size))
}

// Read implements transport.Conn. There are no PINGs, so control is nil.
func (c *conn) Read(batch [][]byte) (messages [][]byte, control []byte, err error) {
	before := len(batch)
	for {
		if batch, err = c.split(batch); err != nil || len(batch) > before {
			return batch, nil, err
		}
		if err = c.fill(); err != nil {
			return batch, nil, err
		}
	}
}

// fill takes what the peer has written, and keeps what was left over in front
// of it.
func (c *conn) fill() error {
	left := len(c.got) // less than a header, else split had begun a frame
	var header [headerSize]byte
	copy(header[:], c.got)
	got, err := c.in.swap(c.spare)
	if err != nil {
		if err == io.EOF && (left > 0 || c.frame != nil) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	c.spare, c.got = got, got
	if left > 0 {
		c.got = append(append(make([]byte, 0, left+len(got)), header[:left]...), got...)
	}
	return nil
}

// split appends the messages that c.got completes to batch, and begins the
// one that it does not complete.
func (c *conn) split(batch [][]byte) ([][]byte, error) {
	for c.tooLarge == nil {
		if c.frame != nil {
			if c.continueFrame(); c.need > 0 {
				return batch, nil
			}
			batch, c.frame = append(batch, c.frame), nil
		}
		if len(c.got) < headerSize {
			return batch, nil
		}
		size := int(binary.BigEndian.Uint32(c.got))
		if size > c.info.Limits.Receive {
			c.tooLarge = wamp.Violation("inproc: a message of %d octets exceeds the limit of %d", size, c.info.Limits.Receive)
			break
		}
		c.got = c.got[headerSize:]
		if size < transport.OwnedFrame && size <= len(c.got) {
			batch = append(batch, c.got[:size:size])
			c.got = c.got[size:]
			continue
		}
		// Both ends are this process, which may trust itself with the memory
		// that a length announces.
		c.frame, c.need = make([]byte, 0, size), size
	}
	return batch, c.tooLarge
}

func (c *conn) continueFrame() {
	n := min(c.need, len(c.got))
	c.frame = append(c.frame, c.got[:n]...)
	c.got = c.got[n:]
	c.need -= n
}
