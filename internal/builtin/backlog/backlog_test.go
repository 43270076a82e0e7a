package backlog_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/junctorio/junctor/internal/builtin/backlog"
)

func newBacklog(items, octets int) *backlog.Backlog[string] {
	return backlog.New(items, octets, func(s string) int { return len(s) })
}

func TestItemsComeInOrderUntilClosedAndEmpty(t *testing.T) {
	t.Parallel()
	b := newBacklog(2, 100)
	b.Push("a")
	b.Push("b")
	b.Close()
	if taken, _ := b.Push("c"); taken {
		t.Error("a closed backlog took an item")
	}
	for _, want := range []string{"a", "b"} {
		if got, ok := b.Pop(t.Context()); !ok || got != want {
			t.Errorf("got %q, %v, want %q", got, ok, want)
		}
	}
	if got, ok := b.Pop(t.Context()); ok {
		t.Errorf("got %q after the last", got)
	}
}

func TestFullBacklogsCountWhatTheyRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		b    *backlog.Backlog[string]
	}{
		{"in items", newBacklog(1, 100)},
		{"in octets, where the first item is always taken", newBacklog(9, 3)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if taken, refused := tt.b.Push("long"); !taken || refused != 0 {
				t.Fatalf("first: taken %v, refused %d", taken, refused)
			}
			for i := range 3 {
				if taken, refused := tt.b.Push("x"); taken || refused != i+1 {
					t.Errorf("full: taken %v, refused %d, want %d", taken, refused, i+1)
				}
			}
			if got, _ := tt.b.Pop(t.Context()); got != "long" {
				t.Errorf("got %q", got)
			}
			if taken, refused := tt.b.Push("y"); !taken || refused != 3 {
				t.Errorf("room again: taken %v, refused %d, want 3", taken, refused)
			}
		})
	}
}

func TestPopWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBacklog(1, 1)
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan string)
		go func() {
			for {
				item, ok := b.Pop(ctx)
				if !ok {
					close(got)
					return
				}
				got <- item
			}
		}()
		synctest.Wait()
		b.Push("late")
		if item := <-got; item != "late" {
			t.Errorf("got %q", item)
		}
		synctest.Wait()
		cancel()
		if item, ok := <-got; ok {
			t.Errorf("got %q after the context ended", item)
		}
	})
}
