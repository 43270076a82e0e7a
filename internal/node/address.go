package node

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/junctorio/junctor/internal/config"
)

// The kinds of findings that are this machine's fault rather than the
// configuration's.
const (
	kindTaken  config.Kind = "address-in-use"        // somebody else listens there
	kindAbsent config.Kind = "address-not-available" // no interface has the address, so far
)

// OnlyAddresses reports whether all errors among the findings are addresses
// that are taken or not there: the configuration as such is right, and may
// work later.
func OnlyAddresses(findings config.Findings) bool {
	for _, f := range findings {
		if f.Severity == config.Error && f.Kind != kindTaken && f.Kind != kindAbsent {
			return false
		}
	}
	return findings.HasErrors()
}

// cannotListen says where and why a transport could not take its address.
func cannotListen(cfg config.Transport, err error) config.Finding {
	var (
		key, hint = "path", ""
		kind      = config.Unusable
		name      *net.DNSError
		owner     user.UnknownUserError
		group     user.UnknownGroupError
	)
	if t := cfg.Endpoint.TCP; t != nil {
		key = "port"
		if t.PortRange.High != 0 {
			key = "portrange"
		}
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		kind, hint = kindTaken, "stop who listens there, or choose another address"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		key, kind, hint = "interface", kindAbsent, "give an address that this machine has, or leave the key out to listen at all of them"
	case errors.As(err, &name):
		key, hint = "interface", "give an address of this machine, or a name that stands for one"
	case errors.As(err, &owner):
		key, hint = "owner", "create the user, or name another"
	case errors.As(err, &group):
		key, hint = "group", "create the group, or name another"
	case errors.Is(err, fs.ErrPermission):
		hint = "this user may not; ports below 1024, some directories and other owners need more rights"
	case errors.Is(err, fs.ErrNotExist) && cfg.Endpoint.Unix != nil:
		hint = fmt.Sprintf("create the directory %s, or correct the path", filepath.Dir(cfg.Endpoint.Unix.Path))
	}
	f := cfg.Endpoint.At(key).Problem(hint, "%s", brief(err))
	f.Kind = kind
	return f
}

// brief is the error without the steps that led to it.
func brief(err error) string {
	var (
		op   *net.OpError
		call syscall.Errno
	)
	if errors.As(err, &op) && op.Addr != nil && errors.As(err, &call) {
		return fmt.Sprintf("cannot listen at %s: %v", op.Addr, call)
	}
	return strings.TrimPrefix(err.Error(), "rawsocket: listen: ")
}
