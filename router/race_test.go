//go:build race

package router

// raceEnabled is whether the race detector runs: it makes sync.Pool forget.
const raceEnabled = true
