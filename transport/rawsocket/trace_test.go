package rawsocket_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

var frameLine = regexp.MustCompile(`level=INFO msg=frame transport=door peer=127\.0\.0\.1:\d+ direction=(\w+) type=(\w+) length=(\d+) message=(\S+)`)

func TestFramesAreLogged(t *testing.T) {
	t.Parallel()
	logs := newLog()
	ended := make(chan struct{})
	ln := listen(t, rawsocket.ListenConfig{
		ID: "door", Network: "tcp", Address: "127.0.0.1:0", Logger: logs.logger(), Debug: true,
	}, func(c transport.Conn) {
		defer close(ended)
		defer c.Close()
		got := readUntil(c, 3)
		large := strings.Repeat("x", 100000)
		out := join(message(`[17,1,2]`), got.control, message(`[50,"`+large+`"]`), message(""), message(`[3,{},"x"]`))
		_, _ = c.TryWrite([][]byte{out[:3]}) // cut anywhere
		_ = c.Write([][]byte{out[3:11], out[11:20], out[20:]})
	})
	c := dial(t, ln, rawsocket.DialConfig{Serializer: json})
	secret := `[16,1,{},"com.example.secret"]`
	if err := c.Write([][]byte{message(secret), ping("secret"), pong(""), message("[1]"), message("[48," + strings.Repeat(" ", 20000) + "1]")}); err != nil {
		t.Fatal(err)
	}
	if got := readUntil(c, 4); got.err != nil {
		t.Fatal(got.err)
	}
	<-ended
	want := []string{
		"received message 30 PUBLISH", `received PING 6 ""`, `received PONG 0 ""`, "received message 3 HELLO", "received message 20006 CALL",
		"sent message 8 PUBLISHED", `sent PONG 6 ""`, "sent message 100007 RESULT", "sent message 0 unreadable", "sent message 10 ABORT",
	}
	lines := logs.lines()
	for i, line := range lines {
		m := frameLine.FindStringSubmatch(line)
		if m == nil || i >= len(want) || strings.Join(m[1:], " ") != want[i] {
			t.Errorf("line %d: %s", i, line)
		}
	}
	if len(lines) != len(want) {
		t.Errorf("%d lines, want %d", len(lines), len(want))
	}
	if strings.Contains(strings.Join(lines, ""), "secret") {
		t.Error("a payload was logged")
	}
}

func TestMessageKind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		serializer   wamp.SerializerNumber
		octets, want string
	}{
		{json, `[16,1]`, "PUBLISH"},
		{json, " \t[ 1 ]", "HELLO"},
		{json, `[337,1]`, "EVENT_RECEIVED"},
		{json, `[999]`, "message 999"},
		{json, `[99999999999`, "message 9999"},
		{json, `["a"]`, "unreadable"},
		{json, `{}`, "unreadable"},
		{json, ``, "unreadable"},
		{msgpack, "\x93\x10\x01", "PUBLISH"},
		{msgpack, "\xdc\x00\x03\x30", "CALL"},
		{msgpack, "\xdd\x00\x00\x00\x03\xcc\x46", "YIELD"},
		{msgpack, "\x92\xcd\x01\x51", "EVENT_RECEIVED"},
		{msgpack, "\x92\xc0", "unreadable"},
		{msgpack, "\x92", "unreadable"},
		{cbor, "\x83\x10\x01", "PUBLISH"},
		{cbor, "\x98\x20\x18\x30", "CALL"},
		{cbor, "\x9f\x18\x46", "YIELD"},
		{cbor, "\x82\x19\x01\x51", "EVENT_RECEIVED"},
		{cbor, "\x9b\x00\x00", "unreadable"},
		{cbor, "\x9c\x01", "unreadable"},
		{wamp.SerializerFlatBuffers, "\x01", "unreadable"},
	} {
		if got := rawsocket.MessageKind(test.serializer, []byte(test.octets)); got != test.want {
			t.Errorf("%s %q is %q, want %q", test.serializer, test.octets, got, test.want)
		}
	}
}
