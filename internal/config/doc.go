// Package config reads the configuration of a node: Crossbar.io's format, as
// JSON or YAML. It yields a Node, which is plain data, and Findings, which say
// everything that is wrong or doubtful about the file at once, each with its
// place.
//
// One description per key, in the tables beside the type that the key fills
// (see object), drives the check, the tables of docs/configuration.md and the
// JSON schema, so that the three cannot disagree.
//
// The rule for compatibility: what Crossbar.io accepts is accepted, and what it
// would ignore or crash on draws a warning that says so. What junctor does not
// do yet is an error of kind NotSupported where leaving it out would change
// what the node does, else a warning of kind Ignored.
//
// The package opens no file but the configuration itself. Whoever builds a
// node from the data reports what it finds wrong (a certificate that cannot be
// read) at the Place that the data carries.
//
// Nodes and Findings may be read concurrently once they are returned.
package config
