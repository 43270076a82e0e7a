package rawsocket

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// keepAliveConfig is the keep-alive whose first probe comes after idle;
// negative turns it off.
func keepAliveConfig(idle time.Duration) net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: idle > 0, Idle: idle, Interval: keepAliveInterval, Count: keepAliveCount}
}

// control calls f with the descriptor of a socket.
func control(socket any, f func(fd uintptr) error) error {
	raw, ok := socket.(syscall.RawConn)
	if conn, isConn := socket.(syscall.Conn); isConn {
		var err error
		if raw, err = conn.SyscallConn(); err != nil {
			return err
		}
		ok = true
	}
	if !ok {
		return errors.ErrUnsupported
	}
	var result error
	if err := raw.Control(func(fd uintptr) { result = f(fd) }); err != nil {
		return err
	}
	return result
}
