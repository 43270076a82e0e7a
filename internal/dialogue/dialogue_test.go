package dialogue_test

import (
	"testing"

	"github.com/junctorio/junctor/internal/dialogue"
	"github.com/junctorio/junctor/internal/serializer"
)

func TestThePureCoreSpeaksEveryDialogue(t *testing.T) {
	t.Parallel()
	for _, s := range serializer.All() {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			dialogue.Test(t, func(t *testing.T, script *dialogue.Script) dialogue.Target {
				return newCore(t, script.Options, s)
			})
		})
	}
}

func TestPeersOfDifferentSerializersSpeakEveryDialogue(t *testing.T) { // SER-1
	t.Parallel()
	dialogue.Test(t, func(t *testing.T, script *dialogue.Script) dialogue.Target {
		return newCore(t, script.Options, serializer.All()...)
	})
}
