package component_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var registered atomic.Int64

// fresh returns a name that nothing has been registered under, also when the
// tests are run repeatedly.
func fresh(name string) string { return fmt.Sprintf("com.example.%s%d", name, registered.Add(1)) }

// scripted does what a test tells it, and says what it was told.
type scripted struct {
	join  func(context.Context, *client.Session) error
	leave func(context.Context, *client.Session) error
	calls []string
}

func (c *scripted) Join(ctx context.Context, s *client.Session) error {
	c.calls = append(c.calls, "join")
	return c.join(ctx, s)
}

func (c *scripted) Leave(ctx context.Context, s *client.Session) error {
	c.calls = append(c.calls, "leave")
	if c.leave == nil {
		return nil
	}
	return c.leave(ctx, s)
}

func (c *scripted) Close(context.Context) error {
	c.calls = append(c.calls, "close")
	return nil
}

func joins(context.Context, *client.Session) error { return nil }

var errTest = errors.New("test")

func TestRunTellsCrashesFromEndsOfTheSession(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		join   func(context.Context, *client.Session) error
		leave  func(context.Context, *client.Session) error
		joined func(*client.Session, context.CancelFunc)
		op     string // of the crash; empty means none
		want   error
	}{
		{
			name: "join fails",
			join: func(context.Context, *client.Session) error { return errTest },
			op:   "join", want: errTest,
		},
		{
			name: "join panics",
			join: func(context.Context, *client.Session) error { panic("oops") },
			op:   "join",
		},
		{
			name: "join closes the session and fails",
			join: func(_ context.Context, s *client.Session) error { return errors.Join(s.Close(), errTest) },
			op:   "join", want: errTest,
		},
		{
			name:   "leave fails",
			join:   joins,
			leave:  func(context.Context, *client.Session) error { return errTest },
			joined: func(s *client.Session, _ context.CancelFunc) { _ = s.Close() },
			op:     "leave", want: errTest,
		},
		{
			name:   "the component closes the session",
			join:   joins,
			joined: func(s *client.Session, _ context.CancelFunc) { _ = s.Close() },
			want:   client.ErrClosed,
		},
		{
			name:   "the host ends it",
			join:   joins,
			joined: func(_ *client.Session, stop context.CancelFunc) { stop() },
			want:   context.Canceled,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			s := hosttest.New(t).Join()
			c := &scripted{join: tt.join, leave: tt.leave}
			err := component.Run(ctx, c, s, func() { tt.joined(s, stop) })
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got error %v, want %v", err, tt.want)
			}
			var crash *component.CrashError
			switch errors.As(err, &crash) {
			case true:
				if crash.Op != tt.op {
					t.Errorf("got a crash of %s (%v), want %q", crash.Op, err, tt.op)
				}
				if panicked := tt.want == nil; panicked != (crash.Stack != nil) {
					t.Errorf("got stack %q", crash.Stack)
				}
			case false:
				if tt.op != "" {
					t.Errorf("got error %v, want a crash of %s", err, tt.op)
				}
			}
			if want := []string{"join", "leave"}; !slices.Equal(c.calls, want) {
				t.Errorf("got calls %q, want %q", c.calls, want)
			}
		})
	}
}

func TestJoinThatFailsForWantOfASessionIsNoCrash(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	c := &scripted{join: func(ctx context.Context, s *client.Session) error {
		stop()
		<-ctx.Done()
		_, err := s.Subscribe(ctx, "com.example.topic", func(context.Context, *client.Event) {}, nil)
		return err
	}}
	err := component.Run(ctx, c, hosttest.New(t).Join(), func() { t.Error("told that it has joined") })
	if err != context.Canceled { // as it is, not wrapped in a crash
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

func TestContextOfJoinEndsWithTheSession(t *testing.T) {
	t.Parallel()
	var joining context.Context
	c := &scripted{join: func(ctx context.Context, _ *client.Session) error {
		joining = ctx
		return ctx.Err()
	}}
	s := hosttest.New(t).Join()
	_ = component.Run(t.Context(), c, s, func() { _ = s.Close() })
	if cause := context.Cause(joining); !errors.Is(cause, client.ErrClosed) {
		t.Errorf("got cause %v, want %v", cause, client.ErrClosed)
	}
}

func TestCloseClosesThoseThatCanBe(t *testing.T) {
	t.Parallel()
	c := &scripted{}
	if err := component.Close(t.Context(), c); err != nil || !slices.Equal(c.calls, []string{"close"}) {
		t.Errorf("got error %v and calls %q", err, c.calls)
	}
	if err := component.Close(t.Context(), struct{ component.Component }{}); err != nil {
		t.Errorf("got error %v for a component without Close", err)
	}
}

func TestRegistrationPanicsOn(t *testing.T) {
	t.Parallel()
	factory := func(component.Config) (component.Component, error) { return nil, errTest }
	taken := fresh("Taken")
	component.Register(taken, factory)
	tests := []struct {
		name, as string
		factory  component.Factory
	}{
		{"an empty name", "", factory},
		{"a name of junctor's own", "junctor.Exec", factory},
		{"a nil factory", fresh("Nil"), nil},
		{"a name that is taken", taken, factory},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			component.Register(tt.as, tt.factory)
		})
	}
	if _, ok := component.Lookup(taken); !ok || !slices.Contains(component.Names(), taken) {
		t.Errorf("%s is not among %q", taken, component.Names())
	}
	if _, ok := component.Lookup(fresh("Missing")); ok {
		t.Error("found a component that nobody registered")
	}
}

func TestCallbacksAreCalledInOrder(t *testing.T) {
	t.Parallel()
	var calls []string
	order := fresh("order")
	for _, event := range []string{"connect", "join", "leave", "disconnect"} {
		component.RegisterFunc(order+"."+event, func(_ context.Context, s *client.Session, cfg component.Config) error {
			if s == nil || cfg.ID != "c1" {
				t.Errorf("%s got session %v and id %q", event, s, cfg.ID)
			}
			calls = append(calls, event)
			return nil
		})
	}
	c, err := component.Callbacks{
		Connect: order + ".connect", Join: order + ".join", Leave: order + ".leave", Disconnect: order + ".disconnect",
	}.New(component.Config{ID: "c1"})
	if err != nil {
		t.Fatal(err)
	}
	s := hosttest.New(t).Join()
	_ = component.Run(t.Context(), c, s, func() { _ = s.Close() })
	if want := []string{"connect", "join", "leave", "disconnect"}; !slices.Equal(calls, want) {
		t.Errorf("got calls %q, want %q", calls, want)
	}
}

func TestCallbackThatFailsEndsTheOthers(t *testing.T) {
	t.Parallel()
	join, leave := fresh("join"), fresh("leave")
	component.RegisterFunc(join, func(context.Context, *client.Session, component.Config) error { return errTest })
	component.RegisterFunc(leave, func(context.Context, *client.Session, component.Config) error {
		t.Error("leave is called though join failed")
		return nil
	})
	c, err := component.Callbacks{Join: join, Leave: leave}.New(component.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var crash *component.CrashError
	if err := component.Run(t.Context(), c, hosttest.New(t).Join(), nil); !errors.As(err, &crash) || !errors.Is(err, errTest) {
		t.Errorf("got error %v, want a crash by %v", err, errTest)
	}
}

func TestCallbacksMustExist(t *testing.T) {
	t.Parallel()
	if _, err := (component.Callbacks{}).New(component.Config{}); err == nil {
		t.Error("a component without callbacks was made")
	}
	_, err := component.Callbacks{Join: "missing.a", Leave: "missing.b"}.New(component.Config{})
	for _, want := range []string{"callbacks.join", `"missing.a"`, "callbacks.leave", `"missing.b"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
}

type settings struct {
	Name  string            `json:"name"`
	Count int               `json:"count"`
	Ratio float64           `json:"ratio"`
	On    bool              `json:"on"`
	Items []item            `json:"items"`
	ByKey map[string]item   `json:"by_key"`
	Deep  *item             `json:"deep"`
	Raw   json.RawMessage   `json:"raw"`
	Plain map[string]string `json:"plain"`
	base
}

type item struct {
	Port uint16 `json:"port"`
}

type base struct {
	Level string `json:"level"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, extra string
		want        settings
		err         string
	}{
		{name: "nothing leaves the value as it is", extra: "", want: settings{Name: "default"}},
		{name: "null leaves the value as it is", extra: " null\n", want: settings{Name: "default"}},
		{
			name:  "everything",
			extra: `{"name":"a","count":-1,"ratio":1.5,"on":true,"items":[{"port":1},{"port":2}],"by_key":{"x":{"port":3}},"deep":{"port":4},"raw":[1],"plain":{"k":"v"},"level":"l"}`,
			want: settings{
				Name: "a", Count: -1, Ratio: 1.5, On: true, Items: []item{{1}, {2}}, ByKey: map[string]item{"x": {3}},
				Deep: &item{4}, Raw: json.RawMessage("[1]"), Plain: map[string]string{"k": "v"}, base: base{"l"},
			},
		},
		{name: "values that are null", extra: `{"items":null,"deep":null,"name":null}`, want: settings{Name: "default"}},
		{name: "no JSON", extra: `{"name"`, err: "extra: unexpected end of JSON input"},
		{name: "no object", extra: `[1]`, err: "extra: want an object, got [1]"},
		{name: "unknown key", extra: `{"nane":1}`, err: "extra.nane: unknown key; known are by_key, count, deep, items, level, name, on, plain, ratio, raw"},
		{name: "key in another case", extra: `{"Name":"a"}`, err: "extra.Name: unknown key; known are by_key, count, deep, items, level, name, on, plain, ratio, raw"},
		{name: "unknown key in a list", extra: `{"items":[{},{"prot":1}]}`, err: "extra.items[1].prot: unknown key; known are port"},
		{name: "unknown key in a map", extra: `{"by_key":{"x":{"prot":1}}}`, err: "extra.by_key.x.prot: unknown key; known are port"},
		{name: "number beyond its range", extra: `{"items":[{"port":70000}]}`, err: "extra.items[0].port: want a whole number, not negative, got 70000"},
		{name: "string for a number", extra: `{"deep":{"port":"1"}}`, err: `extra.deep.port: want a whole number, not negative, got "1"`},
		{name: "object for a list", extra: `{"items":{}}`, err: "extra.items: want a list, got {}"},
		{name: "number for a string", extra: `{"plain":{"k":1}}`, err: "extra.plain.k: want a string, got 1"},
		{name: "string for a boolean", extra: `{"on":"yes"}`, err: `extra.on: want true or false, got "yes"`},
		{name: "fraction for a whole number", extra: `{"count":1.5}`, err: "extra.count: want a whole number, got 1.5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := settings{Name: "default"}
			err := component.Config{Extra: json.RawMessage(tt.extra)}.Decode(&got)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("got error %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(settings{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"name":"a","items":[{"port":1}],"by_key":{"x":null}}`)
	f.Fuzz(func(t *testing.T, extra string) {
		var got, again settings
		if (component.Config{Extra: json.RawMessage(extra)}).Decode(&got) != nil || extra == "" {
			return
		}
		if err := json.Unmarshal([]byte(extra), &again); err != nil {
			t.Errorf("accepted what encoding/json refuses: %v", err)
		}
	})
}

func TestLogIsNeverNil(t *testing.T) {
	t.Parallel()
	component.Config{}.Log().Info("nobody hears this")
}
