// Sends PINGs of several sizes with Autobahn|JS's own RawSocket protocol, which
// closes the connection when a PONG differs from its PING.
//
//	node ping.js rs://127.0.0.1:8080
//	node ping.js unix:///run/junctor.sock
'use strict';

const net = require('node:net');
const path = require('node:path');

const modules = process.env.JUNCTOR_NODE_MODULES || path.join(__dirname, 'node_modules');
const {Protocol} = require(path.join(modules, 'autobahn/lib/transport/rawsocket.js'));

const pings = ['x', 'a PING of some words', 'ünïcödé', 'p'.repeat(125)];

const url = new URL(process.argv[2]);
const socket = url.protocol === 'unix:'
  ? net.connect({path: url.pathname})
  : net.connect({host: url.hostname, port: Number(url.port)});
const protocol = new Protocol(socket, {serializer: 'json', max_len_exp: 24, ping_timeout: 5000});

let answered = 0;
const pong = protocol._handlePongPacket; // the only sign of a PONG that came
protocol._handlePongPacket = function (payload) {
  const status = pong.call(this, payload);
  answered++;
  next();
  return status;
};

function next() {
  if (answered < pings.length) {
    protocol.ping(pings[answered]);
    return;
  }
  console.log(`${answered} PINGs answered`);
  socket.destroy();
}

protocol.on('error', (error) => {
  console.error(`ping.js: ${error.message}`);
  process.exit(1);
});
protocol.on('connect', next);
