// Package robust shows that a router survives hostile peers: thousands of
// connections that send noise, broken handshakes and mutated messages, over TCP
// and Unix sockets in every serializer, while honest clients work. The router
// must serve those throughout, and keep nothing of the others afterwards: no
// session, no goroutine, no memory.
//
// It also shows that nobody gets in who should not: logins that are replayed,
// swapped, spoiled, out of order, or guessed ten thousand times; authenticators
// and authorizers that lie, hang, fail or vanish; and that neither logs nor
// errors tell a secret.
//
// There are only tests. Every stream follows from a seed and the number of its
// connection, which a failure names. With the build tag integration there are
// more of them.
package robust
