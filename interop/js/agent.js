// A WAMP session, driven by JSON lines: Autobahn|JS's side of the suite.
//
// Each line on stdin is a command, each line on stdout an answer to one (same
// "id") or a report ("joined", "event", "left"). Octet strings travel as
// {"$binary": base64}. ../README.md lists the commands.
//
// Over RawSocket, Autobahn|JS speaks JSON only, without TLS, and leaves WAMP's
// form of octet strings in JSON ("\0" and base64) to the application: this
// program makes and reads that form, as an application would.
'use strict';

const path = require('node:path');
const readline = require('node:readline');

const modules = process.env.JUNCTOR_NODE_MODULES || path.join(__dirname, 'node_modules');
const autobahn = require(path.join(modules, 'autobahn'));

function main() {
  const options = parseArguments(process.argv.slice(2));
  const agent = new Agent(options.name || 'js');
  const connection = new autobahn.Connection({
    realm: options.realm || 'realm1',
    transports: [transport(options.url)],
    max_retries: 0,
    retry_if_unreachable: false,
  });
  connection.onopen = (session, details) => agent.joined(connection, session, details);
  connection.onclose = (event, details) => {
    report({left: {event, reason: details.reason, message: details.message}});
    process.exitCode = 0;
    process.stdin.destroy();
    return true; // no reconnect
  };
  connection.open();
}

function parseArguments(args) {
  const options = {};
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '');
    if (!['url', 'serializer', 'realm', 'name'].includes(name) || i + 1 === args.length) {
      process.stderr.write(`agent.js: unknown or incomplete argument ${args[i]}\n`);
      process.exit(2);
    }
    options[name] = args[i + 1];
  }
  if (!options.url) {
    process.stderr.write('agent.js: --url is missing\n');
    process.exit(2);
  }
  return options;
}

// transport returns the transport as autobahn.Connection wants it.
function transport(address) {
  const url = new URL(address);
  switch (url.protocol) {
    case 'unix:':
      return {type: 'rawsocket', path: url.pathname};
    case 'rs:':
      return {type: 'rawsocket', host: url.hostname, port: Number(url.port)};
    default:
      throw new Error(`Autobahn|JS has no RawSocket transport for ${address}`);
  }
}

// Agent carries out commands on one session.
class Agent {
  constructor(name) {
    this.name = name;
    this.calls = new Map();
    this.registrations = new Map();
    this.subscriptions = new Map();
    this.commands = {
      register: (c) => this.register(c),
      unregister: (c) => this.session.unregister(take(this.registrations, c.uri)),
      call: (c) => this.call(c),
      cancel: (c) => this.calls.get(c.call).cancel({mode: 'kill'}),
      subscribe: (c) => this.subscribe(c),
      unsubscribe: (c) => this.session.unsubscribe(take(this.subscriptions, c.uri)),
      publish: (c) => this.publish(c),
      leave: () => this.connection.close(),
    };
    this.behaviours = {
      echo: (args, kwargs) => new autobahn.Result(args, kwargs),
      fail: (args, kwargs) => {
        throw new autobahn.Error('com.example.error.refused', args, kwargs);
      },
      name: () => this.name,
      details: (args, kwargs, details) => ({procedure: details.procedure}),
      caller: (args, kwargs, details) => details.caller || 0,
      progress: ([count], kwargs, details) => {
        for (let step = 0; step < count; step++) details.progress([step]);
        return count;
      },
    };
  }

  joined(connection, session, details) {
    this.connection = connection;
    this.session = session;
    report({joined: {
      session: session.id,
      realm: session.realm,
      authid: details.authid,
      authrole: details.authrole,
      authmethod: details.authmethod,
      features: features(details.roles),
    }});
    readline.createInterface({input: process.stdin}).on('line', (line) => this.run(JSON.parse(line)));
  }

  async run(command) {
    try {
      const result = await this.commands[command.do](command);
      report({id: command.id, ok: result === undefined || result === true ? null : result});
    } catch (error) {
      report({id: command.id, error: error instanceof autobahn.Error
        ? {uri: error.error, args: pack(error.args || []), kwargs: pack(error.kwargs || {})}
        : {uri: '', text: String(error && error.stack || error)}});
    }
  }

  async register(command) {
    const endpoint = this.behaviours[command.behaviour];
    const registration = await this.session.register(command.uri, endpoint, command.options);
    this.registrations.set(command.uri, registration);
    return registration.id;
  }

  async call(command) {
    const progress = [];
    const call = this.session.call(
      command.uri, unpack(command.args), unpack(command.kwargs), command.options);
    this.calls.set(command.id, call);
    try {
      const result = await call.then((value) => value, undefined, (step) => progress.push([step]));
      return {...resultOf(result), progress};
    } finally {
      this.calls.delete(command.id);
    }
  }

  async subscribe(command) {
    const handler = (args, kwargs, details) => report({event: {
      subscription: command.uri,
      topic: details.topic,
      publisher: details.publisher || 0,
      retained: details.retained,
      args: pack(args || []),
      kwargs: pack(kwargs || {}),
    }});
    const subscription = await this.session.subscribe(command.uri, handler, command.options);
    this.subscriptions.set(command.uri, subscription);
    return subscription.id;
  }

  async publish(command) {
    const published = await this.session.publish(
      command.uri, unpack(command.args), unpack(command.kwargs), command.options);
    return published ? published.id : null;
  }
}

// resultOf undoes Autobahn|JS's habit of handing out a lone positional result
// bare, and anything else as a Result.
function resultOf(result) {
  if (result instanceof autobahn.Result) {
    return {args: pack(result.args), kwargs: pack(result.kwargs)};
  }
  return {args: result === null || result === undefined ? [] : [pack(result)], kwargs: {}};
}

function take(map, key) {
  const value = map.get(key);
  map.delete(key);
  return value;
}

// features lists the names of the features that the router announced, by role.
function features(roles) {
  const names = {};
  for (const [role, {features}] of Object.entries(roles || {})) {
    names[role] = Object.keys(features || {}).filter((name) => features[name] === true).sort();
  }
  return names;
}

// unpack turns {"$binary": …} into WAMP's form of octet strings in JSON.
function unpack(value) {
  return walk(value, (object) => '$binary' in object ? '\0' + object.$binary : undefined);
}

// pack turns WAMP's form of octet strings in JSON into {"$binary": …}.
function pack(value) {
  if (typeof value === 'string' && value.startsWith('\0')) return {$binary: value.slice(1)};
  return walk(value, () => undefined, pack);
}

// walk copies lists and objects, where replace may put something in an
// object's place.
function walk(value, replace, each = unpack) {
  if (Array.isArray(value)) return value.map(each);
  if (value === null || typeof value !== 'object') return value;
  const replaced = replace(value);
  if (replaced !== undefined) return replaced;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, each(item)]));
}

function report(fields) {
  process.stdout.write(JSON.stringify(fields) + '\n');
}

main();
