package client

import (
	"errors"
	"fmt"

	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

var errTwoCiphers = errors.New("payload passthru attributes are given for a URI that has a key in Options.Keyring; want one of them")

// seal is content for a URI that has a key: nothing about it is ever sent in
// the clear, not even where the router offers no other way.
func (s *Session) seal(to wamp.Role, about passthru.Context, v values) (wamp.Payload, *wamp.Attributes, error) {
	if a := v.attributes; a != nil && (a.PPTScheme != "" || a.EncAlgo != "") {
		return wamp.Payload{}, nil, errTwoCiphers
	}
	if err := s.checkFeature(to, wamp.FeaturePayloadPassthruMode); err != nil {
		return wamp.Payload{}, nil, err
	}
	p, err := v.in(serializer.CBOR)
	if err != nil || p.Elements == 0 && about.Kind == passthru.KindError { // its URI says it all
		return wamp.Payload{}, v.attributes, err
	}
	return s.opts.Keyring.Seal(about, s.serializer, p, v.attributes)
}

// openResult decrypts a result, if there is a key for the procedure.
func (s *Session) openResult(procedure wamp.URI, r Result) (Result, error) {
	var err error
	r.Payload, r.Attributes, err = s.opts.Keyring.Open(passthru.Context{Kind: passthru.KindResult, URI: procedure}, r.Payload, r.Attributes)
	return r, err
}

// openError decrypts the values of the ERROR in err's chain. One that came in
// the clear, as it does from the router, loses its values: nobody knows who
// made them.
func (s *Session) openError(procedure wamp.URI, err error) error {
	var refusal *wamp.Error
	if s.opts.Keyring == nil || !errors.As(err, &refusal) {
		return err
	}
	opened := *refusal
	if a := refusal.Attributes; (a == nil || a.PPTScheme == "") && s.opts.Keyring.Has(procedure) {
		opened.Payload = wamp.Payload{}
		return &opened
	}
	var failure error
	opened.Payload, opened.Attributes, failure = s.opts.Keyring.Open(passthru.Context{Kind: passthru.KindError, URI: procedure}, refusal.Payload, refusal.Attributes)
	if failure != nil {
		return fmt.Errorf("%w, with values that cannot be read: %w", &wamp.Error{URI: refusal.URI}, failure)
	}
	return &opened
}

// open decrypts an event, if there is a key for its topic.
func (ev *Event) open(k *passthru.Keyring) (err error) {
	ev.Payload, ev.Attributes, err = k.Open(passthru.Context{Kind: passthru.KindEvent, URI: ev.Topic}, ev.Payload, ev.Attributes)
	return err
}

// about says what a payload of the invocation is used for.
func (inv *Invocation) about(k passthru.Kind) passthru.Context {
	return passthru.Context{Kind: k, URI: inv.Procedure}
}

// open decrypts what the caller passed, if there is a key for the procedure.
func (inv *Invocation) open() (err error) {
	k := inv.registration.session.opts.Keyring
	inv.Payload, inv.Attributes, err = k.Open(inv.about(passthru.KindCall), inv.Payload, inv.sealed)
	return newOpenError(err)
}

// openChunk is open for a further chunk, which is encrypted like the first.
func (inv *Invocation) openChunk(p wamp.Payload) (wamp.Payload, error) {
	p, _, err := inv.registration.session.opts.Keyring.Open(inv.about(passthru.KindCall), p, inv.sealed)
	return p, newOpenError(err)
}

// openError refuses an invocation whose payload cannot be read.
type openError struct{ cause error }

func newOpenError(cause error) error {
	if cause == nil {
		return nil
	}
	return &openError{cause}
}

func (e *openError) Error() string { return e.cause.Error() }
func (e *openError) Unwrap() error { return e.cause }

// message returns the ERROR for the caller, in the clear: it holds nothing of
// what was to be encrypted.
func (e *openError) message(s wamp.Serializer) *wamp.Error {
	m := &wamp.Error{URI: wamp.ErrDecryption}
	if errors.Is(e.cause, passthru.ErrNoKey) {
		m.URI = wamp.ErrNoPayloadCodec
	}
	m.Payload, _ = encode(s, []any{e.Error()}, nil)
	return m
}
