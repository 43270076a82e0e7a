package link

import (
	"context"
	"log/slog"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
)

// Component links the realm that it joins to an upstream realm.
type Component struct {
	config *config
	log    *slog.Logger

	// supervision is for the client of each bridge. Tests set Dial.
	supervision client.Supervision

	bridge *bridge // of the present session; Join and Leave never overlap
}

// New is the component.Factory of junctor.Link.
func New(cfg component.Config) (component.Component, error) {
	c, err := load(cfg)
	if err != nil {
		return nil, err
	}
	return &Component{config: c, log: cfg.Log(), supervision: client.Supervision{
		Backoff: c.backoff(),
		// A realm that refuses the link today may want it tomorrow, and until
		// then the local realm must not go without a component.
		Permanent: func(error, bool) bool { return false },
	}}, nil
}

// Join subscribes and registers what goes up, and starts to connect upstream,
// without waiting for that.
func (c *Component) Join(ctx context.Context, s *client.Session) error {
	b, err := c.newBridge(s)
	if err != nil {
		return err
	}
	if err := b.joinLocal(ctx, s); err != nil {
		return err
	}
	c.bridge = b
	b.start(ctx, s)
	return nil
}

// Leave passes on what still can be, leaves the upstream realm and waits for
// everything that Join has started.
func (c *Component) Leave(ctx context.Context, _ *client.Session) error {
	if c.bridge != nil {
		c.bridge.end(ctx)
		c.bridge = nil
	}
	return nil
}
