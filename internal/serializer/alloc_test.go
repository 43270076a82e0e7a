package serializer_test

import (
	"testing"
	"unsafe"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// The allocation budget of the hot path: nothing.
func TestHotMessagesAllocateNothing(t *testing.T) {
	for _, s := range serializer.All() {
		d := serializer.NewDecoder(s)
		for _, m := range append(hotMessages(encoded(t, s, record(64))), hotMessages(wamp.Payload{})...) {
			frame, err := serializer.Append(nil, s, m)
			if err != nil {
				t.Fatal(err)
			}
			allocs := testing.AllocsPerRun(100, func() {
				if _, err := d.Decode(frame); err != nil {
					t.Fatal(err)
				}
			})
			if allocs != 0 {
				t.Errorf("%s: decoding %s allocates %v times", s, m.Code(), allocs)
			}
			dst := make([]byte, 0, 1024)
			allocs = testing.AllocsPerRun(100, func() {
				if dst, err = serializer.Append(dst[:0], s, m); err != nil {
					t.Fatal(err)
				}
			})
			if allocs != 0 {
				t.Errorf("%s: appending %s allocates %v times", s, m.Code(), allocs)
			}
		}
	}
}

func TestTranscodingAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector, pools drop what they hold at random")
	}
	for _, from := range serializer.All() {
		p := encoded(t, from, append(record(256), []byte("binary"), "line\nend", int64(-5)))
		for _, to := range serializer.All() {
			dst := make([]byte, 0, 4096)
			allocs := testing.AllocsPerRun(100, func() {
				var err error
				if dst, err = to.AppendPayload(dst[:0], p); err != nil {
					t.Fatal(err)
				}
			})
			if allocs != 0 {
				t.Errorf("transcoding from %s to %s allocates %v times", from, to, allocs)
			}
		}
	}
}

func TestAnIdleDecoderIsSmall(t *testing.T) {
	t.Parallel()
	const limit = 448
	if size := unsafe.Sizeof(serializer.Decoder{}); size > limit {
		t.Errorf("a Decoder takes %d octets, want at most %d", size, limit)
	}
}
