package config_test

import (
	"reflect"
	"testing"

	"github.com/junctorio/junctor/internal/config"
)

// A struct field that no key fills would never be set; a key that fills no
// field would be accepted and forgotten. Fields that are worked out instead of
// read are named here.
func TestEveryFieldIsFilledByAKey(t *testing.T) {
	t.Parallel()
	filled := map[reflect.Type]map[string]bool{}
	for _, k := range config.Keys() {
		if k.Owner != nil {
			if filled[k.Owner] == nil {
				filled[k.Owner] = map[string]bool{}
			}
			filled[k.Owner][k.Field] = true
		}
	}
	derived := map[string]bool{
		"Node.Dir":      true,                                                                                                                  // from Options
		"Worker.Router": true, "Worker.Container": true, "Worker.Guest": true, "Transport.RawSocket": true, "ConnectTransport.RawSocket": true, // chosen by type
		"ListenEndpoint.TCP": true, "ListenEndpoint.Unix": true, "ConnectEndpoint.TCP": true, "ConnectEndpoint.Unix": true, // chosen by type
		"WorkerOptions.Container": true, "WorkerOptions.Guest": true, "Component.Embedded": true, // chosen by type
		"ContainerOptions.Restart": true, "GuestOptions.Restart": true, "Embedded.Restart": true, // by several keys
		"SCRAM.Dynamic": true, "Cryptosign.Dynamic": true, "TLSAuth.Dynamic": true, "PeerCred.Dynamic": true, // chosen by type
		"SCRAMPrincipal.AuthID": true, "CryptosignPrincipal.AuthID": true, "TLSPrincipal.AuthID": true, // the key of the principal
		"Ticket.Dynamic": true, "Ticket.Tokens": true, "Anonymous.Dynamic": true, // chosen by type
		"CRA.Dynamic":    true,                                 // chosen by type
		"CRAUser.AuthID": true, "TicketPrincipal.AuthID": true, // the key of the principal
		"Secret.Text": true,                        // a string instead of the object
		"Inherit.All": true, "Inherit.Names": true, // a boolean or a list
		"PortRange.Low": true, "PortRange.High": true, // a list, no object
	}
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(s reflect.Type) {
		for s.Kind() == reflect.Pointer || s.Kind() == reflect.Slice {
			s = s.Elem()
		}
		if s.Kind() != reflect.Struct || seen[s] || s == reflect.TypeFor[config.Place]() {
			return
		}
		seen[s] = true
		for i := range s.NumField() {
			f := s.Field(i)
			if !f.IsExported() {
				continue
			}
			visit(f.Type)
			if name := s.Name() + "." + f.Name; !f.Anonymous && !derived[name] && !filled[s][f.Name] {
				t.Errorf("no key fills %s", name)
			}
		}
	}
	visit(reflect.TypeFor[config.Node]())
	if len(seen) < 20 {
		t.Errorf("saw %d structs, want all of them", len(seen))
	}
}

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	for _, k := range config.Keys() {
		if len(k.DefaultFindings) > 0 {
			t.Errorf("the default of %s.%s: %v", k.Object, k.Key, k.DefaultFindings)
		}
	}
}

func TestEveryKeySaysWhatItHolds(t *testing.T) {
	t.Parallel()
	for _, k := range config.Keys() {
		if k.Words == "" {
			t.Errorf("%s.%s says nothing about its value", k.Object, k.Key)
		}
	}
}
