package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

func (a *app) publishCommand() *cobra.Command {
	var (
		flags clientFlags
		args  arguments
		named []string
		lines bool
		load  repetition
	)
	cmd := &cobra.Command{
		Use:     "publish TOPIC [ARGUMENT...]",
		Aliases: []string{"pub"},
		Short:   "Publish an event",
		Long: `Publish an event, and wait until the router has it.

` + argumentHelp + `

With --lines every line of standard input becomes an event: its value is the
last positional argument. Nothing is printed, but with --json a line for each
acknowledged event: {"publication":…,"topic":…}.

` + publishOptions.help(),
		Example: `  junctor publish com.example.tick 1 "it works"
  junctor publish com.example.state '"on"' --retain
  junctor publish com.example.alert -k level=3 -o exclude_authrole=guest
  tail -f sensor.log | junctor publish com.example.log --lines --strings`,
		Args: wantURI("topic"),
	}
	flags.add(a, cmd)
	out := a.outputFlags(cmd)
	args.add(cmd)
	load.add(cmd, "publish")
	cmd.Flags().StringArrayVarP(&named, "option", "o", nil, "a WAMP option as name=value (repeatable)")
	shorthands(cmd, &named, map[string]string{"retain": "retain", "disclose": "disclose_me"})
	cmd.Flags().BoolVar(&lines, "lines", false, "publish an event for every line of standard input")
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		pub := publisher{topic: wamp.URI(words[0]), out: p, explicit: cmd.Flags().Changed("json") || cmd.Flags().Changed("output")}
		pub.opts.Acknowledge = true
		if pub.args, pub.opts.Kwargs, err = args.parse(words[1:], a.env.Stdin); err != nil {
			return err
		}
		if err := publishOptions.parse(named, &pub.opts); err != nil {
			return err
		}
		if !lines {
			return load.run(cmd.Context(), &flags, pub.publish)
		}
		if load != (repetition{1, 1, 1}) {
			return usagef("--lines publishes each line once; --repeat, --concurrency and --parallel do not go with it")
		}
		return flags.with(cmd.Context(), func(s *client.Session) error {
			return pub.lines(cmd.Context(), s, a.env.Stdin, &args)
		})
	}
	return cmd
}

// publisher publishes one event, as often as it is asked to.
type publisher struct {
	topic    wamp.URI
	args     []any
	opts     client.PublishOptions
	out      *printer
	explicit bool // JSON was asked for, not chosen because nobody watches
}

func (p *publisher) publish(ctx context.Context, s *client.Session) error {
	opts := p.opts
	id, err := s.Publish(ctx, p.topic, p.args, &opts)
	if err != nil {
		return err
	}
	if p.out.json && p.explicit && id != 0 {
		p.out.line(struct {
			Publication wamp.ID  `json:"publication"`
			Topic       wamp.URI `json:"topic"`
		}{id, p.topic})
	}
	return nil
}

// lines publishes every line of r.
func (p *publisher) lines(ctx context.Context, s *client.Session, r io.Reader, args *arguments) error {
	return eachLine(ctx, s, r, func(text string) error { return p.line(ctx, s, text, args) })
}

// maxLine bounds a line of --lines.
const maxLine = 16 << 20

// eachLine does something with every line of r, until it fails, or the context
// or the session ends. It reads in a goroutine, which ends with r: nothing else
// can interrupt reading standard input.
func eachLine(ctx context.Context, s *client.Session, r io.Reader, do func(text string) error) error {
	type line struct {
		text string
		err  error
	}
	read := make(chan line)
	go func() {
		defer close(read)
		scanner := bufio.NewScanner(r)
		scanner.Buffer(nil, maxLine)
		for scanner.Scan() {
			select {
			case read <- line{text: scanner.Text()}:
			case <-ctx.Done():
				return
			}
		}
		if err := scanner.Err(); err != nil && ctx.Err() == nil {
			read <- line{err: err}
		}
	}()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.Done():
			return s.Err()
		case l, ok := <-read:
			if !ok {
				return nil
			}
			err := l.err
			if err == nil {
				err = do(l.text)
			}
			if err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
}

func (p *publisher) line(ctx context.Context, s *client.Session, text string, args *arguments) error {
	v, err := args.text(text)
	if err != nil {
		return err
	}
	one := *p
	one.args = append(p.args[:len(p.args):len(p.args)], v)
	return one.publish(ctx, s)
}
