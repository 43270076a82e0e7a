package cli

import (
	"context"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/junctorio/junctor/client"
)

// repetition is how often call and publish do what they do.
type repetition struct {
	repeat      int
	concurrency int
	parallel    int
}

func (r *repetition) add(cmd *cobra.Command, what string) {
	flags := cmd.Flags()
	flags.IntVar(&r.repeat, "repeat", 1, what+" this many times per session; the first failure ends it")
	flags.IntVar(&r.concurrency, "concurrency", 1, "how many of them at the same time per session")
	flags.IntVar(&r.parallel, "parallel", 1, "how many sessions do so")
}

func (r *repetition) check() error {
	for _, n := range []struct {
		flag        string
		value, most int
	}{
		{"repeat", r.repeat, 1e9}, {"concurrency", r.concurrency, 1e4}, {"parallel", r.parallel, 1e4},
	} {
		if n.value < 1 || n.value > n.most {
			return usagef("--%s %d: want 1 to %d", n.flag, n.value, n.most)
		}
	}
	return nil
}

// run opens the sessions and has each do once what it is told as often.
func (r *repetition) run(ctx context.Context, flags *clientFlags, once func(context.Context, *client.Session) error) error {
	if err := r.check(); err != nil {
		return err
	}
	c, err := flags.connector()
	if err != nil {
		return err
	}
	all, allCtx := errgroup.WithContext(ctx)
	for range r.parallel {
		all.Go(func() error {
			return c.with(allCtx, func(s *client.Session) error { return r.session(allCtx, s, once) })
		})
	}
	return all.Wait()
}

func (r *repetition) session(ctx context.Context, s *client.Session, once func(context.Context, *client.Session) error) error {
	var done atomic.Int64
	group, groupCtx := errgroup.WithContext(ctx)
	for range min(r.concurrency, r.repeat) {
		group.Go(func() error {
			for done.Add(1) <= int64(r.repeat) {
				if err := once(groupCtx, s); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
