package node_test

import (
	"context"
	"errors"
	"testing"

	"github.com/junctorio/junctor/internal/node"
)

// Who asks an authenticator waits for the session to join no longer than it may.
func TestCallersDoNotOutstayTheirTime(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := node.CallWhileJoining(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
