"""Signs in and leaves again, once for each line on stdin: Autobahn|Python's side
of the sign-in matrix. Each line on stdin is an attempt, each line on stdout what
became of it: {"joined": …}, {"refused": {"reason", "message"}} or {"failed": text}.
../README.md lists what an attempt says.
"""

import argparse
import json
import sys
from types import SimpleNamespace

from agent import Asyncio, Twisted, report, transport
from autobahn.wamp.interfaces import IAuthenticator


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=["twisted", "asyncio"], required=True)
    backend = Twisted() if parser.parse_args().backend == "twisted" else Asyncio()
    attempts = [json.loads(line) for line in sys.stdin]

    async def sign_in():
        for attempt in attempts:
            await try_once(backend, attempt)

    backend.run_until_done(sign_in)


async def try_once(backend, attempt):
    where = SimpleNamespace(
        url=attempt["url"], serializer=attempt["serializer"], ca=attempt.get("ca")
    )
    if "certificate" in attempt or attempt.get("tls_1_2"):
        where.tls = backend.tls(where.ca, attempt)
    component = backend.component(
        transports=[transport(where)],
        realm=attempt["realm"],
        authentication=authentication(attempt),
    )
    became = {}

    @component.on_join
    async def joined(session, details):
        became["joined"] = {
            "session": details.session,
            "realm": details.realm,
            "authid": details.authid,
            "authrole": details.authrole,
            "authmethod": details.authmethod,
            "authextra": details.authextra,
        }
        session.leave()

    @component.on_leave
    async def left(_session, details):
        became.setdefault("joined", None)
        if became["joined"] is None:
            became["refused"] = {"reason": details.reason, "message": details.message}

    try:
        await backend.start(component)
    except Exception as error:  # which says the same as on_leave, if that was called
        became.setdefault("failed", repr(error))
    if became.get("joined"):
        report(joined=became["joined"])
    elif "refused" in became:
        report(refused=became["refused"])
    else:
        report(failed=became.get("failed", "the connection ended"))


def authentication(attempt):
    """The authentication as Autobahn's Component wants it."""
    method, authid = attempt["method"], attempt.get("authid")
    named = {"authid": authid} if authid else {}
    if method == "anonymous":
        return {"anonymous": {}}
    if method == "ticket":
        return {"ticket": {"ticket": attempt["secret"], **named}}
    if method == "wampcra":
        return {"wampcra": {"secret": attempt["secret"], **named}}
    if method == "scram":
        return {"scram": {"password": attempt["secret"], **named}}
    if method == "cryptosign":
        extra = {}
        if "channel_binding" in attempt:
            extra["channel_binding"] = attempt["channel_binding"]
        return {"cryptosign": {"privkey": attempt["private_key"], "authextra": extra, **named}}
    return {method: Unchallenged(method, named)}


class Unchallenged:
    """A method by which the connection shows who the client is. Autobahn has none,
    but takes authenticators that it does not know."""

    authextra = {}

    def __init__(self, name, named):
        self.name = name
        self._args = named  # where Autobahn looks for the authid

    def on_challenge(self, session, challenge):
        raise RuntimeError(f"a challenge, which {self.name} does not have")

    def on_welcome(self, msg, authextra):
        return None


IAuthenticator.register(Unchallenged)


if __name__ == "__main__":
    main()
