// A guest of a node, written with Autobahn|JS: it finds its router in its
// environment, answers com.example.js.describe, and says on com.example.heard
// what it has heard on com.example.news. guest.py does the same.
'use strict';

const path = require('node:path');

const modules = process.env.JUNCTOR_NODE_MODULES || path.join(__dirname, 'node_modules');
const autobahn = require(path.join(modules, 'autobahn'));

const {JUNCTOR_URL: address, JUNCTOR_REALM: realm} = process.env;
const url = new URL(address);
const connection = new autobahn.Connection({
  realm,
  transports: [url.protocol === 'unix:'
    ? {type: 'rawsocket', path: decodeURIComponent(url.pathname)}
    : {type: 'rawsocket', host: url.hostname, port: Number(url.port)}],
  max_retries: 0, // the node starts it again
});

connection.onopen = async (session) => {
  // The node takes it for ready once it has registered: the last thing to do.
  await session.subscribe('com.example.news', ([news]) =>
    session.publish('com.example.heard', ['js', process.pid, news]));
  await session.register('com.example.js.describe', () => ({pid: process.pid, url: address, realm}));
  console.log('ready');
};

connection.onclose = (reason, details) => {
  console.error(`the session ended: ${reason} ${details.reason || ''}`);
  process.exitCode = 1;
  return true; // no attempt to reconnect
};

connection.open();
