package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxKeyFile bounds a file of keys, in octets.
const maxKeyFile = 1 << 20

// KeyFile is a file with a JSON Web Key Set: the public keys of an issuer of
// tokens. It is read again when it has changed; if that fails the keys from
// before count on, so that an issuer's mistake locks nobody out. It is safe for
// concurrent use.
type KeyFile struct {
	path   string
	failed func(error) // told once for each change that cannot be read

	mu    sync.Mutex // guards the fields below
	stamp fileStamp
	keys  *jose.JSONWebKeySet
}

// fileStamp tells two states of a file from each other.
type fileStamp struct {
	modified time.Time
	size     int64
}

// OpenKeyFile reads a file of keys. Failed is told when it could not be read
// again later; it may be nil.
func OpenKeyFile(path string, failed func(error)) (*KeyFile, error) {
	f := &KeyFile{path: path, failed: failed}
	return f, f.reload()
}

// Keys returns the keys that count now.
func (f *KeyFile) Keys() (*jose.JSONWebKeySet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.reload(); err != nil && f.failed != nil {
		f.failed(err)
	}
	if f.keys == nil {
		return nil, fmt.Errorf("auth: no keys from %s", f.path)
	}
	return f.keys, nil
}

// reload reads the file if it has changed since.
func (f *KeyFile) reload() error {
	file, err := os.Open(f.path)
	if err != nil {
		return f.again(fileStamp{}, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return f.again(fileStamp{}, err)
	}
	stamp := fileStamp{info.ModTime(), info.Size()}
	if stamp == f.stamp {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return f.again(stamp, err)
	}
	keys, err := parseKeySet(data)
	if err != nil {
		return f.again(stamp, fmt.Errorf("%s: %w", f.path, err))
	}
	f.stamp, f.keys = stamp, keys
	return nil
}

// again reports an error, once for each state of the file.
func (f *KeyFile) again(stamp fileStamp, err error) error {
	known := f.stamp == stamp && f.keys != nil
	if f.stamp = stamp; known {
		return nil
	}
	return err
}

// parseKeySet reads a JSON Web Key Set for verifying signatures. Keys that are
// shared or private are refused: with the one everybody who can verify could
// sign as well, and the other is not the router's business.
func parseKeySet(data []byte) (*jose.JSONWebKeySet, error) {
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("longer than %d octets", maxKeyFile)
	}
	var set, usable jose.JSONWebKeySet
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("no JSON Web Key Set: %w", err)
	}
	for i, key := range set.Keys {
		switch {
		case !key.Valid():
			return nil, fmt.Errorf("key %d is invalid", i+1)
		case !key.IsPublic():
			return nil, fmt.Errorf("key %d is secret: public keys of type RSA, EC and OKP belong here", i+1)
		case key.Use == "" || key.Use == "sig":
			usable.Keys = append(usable.Keys, key)
		}
	}
	if len(usable.Keys) == 0 {
		return nil, errors.New("there is no key for signatures")
	}
	return &usable, nil
}
