package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// option is a WAMP option that a verb takes as -o name=value.
type option[T any] struct {
	help string
	set  func(*T, string) error
}

// The words that options with a choice can be.
const (
	cancelWords = "skip, kill or killnowait"
	matchWords  = "exact, prefix or wildcard"
	invokeWords = "single, roundrobin, random, first, last or leastpending"
)

// options are the WAMP options of a verb by their names on the wire.
type options[T any] map[string]option[T]

var callOptions = options[client.CallOptions]{
	"timeout":          {"milliseconds after which the router gives up on the callee", millis(func(o *client.CallOptions, d time.Duration) { o.Timeout = d })},
	"disclose_me":      {"tell the callee who calls", boolean(func(o *client.CallOptions, b bool) { o.DiscloseMe = b })},
	"receive_progress": {"print progressive results as they come", boolean(func(o *client.CallOptions, b bool) { o.OnProgress = askProgress(b) })},
	"rkey":             {"resource key, for a router with sharded registrations", text(func(o *client.CallOptions, s string) { sharding(o).RKey = s })},
	"runmode":          {"how sharded registrations are called, for such a router", text(func(o *client.CallOptions, s string) { sharding(o).RunMode = s })},
	"runon":            {"which shards are called, for such a router", text(func(o *client.CallOptions, s string) { sharding(o).RunOn = s })},
	"cancel":           {"what becomes of the callee when this side stops waiting: " + cancelWords, word(wamp.ParseCancelMode, cancelWords, func(o *client.CallOptions, m wamp.CancelMode) { o.Cancel = m })},
}

var publishOptions = options[client.PublishOptions]{
	"acknowledge":       {"wait until the router has it (true unless said otherwise)", boolean(func(o *client.PublishOptions, b bool) { o.Acknowledge = b })},
	"exclude_me":        {"false delivers the event to this session too", boolean(func(o *client.PublishOptions, b bool) { o.IncludeMe = !b })},
	"disclose_me":       {"tell the subscribers who published", boolean(func(o *client.PublishOptions, b bool) { o.DiscloseMe = b })},
	"retain":            {"ask the router to keep the event for later subscribers", boolean(func(o *client.PublishOptions, b bool) { o.Retain = b })},
	"rkey":              {"resource key, for a router with sharded subscriptions", text(func(o *client.PublishOptions, s string) { o.RKey = s })},
	"exclude":           {"sessions that must not get it, [1,2]", ids(func(f *wamp.Filter, l []wamp.ID) { f.Exclude = l })},
	"eligible":          {"the only sessions that may get it", ids(func(f *wamp.Filter, l []wamp.ID) { f.Eligible = l })},
	"exclude_authid":    {`authids that must not get it, ["a","b"] or a`, names(func(f *wamp.Filter, l []string) { f.ExcludeAuthID = l })},
	"eligible_authid":   {"the only authids that may get it", names(func(f *wamp.Filter, l []string) { f.EligibleAuthID = l })},
	"exclude_authrole":  {"authroles that must not get it", names(func(f *wamp.Filter, l []string) { f.ExcludeAuthRole = l })},
	"eligible_authrole": {"the only authroles that may get it", names(func(f *wamp.Filter, l []string) { f.EligibleAuthRole = l })},
}

var subscribeOptions = options[client.SubscribeOptions]{
	"match":        {"how URIs are compared: " + matchWords, word(wamp.ParseMatch, matchWords, func(o *client.SubscribeOptions, m wamp.Match) { o.Match = m })},
	"nkey":         {"node key, for a router with sharded subscriptions", text(func(o *client.SubscribeOptions, s string) { o.NKey = s })},
	"get_retained": {"ask for the event that the router kept", boolean(func(o *client.SubscribeOptions, b bool) { o.GetRetained = b })},
}

var registerOptions = options[client.RegisterOptions]{
	"match":            {"how URIs are compared: " + matchWords, word(wamp.ParseMatch, matchWords, func(o *client.RegisterOptions, m wamp.Match) { o.Match = m })},
	"invoke":           {"share the procedure with other callees: " + invokeWords, word(wamp.ParseInvoke, invokeWords, func(o *client.RegisterOptions, i wamp.Invoke) { o.Invoke = i })},
	"disclose_caller":  {"ask the router who calls", boolean(func(o *client.RegisterOptions, b bool) { o.DiscloseCaller = b })},
	"force_reregister": {"take the procedure over from whoever has it", boolean(func(o *client.RegisterOptions, b bool) { o.ForceReregister = b })},
	"forward_timeout":  {"leave the caller's timeout to this side: --exec commands are killed when it is over", boolean(func(o *client.RegisterOptions, b bool) { o.ForwardTimeout = b })},
	"concurrency":      {"how many calls the router may hand over at once", count(func(o *client.RegisterOptions, n int) { o.Concurrency = n })},
}

// parse applies -o flags to the options struct.
func (os options[T]) parse(flags []string, to *T) error {
	seen := make(map[string]bool, len(flags))
	for _, flag := range flags {
		name, value, ok := strings.Cut(flag, "=")
		o, known := os[name]
		switch {
		case !ok:
			return usagef("-o %s: want name=value; what is printed is chosen by --output", flag)
		case !known:
			return usagef("-o %s: no such option here; there is %s", name, strings.Join(slices.Sorted(maps.Keys(os)), ", "))
		case seen[name]:
			return usagef("-o %s: the option is given twice", name)
		}
		seen[name] = true
		if err := o.set(to, value); err != nil {
			return usagef("-o %s: %v", name, err)
		}
	}
	return nil
}

// shorthands adds flags that stand for -o name=true.
func shorthands(cmd *cobra.Command, named *[]string, flags map[string]string) {
	for flag, name := range flags {
		cmd.Flags().BoolFunc(flag, "short for -o "+name+"=true", func(string) error {
			*named = append(*named, name+"=true")
			return nil
		})
	}
}

// help describes the options for --help.
func (os options[T]) help() string {
	var b strings.Builder
	b.WriteString("Options for -o:\n")
	for _, name := range slices.Sorted(maps.Keys(os)) {
		fmt.Fprintf(&b, "  %-18s %s\n", name, os[name].help)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func boolean[T any](set func(*T, bool)) func(*T, string) error {
	return func(to *T, text string) error {
		if text != "true" && text != "false" {
			return fmt.Errorf("want true or false, not %s", quote(text))
		}
		set(to, text == "true")
		return nil
	}
}

func text[T any](set func(*T, string)) func(*T, string) error {
	return func(to *T, text string) error {
		set(to, text)
		return nil
	}
}

// sharding returns where the options of a call for sharded registrations go.
func sharding(o *client.CallOptions) *wamp.Sharding {
	if o.Sharding == nil {
		o.Sharding = new(wamp.Sharding)
	}
	return o.Sharding
}

func count[T any](set func(*T, int)) func(*T, string) error {
	return func(to *T, text string) error {
		n, ok := natural(text)
		if !ok {
			return fmt.Errorf("want a whole number from 0, not %s", quote(text))
		}
		set(to, n)
		return nil
	}
}

func millis[T any](set func(*T, time.Duration)) func(*T, string) error {
	return count(func(to *T, n int) { set(to, time.Duration(n)*time.Millisecond) })
}

// natural reads a number up to a billion, which no option here exceeds.
func natural(text string) (int, bool) {
	v, err := parseJSON([]byte(text))
	n, ok := v.(int64)
	return int(n), err == nil && ok && n >= 0 && n <= 1e9
}

func word[T, W any](parse func(string) (W, bool), words string, set func(*T, W)) func(*T, string) error {
	return func(to *T, text string) error {
		w, ok := parse(text)
		if !ok {
			return fmt.Errorf("want %s, not %s", words, quote(text))
		}
		set(to, w)
		return nil
	}
}

// ids reads a list of session IDs, or a single one.
func ids(set func(*wamp.Filter, []wamp.ID)) func(*client.PublishOptions, string) error {
	return list(func(v any) (wamp.ID, bool) {
		n, ok := v.(int64)
		return wamp.ID(n), ok && wamp.ID(n).Valid()
	}, "session IDs", set)
}

// names reads a list of strings, or a single one without quotes.
func names(set func(*wamp.Filter, []string)) func(*client.PublishOptions, string) error {
	return list(func(v any) (string, bool) {
		s, ok := v.(string)
		return s, ok
	}, "strings", set)
}

func list[E any](element func(any) (E, bool), what string, set func(*wamp.Filter, []E)) func(*client.PublishOptions, string) error {
	return func(o *client.PublishOptions, text string) error {
		v, err := parseValue(text)
		if err != nil {
			return err
		}
		items, isList := v.([]any)
		if !isList {
			items = []any{v}
		}
		out := make([]E, 0, len(items)) // empty is not absent (BWL-3)
		for _, item := range items {
			e, ok := element(item)
			if !ok {
				return fmt.Errorf("want a list of %s, not %s", what, abbreviate(text))
			}
			out = append(out, e)
		}
		if o.Filter == nil {
			o.Filter = new(wamp.Filter)
		}
		set(o.Filter, out)
		return nil
	}
}

// askProgress returns a placeholder that the verb replaces by its printer.
func askProgress(ask bool) func(client.Result) {
	if !ask {
		return nil
	}
	return func(client.Result) {}
}
