package config

import "time"

// FailedLogins is how often clients of one address may fail to log in.
type FailedLogins struct {
	Place
	Limit  int           // 0: as often as they like
	Window time.Duration // in which that many failures are forgotten
}

var failedLoginsObject = object[FailedLogins]{
	name:  "failedLogins",
	title: "Failed logins",
	fields: []field[FailedLogins]{
		{
			key: "limit", added: true, def: "20",
			is:  into(integer(0, 1_000_000, ""), func(f *FailedLogins) *int { return &f.Limit }),
			doc: "How many logins from one address may fail within the window. Further clients from there are refused with `wamp.error.authentication_failed` until one of the failures is forgotten, whatever their credentials, unless they ask to be anonymous. Clients of Unix sockets have no address and are not counted; of IPv6 addresses the first 64 bits count. 0 means no limit.",
		},
		{
			key: "window", added: true, def: "60",
			is:  into(duration(1, 86400, time.Second, "seconds"), func(f *FailedLogins) *time.Duration { return &f.Window }),
			doc: "The time in which that many failures are forgotten, one after the other.",
		},
	},
}
