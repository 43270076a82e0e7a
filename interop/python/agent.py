"""A WAMP session, driven by JSON lines: Autobahn|Python's side of the suite.

Each line on stdin is a command, each line on stdout an answer to one (same
"id") or a report ("joined", "event", "interrupted", "left"). Octet strings
travel as {"$binary": base64}. ../README.md lists the commands.

The code uses Autobahn's public interface alone, and the same for both of its
back ends: handlers and commands are coroutines, which Twisted and asyncio run
alike.
"""

import argparse
import base64
import json
import sys
import threading
from urllib.parse import urlsplit

BINARY = "$binary"


def main():
    arguments = parse_arguments()
    backend = Twisted() if arguments.backend == "twisted" else Asyncio()
    component = backend.component(
        transports=[transport(arguments)], realm=arguments.realm
    )
    agent = Agent(backend, arguments.name)

    @component.on_join
    async def joined(session, details):
        agent.joined(session, details)

    @component.on_leave
    async def left(_session, details):
        report(left={"reason": details.reason, "message": details.message})

    backend.run(component)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=["twisted", "asyncio"], required=True)
    parser.add_argument("--url", required=True, help="rs://host:port, rss://…, unix:///path")
    parser.add_argument("--serializer", choices=["json", "msgpack", "cbor"], required=True)
    parser.add_argument("--realm", default="realm1")
    parser.add_argument("--ca", help="PEM file with the root that the router's certificate has")
    parser.add_argument("--name", default="python", help="what the behaviour \"name\" answers")
    return parser.parse_args()


def transport(arguments):
    """The transport as Autobahn's Component wants it."""
    url = urlsplit(arguments.url)
    if url.scheme == "unix":
        endpoint, address = {"type": "unix", "path": url.path}, "rs://unix:" + url.path
    else:
        endpoint = {"type": "tcp", "host": url.hostname, "port": url.port}
        address = arguments.url
    if url.scheme == "rss":
        of_its_own = getattr(arguments, "tls", None)
        endpoint["tls"] = of_its_own or {"hostname": url.hostname, "trust_root": arguments.ca}
    return {
        "type": "rawsocket",
        "url": address,
        "endpoint": endpoint,
        "serializer": arguments.serializer,
        "max_retries": 0,
    }


class Agent:
    """Carries out commands on one session."""

    def __init__(self, backend, name):
        self.backend = backend
        self.name = name
        self.session = None
        self.calls = {}
        self.registrations = {}
        self.subscriptions = {}

    def joined(self, session, details):
        self.session = session
        report(
            joined={
                "session": details.session,
                "realm": details.realm,
                "authid": details.authid,
                "authrole": details.authrole,
                "authmethod": details.authmethod,
                "features": features(session),
            }
        )
        threading.Thread(target=self.read_commands, daemon=True).start()

    def read_commands(self):
        for line in sys.stdin:
            self.backend.start_soon(self.run, json.loads(line))

    async def run(self, command):
        from autobahn.wamp.exception import ApplicationError

        try:
            answer = await getattr(self, "do_" + command["do"])(command)
            report(id=command["id"], ok=answer)
        except ApplicationError as error:
            report(
                id=command["id"],
                error={"uri": error.error, "args": list(error.args), "kwargs": error.kwargs},
            )
        except self.backend.cancelled:
            report(id=command["id"], error={"uri": "", "text": "cancelled by the client itself"})
        except BaseException as error:  # noqa: B902  everything must be answered
            report(id=command["id"], error={"uri": "", "text": repr(error)})

    async def do_register(self, command):
        from autobahn.wamp.types import RegisterOptions

        endpoint = getattr(self, "behave_" + command["behaviour"])
        registration = await self.session.register(
            endpoint,
            command["uri"],
            options=RegisterOptions(details_arg="details", **command.get("options", {})),
        )
        self.registrations[command["uri"]] = registration
        return registration.id

    async def do_unregister(self, command):
        await self.registrations.pop(command["uri"]).unregister()

    async def do_call(self, command):
        from autobahn.wamp.types import CallOptions, CallResult

        options, progress = command.get("options", {}), []
        if options.pop("receive_progress", False):
            options["on_progress"] = lambda *args, **_: progress.append(list(args))
        args, kwargs = arguments_of(command)
        call = self.session.call(command["uri"], *args, options=CallOptions(**options), **kwargs)
        self.calls[command["id"]] = call
        try:
            result = await call
        finally:
            del self.calls[command["id"]]
        if isinstance(result, CallResult):
            positional, keywords = list(result.results), result.kwresults
        else:  # Autobahn hands out a lone positional result bare, and none as None
            positional, keywords = [] if result is None else [result], {}
        return {"args": positional, "kwargs": keywords, "progress": progress}

    async def do_cancel(self, command):
        self.calls[command["call"]].cancel()

    async def do_subscribe(self, command):
        from autobahn.wamp.types import SubscribeOptions

        async def handler(*args, details, **kwargs):
            report(
                event={
                    "subscription": command["uri"],
                    "topic": details.topic,
                    "publisher": details.publisher or 0,
                    "retained": bool(details.retained),
                    "args": list(args),
                    "kwargs": kwargs,
                }
            )

        subscription = await self.session.subscribe(
            handler,
            command["uri"],
            options=SubscribeOptions(details_arg="details", **command.get("options", {})),
        )
        self.subscriptions[command["uri"]] = subscription
        return subscription.id

    async def do_unsubscribe(self, command):
        await self.subscriptions.pop(command["uri"]).unsubscribe()

    async def do_publish(self, command):
        from autobahn.wamp.types import PublishOptions

        args, kwargs = arguments_of(command)
        options = PublishOptions(**command.get("options", {}))
        published = self.session.publish(command["uri"], *args, options=options, **kwargs)
        return (await published).id if published is not None else None

    async def do_leave(self, _command):
        self.session.leave()

    async def behave_echo(self, *args, details, **kwargs):
        from autobahn.wamp.types import CallResult

        return CallResult(*args, **kwargs)

    async def behave_fail(self, *args, details, **kwargs):
        from autobahn.wamp.exception import ApplicationError

        raise ApplicationError("com.example.error.refused", *args, **kwargs)

    async def behave_name(self, *_args, details, **_kwargs):
        return self.name

    async def behave_details(self, *_args, details, **_kwargs):
        return {"procedure": details.procedure}

    async def behave_caller(self, *_args, details, **_kwargs):
        return details.caller or 0

    async def behave_progress(self, count, details):
        for step in range(count):
            details.progress(step)
        return count

    async def behave_wait(self, *_args, details, **_kwargs):
        report(event={"subscription": details.procedure, "args": [], "kwargs": {}})
        try:
            await self.backend.never()
        except self.backend.cancelled:
            report(interrupted={"procedure": details.procedure})
            raise


class Twisted:
    """Autobahn on Twisted."""

    def __init__(self):
        from autobahn.twisted.component import Component
        from twisted.internet import defer, reactor

        self.component = Component
        self.cancelled = defer.CancelledError
        self._defer = defer
        self._reactor = reactor

    def start_soon(self, coroutine, *args):
        self._reactor.callFromThread(
            lambda: self._defer.ensureDeferred(coroutine(*args))
        )

    def never(self):
        return self._defer.Deferred()

    def run(self, component):
        from autobahn.twisted.component import run

        run([component], log_level=None)

    def start(self, component):
        return component.start(self._reactor)

    def run_until_done(self, main):
        from twisted.internet import task

        task.react(lambda _: self._defer.ensureDeferred(main()))

    def tls(self, ca, options):
        """TLS with what Component's own options do not have."""
        from twisted.internet import ssl

        own, limits = None, {}
        if "certificate" in options:
            with open(options["certificate"]) as one, open(options["certificate_key"]) as other:
                own = ssl.PrivateCertificate.loadPEM(one.read() + other.read())
        if options.get("tls_1_2"):
            limits["lowerMaximumSecurityTo"] = ssl.TLSVersion.TLSv1_2
        with open(ca) as root:
            root = ssl.Certificate.loadPEM(root.read())
        return ssl.optionsForClientTLS(
            "localhost", trustRoot=root, clientCertificate=own, extraCertificateOptions=limits
        )


class Asyncio:
    """Autobahn on asyncio."""

    def __init__(self):
        import asyncio

        from autobahn.asyncio.component import Component

        self.component = Component
        self.cancelled = asyncio.CancelledError
        self._asyncio = asyncio
        self._loop = None
        self._tasks = set()

    def start_soon(self, coroutine, *args):
        def start():
            task = self._loop.create_task(coroutine(*args))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(start)

    def never(self):
        return self._loop.create_future()

    def run(self, component):
        from autobahn.asyncio.component import run

        self._loop = self._asyncio.new_event_loop()
        self._asyncio.set_event_loop(self._loop)
        run([component], log_level=None)

    def start(self, component):
        return component.start(self._asyncio.get_running_loop())

    def run_until_done(self, main):
        self._asyncio.run(main())

    def tls(self, ca, options):
        """TLS with what Component's own options do not have."""
        import ssl

        context = ssl.create_default_context(cafile=ca)
        if "certificate" in options:
            context.load_cert_chain(options["certificate"], options["certificate_key"])
        if options.get("tls_1_2"):
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context


def features(session):
    """The names of the features that the router announced, by role."""
    roles = {}
    for name, role in (getattr(session, "_router_roles", None) or {}).items():
        roles[name] = sorted(key for key, value in vars(role).items() if value is True)
    return roles


def arguments_of(command):
    return unpack(command.get("args") or []), unpack(command.get("kwargs") or {})


def unpack(value):
    """Turns {"$binary": …} into bytes, at any depth."""
    if isinstance(value, dict):
        if set(value) == {BINARY}:
            return base64.b64decode(value[BINARY])
        return {key: unpack(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unpack(item) for item in value]
    return value


def pack(value):
    """Turns bytes into {"$binary": …}; json.dumps calls it for what it does not know."""
    if isinstance(value, bytes):
        return {BINARY: base64.b64encode(value).decode()}
    raise TypeError(f"cannot report {value!r}")


_stdout = threading.Lock()


def report(**fields):
    line = json.dumps(fields, default=pack, ensure_ascii=False)
    with _stdout:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
