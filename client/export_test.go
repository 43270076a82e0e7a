package client

import "github.com/junctorio/junctor/auth"

// Complete is Options.complete.
func Complete(o Options) (Options, error) { return o.complete() }

// CompleteSupervision is Supervision.complete.
func CompleteSupervision(v Supervision) (Supervision, error) { return v.complete() }

// MistakenLogin is what a router gives that does not prove its identity.
var MistakenLogin error = &LoginError{auth.MethodSCRAM, auth.ErrRouterUnproven, true}
