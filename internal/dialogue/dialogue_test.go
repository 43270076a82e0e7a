package dialogue_test

import (
	"testing"

	"github.com/junctorio/junctor/internal/dialogue"
	"github.com/junctorio/junctor/internal/serializer"
)

func TestThePureCoreSpeaksEveryDialogue(t *testing.T) {
	t.Parallel()
	eachSerializer(t, func(t *testing.T, s serializer.Serializer) {
		dialogue.Each(t, func(t *testing.T, script *dialogue.Script) {
			playOnCore(t, script, s)
		})
	})
}

func TestPeersOfDifferentSerializersSpeakEveryDialogue(t *testing.T) { // SER-1
	t.Parallel()
	dialogue.Each(t, func(t *testing.T, script *dialogue.Script) {
		playOnCore(t, script, serializer.All()...)
	})
}

func playOnCore(t *testing.T, script *dialogue.Script, serializers ...serializer.Serializer) {
	t.Helper()
	if script.NeedsRouter() {
		t.Skip("is about more than the core; played on the router")
	}
	script.Play(t, newCore(t, script.Options, serializers...))
}

func eachSerializer(t *testing.T, test func(*testing.T, serializer.Serializer)) {
	for _, s := range serializer.All() {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}
