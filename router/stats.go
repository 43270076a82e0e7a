package router

import "sync/atomic"

// Stats says what a Router holds now, in all realms.
type Stats struct {
	Connections int   // in Attach, those that have not joined included
	QueuedBytes int64 // octets that wait for sockets that are full (see Options.QueuedBytes)
}

// Stats returns the router's counts.
func (r *Router) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{Connections: len(r.conns), QueuedBytes: r.budget.used.Load()}
}

// RealmStats says how a realm fares: what it holds now, and what it has counted
// since it was added. Together they are no snapshot: each is read by itself.
type RealmStats struct {
	Sessions       int64  // joined now
	Joined         uint64 // sessions that ever joined
	JoinsDenied    uint64 // attempts to join by somebody unknown, or with a wrong proof (AUTH-5)
	JoinsThrottled uint64 // attempts refused unseen, after too many that were denied (see Attempts)

	Subscriptions  int    // now
	EventsTooLarge uint64 // events left out because the subscriber accepts smaller messages only (RS-20)
	EventsDropped  uint64 // events lost because the subscriber's outbox was full
	SlowConsumers  uint64 // sessions ended because their outbox was full
	RetainedEvents int    // retained now
	RetainedBytes  int    // that they take
	RetainedLost   uint64 // events not retained, or not any longer, because the room was used up
	HistoryLost    uint64 // events that the event store did not take, or too slowly

	Registrations int    // now, those of the meta API included
	PendingCalls  int    // that wait for their final answer now
	QueuedCalls   int    // those of them that wait for a callee
	ReroutedCalls uint64 // how often a call was handed to another callee (RER-1)
}

// realmStats are the counters that sessions keep.
type realmStats struct {
	sessions                            atomic.Int64
	joined, joinsDenied, joinsThrottled atomic.Uint64
	eventsTooLarge, eventsDropped       atomic.Uint64
	slowConsumers                       atomic.Uint64
}

// Stats returns the realm's counters. It waits for the realm's locks, each for
// a moment.
func (r *Realm) Stats() RealmStats {
	stats := RealmStats{
		Sessions:       r.stats.sessions.Load(),
		Joined:         r.stats.joined.Load(),
		JoinsDenied:    r.stats.joinsDenied.Load(),
		JoinsThrottled: r.stats.joinsThrottled.Load(),
		EventsTooLarge: r.stats.eventsTooLarge.Load(),
		EventsDropped:  r.stats.eventsDropped.Load(),
		SlowConsumers:  r.stats.slowConsumers.Load(),
	}
	r.addBrokerStats(&stats)
	r.addDealerStats(&stats)
	if r.history != nil {
		stats.HistoryLost = r.history.lost.Load()
	}
	return stats
}

func (r *Realm) addBrokerStats(stats *RealmStats) {
	r.pubsub.RLock()
	defer r.pubsub.RUnlock()
	b := r.broker.Stats()
	stats.Subscriptions = b.Subscriptions
	stats.RetainedEvents, stats.RetainedBytes, stats.RetainedLost = b.Retained, b.RetainedBytes, b.RetainedLost
}

func (r *Realm) addDealerStats(stats *RealmStats) {
	r.rpc.Lock()
	defer r.rpc.Unlock()
	d := r.dealer.Stats()
	stats.Registrations, stats.PendingCalls = d.Registrations, d.Pending
	stats.QueuedCalls, stats.ReroutedCalls = d.Queued, d.Rerouted
}
