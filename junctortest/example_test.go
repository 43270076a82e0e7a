package junctortest_test

import (
	"context"
	"fmt"
	"log"
	"slices"
	"testing"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/junctortest"
)

// greet and greeter are what an application might want tested.
func greet(ctx context.Context, c client.Caller, name string) (string, error) {
	return client.Call[string](ctx, c, "com.example.greet", client.Args{name}, nil)
}

func greeter(_ context.Context, inv *client.Invocation) (client.Reply, error) {
	var name []string
	if err := inv.Decode(&name, nil); err != nil || len(name) != 1 {
		return client.Reply{}, fmt.Errorf("want a name: %w", err)
	}
	return client.Return("hello " + name[0]), nil
}

func Example() {
	t, end := example() // in a test, t is its *testing.T
	defer end()

	r := junctortest.NewRouter(t)
	if _, err := r.Connect(t).Register(t.Context(), "com.example.greet", greeter, nil); err != nil {
		t.Fatal(err)
	}
	fmt.Println(greet(t.Context(), r.Connect(t), "Ann"))
	// Output: hello Ann <nil>
}

// How does the application take a restart of the router? Within
// synctest.Test, the time that this takes would pass at once.
func ExampleRouter_Kill() {
	t, end := example() // in a test, t is its *testing.T
	defer end()

	r := junctortest.NewRouter(t)
	service := r.Client(t)
	declared, err := service.Register("com.example.greet", greeter, nil)
	if err == nil {
		err = declared.Wait(t.Context()) // until the router has it
	}
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(greet(t.Context(), service, "Ann"))
	session := service.Session()
	r.Kill()
	<-session.Done() // else the call might be on its way when the service notices
	r.Start()
	fmt.Println(greet(t.Context(), service, "Bob")) // waits until the service is back
	// Output:
	// hello Ann <nil>
	// hello Bob <nil>
}

// One client's connection gets slow, another one's breaks.
func ExamplePath() {
	t, end := example() // in a test, t is its *testing.T
	defer end()

	r := junctortest.NewRouter(t)
	slow, broken := r.NewPath(t), r.NewPath(t)
	a, b := slow.Connect(t), broken.Connect(t)
	slow.Delay(junctortest.Both, 5*time.Millisecond)
	broken.Drop()
	<-b.Done()
	fmt.Println(a.Err() == nil, b.Err() == nil)
	// Output: true false
}

// example returns a stand-in for the *testing.T that examples do not have.
func example() (t testing.TB, end func()) {
	tb := &exampleTB{}
	return tb, func() {
		for _, f := range slices.Backward(tb.cleanups) {
			f()
		}
	}
}

type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (*exampleTB) Helper()                           {}
func (*exampleTB) Context() context.Context          { return context.Background() }
func (*exampleTB) Fatal(args ...any)                 { log.Fatal(args...) }
func (*exampleTB) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }
func (*exampleTB) Errorf(format string, args ...any) { log.Fatalf(format, args...) }
func (tb *exampleTB) Cleanup(f func())               { tb.cleanups = append(tb.cleanups, f) }
