package router

import "github.com/junctorio/junctor/internal/keepalive"

// keepAlive has a client that joined watched from when it may be sent PINGs
// (RS-26). Before that, the time for HELLO is bounded.
func (s *session) keepAlive() {
	if s.watch != nil || s.peer == nil || !s.access.KeepAlive.Pings(s.copes) {
		return
	}
	id := s.id // which is the reader's
	s.watch = keepalive.Start(s.conn, &s.access.KeepAlive, func(ping []byte) {
		if ping != nil {
			s.ping(ping)
			return
		}
		s.connLog().Info("connection closed: nothing heard from the client, not even a PONG",
			"realm", string(s.realm.cfg.Name), "session", uint64(id),
			"idle", s.access.KeepAlive.Silence(), "pings", s.access.KeepAlive.Attempts)
		s.disconnect()
	})
}

// ping has a PING written; from any goroutine. One for which there is no room
// counts like one that is not answered: that of control octets is taken only by
// a client that does not read what it asked for.
func (s *session) ping(octets []byte) {
	w := takeWorker()
	defer w.release()
	_ = s.outbox.pushControl(octets, w)
	w.flush()
}
