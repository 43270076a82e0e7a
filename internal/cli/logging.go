package cli

import (
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// logFlags say what a router logs on standard error.
type logFlags struct {
	level  string
	format string
}

// levels are the words of --loglevel; those of Crossbar.io are among them.
var levels = map[string]slog.Level{
	"none":  slog.LevelError + 100,
	"error": slog.LevelError,
	"warn":  slog.LevelWarn,
	"info":  slog.LevelInfo,
	"debug": slog.LevelDebug,
	"trace": slog.LevelDebug, // frames are logged where a transport says debug: true
}

// logFormats are the words of --logformat. The last three are Crossbar.io's:
// with time and level, without time (syslog adds its own), and bare.
var logFormats = []string{"auto", "text", "json", "standard", "syslogd", "none"}

func (f *logFlags) add(cmd *cobra.Command, level string) {
	flags := cmd.Flags()
	flags.StringVar(&f.level, "loglevel", level, "log what is at least this important: none, error, warn, info, debug, trace")
	flags.StringVar(&f.format, "logformat", "auto", "log as text, json, or auto (text on a terminal, JSON otherwise); standard, syslogd and none as in Crossbar.io")
}

// logger returns the logger that writes to w as the flags say.
func (f *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	level, ok := levels[f.level]
	if !ok {
		return nil, usagef("--loglevel %s: want none, error, warn, info, debug or trace", f.level)
	}
	if !slices.Contains(logFormats, f.format) {
		return nil, usagef("--logformat %s: want one of %s", f.format, strings.Join(logFormats, ", "))
	}
	return slog.New(f.handler(w, level)), nil
}

func (f *logFlags) handler(w io.Writer, level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: utc}
	switch {
	case f.format == "json", f.format == "auto" && !isTerminal(w):
		return slog.NewJSONHandler(w, options)
	case f.format == "syslogd":
		options.ReplaceAttr = without(slog.TimeKey)
	case f.format == "none":
		options.ReplaceAttr = without(slog.TimeKey, slog.LevelKey)
	}
	return slog.NewTextHandler(w, options)
}

// utc keeps the time of a record in UTC, to the millisecond.
func utc(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		return slog.String(a.Key, a.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z07:00"))
	}
	return durations(a)
}

// durations are written as people read them, in every format.
func durations(a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().Round(time.Microsecond).String())
	}
	return a
}

func without(keys ...string) func([]string, slog.Attr) slog.Attr {
	return func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && slices.Contains(keys, a.Key) {
			return slog.Attr{}
		}
		return durations(a)
	}
}
