package config

// Worker is one of the things that a node runs. Exactly one of the pointers is
// set, according to Type.
type Worker struct {
	Place
	ID      string // generated (worker001 …) where the file has none; unique
	Type    string // "router"
	Options WorkerOptions
	Router  *Router
}

// WorkerOptions are the options that all workers have.
type WorkerOptions struct {
	Place
	Disabled bool // do not start this worker
}

// Router is a worker of type router.
type Router struct {
	Realms     []Realm     // unique by Name and by ID
	Transports []Transport // unique by ID
}
