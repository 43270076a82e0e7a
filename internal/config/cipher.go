package config

import (
	"crypto/tls"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// openSSLNames are OpenSSL's names of the cipher suites that Go has.
var openSSLNames = map[string]uint16{
	"ECDHE-ECDSA-AES128-GCM-SHA256": tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-ECDSA-AES256-GCM-SHA384": tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-ECDSA-CHACHA20-POLY1305": tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	"ECDHE-ECDSA-AES128-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
	"ECDHE-ECDSA-AES256-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
	"ECDHE-ECDSA-AES128-SHA256":     tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
	"ECDHE-RSA-AES128-GCM-SHA256":   tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-RSA-AES256-GCM-SHA384":   tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-RSA-CHACHA20-POLY1305":   tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	"ECDHE-RSA-AES128-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	"ECDHE-RSA-AES256-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
	"ECDHE-RSA-AES128-SHA256":       tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
	"AES128-GCM-SHA256":             tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
	"AES256-GCM-SHA384":             tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
	"AES128-SHA":                    tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	"AES256-SHA":                    tls.TLS_RSA_WITH_AES_256_CBC_SHA,
	"AES128-SHA256":                 tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
}

// absentSuite recognises OpenSSL's names of suites that Go does not have.
var absentSuite = regexp.MustCompile(`^(?:DHE|EDH|ECDHE|ADH|AECDH|PSK|SRP|DH|ECDH|RC4|DES|AES|CAMELLIA|SEED|ARIA|IDEA)[A-Z0-9]*-[A-Z0-9-]+$`)

// suite13 recognises the names of TLS 1.3 suites.
var suite13 = regexp.MustCompile(`^TLS_[A-Z0-9_]+$`)

// cipherSuites is a list of cipher suites as OpenSSL writes it. Operators that
// only remove suites need no counterpart, since nothing is on that was not
// named; groups are refused, because leaving one out could change much.
var cipherSuites = form[[]uint16]{
	words:  "OpenSSL's names of cipher suites, separated by colons",
	schema: anyText.schema,
	read: func(c *checker, v *value) ([]uint16, bool) {
		list, ok := anyText.read(c, v)
		if !ok {
			return nil, false
		}
		l := &cipherList{c: c, at: v.position()}
		for _, name := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(":, ", r) }) {
			l.add(name)
		}
		return l.suites, l.isUsable()
	},
}

// cipherList is the part of a list that was read so far.
type cipherList struct {
	c       *checker
	at      Position
	suites  []uint16
	unknown []string
}

// add adds what one element of the list stands for.
func (l *cipherList) add(name string) {
	suite, known := openSSLNames[name]
	switch {
	case known && slices.Contains(l.suites, suite): // named twice
	case known:
		l.suites = append(l.suites, suite)
		if isInsecure(suite) {
			l.c.warn(BadValue, l.at, "remove it", "Go counts the cipher suite %s as insecure", name)
		}
	case name[0] == '!' || name[0] == '-':
		removed, known := openSSLNames[name[1:]]
		l.suites = slices.DeleteFunc(l.suites, func(s uint16) bool { return known && s == removed })
	case name[0] == '+' || name[0] == '@':
		l.c.warn(Ignored, l.at, "", "%s is ignored: Go orders cipher suites itself", quote(name))
	case suite13.MatchString(name):
		l.c.warn(Ignored, l.at, "", "%s is ignored: the cipher suites of TLS 1.3 are always on", quote(name))
	case absentSuite.MatchString(name):
		l.c.warn(Ignored, l.at, "", "%s is ignored: Go does not have this cipher suite", quote(name))
	default:
		l.unknown = append(l.unknown, name)
	}
}

// isUsable reports whether all elements were understood and a suite is left.
func (l *cipherList) isUsable() bool {
	switch {
	case len(l.unknown) > 0:
		l.c.fail(BadValue, l.at, "valid here: "+joinWords(slices.Sorted(maps.Keys(openSSLNames))),
			"no cipher suites: %s; groups must be spelled out", joinWords(quoteAll(l.unknown)))
	case len(l.suites) == 0:
		l.c.fail(BadValue, l.at, "leave the key out for Go's choice", "no cipher suite is left")
	}
	return len(l.unknown) == 0 && len(l.suites) > 0
}

func isInsecure(suite uint16) bool {
	return slices.ContainsFunc(tls.InsecureCipherSuites(), func(s *tls.CipherSuite) bool { return s.ID == suite })
}
