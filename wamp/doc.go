// Package wamp names the things of WAMP v2: messages, URIs, IDs, payloads,
// roles and features, error URIs. It has no behaviour beyond checking and
// describing them, imports the standard library only, and opens nothing.
//
// Comments cite the specification's rules by the labels used throughout
// junctor (MSG-5, ID-1, URI-3 …); docs/rules.md says what each label stands for.
//
// Values of this package are plain data. Unless a comment says otherwise they
// may be copied and read concurrently, and must not be written concurrently.
package wamp
