//go:build interop

package interop_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	junctor "github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// goAgent is an agent on junctor's own client, inside the test.
type goAgent struct {
	session *junctor.Session
	name    string
	got     *reports

	mu            sync.Mutex // guards the fields below
	registrations map[string]*junctor.Registration
	subscriptions map[string]*junctor.Subscription
}

func connectGo(ctx context.Context, t *testing.T, r *router, v variant, name, realm string) (*goAgent, error) {
	t.Helper()
	a := &goAgent{
		name: name, got: newReports(),
		registrations: make(map[string]*junctor.Registration),
		subscriptions: make(map[string]*junctor.Subscription),
	}
	opts := junctor.Options{Realm: wamp.URI(realm), Serializer: serializerNumbers[v.serializer]}
	if v.transport == "tls" {
		opts.TLS = &tls.Config{RootCAs: authorities(t, r.ca)}
	}
	var err error
	if a.session, err = junctor.Connect(ctx, r.url(v.transport), opts); err != nil {
		return nil, err
	}
	t.Cleanup(func() { a.session.Close() })
	a.got.welcome <- a.joined()
	go func() { // ends with the session, at the latest in the clean-up above
		<-a.session.Done()
		a.got.left <- leaveReport{Reason: reasonOf(a.session.Err())}
		a.got.close()
	}()
	return a, nil
}

var serializerNumbers = map[string]wamp.SerializerNumber{
	"json": wamp.SerializerJSON, "msgpack": wamp.SerializerMsgPack, "cbor": wamp.SerializerCBOR,
}

func authorities(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate in %s", file)
	}
	return pool
}

func (a *goAgent) joined() joinReport {
	w := a.session.Details()
	features := make(map[string][]string)
	for role := range w.Roles.All {
		for feature := range w.Roles.Features(role) {
			features[role.String()] = append(features[role.String()], feature.String())
		}
		slices.Sort(features[role.String()])
	}
	return joinReport{
		Session: uint64(w.Session), Realm: string(w.Realm),
		AuthID: w.AuthID, AuthRole: w.AuthRole, AuthMethod: w.AuthMethod, Features: features,
	}
}

func reasonOf(err error) string {
	var goodbye *junctor.GoodbyeError
	if errors.As(err, &goodbye) {
		return string(goodbye.Reason)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func (a *goAgent) reports() *reports { return a.got }

func (a *goAgent) do(ctx context.Context, c command) (outcome, error) {
	out, err := a.run(ctx, c)
	var refused *wamp.Error
	if errors.As(err, &refused) {
		args, kwargs, bad := refused.Payload.Values()
		return out, errors.Join(&refusal{
			URI: string(refused.URI), Args: fromAgent(args), Kwargs: fromAgent(kwargs),
		}, bad)
	}
	return out, err
}

func (a *goAgent) run(ctx context.Context, c command) (outcome, error) {
	if c.Options == nil {
		c.Options = new(options)
	}
	switch c.Do {
	case "register":
		return a.register(ctx, c)
	case "unregister":
		return outcome{}, take(a, a.registrations, c.URI).Unregister(ctx)
	case "call":
		return a.call(ctx, c)
	case "subscribe":
		return a.subscribe(ctx, c)
	case "unsubscribe":
		return outcome{}, take(a, a.subscriptions, c.URI).Unsubscribe(ctx)
	case "publish":
		id, err := a.session.Publish(ctx, wamp.URI(c.URI), c.Args, &junctor.PublishOptions{
			Kwargs: c.Kwargs, Acknowledge: c.Options.Acknowledge,
			IncludeMe:  c.Options.ExcludeMe != nil && !*c.Options.ExcludeMe,
			DiscloseMe: c.Options.DiscloseMe, Retain: c.Options.Retain, Filter: c.Options.filter(),
		})
		return outcome{id: uint64(id)}, err
	case "leave":
		return outcome{}, a.session.Close()
	}
	return outcome{}, errors.New("no such command: " + c.Do)
}

func (o *options) filter() *wamp.Filter {
	f := &wamp.Filter{ExcludeAuthRole: o.ExcludeAuthRole, EligibleAuthID: o.EligibleAuthID}
	for _, id := range o.Exclude {
		f.Exclude = append(f.Exclude, wamp.ID(id))
	}
	for _, id := range o.Eligible {
		f.Eligible = append(f.Eligible, wamp.ID(id))
	}
	return f
}

func take[V any](a *goAgent, values map[string]V, uri string) V {
	a.mu.Lock()
	defer a.mu.Unlock()
	v := values[uri]
	delete(values, uri)
	return v
}

func (a *goAgent) register(ctx context.Context, c command) (outcome, error) {
	a.mu.Lock()
	former := a.registrations[c.URI]
	a.mu.Unlock()
	if former != nil { // the client refuses what it still has: it must have heard of the revocation
		select {
		case <-former.Done():
		case <-ctx.Done():
		}
	}
	match, _ := wamp.ParseMatch(c.Options.Match)
	invoke, _ := wamp.ParseInvoke(c.Options.Invoke)
	reg, err := a.session.Register(ctx, wamp.URI(c.URI), a.behaviour(c.Behaviour),
		&junctor.RegisterOptions{Match: match, Invoke: invoke, ForceReregister: c.Options.ForceReregister})
	if err != nil {
		return outcome{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.registrations[c.URI] = reg
	return outcome{}, nil
}

func (a *goAgent) behaviour(name string) junctor.InvocationHandler {
	return func(ctx context.Context, inv *junctor.Invocation) (junctor.Reply, error) {
		args, kwargs, err := inv.Payload.Values()
		if err != nil {
			return junctor.Reply{}, err
		}
		switch name {
		case "echo":
			return junctor.Reply{Args: args, Kwargs: kwargs}, nil
		case "fail":
			return junctor.Reply{}, junctor.NewError("com.example.error.refused", args, kwargs)
		case "name":
			return junctor.Return(a.name), nil
		case "details":
			return junctor.Return(map[string]any{"procedure": string(inv.Procedure)}), nil
		case "caller":
			return junctor.Return(uint64(inv.Caller)), nil
		case "progress":
			return countTo(ctx, inv, args)
		case "wait":
			return a.wait(ctx, string(inv.Procedure))
		}
		return junctor.Reply{}, errors.New("no such behaviour: " + name)
	}
}

func countTo(ctx context.Context, inv *junctor.Invocation, args []any) (junctor.Reply, error) {
	count, _ := args[0].(int64)
	for i := range count {
		if err := inv.Progress(ctx, []any{i}, nil); err != nil {
			return junctor.Reply{}, err
		}
	}
	return junctor.Return(count), nil
}

func (a *goAgent) wait(ctx context.Context, uri string) (junctor.Reply, error) {
	a.got.eventsOf(uri) <- eventReport{Subscription: uri}
	<-ctx.Done()
	a.got.interruptionsOf(uri) <- struct{}{}
	return junctor.Reply{}, ctx.Err()
}

func (a *goAgent) call(ctx context.Context, c command) (outcome, error) {
	var progress []any
	opts := &junctor.CallOptions{Kwargs: c.Kwargs, DiscloseMe: c.Options.DiscloseMe, Timeout: time.Duration(c.Options.Timeout) * time.Millisecond}
	if c.Options.ReceiveProgress {
		opts.OnProgress = func(r junctor.Result) {
			args, _, _ := r.Values()
			progress = append(progress, args)
		}
	}
	result, err := a.session.Call(ctx, wamp.URI(c.URI), c.Args, opts)
	if err != nil {
		return outcome{}, err
	}
	args, kwargs, err := result.Values()
	return outcome{args: fromAgent(args), kwargs: fromAgent(kwargs), progress: fromAgent(progress)}, err
}

func (a *goAgent) subscribe(ctx context.Context, c command) (outcome, error) {
	match, _ := wamp.ParseMatch(c.Options.Match)
	sub, err := a.session.Subscribe(ctx, wamp.URI(c.URI), func(_ context.Context, ev *junctor.Event) {
		args, kwargs, err := ev.Payload.Values()
		if err != nil {
			args = []any{err.Error()}
		}
		a.got.eventsOf(c.URI) <- eventReport{
			Subscription: c.URI, Topic: string(ev.Topic), Args: fromAgent(args), Kwargs: fromAgent(kwargs),
			Publisher: uint64(ev.Publisher), Retained: ev.Retained,
		}
	}, &junctor.SubscribeOptions{Match: match, GetRetained: c.Options.GetRetained})
	if err != nil {
		return outcome{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.subscriptions[c.URI] = sub
	return outcome{}, nil
}
