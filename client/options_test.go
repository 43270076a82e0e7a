package client_test

import (
	"crypto/tls"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// TestEveryOptionHasItsDefault breaks when a field is added that nobody has
// thought about: zero must become the documented default, anything else stay.
func TestEveryOptionHasItsDefault(t *testing.T) {
	t.Parallel()
	type field struct{ given, byDefault any } // byDefault nil: stays zero
	fields := map[string]field{
		"Realm":          {wamp.URI("com.example"), wamp.URI(realm)}, // required
		"Serializer":     {wamp.SerializerJSON, client.DefaultSerializer},
		"TLS":            {&tls.Config{}, nil},
		"MaxMessageSize": {1000, client.DefaultMessageSize},
		"AuthID":         {"alice", nil},
		"AuthExtra":      {wamp.Dict{"key": "value"}, nil},
		"Signers":        {[]auth.Signer{auth.TicketSigner{Ticket: "sesame"}}, nil},
		"Agent":          {"test", client.DefaultAgent},
		"Logger":         {slog.New(slog.DiscardHandler), slog.New(slog.DiscardHandler)},
		"SendBytes":      {1001, client.DefaultSendBytes},
		"ReceiveBytes":   {1002, client.DefaultReceiveBytes},
		"CloseTimeout":   {time.Minute, client.DefaultCloseTimeout},
		"Keyring":        {new(passthru.Keyring), nil},
		"KeepAlive": {
			transport.KeepAlive{Mode: transport.KeepAliveNever, Interval: 1, Timeout: 2, Attempts: 3},
			transport.KeepAlive{
				Interval: transport.DefaultPingInterval, Timeout: transport.DefaultPingTimeout, Attempts: transport.DefaultPingAttempts,
			},
		},
	}
	defaults, err := client.Complete(client.Options{Realm: realm})
	if err != nil {
		t.Fatal(err)
	}
	for f := range reflect.TypeFor[client.Options]().Fields() {
		want, ok := fields[f.Name]
		if !ok {
			t.Errorf("Options.%s is not in this test", f.Name)
			continue
		}
		if got := reflect.ValueOf(defaults).FieldByIndex(f.Index); want.byDefault == nil && !got.IsZero() ||
			want.byDefault != nil && !reflect.DeepEqual(got.Interface(), want.byDefault) {
			t.Errorf("Options.%s is %v by default, want %v", f.Name, got, want.byDefault)
		}
		opts := client.Options{Realm: realm}
		reflect.ValueOf(&opts).Elem().FieldByIndex(f.Index).Set(reflect.ValueOf(want.given))
		complete, err := client.Complete(opts)
		if got := reflect.ValueOf(complete).FieldByIndex(f.Index).Interface(); err != nil || !reflect.DeepEqual(got, want.given) {
			t.Errorf("Options.%s becomes %v (%v), want %v", f.Name, got, err, want.given)
		}
	}
}

func TestOptionsAreCopied(t *testing.T) {
	t.Parallel()
	opts := client.Options{Realm: realm, AuthExtra: wamp.Dict{"key": "value"}, Signers: []auth.Signer{auth.TicketSigner{Ticket: "sesame"}}}
	complete, err := client.Complete(opts)
	if err != nil {
		t.Fatal(err)
	}
	opts.AuthExtra["key"], opts.Signers[0] = "changed", nil
	if complete.AuthExtra["key"] != "value" || complete.Signers[0] == nil {
		t.Errorf("got %+v", complete)
	}
}
