package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// The defaults of the client verbs are what dev serves.
const (
	defaultURL   = "rs://127.0.0.1:8081"
	defaultRealm = "realm1"
)

// clientFlags are the flags of the commands that join a realm.
type clientFlags struct {
	app         *app
	url         string
	realm       string
	authID      string
	serializer  string
	caFile      string
	certFile    string
	keyFile     string
	maxMessage  int
	connect     time.Duration
	credentials credentialFlags
}

// add adds the flags. Their defaults come from the environment, later, so that
// --help is the same everywhere.
func (f *clientFlags) add(a *app, cmd *cobra.Command) {
	f.app = a
	flags := cmd.Flags()
	flags.StringVarP(&f.url, "url", "u", "", "the router, such as rs://host:8081, rss://host:8082, unix:///path (JUNCTOR_URL; default "+defaultURL+")")
	flags.StringVarP(&f.realm, "realm", "r", "", "the realm to join (JUNCTOR_REALM; default "+defaultRealm+")")
	flags.StringVar(&f.authID, "authid", "", "the identity to ask for (JUNCTOR_AUTHID; default: the router chooses)")
	f.credentials.add(flags)
	flags.StringVar(&f.serializer, "serializer", "", "json, msgpack or cbor (JUNCTOR_SERIALIZER; default "+client.DefaultSerializer.String()+")")
	flags.StringVar(&f.caFile, "tls-ca", "", "PEM file of the authorities to trust instead of the system's (JUNCTOR_TLS_CA)")
	flags.StringVar(&f.certFile, "tls-cert", "", "PEM file of the client certificate (JUNCTOR_TLS_CERT)")
	flags.StringVar(&f.keyFile, "tls-key", "", "PEM file of its private key (JUNCTOR_TLS_KEY)")
	flags.IntVar(&f.maxMessage, "max-message-size", 0, fmt.Sprintf("the largest message to accept, in octets (default %d)", client.DefaultMessageSize))
	flags.DurationVar(&f.connect, "connect-timeout", 10*time.Second, "how long to try to reach the router")
}

// resolve fills what was not given from the environment, then the defaults.
func (f *clientFlags) resolve() {
	f.fall(&f.url, "JUNCTOR_URL", defaultURL)
	f.fall(&f.realm, "JUNCTOR_REALM", defaultRealm)
	f.fall(&f.authID, "JUNCTOR_AUTHID", "")
	f.fall(&f.serializer, "JUNCTOR_SERIALIZER", client.DefaultSerializer.String())
}

// resolveTLS is resolve for what only a URL with TLS has a use for: variables
// for one router must not keep a user from another.
func (f *clientFlags) resolveTLS() {
	f.fall(&f.caFile, "JUNCTOR_TLS_CA", "")
	f.fall(&f.certFile, "JUNCTOR_TLS_CERT", "")
	f.fall(&f.keyFile, "JUNCTOR_TLS_KEY", "")
}

func (f *clientFlags) fall(flag *string, variable, fallback string) {
	*flag = cmp.Or(*flag, f.app.env.Getenv(variable), fallback)
}

// connector is what the flags come to. It may be used concurrently.
type connector struct {
	url     string
	timeout time.Duration
	opts    client.Options
}

func (f *clientFlags) connector() (*connector, error) {
	f.resolve()
	if f.connect <= 0 {
		return nil, usagef("--connect-timeout must be more than 0")
	}
	router, err := transport.ParseURL(f.url)
	if err != nil {
		return nil, usagef("--url: %v", err)
	}
	if router.TLS {
		f.resolveTLS()
	}
	opts, err := f.options(router.TLS)
	if err != nil {
		return nil, err
	}
	if opts.Signers, err = f.signers(router); err != nil {
		return nil, err
	}
	return &connector{f.url, f.connect, opts}, nil
}

// open joins the realm. The session is the caller's to close.
func (c *connector) open(ctx context.Context) (*client.Session, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("no answer within %v", c.timeout))
	defer cancel()
	s, err := client.Connect(ctx, c.url, c.opts)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	return s, nil
}

// with runs do in a session of its own, which it leaves in order afterwards.
func (c *connector) with(ctx context.Context, do func(*client.Session) error) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	err = do(s)
	if closeErr := s.Close(); err == nil {
		err = closeErr
	}
	return err
}

// with is connector.with for commands with one session.
func (f *clientFlags) with(ctx context.Context, do func(*client.Session) error) error {
	c, err := f.connector()
	if err != nil {
		return err
	}
	return c.with(ctx, do)
}

// explain tells a router that is not there from one that does not want us.
func (c *connector) explain(ctx context.Context, err error) error {
	var (
		abort       *wamp.Abort
		login       *client.LoginError
		interrupted Interrupted
	)
	switch {
	case errors.As(err, &abort), errors.As(err, &login):
		return err
	case errors.As(context.Cause(ctx), &interrupted):
		return interrupted
	case errors.Is(err, context.DeadlineExceeded):
		err = context.Cause(ctx)
	default: // the URL is named below
		err = cmp.Or(errors.Unwrap(err), err)
	}
	text := "cannot reach the router at %s: %w"
	if c.url == defaultURL {
		text += ` (is it running? "junctor dev" starts one; --url names another)`
	}
	return &exitError{ExitUnavailable, fmt.Errorf(text, c.url, err)}
}

func (f *clientFlags) options(withTLS bool) (client.Options, error) {
	opts := client.Options{
		Realm:          wamp.URI(f.realm),
		AuthID:         f.authID,
		Agent:          "junctor-cli " + f.app.env.Version,
		MaxMessageSize: f.maxMessage,
	}
	if !opts.Realm.Valid(wamp.URILoose) {
		return opts, usagef("--realm %s: not a valid URI", quote(f.realm))
	}
	if f.maxMessage < 0 || f.maxMessage > rawsocket.MaxLimit {
		return opts, usagef("--max-message-size %d: want 1 to %d octets, or 0 for the default", f.maxMessage, rawsocket.MaxLimit)
	}
	var err error
	if opts.Serializer, err = parseSerializer(f.serializer); err != nil {
		return opts, err
	}
	if withTLS {
		opts.TLS, err = f.tls()
	} else if f.caFile != "" || f.certFile != "" || f.keyFile != "" {
		err = usagef("--tls-ca, --tls-cert and --tls-key need a URL with TLS, such as rss://host:8082; got %s", f.url)
	}
	return opts, err
}

func parseSerializer(name string) (wamp.SerializerNumber, error) {
	for _, n := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
		if strings.EqualFold(n.String(), name) {
			return n, nil
		}
	}
	return 0, usagef("--serializer %s: want json, msgpack or cbor", quote(name))
}

// tls returns nil unless a file was named.
func (f *clientFlags) tls() (*tls.Config, error) {
	if f.caFile == "" && f.certFile == "" && f.keyFile == "" {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.caFile != "" {
		pem, err := os.ReadFile(f.caFile)
		if err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--tls-ca %s: no certificate in PEM form", f.caFile)
		}
	}
	if f.certFile == "" && f.keyFile == "" {
		return cfg, nil
	}
	if f.certFile == "" || f.keyFile == "" {
		return nil, usagef("--tls-cert and --tls-key belong together")
	}
	pair, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	cfg.Certificates = []tls.Certificate{pair}
	return cfg, nil
}
