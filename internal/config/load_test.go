package config_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// withoutPlaces compares what configurations say, wherever it stands.
var withoutPlaces = cmp.Options{
	cmpopts.IgnoreTypes(config.Place{}),
	cmpopts.IgnoreUnexported(config.Permission{}, config.RawSocketOptions{}),
}

// wholeNode is what testdata/whole says in JSON and in YAML: every key of the
// format that has a meaning.
var wholeNode = &config.Node{
	Dir:     "/node",
	Version: 2,
	Controller: config.Controller{ID: "node1", Options: config.ControllerOptions{
		Shutdown: []config.ShutdownRule{config.ShutdownOnRequest, config.ShutdownOnLastWorkerExit},
	}},
	Workers: []config.Worker{
		{ID: "router1", Type: "router", Router: &config.Router{
			Realms: []config.Realm{
				{
					ID: "first", Name: "com.example.realm1",
					Options: config.RealmOptions{
						URICheck: wamp.URIStrict, StrictRequestIDs: true, RefuseDisclosure: true,
						QueuedBytes: 1 << 20, DisconnectSlow: true, RetainedEvents: 10, RetainedBytes: 1000,
						MaxTestaments: 10, MaxTestamentBytes: 4096,
						CallTimeout: time.Second, MaxCallTimeout: time.Minute, QueuedCalls: 10, KeptCallBytes: 1 << 20,
					},
					Roles: []config.Role{
						{ID: "role001", Name: "anonymous", Permissions: []config.Permission{
							{URI: "com.example.", Match: wamp.MatchPrefix, Allow: config.Allow{Call: true, Subscribe: true}},
							{
								URI: "com.example..update", Match: wamp.MatchWildcard, Allow: config.Allow{Publish: true},
								Disclose: config.Disclose{Caller: true, Publisher: true}, Cache: true, TrustLevel: new(7),
							},
							{URI: "com.other.", Match: wamp.MatchPrefix, Allow: config.Allow{Register: true}},
							{URI: "com.other.exact", Match: wamp.MatchExact},
						}, AuthorizerTimeout: 5 * time.Second, CacheTime: time.Minute},
						{
							ID: "role002", Name: "backend", Permissions: []config.Permission{}, AllowByDefault: true, TrustLevel: new(0),
							AuthorizerTimeout: 5 * time.Second, CacheTime: time.Minute,
						},
						{
							ID: "role003", Name: "user", Permissions: []config.Permission{}, Authorizer: "com.example.authorize",
							AuthorizerTimeout: 10 * time.Second, CacheTime: 5 * time.Minute,
						},
					},
				},
				{ID: "realm001", Name: "realm2", Options: config.RealmOptions{
					MetaAPI: true, QueuedBytes: 16 << 20, KeptCallBytes: 64 << 20, RetainedEvents: 100_000, RetainedBytes: 16 << 20,
					MaxTestaments: 128, MaxTestamentBytes: 128 << 10,
				}, Roles: []config.Role{}, Store: &config.Store{
					Limit: 20, MaxEvents: 1000, MaxBytes: 100_000,
					Events: []config.StoredTopic{
						{URI: "com.example", Match: wamp.MatchPrefix, Limit: 5},
						{URI: "com..x", Match: wamp.MatchWildcard, Limit: 20}, {URI: "com.y", Limit: 20},
					},
					CallQueues: []config.CallQueue{{URI: "com.example.p", Limit: 10}},
				}},
			},
			Components: []config.Component{
				{
					ID: "clock", Type: "class", Realm: "com.example.realm1", ClassName: "com.example.Clock", EndsNode: true,
					Embedded: &config.Embedded{Role: "backend", Restart: config.Restart{
						Policy:    config.RestartAlways,
						Backoff:   config.Backoff{Initial: time.Minute, Max: time.Minute, Factor: 2},
						CrashLoop: config.CrashLoop{Failures: 2, Within: 5 * time.Minute},
					}},
				},
				{
					ID: "component001", Type: "function", Realm: "realm2", Callbacks: config.Callbacks{Join: "b"},
					Embedded: &config.Embedded{Role: "trusted", Restart: defaultRestart},
				},
			},
			Transports: []config.Transport{
				{
					ID: "transport001", Type: "rawsocket",
					Endpoint: config.ListenEndpoint{TCP: &config.TCPListen{
						Port: 8080, Version: 6, Interface: "::1", Backlog: 1024, Shared: true, UserTimeout: 5 * time.Second,
						TLS: &config.TLSListen{
							Key: "/node/server.key", Certificate: "/etc/server.pem",
							ChainCertificates: []string{"/node/a.pem", "/node/b.pem"},
							CACertificates:    []string{"/node/ca.pem"},
							CipherSuites:      []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
						},
					}},
					RawSocket: &config.RawSocket{
						Serializers:    []wamp.SerializerNumber{wamp.SerializerMsgPack, wamp.SerializerJSON},
						MaxMessageSize: 65536,
						Options: config.RawSocketOptions{
							HandshakeTimeout: 5 * time.Second, HelloTimeout: 20 * time.Second, MaxConnections: 1000,
							FailedLogins: config.FailedLogins{Limit: 5, Window: 10 * time.Minute},
							KeepAlive: transport.KeepAlive{
								Mode: transport.KeepAliveAlways, Interval: 1500 * time.Millisecond, Timeout: 2 * time.Second, Attempts: 3,
							},
						},
						Auth:  config.Auth{Anonymous: &config.Anonymous{Role: "backend", AuthID: "someone"}},
						Debug: true,
					},
				},
				{
					ID: "transport002", Type: "rawsocket",
					Endpoint: config.ListenEndpoint{Unix: &config.UnixListen{
						Path: "/run/junctor.sock", Backlog: 10, Mode: 0o600, Owner: "wamp", Group: "1000",
					}},
					RawSocket: &config.RawSocket{
						Serializers:    allSerializers,
						MaxMessageSize: 131072,
						Options:        defaultOptions,
						Auth:           config.Auth{Anonymous: &config.Anonymous{Role: "anonymous"}},
					},
				},
				{
					ID: "transport003", Type: "rawsocket",
					Endpoint: config.ListenEndpoint{TCP: &config.TCPListen{
						PortRange: config.PortRange{Low: 9000, High: 9010}, Version: 4, Interface: "127.0.0.1",
					}},
					RawSocket: &config.RawSocket{Serializers: allSerializers, MaxMessageSize: 1 << 24, Options: defaultOptions},
				},
			},
		}},
		{
			ID: "worker001", Type: "container",
			Options: config.WorkerOptions{Container: &config.ContainerOptions{
				Shutdown: config.ShutdownOnAnyStopped,
				Restart: config.Restart{
					Policy:    config.RestartOnFailed,
					Backoff:   config.Backoff{Initial: 500 * time.Millisecond, Max: time.Minute, Factor: 1.5},
					CrashLoop: config.CrashLoop{Within: 10 * time.Second},
				},
			}},
			Container: &config.Container{Components: []config.Component{
				{
					ID: "c1", Type: "class", Realm: "realm2", ClassName: "com.example.Component",
					Extra: json.RawMessage(`{"a":[1,2.5,10,true,null,"x\n\"",{}]}`), EndsNode: true,
					Transport: &config.ConnectTransport{
						ID: "up1", Type: "rawsocket",
						Endpoint: config.ConnectEndpoint{TCP: &config.TCPConnect{
							Host: "example.com", Port: 443, Version: 6, Timeout: 3 * time.Second,
							TLS: &config.TLSConnect{
								Hostname: "example.com", CACertificates: []string{"/node/ca.pem"},
								Certificate: "/node/c.pem", Key: "/node/c.key",
							},
						}},
						RawSocket: &config.RawSocketConnect{
							Serializer: wamp.SerializerCBOR, Debug: true,
							Options: config.RawSocketConnectOptions{
								MaxMessageSize: 1024,
								KeepAlive: transport.KeepAlive{
									Mode: transport.KeepAliveNever, Interval: time.Minute, Timeout: 10 * time.Second, Attempts: 2,
								},
							},
							Auth: config.ConnectAuth{Anonymous: &config.AnonymousIdentity{AuthID: "me"}},
						},
					},
				},
				{
					ID: "component002", Type: "function", Realm: "realm2",
					Callbacks: config.Callbacks{Connect: "a", Join: "b", Leave: "c", Disconnect: "d"},
					Transport: &config.ConnectTransport{
						Type:      "rawsocket",
						Endpoint:  config.ConnectEndpoint{Unix: &config.UnixConnect{Path: "/node/up.sock", Timeout: 10 * time.Second}},
						RawSocket: &config.RawSocketConnect{Serializer: wamp.SerializerJSON, Options: defaultConnectOptions},
					},
				},
				{
					ID: "component003", Type: "class", Realm: "realm2", ClassName: "x",
					Transport: &config.ConnectTransport{
						Type: "rawsocket",
						Endpoint: config.ConnectEndpoint{TCP: &config.TCPConnect{
							Host: "example.com", Port: 8443, Timeout: 10 * time.Second, TLS: &config.TLSConnect{Hostname: "example.com"},
						}},
						RawSocket: &config.RawSocketConnect{Serializer: wamp.SerializerJSON, Options: defaultConnectOptions},
					},
				},
			}},
		},
		{
			ID: "guest1", Type: "guest",
			Guest: &config.Guest{Executable: "bin/worker", Arguments: []string{"--name", "", "x"}},
			Options: config.WorkerOptions{Guest: &config.GuestOptions{
				Workdir: "/node/app",
				Env: config.GuestEnv{
					Inherit: config.Inherit{Names: []string{"PATH", "HOME"}},
					Vars:    map[string]string{"MODE": "test", "EMPTY": ""},
				},
				Stdin:  config.GuestStdin{Value: json.RawMessage(`{"a":1}`)},
				Stdout: config.OutputDrop, Stderr: config.OutputClose,
				Watch: &config.GuestWatch{
					Directories: []string{"/node/app", "/etc"}, Debounce: 250 * time.Millisecond, Interval: 5 * time.Second,
					Ignore: []string{"*.tmp"},
				},
				Restart: config.Restart{
					Policy:    config.RestartAlways,
					Backoff:   config.Backoff{Initial: 500 * time.Millisecond, Max: time.Minute, Factor: 1.5},
					CrashLoop: config.CrashLoop{Failures: 3, Within: time.Minute},
				},
				StopGrace: 2500 * time.Millisecond,
				After:     []string{"worker002"},
				Connect:   config.GuestRouter{Router: "router1", Transport: "transport002", Realm: "realm2", TicketTimeout: time.Minute},
				Ready:     &config.GuestReady{AuthID: "worker", Timeout: 5 * time.Second},
			}},
		},
		{
			ID: "worker002", Type: "guest",
			Guest: &config.Guest{Executable: "python3", Arguments: []string{}},
			Options: config.WorkerOptions{Guest: &config.GuestOptions{
				Workdir: "/node",
				Env:     config.GuestEnv{Inherit: config.Inherit{All: true}, Vars: map[string]string{}},
				Stdin:   config.GuestStdin{Close: true},
				Stdout:  config.OutputLog, Stderr: config.OutputLog,
				Restart:   defaultRestart,
				StopGrace: 10 * time.Second,
				After:     []string{},
				Connect:   config.GuestRouter{Router: "router1", Transport: "transport001", Realm: "com.example.realm1", TicketTimeout: time.Minute},
				Ready:     &config.GuestReady{Procedure: "com.example.work", Timeout: time.Minute},
			}},
		},
	},
}

var defaultRestart = config.Restart{
	Policy:    config.RestartNever,
	Backoff:   config.Backoff{Initial: time.Second, Max: 30 * time.Second, Factor: 2},
	CrashLoop: config.CrashLoop{Failures: 10, Within: 5 * time.Minute},
}

var (
	allSerializers = []wamp.SerializerNumber{wamp.SerializerCBOR, wamp.SerializerMsgPack, wamp.SerializerJSON}
	defaultOptions = config.RawSocketOptions{
		HandshakeTimeout: 10 * time.Second, HelloTimeout: 10 * time.Second, KeepAlive: defaultKeepAlive,
		FailedLogins: config.FailedLogins{Limit: 20, Window: time.Minute},
	}
	defaultConnectOptions = config.RawSocketConnectOptions{MaxMessageSize: 131072, KeepAlive: defaultKeepAlive}
	defaultKeepAlive      = transport.KeepAlive{Interval: 20 * time.Second, Timeout: 10 * time.Second, Attempts: 2}
)

func TestEveryKeyIsReadFromBothFormats(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"config.json", "config.yaml"} {
		node, findings, err := config.Load(filepath.Join("testdata/whole", name), surroundings())
		if err != nil || findings.HasErrors() {
			t.Fatalf("%s: %v, %v", name, err, findings)
		}
		if diff := cmp.Diff(wholeNode, node, withoutPlaces); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSeedExampleHasNoFindings(t *testing.T) {
	t.Parallel()
	node, findings, err := config.Load("../../examples/seed-listening/config.json", config.Options{})
	if err != nil || len(findings) > 0 {
		t.Fatalf("%v, %v", err, findings)
	}
	want := config.Transport{
		ID: "transport001", Type: "rawsocket",
		Endpoint: config.ListenEndpoint{Unix: &config.UnixListen{Path: "/tmp/mysocket1", Mode: 0o660}},
		RawSocket: &config.RawSocket{
			Serializers:    []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack},
			MaxMessageSize: 128 << 10,
			Options:        defaultOptions,
			Auth:           config.Auth{Anonymous: &config.Anonymous{Role: "anonymous"}},
		},
	}
	if diff := cmp.Diff(want, node.Workers[0].Router.Transports[0], withoutPlaces); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPermissionsThatMatchNothingAreLeftOut(t *testing.T) {
	t.Parallel()
	const text = `version: 2
workers:
  - type: router
    realms:
      - name: realm1
        roles:
          - name: role1
            permissions:
              - {uri: ""}
              - {uri: "", match: prefix}
              - {uri: com..x}
              - {uri: com..x, match: prefix}
              - {uri: com..x, match: wildcard}
              - {uri: "com.*.*"}
              - {uri: "*"}
              - {uri: com.x.}
              - {uri: com.x., match: prefix}`
	node, findings := config.Parse("f", []byte(text), config.YAML, config.Options{})
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	var got []string
	for _, p := range node.Workers[0].Router.Realms[0].Roles[0].Permissions {
		if !p.URI.ValidPattern(p.Match, wamp.URILoose) {
			t.Errorf("%q is no %s pattern", p.URI, p.Match)
		}
		got = append(got, string(p.URI)+" "+p.Match.String())
	}
	want := []string{" prefix", "com..x wildcard", "com.. wildcard", " prefix", "com.x. prefix"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLoadRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	directory := filepath.Join(dir, "dir.json")
	if err := os.Mkdir(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a name without a known ending": filepath.Join(dir, "config.toml"),
		"a file that does not exist":    filepath.Join(dir, "config.json"),
		"a directory":                   directory,
	} {
		node, findings, err := config.Load(path, config.Options{})
		if err == nil || node != nil || findings != nil {
			t.Errorf("%s: got %v, %v, error %v, want only an error", name, node, findings, err)
		}
	}
	if _, _, err := config.Load(dir, config.Options{}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("Load of a directory: %v", err)
	}
	if _, _, err := config.Load(filepath.Join(dir, "config.json"), config.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestPathsAreRelativeToTheFileWithoutNodeDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "c.yml")
	text := "version: 2\nworkers: [{type: router, transports: [{type: rawsocket, endpoint: {type: unix, path: s}}]}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	node, findings, err := config.Load(file, config.Options{})
	if err != nil || findings.HasErrors() {
		t.Fatalf("%v, %v", err, findings)
	}
	if got, want := node.Workers[0].Router.Transports[0].Endpoint.Unix.Path, filepath.Join(dir, "s"); got != want {
		t.Errorf("got path %q, want %q", got, want)
	}
}
