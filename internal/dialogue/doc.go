// Package dialogue runs scripts of WAMP messages against a router: one rule of
// the specification a script, readable as its documentation. The scripts are
// in testdata; the same ones run against the pure core, and against any router
// for which there is a [Target].
//
// # Scripts
//
// A script is a list of lines. Blank lines and lines that begin with # say
// nothing to the machine; the first comment names the rule.
//
//	realm OPTION…        how the realm is configured (before all else): strict_uris,
//	                     strict_request_ids, refuse_disclosure, meta_api,
//	                     event_history (of com.example and com.other.ahead, with the meta API),
//	                     authentication (as [Secret] and [Key] say), login_required (the same
//	                     with no anonymous sessions), authorizer (see [Authorize]),
//	                     another_realm (realm2, configured in the same way),
//	                     call_timeouts (see [CallTimeout]), call_queue (one call may wait)
//	permission URI MATCH WORD…
//	                     what anonymous sessions may do there (before all else): call,
//	                     register, publish, subscribe, and with it disclose_caller,
//	                     disclose_publisher, trustlevel=N; where there is such a line,
//	                     nothing else is allowed
//	join NAME FEATURE…   opens a connection and joins, with all four roles and the
//	                     given features, such as callee.call_canceling
//	connect NAME         opens a connection and sends nothing
//	leave NAME           says GOODBYE, reads the echo and closes the connection
//	drop NAME            closes the connection without a word
//	shutdown             has the router begin to shut down in order
//	after 100ms          lets that much time pass
//	NAME> MESSAGE        sends a message
//	NAME> octets 5b ff   sends a frame of these octets, given in hexadecimal
//	NAME< MESSAGE        receives a message, which must match
//	NAME< nothing        there is nothing to receive
//	NAME< closed         the router closed the connection
//
// Messages are in WAMP's own notation: JSON lists. Also,
//
//   - $name stands for any value where it is met first in a received message,
//     and for that value from then on;
//   - $NAME, $NAME.authid and $NAME.authrole are set by join NAME;
//   - _ in a received message stands for any value;
//   - timestamp in a received message stands for any time in UTC;
//   - cra(SECRET, CHALLENGE), cra_salted(SECRET, CHALLENGE, SALT, ITERATIONS, KEYLEN),
//     cryptosign(SEED, CHALLENGE) and scram(AUTHID, PASSWORD, ITS NONCE, NONCE, SALT, ITERATIONS)
//     are what a client signs a challenge with, and scram_verifier, of the same as scram, is
//     what the router proves itself with;
//   - ... at the end of a list or dictionary of a received message stands for
//     any further elements or keys.
//
// When a script ends, no session may have anything left to receive.
//
// # Nothing to receive
//
// There is no waiting to find out that nothing comes. The runner sends, on each
// session, an UNSUBSCRIBE from an unknown subscription; its ERROR proves that
// all earlier messages of that session were dealt with, and that whatever was
// to be sent to that session before is already received. Its request ID
// follows the session's last one, which matters only in a realm with
// strict_request_ids: there, "nothing" comes last.
package dialogue
