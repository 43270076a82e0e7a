package config

// Auth is how the clients of a transport may authenticate. Methods that are
// nil are not offered; without any nobody can join.
type Auth struct {
	Place
	Anonymous *Anonymous // set by default when the file has no auth at all
}

// Anonymous admits everybody with one role.
type Anonymous struct {
	Place
	Role   string
	AuthID string // "" means a random one for each session
}
