// Package pingtest is for tests of keep-alive without a network.
package pingtest

import (
	"slices"
	"sync/atomic"

	"github.com/junctorio/junctor/transport"
)

// Conn gives a connection within the process PINGs: messages that are just that
// word.
type Conn struct {
	transport.Conn
	heard atomic.Uint64
}

// Heard implements transport.Conn.
func (c *Conn) Heard() uint64 { return c.heard.Load() }

// AppendPing implements transport.Conn.
func (c *Conn) AppendPing(dst []byte) []byte { return c.frame(dst, "PING") }

func (c *Conn) frame(dst []byte, message string) []byte {
	return append(c.AppendHeader(dst, len(message)), message...)
}

// Read implements transport.Conn, and answers PINGs.
func (c *Conn) Read(batch [][]byte) ([][]byte, []byte, error) {
	var control []byte
	for {
		messages, _, err := c.Conn.Read(batch)
		c.heard.Add(1)
		messages = slices.DeleteFunc(messages, func(m []byte) bool {
			if string(m) == "PING" {
				control = c.frame(control, "PONG")
			}
			return string(m) == "PING" || string(m) == "PONG"
		})
		if len(messages) > len(batch) || len(control) > 0 || err != nil {
			return messages, control, err
		}
	}
}
