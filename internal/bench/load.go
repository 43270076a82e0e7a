package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Load says how much is offered, and for how long.
type Load struct {
	Concurrency int           // operations at the same time, at least 1
	Rate        float64       // operations per second, of all together; 0: a closed loop
	Warmup      time.Duration // offered before anything is counted
	Duration    time.Duration // of what is counted
}

// Operation does one thing and calls observe with the time at which something
// that was due has happened: once for a call, once per delivery for a
// publication. Observe may be called from anywhere until the operation has
// returned. Worker tells the Concurrency workers apart, from 0.
type Operation func(ctx context.Context, worker int, observe func(at time.Time)) error

// OptionError says what of a load or of a scenario is impossible, before
// anything has been done.
type OptionError struct{ text string }

// Error says what is given and what would be right.
func (e *OptionError) Error() string { return e.text }

func impossible(format string, args ...any) error {
	return &OptionError{fmt.Sprintf(format, args...)}
}

func (l Load) check() error {
	switch {
	case l.Concurrency < 1:
		return impossible("concurrency is %d, want 1 or more", l.Concurrency)
	case l.Rate < 0 || l.Rate > 1e9:
		return impossible("rate is %g a second, want 0 (as fast as possible) to 1e9", l.Rate)
	case l.Duration <= 0:
		return impossible("duration is %v, want more than 0", l.Duration)
	case l.Warmup < 0:
		return impossible("warm-up is %v, want 0 or more", l.Warmup)
	}
	return nil
}

// interval is the time between two operations' due times, as a float so that
// rates which do not divide a second do not drift.
func (l Load) interval() float64 { return float64(time.Second) / l.Rate }

// Run offers the load and returns what came of it. When ctx ends first, or a
// connection breaks, it returns what was counted so far together with the
// error. Operations that fail otherwise are counted, and the load goes on.
func Run(ctx context.Context, l Load, op Operation) (*Report, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now()
	r := &run{
		load: l, op: op, recorder: newRecorder(),
		start: start, counted: start.Add(l.Warmup), end: start.Add(l.Warmup + l.Duration),
	}
	if l.Rate > 0 {
		r.first = int64(math.Ceil(float64(l.Warmup) / l.interval()))
	}
	var workers sync.WaitGroup
	for w := range l.Concurrency {
		workers.Go(func() {
			if err := r.work(ctx, w); err != nil {
				cancel(err)
			}
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return r.recorder.report(l, 0, time.Since(r.counted)), err
	}
	return r.recorder.report(l, r.missed(), time.Since(r.counted)), nil
}

// run is one Run.
type run struct {
	load     Load
	op       Operation
	start    time.Time
	counted  time.Time // operations due before are not counted
	end      time.Time // operations due from here on are not offered
	recorder *recorder

	// Fixed rate only: operations are numbered from 0.
	first int64        // the first that is counted
	next  atomic.Int64 // the next one
}

// slot is when an operation is due.
type slot struct {
	due     time.Time
	counted bool
}

// work is one of the workers. Its error ends the run.
func (r *run) work(ctx context.Context, worker int) error {
	for {
		s, ok := r.take()
		if !ok || !sleepUntil(ctx, s.due) {
			return nil
		}
		err := r.op(ctx, worker, func(at time.Time) {
			if s.counted {
				r.recorder.observe(at.Sub(s.due))
			}
		})
		if ctx.Err() != nil {
			return nil
		}
		if s.counted {
			r.recorder.done(err)
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
	}
}

// take returns when the calling worker's next operation is due, and false when
// there is none any more. A worker that lags behind gives up at the end of the
// run: what it did not get round to is counted as missed.
func (r *run) take() (slot, bool) {
	now := time.Now()
	if r.load.Rate == 0 {
		return slot{now, !now.Before(r.counted)}, now.Before(r.end)
	}
	if !now.Before(r.counted) {
		r.endWarmup()
	}
	n := r.next.Add(1) - 1
	due := r.start.Add(time.Duration(float64(n) * r.load.interval()))
	return slot{due, n >= r.first}, due.Before(r.end) && now.Before(r.end)
}

// endWarmup drops what the warm-up left undone. Where the rate is more than
// can be done, making up for it would leave no time for what is counted.
func (r *run) endWarmup() {
	for n := r.next.Load(); n < r.first; n = r.next.Load() {
		if r.next.CompareAndSwap(n, r.first) {
			return
		}
	}
}

// missed returns how many operations were due, and to be counted, but never
// offered. It is called when the workers have ended.
func (r *run) missed() int64 {
	if r.load.Rate == 0 {
		return 0
	}
	offered := r.next.Load() - int64(r.load.Concurrency) // each worker took one number in vain
	due := int64(float64(r.end.Sub(r.start)) / r.load.interval())
	return max(0, due-max(0, offered))
}

// sleepUntil returns false when ctx ends first.
func sleepUntil(ctx context.Context, at time.Time) bool {
	d := time.Until(at)
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
