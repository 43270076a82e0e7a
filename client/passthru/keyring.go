package passthru

import (
	"errors"
	"fmt"
	"sync"

	"github.com/junctorio/junctor/internal/core/uritree"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// Scheme is what ppt_scheme holds in messages that a Keyring has encrypted.
// WAMP's own scheme "wamp" leaves the layout of the octets open (PPT-7) and
// demands key IDs that symmetric keys cannot have (PPT-6).
const Scheme = "x_junctor_1"

// contentSerializer is what content is encoded in before it is encrypted.
var contentSerializer = serializer.CBOR

// Errors of Keyring. What they are about was not sent, or not handed on.
var (
	// ErrNoKey says that a message is encrypted with a key that the Keyring
	// does not have for its URI.
	ErrNoKey = errors.New("no key for it")
	// ErrNotAuthentic says that a message cannot be decrypted: it was changed,
	// encrypted with another secret of the same ID, or for another URI or use.
	ErrNotAuthentic = errors.New("not authentic: it was changed, or encrypted with another secret or for another use")
	// ErrInClear says that a message came in the clear, or encrypted by other
	// means, though there is a key for its URI.
	ErrInClear = errors.New("not encrypted, though there is a key for the URI")
)

// Kind is what a payload is of. A payload of one kind is no good as another.
type Kind uint8

// The kinds of payloads.
const (
	KindEvent  Kind = iota // what is published
	KindCall               // arguments of a call
	KindResult             // what it returns, progressive results included
	KindError              // the values of an error
)

var kindNames = [...]string{"event", "call", "result", "error"}

// String returns the word that goes into the derivation of keys.
func (k Kind) String() string { return kindNames[k] }

// Context is what a payload is used for.
type Context struct {
	Kind  Kind
	URI   wamp.URI // the topic or the procedure, never a pattern
	KeyID string   // for Seal: encrypt with this key instead, if there is one of that ID
}

// Keyring holds the keys of URIs. The zero Keyring is empty and ready for use;
// it may be changed while sessions use it. URIs below "wamp", with which one
// talks to the router itself, never have a key.
type Keyring struct {
	mu   sync.RWMutex
	keys uritree.Tree[[]*Key] // the first encrypts; empty: in the clear
}

// Set gives the URIs that match a pattern their keys, in place of those that the
// same pattern had. The first encrypts, all of them decrypt: to change keys
// without an interruption, add the new one as the second everywhere, then make
// it the first everywhere, then leave out the old one. IDs must differ.
//
// If several patterns match a URI, one decides: an exact one, else the longest
// prefix, else the wildcard that has a literal where its rivals first have none
// (PREG-3).
func (r *Keyring) Set(pattern wamp.URI, m wamp.Match, encrypt *Key, decrypt ...*Key) error {
	keys := append([]*Key{encrypt}, decrypt...)
	seen := make(map[string]bool, len(keys))
	for _, k := range keys {
		switch {
		case k == nil:
			return fmt.Errorf("passthru: %q: a key is nil", pattern)
		case seen[k.id]:
			return fmt.Errorf("passthru: %q: two keys have the ID %s", pattern, k.id)
		}
		seen[k.id] = true
	}
	return r.set(pattern, m, keys)
}

// SetClear exempts the URIs that match a pattern from a less specific one that
// has keys: they are used in the clear.
func (r *Keyring) SetClear(pattern wamp.URI, m wamp.Match) error { return r.set(pattern, m, nil) }

func (r *Keyring) set(pattern wamp.URI, m wamp.Match, keys []*Key) error {
	if !pattern.ValidPattern(m, wamp.URILoose) {
		return fmt.Errorf("passthru: %q is no valid URI to match by %s", pattern, m)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys.Set(pattern, m, keys)
	return nil
}

// Remove takes back what was set for a pattern, and reports whether there was
// anything. Its URIs are in the clear from then on unless another pattern
// matches them.
func (r *Keyring) Remove(pattern wamp.URI, m wamp.Match) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys.Delete(pattern, m)
}

// Has reports whether there is a key for a URI. A nil Keyring has none.
func (r *Keyring) Has(uri wamp.URI) bool { return len(r.of(uri)) > 0 }

// of returns the keys for a URI.
func (r *Keyring) of(uri wamp.URI) []*Key {
	if r == nil || uri.Reserved() {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	keys, _ := r.keys.Best(uri)
	return keys
}

// Seal encrypts a payload, in any serializer, for a URI that has a key: to one
// in the given serializer. The attributes are those given, and
// what tells how it is encrypted.
func (r *Keyring) Seal(c Context, to wamp.Serializer, p wamp.Payload, a *wamp.Attributes) (wamp.Payload, *wamp.Attributes, error) {
	sealed, attributes, err := r.seal(c, to, p, a)
	if err != nil {
		return wamp.Payload{}, nil, fmt.Errorf("encrypt %s of %s: %w", c.Kind, c.URI, err)
	}
	return sealed, attributes, nil
}

func (r *Keyring) seal(c Context, to wamp.Serializer, p wamp.Payload, a *wamp.Attributes) (wamp.Payload, *wamp.Attributes, error) {
	keys := r.of(c.URI)
	if len(keys) == 0 {
		return wamp.Payload{}, nil, ErrNoKey
	}
	key := keys[0]
	if c.KeyID != "" {
		if key = find(keys, c.KeyID); key == nil {
			return wamp.Payload{}, nil, fmt.Errorf("key %s: %w", c.KeyID, ErrNoKey)
		}
	}
	plain, err := box(p)
	if err != nil {
		return wamp.Payload{}, nil, err
	}
	octets, err := key.seal(c, plain)
	if err != nil {
		return wamp.Payload{}, nil, err
	}
	sealed, err := binaryPayload(to, octets)
	return sealed, key.describe(a), err
}

// box returns what is encrypted of a payload.
func box(p wamp.Payload) ([]byte, error) {
	p, err := serializer.Transcode(contentSerializer, p)
	if err != nil {
		return nil, err
	}
	return serializer.AppendBox(nil, contentSerializer, p)
}

// describe returns a copy of a that says how a payload is encrypted.
func (k *Key) describe(a *wamp.Attributes) *wamp.Attributes {
	var described wamp.Attributes
	if a != nil {
		described = *a
	}
	described.PPTScheme, described.PPTSerializer = Scheme, contentSerializer.String()
	described.PPTCipher, described.PPTKeyID = string(k.cipher), k.id
	return &described
}

// Open decrypts a payload that came for a URI. One for a URI that has no key is
// returned as it is, unless it is encrypted by a Keyring. The attributes are
// those given without what told how it was encrypted.
func (r *Keyring) Open(c Context, p wamp.Payload, a *wamp.Attributes) (wamp.Payload, *wamp.Attributes, error) {
	keys := r.of(c.URI)
	if r == nil || len(keys) == 0 && (a == nil || a.PPTScheme != Scheme) {
		return p, a, nil
	}
	opened, err := open(keys, c, p, a)
	if err != nil {
		return wamp.Payload{}, nil, fmt.Errorf("decrypt %s of %s: %w", c.Kind, c.URI, err)
	}
	return opened, plainAttributes(a), nil
}

func open(keys []*Key, c Context, p wamp.Payload, a *wamp.Attributes) (wamp.Payload, error) {
	if a == nil || a.PPTScheme != Scheme {
		return wamp.Payload{}, ErrInClear
	}
	key := find(keys, a.PPTKeyID)
	if key == nil {
		return wamp.Payload{}, fmt.Errorf("key %.64q: %w", a.PPTKeyID, ErrNoKey)
	}
	if a.PPTCipher != string(key.cipher) || a.PPTSerializer != contentSerializer.String() {
		return wamp.Payload{}, fmt.Errorf("%s encrypts %s, this is %.40q encrypted by %.40q: %w",
			key, contentSerializer, a.PPTSerializer, a.PPTCipher, ErrNotAuthentic)
	}
	sealed, err := content(p)
	if err != nil {
		return wamp.Payload{}, fmt.Errorf("%w: %w", ErrNotAuthentic, err)
	}
	plain, err := key.open(c, sealed)
	if err != nil {
		return wamp.Payload{}, fmt.Errorf("%s: %w", key, ErrNotAuthentic)
	}
	return serializer.OpenBox(contentSerializer, plain)
}

func find(keys []*Key, id string) *Key {
	for _, k := range keys {
		if k.id == id {
			return k
		}
	}
	return nil
}

// plainAttributes returns a without what told how the payload was encrypted.
func plainAttributes(a *wamp.Attributes) *wamp.Attributes {
	rest := *a
	rest.PPTScheme, rest.PPTSerializer, rest.PPTCipher, rest.PPTKeyID = "", "", "", ""
	if rest.EncAlgo == "" && rest.EncKey == "" && rest.EncSerializer == "" && rest.TransactionHash == "" && rest.ForwardFor == nil {
		return nil
	}
	return &rest
}
