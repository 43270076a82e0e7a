package rawsocket

import (
	"net"

	"github.com/junctorio/junctor/transport"
)

// processOf returns the process that connected nc, if that is a Unix socket
// and the system tells.
func processOf(nc net.Conn) *transport.Process {
	c, ok := nc.(*net.UnixConn)
	if !ok {
		return nil
	}
	var peer *transport.Process
	// Without descriptor the connection is closed, which its reader will find.
	_ = control(c, func(fd uintptr) error {
		peer = processAt(fd)
		return nil
	})
	return peer
}
