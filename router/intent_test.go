package router

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/wamp"
)

func TestOptionsAreThoseOfTheWire(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		m    wamp.Message
		want wamp.Dict
	}{
		{"a message without options", &wamp.Call{Request: 1, Procedure: "com.a"}, nil},
		{"one that needs no permission", &wamp.Unsubscribe{Request: 1, Subscription: 2}, nil},
		{
			"SUBSCRIBE", &wamp.Subscribe{Match: wamp.MatchPrefix, GetRetained: true},
			wamp.Dict{"match": "prefix", "get_retained": true},
		},
		{
			"PUBLISH", &wamp.Publish{
				Acknowledge: true, IncludeMe: true, DiscloseMe: true, Retain: true,
				Filter: &wamp.Filter{
					Exclude: []wamp.ID{7}, Eligible: []wamp.ID{}, ExcludeAuthID: []string{"a"},
					EligibleAuthID: []string{"b"}, ExcludeAuthRole: []string{"c"}, EligibleAuthRole: []string{"d"},
				},
			},
			wamp.Dict{
				"acknowledge": true, "exclude_me": false, "disclose_me": true, "retain": true,
				"exclude": []any{int64(7)}, "eligible": []any{}, "exclude_authid": []any{"a"}, "eligible_authid": []any{"b"},
				"exclude_authrole": []any{"c"}, "eligible_authrole": []any{"d"},
			},
		},
		{
			"CALL", &wamp.Call{ReceiveProgress: true, Progress: true, DiscloseMe: true, TimeoutMillis: 1 << 63, Attributes: &wamp.Attributes{
				PPTScheme: "x_a", PPTSerializer: "b", PPTCipher: "c", PPTKeyID: "d", EncAlgo: "e", EncKey: "f", EncSerializer: "g",
				TransactionHash: "h", ForwardFor: []wamp.Forwarder{{Session: 1, AuthID: "i", AuthRole: "j"}},
			}},
			wamp.Dict{
				"receive_progress": true, "progress": true, "disclose_me": true, "timeout": int64(1<<63 - 1),
				"ppt_scheme": "x_a", "ppt_serializer": "b", "ppt_cipher": "c", "ppt_keyid": "d",
				"enc_algo": "e", "enc_key": "f", "enc_serializer": "g", "transaction_hash": "h",
				"forward_for": []any{wamp.Dict{"session": int64(1), "authid": "i", "authrole": "j"}},
			},
		},
		{
			"REGISTER", &wamp.Register{
				Match: wamp.MatchWildcard, Invoke: wamp.InvokeRandom, DiscloseCaller: true, ForwardTimeout: true,
				ForceReregister: true, Concurrency: 3,
			},
			wamp.Dict{
				"match": "wildcard", "invoke": "random", "disclose_caller": true, "forward_timeout": true,
				"force_reregister": true, "concurrency": int64(3),
			},
		},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, optionsOf(tt.m)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestEveryOptionIsShownToAuthorizers fails when a request gains an option that
// optionsOf does not know: an authorizer might have denied it.
func TestEveryOptionIsShownToAuthorizers(t *testing.T) {
	t.Parallel()
	none := []string{"Request", "Topic", "Procedure", "Payload", "TrustLevel"} // are no options of clients
	for _, m := range []wamp.Message{&wamp.Publish{}, &wamp.Subscribe{}, &wamp.Call{}, &wamp.Register{}} {
		v := reflect.ValueOf(m).Elem()
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if slices.Contains(none, field.Name) {
				continue
			}
			changed := reflect.New(v.Type())
			fill(changed.Elem().Field(i))
			if options := optionsOf(changed.Interface().(wamp.Message)); len(options) == 0 {
				t.Errorf("%s.%s is not among the options", v.Type(), field.Name)
			}
		}
	}
}

// fill gives v, and all within it, a value that is not zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.String:
		v.SetString("x")
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	default:
		panic(v.Kind())
	}
}

func TestDecisionsMakeRoom(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	ds := decisions{limit: 3}
	key := func(u wamp.URI) decisionKey { return decisionKey{action: ActionCall, uri: u} }
	lasting, brief := now.Add(time.Minute), now.Add(time.Second)
	ds.keep(key("brief"), kept{Decision{Allow: true}, brief, 1}, now)
	ds.keep(key("old"), kept{Decision{Allow: true}, lasting, 0}, now)
	ds.keep(key("good"), kept{Decision{Allow: true}, lasting, 1}, now)
	later := brief
	ds.keep(key("new"), kept{Decision{Allow: true}, lasting, 1}, later)
	for u, want := range map[wamp.URI]bool{"brief": false, "old": false, "good": true, "new": true} {
		if _, got := ds.find(key(u), later, 1); got != want {
			t.Errorf("%s is kept: %v, want %v", u, got, want)
		}
	}
	for _, u := range "abcdefghij" {
		ds.keep(key(wamp.URI(u)), kept{Decision{Allow: true}, lasting, 1}, later)
	}
	if len(ds.kept) != 3 {
		t.Errorf("%d decisions are kept, want 3", len(ds.kept))
	}
	if _, got := ds.find(key("j"), later, 1); !got {
		t.Error("the last one is not kept")
	}
}
