// Signs in and leaves again, once for each line on stdin: Autobahn|JS's side of
// the sign-in matrix. Each line on stdin is an attempt, each line on stdout what
// became of it: {"joined": …}, {"refused": {"reason", "message"}} or
// {"failed": text}. ../README.md lists what an attempt says.
'use strict';

const path = require('node:path');
const readline = require('node:readline');

const modules = process.env.JUNCTOR_NODE_MODULES || path.join(__dirname, 'node_modules');
const autobahn = require(path.join(modules, 'autobahn'));
const nacl = require(path.join(modules, 'tweetnacl')); // Autobahn|JS's own, for keys

async function main() {
  for await (const line of readline.createInterface({input: process.stdin})) {
    process.stdout.write(JSON.stringify(await tryOnce(JSON.parse(line))) + '\n');
  }
}

function tryOnce(attempt) {
  return new Promise((resolve) => {
    const url = new URL(attempt.url);
    const connection = new autobahn.Connection({
      realm: attempt.realm,
      transports: [url.protocol === 'unix:'
        ? {type: 'rawsocket', path: url.pathname}
        : {type: 'rawsocket', host: url.hostname, port: Number(url.port)}],
      max_retries: 0,
      retry_if_unreachable: false,
      authmethods: [attempt.method],
      authid: attempt.authid,
      ...signer(attempt),
    });
    let joined;
    connection.onopen = (session, details) => {
      const {authid, authrole, authmethod, authextra} = details;
      joined = {session: session.id, realm: session.realm, authid, authrole, authmethod, authextra};
      connection.close();
    };
    connection.onclose = (event, details) => {
      if (joined) {
        resolve({joined});
      } else if (details.reason) {
        resolve({refused: {reason: details.reason, message: details.message}});
      } else {
        resolve({failed: event});
      }
      return true; // no reconnect
    };
    connection.open();
  });
}

// signer returns what the method needs among the connection's options.
function signer(attempt) {
  switch (attempt.method) {
    case 'ticket':
      return {onchallenge: () => attempt.secret};
    case 'wampcra':
      return {onchallenge: (session, method, extra) => {
        const {salt, iterations, keylen} = extra;
        const key = salt === undefined
          ? attempt.secret : autobahn.auth_cra.derive_key(attempt.secret, salt, iterations, keylen);
        return autobahn.auth_cra.sign(key, extra.challenge);
      }};
    case 'cryptosign': {
      const pair = nacl.sign.keyPair.fromSeed(Buffer.from(attempt.private_key, 'hex'));
      return {
        // What Autobahn|JS's own create_connection sends, nulls included.
        authextra: {
          pubkey: autobahn.auth_cryptosign.public_key(pair),
          trustroot: null, challenge: null, channel_binding: null,
        },
        onchallenge: (session, method, extra) => autobahn.auth_cryptosign.sign_challenge(pair, extra),
      };
    }
    default:
      return {};
  }
}

main();
