package client

// Complete is Options.complete.
func Complete(o Options) (Options, error) { return o.complete() }

// CompleteSupervision is Supervision.complete.
func CompleteSupervision(v Supervision) (Supervision, error) { return v.complete() }
