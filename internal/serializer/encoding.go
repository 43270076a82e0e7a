package serializer

import (
	"fmt"
	"math/big"
	"sync"

	"github.com/junctorio/junctor/wamp"
)

// encoding is what is particular to a serializer. Its append methods write
// the shortest form (SER-4).
type encoding interface {
	newReader() reader

	// appendBare appends the head of a bare message.
	appendBare(dst []byte, code wamp.Code, f bareFields) []byte
	// readBare reads a frame that holds a bare message.
	readBare(frame []byte) (h bareHead, at bareParts, ok bool)

	// appendOpen appends the head of a list or dictionary with n items; with
	// n unknown, a head that patch corrects.
	appendOpen(dst []byte, dict bool, n uint64) []byte
	// patch corrects the head at dst[at] to n items.
	patch(dst []byte, at int, dict bool, n uint64) []byte

	appendNull(dst []byte) []byte
	appendBool(dst []byte, v bool) []byte
	appendUint(dst []byte, v uint64) []byte
	// appendNegative appends -1-v.
	appendNegative(dst []byte, v uint64) ([]byte, error)
	appendBig(dst []byte, v *big.Int) ([]byte, error)
	appendFloat(dst []byte, v float64) ([]byte, error)
	appendString(dst []byte, s string) []byte
	appendText(dst, s []byte) []byte
	appendBinary(dst, b []byte) []byte
}

// format is the Serializer made of an encoding.
type format struct {
	encoding
	number  wamp.SerializerNumber
	textual bool      // commas stand between items, and marks end lists and dictionaries
	readers sync.Pool // of reader, for payloads
}

func (f *format) Number() wamp.SerializerNumber { return f.number }

func (f *format) String() string { return f.number.String() }

func (f *format) AppendEnd(dst []byte) []byte { return f.appendClose(dst, false) }

// appendClose appends what ends a list or dictionary.
func (f *format) appendClose(dst []byte, dict bool) []byte {
	switch {
	case !f.textual:
		return dst
	case dict:
		return append(dst, '}')
	default:
		return append(dst, ']')
	}
}

// appendComma appends what stands before the i-th item of a list or dictionary.
func (f *format) appendComma(dst []byte, i uint64) []byte {
	if f.textual && i > 0 {
		return append(dst, ',')
	}
	return dst
}

// appendColon appends what stands between a key and its value.
func (f *format) appendColon(dst []byte) []byte {
	if f.textual {
		return append(dst, ':')
	}
	return dst
}

// borrowReader returns a reader of data. It goes back with returnReader.
func (f *format) borrowReader(data []byte) reader {
	r, ok := f.readers.Get().(reader)
	if !ok {
		r = f.newReader()
	}
	r.reset(data)
	return r
}

func (f *format) returnReader(r reader) {
	r.reset(nil)
	f.readers.Put(r)
}

// formatOf returns the format behind a Serializer.
func formatOf(s wamp.Serializer) *format {
	if f, ok := s.(*format); ok {
		return f
	}
	panic(fmt.Sprintf("serializer: %T is not of this package", s))
}
