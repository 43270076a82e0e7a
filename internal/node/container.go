package node

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/junctorio/junctor/internal/config"
)

// container is components that connect to their routers.
type container struct {
	id       string
	shutdown config.ContainerShutdown
	hosted   []*hosted
}

func openContainer(cfg config.Worker, hosts hosts) (*container, config.Findings) {
	o := cfg.Options.Container
	c := &container{id: cfg.ID, shutdown: o.Shutdown}
	var findings config.Findings
	for _, component := range cfg.Container.Components {
		h, fs := hosts.openConnected(component, o.Restart)
		findings = append(findings, fs...)
		c.hosted = append(c.hosted, h)
	}
	return c, findings
}

// run hosts the components until ctx ends, or until enough of them have ended
// for the container to end by itself; failed is told of each that has failed
// for good. The error is nil when ctx has ended, else says which have failed.
func (c *container) run(ctx context.Context, failed func(*hosted, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type end struct {
		of  *hosted
		err error
	}
	ends := make(chan end, len(c.hosted))
	var group sync.WaitGroup
	defer group.Wait()
	for _, h := range c.hosted {
		group.Go(func() { ends <- end{h, h.run(ctx, func() {})} })
	}
	var failures []error
	for left := len(c.hosted); ; {
		select {
		case <-ctx.Done():
			return nil
		case e := <-ends:
			left--
			if e.err != nil && ctx.Err() == nil {
				failures = append(failures, fmt.Errorf("component %s: %w", e.of.id, e.err))
				failed(e.of, e.err)
			}
			if c.ends(e.err, left) {
				cancel()
				return errors.Join(failures...)
			}
		}
	}
}

// ends reports whether the container ends now that a component has ended with
// err and so many are left.
func (c *container) ends(err error, left int) bool {
	switch c.shutdown {
	case config.ShutdownOnLastStopped:
		return left == 0
	case config.ShutdownOnAnyStopped:
		return true
	case config.ShutdownOnAnyFailed:
		return err != nil
	}
	return false
}
