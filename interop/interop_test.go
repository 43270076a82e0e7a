//go:build interop

package interop_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestMatrix runs every scenario between every variant of a client and each
// hub, in both directions.
func TestMatrix(t *testing.T) {
	r := startRouter(t)
	columns := []string{"join"}
	for _, s := range allScenarios {
		columns = append(columns, s.name)
	}
	for _, s := range solos {
		columns = append(columns, s.name)
	}
	var names []string
	for _, hub := range hubs {
		names = append(names, hub.String())
	}
	m := newMatrix(
		fmt.Sprintf("A cell is a scenario played with each of %s; both ways.\nFrom \"meta events\" on, the client plays it with the router alone.", strings.Join(names, ", ")),
		variants(), append(columns, testament, "leave"))
	for _, v := range variants() { // footnotes in the order of the rows
		if reason := v.unable(); reason != "" {
			m.note(reason)
		}
	}
	partners := make([]*client, len(hubs))
	for i, v := range hubs {
		partners[i] = join(deadline(t), t, r, v, "hub "+v.String())
	}
	t.Run("rows", func(t *testing.T) {
		for _, v := range variants() {
			t.Run(v.word(), func(t *testing.T) {
				t.Parallel()
				if reason := v.unable(); reason != "" {
					for _, column := range m.columns {
						m.unable(v, column, reason)
					}
					return
				}
				fillRow(t, r, m, v, partners)
			})
		}
	})
	m.print(t)
}

func fillRow(t *testing.T, r *router, m *matrix, v variant, partners []*client) {
	c := join(deadline(t), t, r, v, v.String())
	cell(t, m, v, "join", func() error { return welcomed(c) })
	for _, s := range allScenarios {
		if told, witness := c.announces(s.needs[0], s.needs[1]); s.needs[0] != "" && witness && !told {
			m.unable(v, s.name, fmt.Sprintf("the router does not announce %s", s.needs[1]))
			continue
		}
		cell(t, m, v, s.name, func() error { return play(t, m, s, v, c, partners) })
	}
	fillSolos(t, r, m, v, c)
}

// cell runs what fills a cell, as a test of its own.
func cell(t *testing.T, m *matrix, v variant, column string, run func() error) {
	m.set(v, column, failed)
	t.Run(column, func(t *testing.T) {
		if err := run(); err != nil {
			t.Error(err)
			return
		}
		m.set(v, column, worked)
	})
}

var plays atomic.Int64

// play runs a scenario with each partner, both ways. What a client's nature
// forbids is left out, as long as one way remains, and noted.
func play(t *testing.T, m *matrix, s scenario, v variant, c *client, partners []*client) error {
	var errs []error
	played := 0
	for _, partner := range partners {
		for _, p := range []pair{{a: c, b: partner}, {a: partner, b: c}} {
			if s.unable != nil && s.unable(p.a.kind, p.b.kind) != "" {
				m.note(s.name + " is left out where " + s.unable(p.a.kind, p.b.kind))
				continue
			}
			played++
			p.base = fmt.Sprintf("com.example.%s.n%d", v.word(), plays.Add(1))
			if err := s.run(deadline(t), p); err != nil {
				errs = append(errs, fmt.Errorf("%s → %s: %w", p.a.name, p.b.name, err))
			}
		}
	}
	if played == 0 {
		errs = append(errs, errors.New("no partner was able to play"))
	}
	return errors.Join(errs...)
}

// welcomed: WELCOME told the client who it is.
func welcomed(c *client) error {
	w := c.welcome
	if w.Session == 0 || w.Session > 1<<53 || w.Realm != "realm1" || w.AuthRole != "anonymous" || w.AuthID == "" || w.AuthMethod != "anonymous" {
		return fmt.Errorf("%s: WELCOME said %+v", c.name, w)
	}
	return nil
}

// leave: the router answers GOODBYE.
func leave(ctx context.Context, c *client) error {
	if _, err := c.do(ctx, command{Do: "leave"}); err != nil {
		return c.explain(err, "leave", "")
	}
	_, err := await(ctx, c.reports(), c.reports().left, "the router's GOODBYE")
	return c.explain(err, "leave", "")
}

// deadline bounds a step that waits for other programs.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}
