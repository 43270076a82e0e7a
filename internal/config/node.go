package config

// Node is a whole configuration.
type Node struct {
	Place
	Dir        string // the node directory; relative paths have been joined to it
	Version    int    // of the format: 2
	Controller Controller
	Workers    []Worker // in the order of the file, disabled ones included
}

// Controller is what concerns the node as a whole.
type Controller struct {
	Place
	ID      string // "" if not configured
	Options ControllerOptions
}

// ControllerOptions are the options of a Controller.
type ControllerOptions struct {
	Place
	Shutdown []ShutdownRule // when the node ends by itself
}

// ShutdownRule is a condition on which a node ends.
type ShutdownRule string

// The shutdown rules.
const (
	ShutdownOnRequest             ShutdownRule = "shutdown_on_shutdown_requested"
	ShutdownOnWorkerExit          ShutdownRule = "shutdown_on_worker_exit"
	ShutdownOnWorkerExitWithError ShutdownRule = "shutdown_on_worker_exit_with_error"
	ShutdownOnLastWorkerExit      ShutdownRule = "shutdown_on_last_worker_exit"
)
