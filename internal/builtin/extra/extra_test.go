package extra_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/internal/builtin/extra"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		json string
		want time.Duration
		ok   bool
	}{
		{`2`, 2 * time.Second, true},
		{`0.25`, 250 * time.Millisecond, true},
		{`"250ms"`, 250 * time.Millisecond, true},
		{`0`, 0, true},
		{`null`, 0, true},
		{`-1`, 0, false},
		{`1e30`, 0, false},
		{`"-1s"`, 0, false},
		{`"1000000h"`, 0, false},
		{`"5"`, 0, false},
		{`true`, 0, false},
	}
	for _, tt := range tests {
		var d extra.Duration
		err := json.Unmarshal([]byte(tt.json), &d)
		if time.Duration(d) != tt.want || (err == nil) != tt.ok {
			t.Errorf("%s: got %v and error %v, want %v", tt.json, time.Duration(d), err, tt.want)
		}
	}
}

func TestBackoffDoublesUpToItsMaximum(t *testing.T) {
	t.Parallel()
	b := extra.Backoff{Initial: extra.Duration(100 * time.Millisecond), Max: extra.Duration(time.Second)}
	for failures, want := range map[int]time.Duration{1: 100, 2: 200, 3: 400, 4: 800, 5: 1000, 6: 1000, 1 << 40: 1000} {
		want *= time.Millisecond
		for range 100 {
			if got := b.Delay(failures); got < want/2 || got > want {
				t.Errorf("after %d failures: got %v, want %v to %v", failures, got, want/2, want)
			}
		}
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := extra.Sleep(t.Context(), time.Hour); err != nil || time.Since(began) != time.Hour {
			t.Errorf("got error %v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := extra.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want that the time is over", err)
		}
	})
}
