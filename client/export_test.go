package client

// Complete is Options.complete.
func Complete(o Options) (Options, error) { return o.complete() }
