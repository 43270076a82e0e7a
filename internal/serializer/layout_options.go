package serializer

import (
	"strings"

	"github.com/junctorio/junctor/wamp"
)

// attributes are the keys that travel with a payload (PPT-2, section 2.3).
func (c *codec) attributes(p **wamp.Attributes) {
	a := *p
	if a == nil {
		if c.writing() || !isAttribute(c.key) {
			return
		}
		a = new(wamp.Attributes)
		*p = a
	}
	str(c, "ppt_scheme", &a.PPTScheme)
	str(c, "ppt_serializer", &a.PPTSerializer)
	str(c, "ppt_cipher", &a.PPTCipher)
	str(c, "ppt_keyid", &a.PPTKeyID)
	c.encAlgo("enc_algo", &a.EncAlgo)
	str(c, "enc_key", &a.EncKey)
	str(c, "enc_serializer", &a.EncSerializer)
	str(c, "transaction_hash", &a.TransactionHash)
	c.forwarders("forward_for", &a.ForwardFor)
}

func isAttribute(key []byte) bool {
	switch string(key) {
	case "ppt_scheme", "ppt_serializer", "ppt_cipher", "ppt_keyid",
		"enc_algo", "enc_key", "enc_serializer", "transaction_hash", "forward_for":
		return true
	}
	return false
}

// encAlgo is the payload encryption of Autobahn, of which a few are known
// (7.3). None is the same as a missing key.
func (c *codec) encAlgo(key string, p *string) {
	str(c, key, p)
	if c.writing() || c.err != nil || c.name != key {
		return
	}
	switch {
	case *p == "", *p == "cryptobox", *p == "mqtt", *p == "xbr", strings.HasPrefix(*p, "x_"):
	default:
		c.violation("unknown algorithm %.40q", *p)
	}
}

// filter is the black- and whitelisting of PUBLISH (section 3.12).
func (c *codec) filter(p **wamp.Filter) {
	f := *p
	if f == nil {
		if c.writing() || !isFilter(c.key) {
			return
		}
		f = new(wamp.Filter)
		*p = f
	}
	c.ids("exclude", &f.Exclude)
	c.ids("eligible", &f.Eligible)
	c.texts("exclude_authid", &f.ExcludeAuthID)
	c.texts("eligible_authid", &f.EligibleAuthID)
	c.texts("exclude_authrole", &f.ExcludeAuthRole)
	c.texts("eligible_authrole", &f.EligibleAuthRole)
}

func isFilter(key []byte) bool {
	switch string(key) {
	case "exclude", "eligible", "exclude_authid", "eligible_authid", "exclude_authrole", "eligible_authrole":
		return true
	}
	return false
}

// sharding is what CALL says about sharded registrations (SHD-1).
func (c *codec) sharding(p **wamp.Sharding) {
	s := *p
	if s == nil {
		if c.writing() || !isSharding(c.key) {
			return
		}
		s = new(wamp.Sharding)
		*p = s
	}
	str(c, "rkey", &s.RKey)
	str(c, "runmode", &s.RunMode)
	str(c, "runon", &s.RunOn)
}

func isSharding(key []byte) bool {
	switch string(key) {
	case "rkey", "runmode", "runon":
		return true
	}
	return false
}

// calleeTrace are keys that Crossbar.io adds to answers of callees.
func (c *codec) calleeTrace() {
	c.unused("callee", kindUint)
	c.unused("callee_authid", kindString)
	c.unused("callee_authrole", kindString)
}

// unused is a known key without a field: its value is checked to be of the
// kind (kindTrue for any bool, kindUint for an id, kindDict or kindString), and
// dropped.
func (c *codec) unused(key string, k kind) {
	if !c.handles(key, false) {
		return
	}
	t, ok := c.take(key)
	if !ok {
		return
	}
	switch k {
	case kindTrue:
		c.boolOf(t)
	case kindUint:
		c.idOf(t, 1)
	case kindDict:
		c.skipDict(t, messageDepth+1)
	default:
		c.stringOf(t)
	}
}

// forwarders is the trace of routers passed. With a nil p it is only checked.
func (c *codec) forwarders(key string, p *[]wamp.Forwarder) {
	if !c.handles(key, p != nil && *p != nil) {
		return
	}
	if c.writing() {
		c.writeForwarders(key, *p)
		return
	}
	t, ok := c.take(key)
	if !ok {
		return
	}
	all := []wamp.Forwarder{}
	for l := c.listOf(t); c.moreItems(&l); {
		all = append(all, c.readForwarder())
	}
	if p != nil {
		*p = all
	}
}

func (c *codec) writeForwarders(key string, all []wamp.Forwarder) {
	c.startList(key, len(all))
	for i, w := range all {
		c.dst = c.appendForwarder(c.format.appendComma(c.dst, uint64(i)), w)
	}
	c.dst = c.format.appendClose(c.dst, false)
}

func (c *codec) appendForwarder(dst []byte, w wamp.Forwarder) []byte {
	f, at, n := c.format, len(dst), uint64(0)
	dst = f.appendOpen(dst, true, unknown)
	if w.Session != 0 {
		dst = f.appendUint(f.appendColon(f.appendString(dst, "session")), uint64(w.Session))
		n++
	}
	if w.AuthID != "" {
		dst = f.appendString(f.appendComma(dst, n), "authid")
		dst = f.appendString(f.appendColon(dst), w.AuthID)
		n++
	}
	if w.AuthRole != "" {
		dst = f.appendString(f.appendComma(dst, n), "authrole")
		dst = f.appendString(f.appendColon(dst), w.AuthRole)
		n++
	}
	return f.appendClose(f.patch(dst, at, true, n), true)
}

func (c *codec) readForwarder() (w wamp.Forwarder) {
	d, ok := c.openDict()
	if !ok {
		return w
	}
	for more, key := c.readKey(&d); more; more, key = c.readKey(&d) {
		switch string(key) {
		case "session":
			if t, ok := c.token(); ok {
				w.Session = c.idOf(t, 1)
			}
		case "authid":
			w.AuthID = c.readString()
		case "authrole":
			w.AuthRole = c.readString()
		default:
			c.skip(messageDepth + 3)
		}
	}
	return w
}

// readString reads a string; null counts as the empty one.
func (c *codec) readString() string {
	t, ok := c.token()
	if !ok || t.kind == kindNull {
		return ""
	}
	return c.stringOf(t)
}

// roles is the dictionary of roles and their features (SES-1). Unknown roles
// and features are ignored.
func (c *codec) roles(key string, p *wamp.Roles) {
	if !c.handles(key, true) {
		return
	}
	if c.writing() {
		c.startKey(key)
		c.writeRoles(p)
		return
	}
	t, ok := c.take(key)
	if !ok {
		return
	}
	if t.kind != kindDict {
		c.want("a dict", t)
		return
	}
	d := t.items()
	for more, name := c.readKey(&d); more; more, name = c.readKey(&d) {
		if role, known := wamp.ParseRole(string(name)); known {
			c.name = key + "." + role.String()
			c.readRole(p, role)
			c.name = key
		} else {
			c.skip(messageDepth + 2)
		}
	}
}

func (c *codec) readRole(p *wamp.Roles, role wamp.Role) {
	d, ok := c.openDict()
	if !ok {
		return
	}
	*p = p.With(role)
	for more, name := c.readKey(&d); more; more, name = c.readKey(&d) {
		if string(name) == "features" {
			c.name += ".features"
			c.readFeatures(p, role)
		} else {
			c.skip(messageDepth + 3)
		}
	}
}

func (c *codec) readFeatures(p *wamp.Roles, role wamp.Role) {
	d, ok := c.openDict()
	if !ok {
		return
	}
	for more, name := c.readKey(&d); more; more, name = c.readKey(&d) {
		feature, known := wamp.ParseFeature(string(name))
		if !known {
			c.skip(messageDepth + 4)
			continue
		}
		if t, ok := c.token(); ok && c.boolOf(t) {
			*p = p.With(role, feature)
		}
	}
}

func (c *codec) writeRoles(p *wamp.Roles) {
	f := c.format
	rolesAt, roles := len(c.dst), uint64(0)
	c.dst = f.appendOpen(c.dst, true, unknown)
	for role := range p.All {
		c.dst = f.appendString(f.appendComma(c.dst, roles), role.String())
		c.dst = c.appendRole(f.appendColon(c.dst), p, role)
		roles++
	}
	c.dst = f.appendClose(f.patch(c.dst, rolesAt, true, roles), true)
}

func (c *codec) appendRole(dst []byte, p *wamp.Roles, role wamp.Role) []byte {
	f := c.format
	names := make([]string, 0, 32)
	for feature := range p.Features(role) {
		names = append(names, feature.String())
	}
	if len(names) == 0 {
		return f.appendClose(f.appendOpen(dst, true, 0), true)
	}
	dst = f.appendString(f.appendOpen(dst, true, 1), "features")
	dst = f.appendOpen(f.appendColon(dst), true, uint64(len(names)))
	for i, name := range names {
		dst = f.appendString(f.appendComma(dst, uint64(i)), name)
		dst = f.appendBool(f.appendColon(dst), true)
	}
	return f.appendClose(f.appendClose(dst, true), true)
}
