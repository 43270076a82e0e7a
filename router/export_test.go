package router

// Held counts what a realm keeps for sessions. It is 0 once everyone left.
func Held(r *Realm) int {
	held := 0
	r.membership.Lock()
	held += len(r.present)
	r.membership.Unlock()
	r.pubsub.RLock()
	held += r.broker.Stats().Subscriptions + r.broker.Stats().Subscribers
	r.pubsub.RUnlock()
	r.rpc.Lock()
	held += r.dealer.Stats().Registrations + r.dealer.Stats().Pending
	r.rpc.Unlock()
	if s := r.service; s != nil {
		held -= len(s.procedures)
		for i := range s.news.interest {
			held += int(s.news.interest[i].Load())
		}
		s.news.mu.Lock()
		held += len(s.news.queue)
		s.news.mu.Unlock()
	}
	return held
}
