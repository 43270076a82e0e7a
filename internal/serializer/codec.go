package serializer

import "github.com/junctorio/junctor/wamp"

// codec carries one message's head between its struct and its encoding, in
// either direction: the layouts call the same methods in the same order for
// both. When writing, the structs are only read. When reading, the first error
// stays, and everything after it does nothing.
type codec struct {
	format *format
	code   wamp.Code

	// Writing.
	dst      []byte
	elements uint64 // written so far
	keys     uint64 // written so far in the dictionary
	dictAt   int    // where the dictionary's head stands

	// Reading.
	r       reader // nil when writing
	err     *wamp.ProtocolError
	list    container
	dict    container
	element string // the name of the element being read
	key     []byte // the key met, empty once its value is read
	untaken bool   // the value of the key met is not read
	name    string // the key whose value is being read
	closed  bool   // the message's list has ended
	strings *interner

	inDict bool // within a loop over options
}

// messageDepth is the depth of a dictionary or payload list in a message.
const messageDepth = 2

func (c *codec) writing() bool { return c.r == nil }

// nextElement moves to the next element of the message. When reading it
// returns the element's token, false after an error.
func (c *codec) nextElement(name string) (*token, bool) {
	if c.err != nil || !c.wantElement(name) {
		return nil, false
	}
	return c.token()
}

// wantElement moves to an element that must be there.
func (c *codec) wantElement(name string) bool {
	more := c.moreElements(name)
	if !more && c.err == nil {
		c.violation("missing")
	}
	return more
}

// moreElements reports whether there is a further element and moves to it.
func (c *codec) moreElements(name string) bool {
	if c.err != nil || c.closed {
		return false
	}
	c.element, c.name = name, ""
	more := c.moreItems(&c.list)
	c.closed = !more
	return more
}

// token reads one value, or the head of one.
func (c *codec) token() (*token, bool) {
	t, err := c.r.next()
	if err != nil {
		c.malformed(err)
		return nil, false
	}
	return t, true
}

// violation records what is wrong with the element or key being read.
func (c *codec) violation(format string, args ...any) {
	if c.err == nil {
		c.err = wamp.Violation("%s: "+format, append([]any{c.where()}, args...)...)
	}
}

// where names what is being read, such as "PUBLISH.Options.acknowledge".
func (c *codec) where() string {
	s := "message"
	if c.code != 0 {
		s = c.code.String()
	}
	if c.element != "" {
		s += "." + c.element
	}
	if c.name != "" {
		s += "." + c.name
	}
	return s
}

func (c *codec) malformed(err error) {
	c.violation("%s: %v", c.format, err)
}

func (c *codec) want(what string, got *token) {
	c.violation("want %s, got %s", what, got.kind)
}

// startElement prepares for writing an element.
func (c *codec) startElement() {
	c.dst = c.format.appendComma(c.dst, c.elements)
	c.elements++
}

// id is an element from 1 to 2^53 (ID-1).
func (c *codec) id(name string, p *wamp.ID) {
	if c.writing() {
		c.startElement()
		c.dst = c.format.appendUint(c.dst, uint64(*p))
		return
	}
	if t, ok := c.nextElement(name); ok {
		*p = c.idOf(t, 1)
	}
}

// idOrZero is an id that is 0 in a revocation.
func (c *codec) idOrZero(name string, p *wamp.ID) {
	if c.writing() {
		c.id(name, p)
		return
	}
	if t, ok := c.nextElement(name); ok {
		*p = c.idOf(t, 0)
	}
}

func (c *codec) idOf(t *token, least uint64) wamp.ID {
	if t.kind != kindUint || t.num < least || t.num > uint64(wamp.MaxID) {
		if t.kind == kindUint {
			c.violation("want an id from %d to 2^53, got %d", least, t.num)
		} else {
			c.want("an id", t)
		}
		return 0
	}
	return wamp.ID(t.num)
}

// requestType is the element of ERROR that names the kind of request.
func (c *codec) requestType(name string, p *wamp.Code) {
	if c.writing() {
		c.startElement()
		c.dst = c.format.appendUint(c.dst, uint64(*p))
		return
	}
	if t, ok := c.nextElement(name); ok {
		*p = c.codeOf(t)
	}
}

const maxCode = 1023 // MSG-7

func (c *codec) codeOf(t *token) wamp.Code {
	if t.kind != kindUint {
		c.want("a type code", t)
		return 0
	}
	if t.num == 0 || t.num > maxCode {
		c.violation("want a type code from 1 to %d, got %d", maxCode, t.num)
		return 0
	}
	return wamp.Code(t.num)
}

// text is an element that is any string. It is not remembered beyond the
// message, since it may be a secret.
func (c *codec) text(name string, p *string) {
	if c.writing() {
		c.startElement()
		c.dst = c.format.appendString(c.dst, *p)
		return
	}
	if t, ok := c.nextElement(name); ok {
		if t.kind != kindString {
			c.want("a string", t)
			return
		}
		*p = string(textOf(c.r, t))
	}
}

// uri is an element that is a string; whether it is a valid URI is not
// checked, since that depends on the message and is no violation (section 2.10).
func uri[S ~string](c *codec, name string, p *S) {
	if c.writing() {
		c.startElement()
		c.dst = c.format.appendString(c.dst, string(*p))
		return
	}
	if t, ok := c.nextElement(name); ok {
		*p = S(c.stringOf(t))
	}
}

func (c *codec) stringOf(t *token) string {
	if t.kind != kindString {
		c.want("a string", t)
		return ""
	}
	return c.strings.get(textOf(c.r, t))
}

// extra is an element that is a dictionary of anything.
func (c *codec) extra(name string, p *wamp.Dict) {
	if c.writing() {
		c.startElement()
		c.writeDict(*p, messageDepth)
		return
	}
	if t, ok := c.nextElement(name); ok {
		*p = c.dictOf(t, messageDepth)
	}
}

func (c *codec) writeDict(d wamp.Dict, depth int) {
	dst, err := c.format.appendDict(c.dst, d, depth)
	if err != nil {
		c.violation("%v", err)
		return
	}
	c.dst = dst
}

func (c *codec) dictOf(t *token, depth int) wamp.Dict {
	if t.kind != kindDict {
		c.want("a dict", t)
		return nil
	}
	left := maxExtraValues
	v, err := readDict(c.r, t, depth, &left)
	if err != nil {
		c.malformed(err)
	}
	return v
}

// payload is the payload at the end of a message: a list and perhaps a
// dictionary, or one binary if attributes say that it is opaque (section 7.4).
// When writing, it only counts: the caller appends the bytes.
func (c *codec) payload(p *wamp.Payload, a *wamp.Attributes) {
	if c.writing() {
		if p.Elements > 0 {
			c.dst = c.format.appendComma(c.dst, c.elements)
			c.elements += uint64(p.Elements)
		}
		return
	}
	if !c.moreElements("Arguments") {
		return
	}
	start := c.r.offset()
	p.Elements = 1
	p.Opaque = c.readArguments(a != nil && a.EncAlgo != "")
	end := c.r.offset()
	if !p.Opaque && c.moreElements("ArgumentsKw") {
		p.Elements = 2
		c.readArgumentsKw()
		end = c.r.offset()
	}
	if c.err == nil {
		p.Bytes = c.r.slice(start, end)
		p.Serializer = c.format
	}
}

// readArguments walks a list, or something opaque if that is allowed.
func (c *codec) readArguments(mayBeOpaque bool) (opaque bool) {
	start := c.r.offset()
	t, ok := c.token()
	if !ok {
		return false
	}
	if mayBeOpaque && (t.kind == kindBinary || t.kind == kindString) {
		return true // a string is binary in JSON, and in samples of the vectors
	}
	if t.kind != kindList {
		c.want("a list", t)
		return false
	}
	c.r.seek(start)
	c.skip(messageDepth)
	return false
}

// readArgumentsKw walks a dictionary with string keys (SER-6).
func (c *codec) readArgumentsKw() {
	if t, ok := c.token(); ok {
		c.skipDict(t, messageDepth)
	}
}

// skipDict skips the rest of the value t, which must be a dictionary with
// string keys.
func (c *codec) skipDict(t *token, depth int) {
	if t.kind != kindDict {
		c.want("a dict", t)
		return
	}
	if err := skipStringKeys(c.r, t, depth); err != nil {
		c.malformed(err)
	}
}

// end closes the message. When writing, the payload's bytes and AppendEnd
// follow.
func (c *codec) end(head int) {
	if c.writing() {
		c.dst = c.format.patch(c.dst, head, false, c.elements)
		return
	}
	if c.moreElements("") {
		c.violation("too many elements")
		return
	}
	if err := c.r.end(); err != nil {
		c.malformed(err)
	}
}

// skip reads a value and forgets it.
func (c *codec) skip(depth int) {
	if err := c.r.skip(depth); err != nil {
		c.malformed(err)
	}
}
