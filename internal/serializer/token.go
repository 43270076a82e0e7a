package serializer

import (
	"math"
	"math/big"
	"strconv"
)

// maxDepth bounds the nesting of lists and dictionaries; the message's own
// list is the first level (SER-7).
const maxDepth = 100

// kind is the kind of a value, the same in all serializers.
type kind uint8

const (
	kindNull kind = iota
	kindFalse
	kindTrue
	kindUint     // a non-negative integer up to 2^64-1
	kindNegative // an integer from -1 down to -2^64
	kindBig      // an integer beyond both
	kindFloat
	kindString
	kindBinary
	kindList
	kindDict
	kindExtension // MessagePack's extension types
	kindSimple    // CBOR's simple values without a meaning
)

var kindNames = [...]string{
	"null", "bool", "bool", "integer", "negative integer", "big integer", "float",
	"string", "binary", "list", "dict", "extension", "simple value",
}

func (k kind) String() string { return kindNames[k] }

// token is one value as a reader met it: a scalar, or the head of a list or
// dictionary. Reading a token checks everything about it (numbers by grammar,
// strings as UTF-8) but converts nothing; textOf and the reader's binary, float
// and big do so on demand.
type token struct {
	kind kind
	// plain says that raw is the content itself: no escapes, no chunks.
	plain bool
	// num is the value of a kindUint, -1 minus the value of a kindNegative,
	// the bits of a binary serializer's kindFloat, the number of items of a
	// list or dictionary (or unknown), the type of a kindExtension.
	num uint64
	// raw is the encoded content of a string, a binary, a big integer or a
	// JSON float.
	raw []byte
}

// content sets t to a value with content and returns it.
func (t *token) content(k kind, plain bool, raw []byte) *token {
	t.kind, t.plain, t.raw = k, plain, raw
	return t
}

// describe names t in an error.
func (t *token) describe() string {
	switch t.kind {
	case kindUint:
		return strconv.FormatUint(t.num, 10)
	case kindNegative:
		b, _ := jsonEncoding{}.appendNegative(nil, t.num)
		return string(b)
	case kindFloat:
		return "a float"
	}
	return t.kind.String()
}

// unknown is the number of items of a list or dictionary that ends with a mark.
const unknown = math.MaxUint64

// container is a list or dictionary whose items are being read.
type container struct {
	left  uint64 // items (in a dictionary: pairs) to come, or unknown
	dict  bool
	begun bool // an item was read; kept only if left is unknown
}

func (t *token) items() container {
	return container{left: t.num, dict: t.kind == kindDict}
}

// more reports whether another item follows in c, and moves r to it, or to
// behind the end of c.
func (c *container) more(r reader) (bool, error) {
	if c.left == unknown {
		return c.moreMarked(r)
	}
	if c.left == 0 {
		return false, nil
	}
	c.left--
	return true, nil
}

// moreMarked is apart so that more can be inlined.
func (c *container) moreMarked(r reader) (bool, error) {
	first := !c.begun
	c.begun = true
	return r.more(c.dict, first)
}

// reader reads encoded values one token after the other. A token, and what is
// got from it, is valid until the next call.
type reader interface {
	// reset starts over with other data.
	reset(data []byte)
	// offset is the number of octets read.
	offset() int
	// seek goes back to an offset.
	seek(pos int)
	// slice returns the octets between two offsets.
	slice(from, to int) []byte
	// next reads a value, of a list or dictionary its head.
	next() (*token, error)
	// key reads a key of a dictionary, up to where its value begins.
	key() (*token, error)
	// more moves to the next item of a list or dictionary that ends with a
	// mark, or to behind the mark.
	more(dict, first bool) (bool, error)
	// skip reads a whole value, which is at the given depth if it is a list or
	// dictionary, and proves it well formed (SER-7).
	skip(depth int) error
	// end checks that nothing follows.
	end() error

	// unquote returns the content of a kindString that is not plain.
	unquote(t *token) []byte
	// binary returns the content of a kindBinary, or of a kindString that
	// stands for one (JS-1).
	binary(t *token) ([]byte, bool)
	// float returns the value of a kindFloat.
	float(t *token) (float64, error)
	// big returns the value of a kindBig.
	big(t *token) (*big.Int, error)
}

// textOf returns the content of a kindString.
func textOf(r reader, t *token) []byte {
	if t.plain {
		return t.raw
	}
	return r.unquote(t)
}

// cursor is a position in encoded data, the part that all readers share.
type cursor struct {
	data []byte
	pos  int
	tok  token // the one that next and key return
}

func (c *cursor) reset(data []byte) { *c = cursor{data: data} }
func (c *cursor) offset() int       { return c.pos }
func (c *cursor) seek(pos int)      { c.pos = pos }

func (c *cursor) slice(from, to int) []byte { return c.data[from:to:to] }

func (c *cursor) end() error {
	if c.pos < len(c.data) {
		return c.fail("%d octets follow the end", len(c.data)-c.pos)
	}
	return nil
}

// fail returns an error about the octet at the cursor.
func (c *cursor) fail(format string, args ...any) error {
	return failAt(c.pos, format, args...)
}

// skipStringKeys skips the rest of a dictionary whose own keys must be strings.
func skipStringKeys(r reader, t *token, depth int) error {
	for c := t.items(); ; {
		if more, err := c.more(r); !more {
			return err
		}
		t, err := r.key()
		if err != nil {
			return err
		}
		if t.kind != kindString {
			return failAt(r.offset(), "want a string as key, got %s", t.kind)
		}
		if err := r.skip(depth + 1); err != nil {
			return err
		}
	}
}

// scratch is a buffer for content that does not stand in the data as it is.
type scratch []byte

// maxScratch is the size of the largest buffer kept for the next message.
const maxScratch = 4 << 10

func (s *scratch) trim() {
	if cap(*s) > maxScratch {
		*s = nil
	}
}
