// Package passthru is what applications put into payload passthru mode (section
// 3.28 of the rules), in which routers carry a payload as one binary that they
// do not look into.
//
// Pack and Unpack do so in the clear, for any scheme: the payload is encoded in
// a serializer of the application's choice, whatever the sessions speak.
//
// A Keyring encrypts: given as client.Options.Keyring, it has the session encrypt
// and decrypt what is sent to, and received from, those URIs that it has keys
// for. The router sees URIs, sizes and who talks to whom, but no values. How
// the octets are made, and what is not protected, is said in docs/encryption.md.
//
//	key, err := passthru.NewKey("2026-11", passthru.AES256GCM, secret) // 32 octets, from both sides' configuration
//	…
//	var keys passthru.Keyring
//	err = keys.Set("com.example.secret.", wamp.MatchPrefix, key)
//	…
//	s, err := client.Connect(ctx, url, client.Options{Realm: "realm1", Keyring: &keys})
//
// A Keyring is safe for concurrent use, and so are Keys, which never change.
package passthru
