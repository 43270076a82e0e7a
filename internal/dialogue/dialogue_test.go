package dialogue_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/junctorio/junctor/internal/dialogue"
	"github.com/junctorio/junctor/internal/serializer"
)

func TestThePureCoreSpeaksEveryDialogue(t *testing.T) {
	t.Parallel()
	eachSerializer(t, func(t *testing.T, s serializer.Serializer) {
		dialogue.Each(t, func(t *testing.T, script *dialogue.Script) {
			script.Play(t, newCore(t, script.Options, s))
		})
	})
}

func TestPeersOfDifferentSerializersSpeakEveryDialogue(t *testing.T) { // SER-1
	t.Parallel()
	dialogue.Each(t, func(t *testing.T, script *dialogue.Script) {
		script.Play(t, newCore(t, script.Options, serializer.All()...))
	})
}

func TestARouterSpeaksEveryDialogueInProcess(t *testing.T) {
	t.Parallel()
	eachSerializer(t, func(t *testing.T, s serializer.Serializer) {
		dialogue.Each(t, func(t *testing.T, script *dialogue.Script) {
			synctest.Test(t, func(t *testing.T) { // where time passes at once
				script.Play(t, newInProcess(t, script.Options, s))
			})
		})
	})
}

// Timed scripts need a clock of their own and are played in process only. The
// others run all at once, rather than as parallel subtests: a router takes its
// time to close a connection whose client does not, and most of this is waiting.
func TestARouterSpeaksEveryDialogueOverRawSocket(t *testing.T) {
	t.Parallel()
	scripts, err := dialogue.Scripts()
	if err != nil {
		t.Fatal(err)
	}
	eachSerializer(t, func(t *testing.T, s serializer.Serializer) {
		var playing sync.WaitGroup
		defer playing.Wait()
		for _, script := range scripts {
			if script.Timed {
				continue
			}
			target := newRawSocket(t, script.Options, s)
			playing.Go(func() { script.Play(t, target) })
		}
	})
}

func eachSerializer(t *testing.T, test func(*testing.T, serializer.Serializer)) {
	for _, s := range serializer.All() {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}
