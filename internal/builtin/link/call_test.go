package link_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/wamp"
)

// pair is a realm that is linked to an upstream one, with a session of each.
// Procedures below com.up. are called from the local realm, those below
// com.down. from the upstream one.
func pair(t *testing.T) (local, upstream *junctortest.Router, here, there *client.Session) {
	t.Helper()
	local, upstream = junctortest.NewRouter(t), junctortest.NewRouter(t)
	join(t, local, upstream, `"procedures": [
		{"uri": "com.up.", "match": "prefix", "direction": "up"},
		{"uri": "com.down.", "match": "prefix", "direction": "down"}]`)
	synctest.Wait()
	return local, upstream, local.Connect(t), upstream.Connect(t)
}

func TestCallsGoTheirWays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
		join(t, local, upstream, `"procedures": [
			{"uri": "com.exact", "direction": "up"},
			{"uri": "com.prefix.", "match": "prefix", "direction": "down"},
			{"uri": "com..wildcard", "match": "wildcard", "direction": "both"}]`)
		synctest.Wait()
		here, there := local.Connect(t), upstream.Connect(t)
		register(t, there, "com.exact", answer("there"))
		register(t, here, "com.prefix.a", answer("here"))
		register(t, here, "com.one.wildcard", answer("here"))
		register(t, there, "com.two.wildcard", answer("there"))
		for _, tt := range []struct {
			name      string
			from      *client.Session
			procedure wamp.URI
			want      string
		}{
			{"up, exact", here, "com.exact", "there"},
			{"down, by prefix", there, "com.prefix.a", "here"},
			{"down, by wildcard", there, "com.one.wildcard", "here"},
			{"up, by wildcard", here, "com.two.wildcard", "there"},
			{"the nearer callee first", here, "com.one.wildcard", "here"},
		} {
			if got, err := client.Call[string](t.Context(), tt.from, tt.procedure, nil, nil); got != tt.want {
				t.Errorf("%s: got %q (%v), want %q", tt.name, got, err, tt.want)
			}
		}
		for _, tt := range []struct {
			name      string
			from      *client.Session
			procedure wamp.URI
		}{
			{"down, but linked up", there, "com.prefix"},
			{"up, but linked down", here, "com.prefix.b"},
			{"known to no realm, from here", here, "com.three.wildcard"},
			{"known to no realm, from there", there, "com.three.wildcard"},
		} {
			if _, err := tt.from.Call(t.Context(), tt.procedure, nil, nil); !errors.Is(err, wamp.ErrNoSuchProcedure) {
				t.Errorf("%s: got %v, want %v", tt.name, err, wamp.ErrNoSuchProcedure)
			}
		}
	})
}

func TestCallsAndResultsArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, _, here, there := pair(t)
		register(t, there, "com.up.echo", func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
			if inv.Caller != 0 {
				return client.Reply{}, fmt.Errorf("caller %d is disclosed", inv.Caller)
			}
			return client.Reply{Payload: inv.Payload, Attributes: &wamp.Attributes{TransactionHash: inv.Attributes.TransactionHash}}, nil
		})
		res, err := here.Call(t.Context(), "com.up.echo", client.Args{"text", []byte{0, 255}}, &client.CallOptions{
			Kwargs:     client.Dict{"k": 2.5},
			DiscloseMe: true,
			Attributes: &wamp.Attributes{TransactionHash: "7"},
		})
		if err != nil {
			t.Fatal(err)
		}
		args, kwargs, err := res.Values()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{"text", []byte{0, 255}}, args); diff != "" {
			t.Errorf("args (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(wamp.Dict{"k": 2.5}, kwargs); diff != "" {
			t.Errorf("kwargs (-want +got):\n%s", diff)
		}
		if res.Attributes == nil || res.Attributes.TransactionHash != "7" {
			t.Errorf("got attributes %+v, want transaction_hash 7", res.Attributes)
		}
	})
}

func TestErrorsArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, _, here, there := pair(t)
		fail := func(context.Context, *client.Invocation) (client.Reply, error) {
			return client.Reply{}, client.NewError("com.example.error", client.Args{1, "two"}, client.Dict{"k": true})
		}
		register(t, there, "com.up.fail", fail)
		register(t, here, "com.down.fail", fail)
		for procedure, from := range map[wamp.URI]*client.Session{"com.up.fail": here, "com.down.fail": there} {
			_, err := from.Call(t.Context(), procedure, nil, nil)
			var refusal *wamp.Error
			if !errors.As(err, &refusal) || refusal.URI != "com.example.error" {
				t.Fatalf("%s: got %v, want com.example.error", procedure, err)
			}
			args, kwargs, err := refusal.Payload.Values()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]any{int64(1), "two"}, args); diff != "" {
				t.Errorf("%s: args (-want +got):\n%s", procedure, diff)
			}
			if diff := cmp.Diff(wamp.Dict{"k": true}, kwargs); diff != "" {
				t.Errorf("%s: kwargs (-want +got):\n%s", procedure, diff)
			}
		}
	})
}

func TestProgressArrivesInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, _, here, there := pair(t)
		count := func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
			if !inv.ReceiveProgress {
				return client.Return(-1), nil
			}
			for i := range 50 {
				if err := inv.Progress(ctx, client.Args{i}, nil); err != nil {
					return client.Reply{}, err
				}
			}
			return client.Return(50), nil
		}
		register(t, there, "com.up.count", count)
		register(t, here, "com.down.count", count)
		for procedure, from := range map[wamp.URI]*client.Session{"com.up.count": here, "com.down.count": there} {
			var want, got []int
			add := func(res client.Result) {
				var args []int
				if err := res.Decode(&args, nil); err != nil {
					t.Error(err)
				}
				got = append(got, args...)
			}
			res, err := from.Call(t.Context(), procedure, nil, &client.CallOptions{OnProgress: add})
			if err != nil {
				t.Fatal(err)
			}
			add(res)
			for i := range 51 {
				want = append(want, i)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", procedure, diff)
			}
			if n, err := client.Call[int](t.Context(), from, procedure, nil, nil); n != -1 {
				t.Errorf("%s without progress: got %d (%v), want -1", procedure, n, err)
			}
		}
	})
}

// hang is a handler that tells how its context ended.
func hang(ended chan<- error) client.InvocationHandler {
	return func(ctx context.Context, _ *client.Invocation) (client.Reply, error) {
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return client.Reply{}, ctx.Err()
	}
}

func TestCancelReachesTheCallee(t *testing.T) {
	t.Parallel()
	for _, mode := range []wamp.CancelMode{wamp.CancelKill, wamp.CancelKillNoWait} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, _, here, there := pair(t)
				ended := make(chan error, 1)
				register(t, there, "com.up.hang", hang(ended))
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel) // of the bubble's clock
				if _, err := here.Call(ctx, "com.up.hang", nil, &client.CallOptions{Cancel: mode}); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want %v", err, context.Canceled)
				}
				if err := <-ended; !errors.Is(err, wamp.ErrCanceled) {
					t.Errorf("the callee's context ended with %v, want %v", err, wamp.ErrCanceled)
				}
			})
		})
	}
}

func TestTimeoutReachesTheCallee(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, _, here, there := pair(t)
		ended := make(chan error, 1)
		register(t, here, "com.down.hang", hang(ended))
		began := time.Now()
		_, err := there.Call(t.Context(), "com.down.hang", nil, &client.CallOptions{Timeout: time.Minute})
		if !errors.Is(err, wamp.ErrTimeout) {
			t.Errorf("got %v, want %v", err, wamp.ErrTimeout)
		}
		if err := <-ended; !errors.Is(err, wamp.ErrCanceled) {
			t.Errorf("the callee's context ended with %v, want %v", err, wamp.ErrCanceled)
		}
		if got := time.Since(began); got != time.Minute {
			t.Errorf("it took %v, want %v", got, time.Minute)
		}
	})
}

func TestCallsFailAtOnceWhileTheUpstreamRealmIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, upstream, here, _ := pair(t)
		register(t, here, "com.down.where", answer("here"))
		upstream.Kill()
		synctest.Wait()
		began := time.Now()
		if _, err := here.Call(t.Context(), "com.up.where", nil, nil); !errors.Is(err, wamp.ErrNoAvailableCallee) {
			t.Errorf("got %v, want %v", err, wamp.ErrNoAvailableCallee)
		}
		if got := time.Since(began); got != 0 {
			t.Errorf("it took %v to say so", got)
		}
		upstream.Start()
		time.Sleep(2 * time.Second) // of the bubble's clock: the link reconnects after one
		there := upstream.Connect(t)
		register(t, there, "com.up.where", answer("there"))
		if got, err := client.Call[string](t.Context(), here, "com.up.where", nil, nil); got != "there" {
			t.Errorf("up: got %q (%v), want there", got, err)
		}
		if got, err := client.Call[string](t.Context(), there, "com.down.where", nil, nil); got != "here" {
			t.Errorf("down: got %q (%v), want here", got, err)
		}
	})
}

func TestCallsThatWereUnderWayFailWhenTheUpstreamRealmIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, upstream, here, there := pair(t)
		ended := make(chan error, 2)
		register(t, there, "com.up.hang", hang(ended))
		register(t, here, "com.down.hang", hang(ended))
		failed := make(chan error, 2)
		go func() {
			_, err := here.Call(t.Context(), "com.up.hang", nil, nil)
			failed <- err
		}()
		go func() { _, _ = there.Call(t.Context(), "com.down.hang", nil, nil) }()
		synctest.Wait()
		upstream.Kill()
		if err := <-failed; !errors.Is(err, wamp.ErrNetworkFailure) {
			t.Errorf("got %v, want %v", err, wamp.ErrNetworkFailure)
		}
		<-ended
		<-ended // the local callee's too: nobody waits for its answer any more
	})
}

func TestTakenProcedureKeepsTheLinkFromJoining(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
		const one = `"procedures": [{"uri": "com.a", "direction": "up"}]`
		join(t, local, upstream, one)
		if _, err := tryJoin(t, local, upstream, one); !errors.Is(err, wamp.ErrProcedureAlreadyExists) {
			t.Errorf("got %v, want %v", err, wamp.ErrProcedureAlreadyExists)
		}
	})
}
