package auth

import (
	"fmt"
	"maps"
	"slices"

	"github.com/junctorio/junctor/wamp"
)

// proofs read what proves an identity from an authenticator's answer, by method;
// a method that is not here needs nothing but the principal.
var proofs = map[string]func(answer, *Account) error{
	MethodWAMPCRA:     craAnswer,
	MethodSCRAM:       scramAnswer,
	MethodLegacySCRAM: scramAnswer,
	MethodCryptosign:  cryptosignAnswer,
}

// accountOf makes an account of an authenticator's answer: the role, or a
// dictionary. That there is none means that nobody is known.
func accountOf(got any, method, defaultRole string) (*Account, error) {
	dict := wamp.Dict{}
	switch got := got.(type) {
	case nil:
		return nil, ErrUnknown
	case bool:
		if !got {
			return nil, ErrUnknown
		}
		return nil, fmt.Errorf("want a role or a dict, got true")
	case string:
		dict["role"] = got
	case wamp.Dict:
		dict = got
	default:
		return nil, fmt.Errorf("want a role or a dict, got %T", got)
	}
	return answer(dict).account(method, defaultRole)
}

// answer is the dictionary that an authenticator returned.
type answer wamp.Dict

func (d answer) account(method, defaultRole string) (*Account, error) {
	a := &Account{Provider: providerDynamic}
	var realm string
	err := d.texts(map[string]*string{"role": &a.Role, "authid": &a.AuthID, "realm": &realm})
	if err != nil {
		return nil, err
	}
	if a.Role == "" {
		a.Role = defaultRole
	}
	if a.Role == "" {
		return nil, fmt.Errorf("names no role")
	}
	if a.Realm = wamp.URI(realm); realm != "" && !a.Realm.Valid(wamp.URILoose) {
		return nil, fmt.Errorf("realm %q is no valid URI", realm)
	}
	switch extra := d["extra"].(type) {
	case nil:
	case wamp.Dict:
		a.Extra = extra
	default:
		return nil, fmt.Errorf("extra: want a dict, got %T", extra)
	}
	if read := proofs[method]; read != nil {
		err = read(d, a)
	}
	return a, err
}

// craAnswer reads what a signature of WAMP-CRA is checked with. A salted secret
// is the derived key if that is said, or if it looks like one; both are in use,
// see the configuration's key derived.
func craAnswer(d answer, a *Account) (err error) {
	var secret, salt string
	if err := d.texts(map[string]*string{"secret": &secret, "salt": &salt}); err != nil {
		return err
	}
	if secret == "" {
		return fmt.Errorf("has no secret")
	}
	var derived *bool
	if said, ok := d["derived"].(bool); ok {
		derived = &said
	}
	iterations, keyLen := DefaultCRAIterations, DefaultCRAKeyLen
	if err := d.numbers(map[string]*int{"iterations": &iterations, "keylen": &keyLen}); err != nil {
		return err
	}
	a.CRA, err = ReadCRASecret(secret, salt, iterations, keyLen, derived)
	return err
}

// texts reads strings; null is as good as nothing.
func (d answer) texts(into map[string]*string) error {
	for _, key := range slices.Sorted(maps.Keys(into)) {
		switch v := d[key].(type) {
		case nil:
		case string:
			*into[key] = v
		default:
			return fmt.Errorf("%s: want a string, got %T", key, v)
		}
	}
	return nil
}

// numbers reads whole numbers; where there is none, what was there stays.
func (d answer) numbers(into map[string]*int) error {
	for _, key := range slices.Sorted(maps.Keys(into)) {
		switch v := d[key].(type) {
		case nil:
		case int64:
			*into[key] = int(v)
		default:
			return fmt.Errorf("%s: want a whole number, got %T", key, v)
		}
	}
	return nil
}
