// Package arch holds this repository to the rules of its architecture: which
// package may import which (the layers), where each third-party library lives,
// what the pure packages must not touch, and what no tracked file may contain.
//
// Load reads a source tree, Check applies the import rules to it, CheckText the
// rules for the text of files. The package's test runs all three on this
// repository; nothing else uses it.
//
// The rules are about production code. Test files may import what they need.
package arch
