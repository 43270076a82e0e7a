package config

import (
	"time"

	"github.com/junctorio/junctor/transport"
)

var keepAliveObject = object[transport.KeepAlive]{
	name:  "keepalive",
	title: "Keep-alive",
	fields: []field[transport.KeepAlive]{
		{
			key: "mode", added: true, def: `"auto"`,
			is: into(oneOf(
				word[transport.KeepAliveMode]{"auto", transport.KeepAliveAuto},
				word[transport.KeepAliveMode]{"always", transport.KeepAliveAlways},
				word[transport.KeepAliveMode]{"never", transport.KeepAliveNever},
			), func(k *transport.KeepAlive) *transport.KeepAliveMode { return &k.Mode }),
			doc: "Who is sent PINGs. `auto` means junctor, and whoever has sent one. `always` breaks the connections of Autobahn|Python and Crossbar.io, which fail when they receive one.",
		},
		{
			key: "interval", added: true, def: "20",
			is:  into(keepAliveTime, func(k *transport.KeepAlive) *time.Duration { return &k.Interval }),
			doc: "After how long a silence the other side is sent a PING; up to twice that, since it is looked at once in that time.",
		},
		{
			key: "timeout", added: true, def: "10",
			is:  into(keepAliveTime, func(k *transport.KeepAlive) *time.Duration { return &k.Timeout }),
			doc: "How long to wait for an answer to each PING. Anything that comes is one.",
		},
		{
			key: "attempts", added: true, def: "2",
			is:  into(integer(1, 1000, ""), func(k *transport.KeepAlive) *int { return &k.Attempts }),
			doc: "After how many PINGs without an answer the connection is closed.",
		},
	},
}

var keepAliveTime = seconds(100*time.Millisecond, longestDelay)
