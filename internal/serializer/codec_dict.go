package serializer

import (
	"math"

	"github.com/junctorio/junctor/wamp"
)

// options opens an element that is a dictionary, and reports whether the loop
// body has something to do. Its body names every known key by one of the
// methods below. When writing the body runs once and each method appends its
// key unless the value is the zero value; when reading it runs once for each
// key met, and the method of that name reads the value. Keys that no method
// names are skipped (MSG-6), null is the same as a missing key.
//
//	for c.options("Options") {
//		c.flag("acknowledge", &m.Acknowledge)
//	}
func (c *codec) options(element string) bool {
	if c.writing() {
		return c.writeOptions()
	}
	if !c.inDict && !c.wantOptions(element) {
		return false
	}
	return c.optionsHere()
}

func (c *codec) writeOptions() bool {
	c.inDict = !c.inDict
	if c.inDict {
		c.startElement()
		c.keys, c.dictAt = 0, len(c.dst)
		c.dst = c.format.appendOpen(c.dst, true, unknown)
		return true
	}
	c.dst = c.format.appendClose(c.format.patch(c.dst, c.dictAt, true, c.keys), true)
	return false
}

func (c *codec) wantOptions(element string) bool {
	return c.err == nil && c.wantElement(element)
}

// optionsHere is options for an element that was moved to.
func (c *codec) optionsHere() bool {
	if c.inDict {
		c.skipUntaken()
	} else if !c.openOptions() {
		return false
	}
	c.inDict = c.nextKey()
	return c.inDict
}

func (c *codec) openOptions() (ok bool) {
	c.dict, ok = c.openDict()
	return ok
}

// openDict reads the head of a dictionary.
func (c *codec) openDict() (container, bool) {
	t, ok := c.token()
	if !ok {
		return container{}, false
	}
	if t.kind != kindDict {
		c.want("a dict", t)
		return container{}, false
	}
	return t.items(), true
}

// nextKey moves to the next key of the dictionary.
func (c *codec) nextKey() bool {
	c.name = ""
	c.untaken, c.key = c.readKey(&c.dict)
	return c.untaken
}

// readKey reads the next key of d, which must be a string.
func (c *codec) readKey(d *container) (more bool, key []byte) {
	if !c.moreItems(d) {
		return false, nil
	}
	t, err := c.r.key()
	if err != nil {
		c.malformed(err)
		return false, nil
	}
	if t.kind != kindString {
		c.want("a string as key", t)
		return false, nil
	}
	return true, textOf(c.r, t)
}

// skipUntaken skips the value of a key that nobody took (MSG-6).
func (c *codec) skipUntaken() {
	if c.err == nil && c.untaken {
		c.skip(messageDepth + 1)
	}
}

// startKey prepares for writing a key's value.
func (c *codec) startKey(key string) {
	c.dst = c.format.appendComma(c.dst, c.keys)
	c.keys++
	c.dst = c.format.appendString(c.dst, key)
	c.dst = c.format.appendColon(c.dst)
}

// handles reports whether there is something to do for a key: when writing, to
// write it, since it is set; when reading, to read its value, since it is the
// key met. It is small enough to be inlined and the handle methods are apart,
// since most keys are neither set nor met.
func (c *codec) handles(key string, set bool) bool {
	if c.writing() {
		return set
	}
	return string(c.key) == key
}

// take returns the value of the key met, unless it is null.
func (c *codec) take(key string) (*token, bool) {
	c.key, c.untaken, c.name = nil, false, key
	t, ok := c.token()
	return t, ok && t.kind != kindNull
}

func (c *codec) flag(key string, p *bool) {
	if c.handles(key, *p) {
		c.handleFlag(key, p, true)
	}
}

// negatedFlag is a key whose default is true.
func (c *codec) negatedFlag(key string, p *bool) {
	if c.handles(key, *p) {
		c.handleFlag(key, p, false)
	}
}

// handleFlag carries a bool that is true in *p when the key holds want.
func (c *codec) handleFlag(key string, p *bool, want bool) {
	if c.writing() {
		c.startKey(key)
		c.dst = c.format.appendBool(c.dst, want)
		return
	}
	if t, ok := c.take(key); ok {
		*p = c.boolOf(t) == want
	}
}

func (c *codec) boolOf(t *token) bool {
	if t.kind != kindTrue && t.kind != kindFalse {
		c.want("a bool", t)
	}
	return t.kind == kindTrue
}

// str is a key that holds a string.
func str[S ~string](c *codec, key string, p *S) {
	if c.handles(key, *p != "") {
		handleStr(c, key, p)
	}
}

func handleStr[S ~string](c *codec, key string, p *S) {
	if c.writing() {
		c.startKey(key)
		c.dst = c.format.appendString(c.dst, string(*p))
		return
	}
	if t, ok := c.take(key); ok {
		*p = S(c.stringOf(t))
	}
}

func (c *codec) idKey(key string, p *wamp.ID) {
	if c.handles(key, *p != 0) {
		c.handleID(key, p)
	}
}

func (c *codec) handleID(key string, p *wamp.ID) {
	if c.writing() {
		c.startKey(key)
		c.dst = c.format.appendUint(c.dst, uint64(*p))
		return
	}
	if t, ok := c.take(key); ok {
		*p = c.idOf(t, 1)
	}
}

// number is a key that holds an integer of at least least.
func (c *codec) number(key string, least uint64, p *uint64) {
	if c.handles(key, *p != 0) {
		c.handleNumber(key, least, p)
	}
}

func (c *codec) handleNumber(key string, least uint64, p *uint64) {
	if c.writing() {
		c.startKey(key)
		c.dst = c.format.appendUint(c.dst, *p)
		return
	}
	if t, ok := c.take(key); ok {
		*p = c.numberOf(t, least)
	}
}

func (c *codec) numberOf(t *token, least uint64) uint64 {
	if t.kind != kindUint || t.num < least || t.num > math.MaxInt64 {
		c.violation("want an integer of at least %d, got %s", least, t.describe())
		return 0
	}
	return t.num
}

// optionalNumber is a key that holds an integer and can be absent.
func (c *codec) optionalNumber(key string, p **int) {
	if c.handles(key, *p != nil) {
		c.handleOptionalNumber(key, p)
	}
}

func (c *codec) handleOptionalNumber(key string, p **int) {
	if c.writing() {
		c.startKey(key)
		c.dst = c.format.appendUint(c.dst, uint64(max(0, **p)))
		return
	}
	if t, ok := c.take(key); ok {
		n := int(c.numberOf(t, 0))
		*p = &n
	}
}

// word is a key that holds one of a few words.
func word[T comparable](c *codec, key string, p *T, text func(T) string, parse func(string) (T, bool)) {
	var zero T
	if !c.handles(key, *p != zero) {
		return
	}
	if c.writing() {
		c.startKey(key)
		c.dst = c.format.appendString(c.dst, text(*p))
		return
	}
	t, ok := c.take(key)
	if !ok {
		return
	}
	s := c.stringOf(t)
	if c.err != nil {
		return
	}
	if *p, ok = parse(s); !ok {
		c.violation("unknown word %.40q", s)
	}
}

// dictKey is a key that holds a dictionary of anything.
func (c *codec) dictKey(key string, p *wamp.Dict) {
	if !c.handles(key, *p != nil) {
		return
	}
	if c.writing() {
		c.startKey(key)
		c.writeDict(*p, messageDepth+1)
		return
	}
	if t, ok := c.take(key); ok {
		*p = c.dictOf(t, messageDepth+1)
	}
}

// ids is a key that holds a list of ids. Absent and empty differ (MSG-8).
func (c *codec) ids(key string, p *[]wamp.ID) {
	if !c.handles(key, *p != nil) {
		return
	}
	if c.writing() {
		c.startList(key, len(*p))
		for i, id := range *p {
			c.dst = c.format.appendUint(c.format.appendComma(c.dst, uint64(i)), uint64(id))
		}
		c.dst = c.format.appendClose(c.dst, false)
		return
	}
	t, ok := c.take(key)
	if !ok {
		return
	}
	*p = []wamp.ID{}
	for l := c.listOf(t); c.moreItems(&l); {
		if t, ok := c.token(); ok {
			*p = append(*p, c.idOf(t, 1))
		}
	}
}

// texts is a key that holds a list of strings. Absent and empty differ (MSG-8).
func (c *codec) texts(key string, p *[]string) {
	if !c.handles(key, *p != nil) {
		return
	}
	if c.writing() {
		c.startList(key, len(*p))
		for i, s := range *p {
			c.dst = c.format.appendString(c.format.appendComma(c.dst, uint64(i)), s)
		}
		c.dst = c.format.appendClose(c.dst, false)
		return
	}
	t, ok := c.take(key)
	if !ok {
		return
	}
	*p = []string{}
	for l := c.listOf(t); c.moreItems(&l); {
		if t, ok := c.token(); ok {
			*p = append(*p, c.stringOf(t))
		}
	}
}

func (c *codec) startList(key string, n int) {
	c.startKey(key)
	c.dst = c.format.appendOpen(c.dst, false, uint64(n))
}

func (c *codec) listOf(t *token) container {
	if t.kind != kindList {
		c.want("a list", t)
	}
	return t.items()
}

// moreItems moves to the next item of a list or dictionary.
func (c *codec) moreItems(l *container) bool {
	if c.err != nil {
		return false
	}
	more, err := l.more(c.r)
	if err != nil {
		c.malformed(err)
	}
	return more
}
