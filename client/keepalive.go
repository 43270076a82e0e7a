package client

import "github.com/junctorio/junctor/internal/keepalive"

// keepAlive has a router that was joined watched from when it may be sent
// PINGs (RS-26). Before that, joining is bounded by a context.
func (s *Session) keepAlive() {
	if s.watch != nil || !s.isJoined() || !s.opts.KeepAlive.Pings(s.copes) {
		return
	}
	s.watch = keepalive.Start(s.conn, &s.opts.KeepAlive, s.ping)
}

// isJoined reports whether WELCOME has come.
func (s *Session) isJoined() bool {
	select {
	case <-s.joined:
		return true
	default:
		return false
	}
}

// ping has a PING written; without one it ends the session, whose router has
// not answered.
func (s *Session) ping(octets []byte) {
	if octets == nil {
		s.silent()
		return
	}
	s.out.appendControl(octets)
	s.out.flush()
}

func (s *Session) silent() {
	s.log.Warn("connection closed: nothing heard from the router, not even a PONG",
		"session", s.welcome.Session, "peer", s.conn.Info().RemoteAddr,
		"idle", s.opts.KeepAlive.Silence(), "pings", s.opts.KeepAlive.Attempts)
	s.out.fail(&endError{ErrSilent})
	_ = s.conn.Close()
}
