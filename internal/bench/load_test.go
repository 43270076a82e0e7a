package bench_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/internal/bench"
)

// takes returns an operation that takes d and then observes itself.
func takes(d time.Duration) bench.Operation {
	return func(_ context.Context, _ int, observe func(time.Time)) error {
		time.Sleep(d)
		observe(time.Now())
		return nil
	}
}

func run(t *testing.T, l bench.Load, op bench.Operation) *bench.Report {
	t.Helper()
	r, err := bench.Run(t.Context(), l, op)
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	return r
}

// near allows for the histogram's three digits.
func near(got, want float64) bool { return got > want*0.998 && got < want*1.002 }

func TestClosedLoopMeasuresTheOperation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, bench.Load{Concurrency: 4, Warmup: time.Second, Duration: 10 * time.Second}, takes(10*time.Millisecond))
		if r.Operations != 4000 || !near(r.Rate, 400) || r.Errors != 0 || r.Missed != 0 {
			t.Errorf("got %d operations, %g/s, %d errors, %d missed; want 4000, 400, 0, 0", r.Operations, r.Rate, r.Errors, r.Missed)
		}
		if !near(r.Latency.P50, 10_000) || !near(r.Latency.Max, 10_000) {
			t.Errorf("latency %+v, want 10 ms throughout", r.Latency)
		}
	})
}

func TestFixedRateIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, bench.Load{Concurrency: 4, Rate: 300, Duration: 10 * time.Second}, takes(10*time.Millisecond))
		if r.Operations != 3000 || !near(r.Rate, 300) || r.Missed != 0 {
			t.Errorf("got %d operations, %g/s, %d missed; want 3000, 300, 0", r.Operations, r.Rate, r.Missed)
		}
		if !near(r.Latency.P999, 10_000) {
			t.Errorf("p99.9 %g µs, want 10000", r.Latency.P999)
		}
	})
}

// A stall of one second at 100 operations a second makes a hundred operations
// late, by half a second on average. A generator that waits with the router
// would count a single slow one.
func TestStallShowsInAllThatWasDueMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		stall := func(ctx context.Context, w int, observe func(time.Time)) error {
			if n++; n == 500 {
				time.Sleep(time.Second)
			}
			return takes(time.Millisecond)(ctx, w, observe)
		}
		r := run(t, bench.Load{Concurrency: 1, Rate: 100, Duration: 10 * time.Second}, stall)
		if r.Operations != 1000 {
			t.Fatalf("got %d operations, want 1000", r.Operations)
		}
		// About 110 of 1000 are late: the stall itself and catching up.
		if r.Latency.P50 > 1100 || r.Latency.P90 < 50_000 || r.Latency.P99 < 850_000 {
			t.Errorf("latency %+v; want p50 1 ms, p90 and p99 to show the stall", r.Latency)
		}
	})
}

func TestOverloadCountsWhatWasMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, bench.Load{Concurrency: 1, Rate: 1000, Duration: 10 * time.Second}, takes(10*time.Millisecond))
		if r.Operations != 1000 || r.Missed != 9000 {
			t.Errorf("got %d operations and %d missed, want 1000 and 9000", r.Operations, r.Missed)
		}
	})
}

// What the warm-up could not do is no part of what is measured.
func TestOverloadStartsAfreshAfterWarmup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, bench.Load{Concurrency: 1, Rate: 1000, Warmup: time.Second, Duration: 10 * time.Second}, takes(10*time.Millisecond))
		if r.Operations != 1000 || r.Missed != 9000 {
			t.Errorf("got %d operations and %d missed, want 1000 and 9000", r.Operations, r.Missed)
		}
		if r.Latency.Max > 10_010_000 || r.Latency.P50 > 5_100_000 {
			t.Errorf("latency %+v, want it to count from the end of the warm-up", r.Latency)
		}
	})
}

func TestErrorsAreCountedByText(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		r := run(t, bench.Load{Concurrency: 1, Rate: 100, Duration: time.Second}, func(context.Context, int, func(time.Time)) error {
			n++
			return fmt.Errorf("refused for reason %d", n%20)
		})
		if r.Latency != (bench.Latency{}) {
			t.Errorf("latency %+v of nothing", r.Latency)
		}
		if r.Errors != 100 || r.Operations != 0 {
			t.Errorf("got %d errors, %d operations; want 100, 0", r.Errors, r.Operations)
		}
		if len(r.ErrorTexts) != 11 || r.ErrorTexts["others"] != 50 {
			t.Errorf("texts %v; want the first ten kinds and 50 others", r.ErrorTexts)
		}
	})
}

func TestBrokenConnectionEndsTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := fmt.Errorf("session ended: %w", net.ErrClosed)
		begin := time.Now()
		_, err := bench.Run(t.Context(), bench.Load{Concurrency: 2, Duration: time.Hour}, func(context.Context, int, func(time.Time)) error {
			time.Sleep(time.Second)
			return broken
		})
		if !errors.Is(err, net.ErrClosed) || time.Since(begin) > time.Minute {
			t.Errorf("Run returned %v after %v, want the broken connection at once", err, time.Since(begin))
		}
	})
}

func TestCancelledRunReportsWhatItHas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		r, err := bench.Run(ctx, bench.Load{Concurrency: 1, Rate: 10, Duration: time.Hour}, takes(0))
		if !errors.Is(err, context.DeadlineExceeded) || r.Operations < 50 || r.Operations > 51 {
			t.Errorf("got %d operations and error %v, want 50 and the deadline", r.Operations, err)
		}
	})
}

func TestImpossibleLoadIsRefused(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]bench.Load{
		"no concurrency":   {Duration: 1},
		"negative rate":    {Concurrency: 1, Rate: -1, Duration: 1},
		"no duration":      {Concurrency: 1},
		"negative warm-up": {Concurrency: 1, Duration: 1, Warmup: -1},
	} {
		_, err := bench.Run(t.Context(), l, takes(0))
		if impossible := (*bench.OptionError)(nil); !errors.As(err, &impossible) {
			t.Errorf("%s: Run of %+v returned %v, want an OptionError", name, l, err)
		}
	}
}

func TestReportIsReadable(t *testing.T) {
	t.Parallel()
	r := bench.Report{
		Kind: "pubsub", Offered: 1e6, Seconds: 10, Operations: 4990, Rate: 499, Observations: 79840,
		Errors: 3, ErrorTexts: map[string]int{"timed out": 2, "refused": 1}, Missed: 7,
		Latency: bench.Latency{Mean: 130.4, P50: 99, P90: 150, P99: 1500, P999: 20_000, Max: 1_230_000},
	}
	want := `publications 4990 in 10.0 s, 499 a second (offered 1000000)
deliveries   79840, 7984 a second
latency      p50 99 µs  p90 150 µs  p99 1.5 ms  p99.9 20.0 ms  max 1.23 s  mean 130 µs
errors       3
  2 × timed out
  1 × refused
missed       7 were due but not offered: at this rate more than --concurrency operations are under way
`
	var b strings.Builder
	r.Write(&b)
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", &b, want)
	}
}
