package rawsocket_test

import (
	"strings"
	"testing"

	"github.com/junctorio/junctor/transport/rawsocket"
)

func TestLimitsAsAnnounced(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		limit, announced int
		words            string // in the explanation; "" if there is none
	}{
		{1, 512, "above 1 bytes end"},
		{511, 512, "above 511 bytes end"},
		{512, 512, ""},
		{513, 512, "up to 513 bytes are accepted"},
		{1000000, 524288, "told 524288 bytes"},
		{131072, 131072, ""},
		{16<<20 - 1, 8 << 20, "told 8388608 bytes"},
		{16 << 20, 16 << 20, ""},
		{16<<20 + 1, 16 << 20, "up to 16777217 bytes are accepted"},
		{32 << 20, 16 << 20, "agree on 33554432"},
		{50 << 20, 16 << 20, "agree on 33554432"},
		{64 << 20, 16 << 20, "agree on 67108864"},
	} {
		if got := rawsocket.AnnouncedLimit(test.limit); got != test.announced {
			t.Errorf("limit %d is announced as %d, want %d", test.limit, got, test.announced)
		}
		words := rawsocket.DescribeLimit(test.limit)
		if (words == "") != (test.words == "") || !strings.Contains(words, test.words) {
			t.Errorf("limit %d is explained as %q, want something with %q", test.limit, words, test.words)
		}
	}
}

// RS-17.
func TestOnlyOnRequestAreFullFramesSent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		announced int
		full      bool
		want      int
	}{
		{1 << 24, false, 1<<24 - 1},
		{1 << 24, true, 1 << 24},
		{1 << 23, false, 1 << 23},
		{512, true, 512},
	} {
		if got := rawsocket.SendLimit(test.announced, test.full); got != test.want {
			t.Errorf("limit for sending to a peer that announces %d, full frames %v: %d, want %d", test.announced, test.full, got, test.want)
		}
	}
}
