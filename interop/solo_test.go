//go:build interop

package interop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// solo is a column of the matrix about what the router tells a client, or does
// for it: played by the row's client alone, with other sessions as extras.
type solo struct {
	name string
	// unable says why a client cannot play it, or nothing.
	unable func(v variant) string
	run    func(ctx context.Context, s stage) error
}

// stage is where a solo is played.
type stage struct {
	c     *client
	base  string                    // of URIs that nobody else uses
	extra func(name string) *client // joins with junctor's own client
}

func (s stage) uri(suffix string) string { return s.base + "." + suffix }

var solos = []solo{
	{name: "meta events", run: metaEventsArrive},
	{name: "kill", run: othersAreKilled},
	{name: "revoke reg", run: registrationIsRevoked},
	{
		name: "revoke sub",
		unable: func(v variant) string {
			if v.kind == twisted || v.kind == asyncio {
				return "Autobahn|Python announces subscription_revocation, and ends its session when that happens"
			}
			return ""
		},
		run: subscriptionIsRevoked,
	},
}

// testament is the column that is played last: the client leaves.
const testament = "testament"

// fillSolos fills the columns of the solos, and the last two.
func fillSolos(t *testing.T, r *router, m *matrix, v variant, c *client) {
	s := stage{
		c: c, base: fmt.Sprintf("com.example.%s.n%d", v.word(), plays.Add(1)),
		extra: func(name string) *client {
			return join(deadline(t), t, r, variant{goClient, "unix", "cbor"}, name)
		},
	}
	for _, one := range solos {
		if one.unable != nil && one.unable(v) != "" {
			m.unable(v, one.name, one.unable(v))
			continue
		}
		cell(t, m, v, one.name, func() error { return one.run(deadline(t), s) })
	}
	heir := s.extra("heir")
	written := false
	cell(t, m, v, testament, func() error {
		err := leaveTestament(deadline(t), s, heir)
		written = err == nil
		return err
	})
	cell(t, m, v, "leave", func() error { return leave(deadline(t), c) })
	if written {
		cell(t, m, v, testament, func() error { return testamentIsOpened(deadline(t), s, heir) })
	}
}

// metaEventsArrive: c hears of all that another session does, in order for each
// topic (SM, RM-1, SUM-2).
func metaEventsArrive(ctx context.Context, s stage) error {
	var topics []string
	for _, topic := range []string{
		"session.on_join", "session.on_leave",
		"registration.on_create", "registration.on_register", "registration.on_unregister", "registration.on_delete",
		"subscription.on_create", "subscription.on_subscribe", "subscription.on_unsubscribe", "subscription.on_delete",
	} {
		topics = append(topics, "wamp."+topic)
	}
	for _, topic := range topics {
		if err := s.c.subscribe(ctx, topic, nil); err != nil {
			return err
		}
	}
	other := s.extra("other")
	uri := s.uri("watched")
	if err := errors.Join(
		other.register(ctx, uri, "name", nil), other.subscribe(ctx, uri, nil),
		other.unregister(ctx, uri), other.unsubscribe(ctx, uri),
		leave(ctx, other),
	); err != nil {
		return err
	}
	var errs []error
	for _, topic := range topics {
		errs = append(errs, s.tellsOf(ctx, topic, other, uri), s.c.unsubscribe(ctx, topic))
	}
	return errors.Join(errs...)
}

// tellsOf waits for the event of a meta topic that is about a session. Those of
// other sessions come and go meanwhile.
func (s stage) tellsOf(ctx context.Context, topic string, other *client, uri string) error {
	id := int64(other.welcome.Session)
	for {
		got, err := s.c.event(ctx, topic)
		if err != nil {
			return err
		}
		switch first := got.Args[0].(type) {
		case map[string]any: // on_join
			if first["session"] != id {
				continue
			}
			return contains(first, map[string]any{
				"authid": other.welcome.AuthID, "authrole": "anonymous", "authmethod": "anonymous",
			})
		case int64:
			if first != id {
				continue
			}
			if topic == "wamp.session.on_leave" {
				return same(topic, got.Args, []any{id, other.welcome.AuthID, "anonymous"})
			}
			if details, ok := got.Args[1].(map[string]any); ok { // on_create
				return contains(details, map[string]any{"uri": uri, "match": "exact"})
			}
			return nil
		default:
			return fmt.Errorf("%s: %v", topic, got.Args)
		}
	}
}

// othersAreKilled: c ends sessions, which are told why (SM-3), but not its own
// (SM-2).
func othersAreKilled(ctx context.Context, s stage) error {
	one, another := s.extra("one"), s.extra("another")
	why := map[string]any{"reason": "com.example.enough", "message": "for today"}
	_, err := s.c.call(ctx, "wamp.session.kill", []any{int64(one.welcome.Session)}, why)
	killed, err2 := s.c.call(ctx, "wamp.session.kill_by_authid", []any{another.welcome.AuthID}, why)
	_, own := s.c.call(ctx, "wamp.session.kill", []any{int64(s.c.welcome.Session)}, why)
	_, own = refusedWith(own, "wamp.error.no_such_session")
	return errors.Join(
		err, err2, own,
		same("killed by authid", killed.args, []any{[]any{int64(another.welcome.Session)}}),
		leftBecause(ctx, one, "com.example.enough"),
		leftBecause(ctx, another, "com.example.enough"),
	)
}

func leftBecause(ctx context.Context, c *client, reason string) error {
	left, err := await(ctx, c.reports(), c.reports().left, "GOODBYE")
	if err == nil && left.Reason != reason {
		err = fmt.Errorf("told %q, want %q", left.Reason, reason)
	}
	return c.explain(err, "", "")
}

// registrationIsRevoked: somebody takes c's registration away, and c can make it
// again (REV-3).
func registrationIsRevoked(ctx context.Context, s stage) error {
	uri, other := s.uri("revoked"), s.extra("revoker")
	if err := s.c.register(ctx, uri, "name", nil); err != nil {
		return err
	}
	if err := s.revoke(ctx, other, "registration", "remove_callee", uri); err != nil {
		return err
	}
	_, gone := other.call(ctx, uri, nil, nil)
	if _, err := refusedWith(gone, "wamp.error.no_such_procedure"); err != nil {
		return err
	}
	if err := s.c.register(ctx, uri, "name", nil); err != nil {
		return fmt.Errorf("again: %w", err)
	}
	got, err := other.call(ctx, uri, nil, nil)
	return errors.Join(err, same("result", got.args, []any{s.c.name}), s.c.unregister(ctx, uri))
}

// subscriptionIsRevoked: somebody takes c's subscription away, and c can make it
// again (REV-5).
func subscriptionIsRevoked(ctx context.Context, s stage) error {
	uri, other := s.uri("revoked"), s.extra("revoker")
	if err := s.c.subscribe(ctx, uri, nil); err != nil {
		return err
	}
	if err := s.revoke(ctx, other, "subscription", "remove_subscriber", uri); err != nil {
		return err
	}
	if err := acknowledged(ctx, other, uri); err != nil { // which c does not get
		return err
	}
	if err := s.c.subscribe(ctx, uri, nil); err != nil {
		return fmt.Errorf("again: %w", err)
	}
	_, published := other.publish(ctx, uri, []any{"again"}, nil, nil)
	got, arrived := s.c.event(ctx, uri)
	return errors.Join(published, arrived, same("event", got.Args, []any{"again"}), s.c.unsubscribe(ctx, uri))
}

func (s stage) revoke(ctx context.Context, other *client, what, remove, uri string) error {
	id, err := one[int64](other.call(ctx, "wamp."+what+".lookup", []any{uri}, nil))
	if err != nil {
		return err
	}
	_, err = other.call(ctx, "wamp."+what+"."+remove, []any{id, int64(s.c.welcome.Session)}, nil)
	return err
}

// leaveTestament: c leaves testaments in both scopes, and changes its mind about
// one of them.
func leaveTestament(ctx context.Context, s stage, heir *client) error {
	uri := s.uri("testament")
	if err := heir.subscribe(ctx, uri, nil); err != nil {
		return err
	}
	for _, scope := range []string{"detached", "destroyed"} {
		got, err := s.c.call(ctx, "wamp.session.add_testament",
			[]any{uri, []any{scope, scripts}, map[string]any{"octets": allOctets}}, map[string]any{"scope": scope})
		if err != nil || len(got.args) > 0 {
			return fmt.Errorf("add_testament: %v, %w", got.args, orSuccess(err))
		}
	}
	_, err := s.c.call(ctx, "wamp.session.flush_testaments", nil, map[string]any{"scope": "detached"})
	return err
}

// testamentIsOpened: it is published once c has gone (TES-4).
func testamentIsOpened(ctx context.Context, s stage, heir *client) error {
	got, err := heir.event(ctx, s.uri("testament"))
	return errors.Join(
		err,
		same("args of the testament", got.Args, []any{"destroyed", scripts}),
		same("kwargs of the testament", got.Kwargs, map[string]any{"octets": allOctets}),
	)
}

// TestKilled: every client learns why its session was ended, and its testament
// is published.
func TestKilled(t *testing.T) {
	t.Parallel()
	r := startRouter(t)
	killer := join(deadline(t), t, r, variant{goClient, "unix", "cbor"}, "killer")
	for _, v := range ways() {
		t.Run(v.word(), func(t *testing.T) {
			ctx, topic := deadline(t), "com.example.testament."+v.word()
			victim := join(ctx, t, r, v, v.String())
			if err := killer.subscribe(ctx, topic, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := victim.call(ctx, "wamp.session.add_testament",
				[]any{topic, []any{"farewell"}, map[string]any{}}, nil); err != nil {
				t.Fatal(err)
			}
			_, err := killer.call(ctx, "wamp.session.kill",
				[]any{int64(victim.welcome.Session)}, map[string]any{"reason": "com.example.enough"})
			got, opened := killer.event(ctx, topic)
			if err := errors.Join(
				err, opened, same("testament", got.Args, []any{"farewell"}), leftBecause(ctx, victim, "com.example.enough"),
			); err != nil {
				t.Error(err)
			}
			sessions, err := one[[]any](killer.call(ctx, "wamp.session.list", nil, nil))
			if err != nil || slices.Contains(sessions, any(int64(victim.welcome.Session))) {
				t.Errorf("sessions after the kill: %v, %v; the victim was %d", sessions, err, victim.welcome.Session)
			}
		})
	}
}
