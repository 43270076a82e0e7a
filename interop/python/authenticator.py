"""An authenticator and two authorizers, written with Autobahn|Python for a node
of Crossbar.io, as its documentation describes them: procedures that the router
calls as trusted, registered by a component with the role "backend".

Who may sign in stands in a file of JSON, named by PRINCIPALS.
"""

import json
import os
from collections import Counter

from autobahn.twisted.component import Component, run
from autobahn.wamp.exception import ApplicationError

with open(os.environ["PRINCIPALS"]) as file:
    PRINCIPALS = json.load(file)

component = Component(
    transports=[
        {
            "type": "rawsocket",
            "url": "rs://unix:router.sock",
            "endpoint": {"type": "unix", "path": os.environ["ROUTER_SOCKET"]},
            "serializer": "cbor",
        }
    ],
    realm="realm1",
)

asked = Counter()  # authorizations, by session and URI


@component.register("com.example.authenticate")
def authenticate(realm, authid, details):
    """Serves anonymous, ticket, wampcra and cryptosign alike."""
    method = details["authmethod"]
    if method == "anonymous":
        return "anonymous"  # a role alone
    if method == "cryptosign":
        return principal_of_key(realm, authid, details["authextra"]["pubkey"])
    principal = PRINCIPALS[method].get(authid)
    if principal is None:
        raise ApplicationError("com.example.no_such_user", f"no user {authid}")
    if method == "ticket":
        if details["ticket"] != principal["ticket"]:
            raise ApplicationError("com.example.invalid_ticket", f"wrong ticket of {authid}")
        extra = {"greeting": f"hello {authid}", "peer": details["transport"]["peer"].split(":")[:2]}
        return {"realm": realm, "role": principal["role"], "extra": extra}
    return principal  # secret and role, and what salted secrets have besides


def principal_of_key(realm, authid, pubkey):
    for name, principal in PRINCIPALS["cryptosign"].items():
        if pubkey in principal["authorized_keys"] and authid in (None, "", name):
            return {"pubkey": pubkey, "realm": realm, "authid": name, "role": principal["role"], "extra": {}}
    raise ApplicationError("com.example.no_such_user", "nobody has this key")


@component.register("com.example.authorize")
def authorize(session, uri, action, options):
    """Decides for the role "frontend"."""
    asked[session["session"], uri] += 1
    if session["authrole"] != "frontend":
        raise ApplicationError("com.example.wrong_role", session["authrole"])
    if action == "register":
        return False
    if action == "subscribe" and options.get("match") == "prefix":
        return {"allow": False}
    part = uri.split(".")[2]
    if part == "own":  # com.example.own.<authid>.…
        return {"allow": uri.split(".")[3] == session["authid"]}
    if part == "broken":
        raise RuntimeError("the database is away")
    return {
        "open": True,
        "closed": False,
        "disclosed": {"allow": True, "disclose": True},
        "cached": {"allow": True, "disclose": False, "cache": True},
        "nonsense": {"allow": "perhaps"},
    }[part]


@component.register("com.example.authorize_simply")
def authorize_simply(session, uri, action):
    """Decides for the role "kiosk", in the older form without options."""
    return action == "call" and uri == "com.example.open.name"


@component.register("com.example.authorizations")
def authorizations(session, uri):
    return asked[session, uri]


if __name__ == "__main__":
    run([component], log_level="warn")
