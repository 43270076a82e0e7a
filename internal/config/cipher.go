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
		var suites []uint16
		for _, name := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(":, ", r) }) {
			suites, ok = c.cipherSuite(v, name, suites, ok)
		}
		if ok && len(suites) == 0 {
			c.fail(BadValue, v.position(), "leave the key out for Go's choice", "no cipher suite is left")
		}
		return suites, ok && len(suites) > 0
	},
}

// cipherSuite adds what one element of the list stands for. The result says
// whether all elements so far were understood.
func (c *checker) cipherSuite(v *value, name string, suites []uint16, ok bool) ([]uint16, bool) {
	suite, known := openSSLNames[name]
	switch {
	case known && slices.Contains(suites, suite): // named twice
	case known:
		if isInsecure(suite) {
			c.warn(BadValue, v.position(), "remove it", "Go counts the cipher suite %s as insecure", name)
		}
		return append(suites, suite), ok
	case name[0] == '!' || name[0] == '-':
		removed, known := openSSLNames[name[1:]]
		return slices.DeleteFunc(suites, func(s uint16) bool { return known && s == removed }), ok
	case name[0] == '+' || name[0] == '@':
		c.warn(Ignored, v.position(), "", "%s is ignored: Go orders cipher suites itself", quote(name))
	case suite13.MatchString(name):
		c.warn(Ignored, v.position(), "", "%s is ignored: the cipher suites of TLS 1.3 are always on", quote(name))
	case absentSuite.MatchString(name):
		c.warn(Ignored, v.position(), "", "%s is ignored: Go does not have this cipher suite", quote(name))
	default:
		c.fail(BadValue, v.position(), suggest(name, slices.Sorted(maps.Keys(openSSLNames))), "%s is no cipher suite; groups must be spelled out", quote(name))
		return suites, false
	}
	return suites, ok
}

func isInsecure(suite uint16) bool {
	return slices.ContainsFunc(tls.InsecureCipherSuites(), func(s *tls.CipherSuite) bool { return s.ID == suite })
}
