package node_test

import (
	"reflect"
	"testing"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/transport"
)

// TestEveryConfigurationFieldIsHandled fails when the configuration gains a
// field: nothing that can be configured may be ignored. Handle it in this
// package, prove that by a test, and add it here.
func TestEveryConfigurationFieldIsHandled(t *testing.T) {
	t.Parallel()
	handled := map[reflect.Type][]string{
		reflect.TypeFor[config.Node]():              {"Dir", "Version", "Controller", "Workers"},
		reflect.TypeFor[config.Controller]():        {"ID", "Options"},
		reflect.TypeFor[config.ControllerOptions](): {"Shutdown"},
		reflect.TypeFor[config.Worker]():            {"ID", "Type", "Options", "Router", "Container", "Guest"},
		reflect.TypeFor[config.WorkerOptions]():     {"Disabled", "Container", "Guest"},
		reflect.TypeFor[config.Router]():            {"Realms", "Components", "Transports"},
		reflect.TypeFor[config.Realm]():             {"ID", "Name", "Options", "Roles", "Store"},
		reflect.TypeFor[config.Store]():             {"Limit", "Events", "CallQueues", "MaxEvents", "MaxBytes"}, // Limit is filled into the events
		reflect.TypeFor[config.StoredTopic]():       {"URI", "Match", "Limit"},
		reflect.TypeFor[config.CallQueue]():         {"URI", "Match", "Limit"},
		reflect.TypeFor[config.RealmOptions](): {
			"URICheck", "StrictRequestIDs", "RefuseDisclosure", "QueuedBytes", "DisconnectSlow", "RetainedEvents", "RetainedBytes",
			"MetaAPI", "MaxTestaments", "MaxTestamentBytes",
			"CallTimeout", "MaxCallTimeout", "QueuedCalls", "KeptCallBytes",
		},
		reflect.TypeFor[config.Role]():                    {"ID", "Name", "Permissions", "AllowByDefault", "Authorizer", "AuthorizerTimeout", "CacheTime", "TrustLevel"},
		reflect.TypeFor[config.Permission]():              {"URI", "Match", "Allow", "Disclose", "Cache", "TrustLevel"}, // static rules need no cache
		reflect.TypeFor[config.Allow]():                   {"Call", "Register", "Publish", "Subscribe"},
		reflect.TypeFor[config.Disclose]():                {"Caller", "Publisher"},
		reflect.TypeFor[config.Transport]():               {"ID", "Type", "Endpoint", "RawSocket"},
		reflect.TypeFor[config.RawSocket]():               {"Serializers", "MaxMessageSize", "Options", "Auth", "Debug"},
		reflect.TypeFor[config.RawSocketOptions]():        {"HandshakeTimeout", "HelloTimeout", "MaxConnections", "FailedLogins", "KeepAlive"},
		reflect.TypeFor[config.ListenEndpoint]():          {"TCP", "Unix"},
		reflect.TypeFor[config.TCPListen]():               {"Port", "PortRange", "Version", "Interface", "Backlog", "Shared", "UserTimeout", "TLS"},
		reflect.TypeFor[config.UnixListen]():              {"Path", "Backlog", "Mode", "Owner", "Group"},
		reflect.TypeFor[config.TLSListen]():               {"Key", "Certificate", "ChainCertificates", "CACertificates", "OptionalClients", "CipherSuites"},
		reflect.TypeFor[config.Auth]():                    {"Anonymous", "Ticket", "WAMPCRA", "SCRAM", "Cryptosign", "TLS", "PeerCred"},
		reflect.TypeFor[config.SCRAM]():                   {"Principals", "Dynamic"},
		reflect.TypeFor[config.SCRAMPrincipal]():          {"AuthID", "Role", "KDF", "Iterations", "Memory", "Salt", "StoredKey", "ServerKey"},
		reflect.TypeFor[config.Cryptosign]():              {"Principals", "Dynamic", "RouterKey"},
		reflect.TypeFor[config.CryptosignPrincipal]():     {"AuthID", "Role", "Realm", "Keys"},
		reflect.TypeFor[config.TLSAuth]():                 {"Principals", "Others", "Dynamic"},
		reflect.TypeFor[config.TLSPrincipal]():            {"AuthID", "Role", "SHA1", "SHA256", "Subject", "CommonName", "SAN"},
		reflect.TypeFor[config.OtherCertificates]():       {"Role", "AuthID", "Dynamic"},
		reflect.TypeFor[config.Ticket]():                  {"Principals", "Dynamic", "Tokens", "Cleartext"},
		reflect.TypeFor[config.TicketPrincipal]():         {"AuthID", "Role", "Ticket", "Hash"},
		reflect.TypeFor[config.Tokens]():                  {"KeyFile", "Issuer", "Audience", "Algorithms", "Leeway", "AuthIDClaim", "RoleClaim", "Roles", "Role", "RealmClaim"},
		reflect.TypeFor[config.FailedLogins]():            {"Limit", "Window"},
		reflect.TypeFor[config.PeerCred]():                {"Rules", "Dynamic"},
		reflect.TypeFor[config.PeerRule]():                {"User", "Group", "Program", "AuthID", "Role"},
		reflect.TypeFor[config.CRA]():                     {"Users", "Dynamic"},
		reflect.TypeFor[config.CRAUser]():                 {"AuthID", "Role", "Secret", "Derived", "Salt", "Iterations", "KeyLen"},
		reflect.TypeFor[config.Dynamic]():                 {"Authenticator", "Realm", "Role", "DefaultRole", "Timeout"},
		reflect.TypeFor[config.Anonymous]():               {"Role", "AuthID", "Dynamic"},
		reflect.TypeFor[config.Ticket]():                  {"Principals", "Dynamic", "Tokens", "Cleartext"},
		reflect.TypeFor[config.TicketPrincipal]():         {"AuthID", "Role", "Ticket", "Hash"},
		reflect.TypeFor[config.Tokens]():                  {"KeyFile", "Issuer", "Audience", "Algorithms", "Leeway", "AuthIDClaim", "RoleClaim", "Roles", "Role", "RealmClaim"},
		reflect.TypeFor[config.FailedLogins]():            {"Limit", "Window"},
		reflect.TypeFor[config.Container]():               {"Components"},
		reflect.TypeFor[config.ContainerOptions]():        {"Shutdown", "Restart"},
		reflect.TypeFor[config.Restart]():                 {"Policy", "Backoff", "CrashLoop"},
		reflect.TypeFor[config.Backoff]():                 {"Initial", "Max", "Factor"},
		reflect.TypeFor[config.CrashLoop]():               {"Failures", "Within"},
		reflect.TypeFor[config.Component]():               {"ID", "Type", "Realm", "ClassName", "Callbacks", "Extra", "EndsNode", "Transport", "Embedded"},
		reflect.TypeFor[config.Callbacks]():               {"Connect", "Join", "Leave", "Disconnect"},
		reflect.TypeFor[config.Embedded]():                {"Role", "Restart"},
		reflect.TypeFor[config.ConnectTransport]():        {"ID", "Type", "Endpoint", "RawSocket"},
		reflect.TypeFor[config.RawSocketConnect]():        {"Serializer", "Options", "Debug", "Auth"},
		reflect.TypeFor[config.RawSocketConnectOptions](): {"MaxMessageSize", "KeepAlive"},
		reflect.TypeFor[transport.KeepAlive]():            {"Mode", "Interval", "Timeout", "Attempts"}, // all of it goes to the router, or the client
		reflect.TypeFor[config.ConnectAuth]():             {"Anonymous", "Ticket", "WAMPCRA", "SCRAM", "Cryptosign", "TLS", "PeerCred"},
		reflect.TypeFor[config.TicketCredentials]():       {"AuthID", "Ticket"},
		reflect.TypeFor[config.CRACredentials]():          {"AuthID", "Secret"},
		reflect.TypeFor[config.SCRAMCredentials]():        {"AuthID", "Password", "ChannelBinding"},
		reflect.TypeFor[config.CryptosignCredentials]():   {"AuthID", "Key", "ChannelBinding", "BindingOptional", "RouterKey"},
		reflect.TypeFor[config.TLSCredentials]():          {"AuthID"},
		reflect.TypeFor[config.ProcessCredentials]():      {"AuthID"},
		reflect.TypeFor[config.Secret]():                  {"Text", "File"},
		reflect.TypeFor[config.AnonymousIdentity]():       {"AuthID"},
		reflect.TypeFor[config.ConnectEndpoint]():         {"TCP", "Unix"},
		reflect.TypeFor[config.TCPConnect]():              {"Host", "Port", "Version", "Timeout", "TLS"},
		reflect.TypeFor[config.UnixConnect]():             {"Path", "Timeout"},
		reflect.TypeFor[config.TLSConnect]():              {"Hostname", "CACertificates", "Certificate", "Key"},
		reflect.TypeFor[config.Guest]():                   {"Executable", "Arguments"},
		reflect.TypeFor[config.GuestOptions](): {
			"Workdir", "Env", "Stdin", "Stdout", "Stderr", "Watch", "Restart", "StopGrace", "After", "Connect", "Ready",
		},
		reflect.TypeFor[config.GuestEnv]():    {"Inherit", "Vars"},
		reflect.TypeFor[config.Inherit]():     {"All", "Names"},
		reflect.TypeFor[config.GuestStdin]():  {"Value", "Close"},
		reflect.TypeFor[config.GuestWatch]():  {"Directories", "Debounce", "Interval", "Ignore"},
		reflect.TypeFor[config.GuestRouter](): {"Router", "Transport", "Realm", "Role", "AuthID", "TicketTimeout"},
		reflect.TypeFor[config.GuestReady]():  {"AuthID", "Procedure", "Timeout"},
	}
	for typ, want := range handled {
		fields := make(map[string]bool)
		for _, name := range want {
			fields[name] = true
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.IsExported() && f.Type != reflect.TypeFor[config.Place]() && !fields[f.Name] {
				t.Errorf("%v.%s is new; what does the node do with it?", typ, f.Name)
			}
		}
	}
}
