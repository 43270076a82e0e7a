"""A guest of a node, written with Autobahn|Python: it finds its router in its
environment, answers com.example.python.describe, and says on com.example.heard
what it has heard on com.example.news. guest.js does the same.
"""

import os
from urllib.parse import unquote, urlsplit

from autobahn.twisted.component import Component, run

ADDRESS, REALM = os.environ["JUNCTOR_URL"], os.environ["JUNCTOR_REALM"]


def transport():
    """The transport as Autobahn's Component wants it."""
    url = urlsplit(ADDRESS)
    if url.scheme == "unix":
        path = unquote(url.path)
        endpoint, address = {"type": "unix", "path": path}, "rs://unix:" + path
    else:
        endpoint, address = {"type": "tcp", "host": url.hostname, "port": url.port}, ADDRESS
    return {
        "type": "rawsocket",
        "url": address,
        "endpoint": endpoint,
        "serializer": "json",
        "max_retries": 0,  # the node starts it again
    }


component = Component(transports=[transport()], realm=REALM)


@component.on_join
async def joined(session, _details):
    def heard(news):
        session.publish("com.example.heard", "python", os.getpid(), news)

    def describe():
        return {"pid": os.getpid(), "url": ADDRESS, "realm": REALM}

    # The node takes it for ready once it has registered: the last thing to do.
    await session.subscribe(heard, "com.example.news")
    await session.register(describe, "com.example.python.describe")
    print("ready")


if __name__ == "__main__":
    run([component], log_level="warn")
