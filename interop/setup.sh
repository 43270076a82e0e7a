#!/usr/bin/env bash
# Installs the third-party clients of the interop suite below .cache/interop,
# which is ignored by git, at the versions that python/requirements.txt and
# js/package.json name. Does nothing where they are there already.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${JUNCTOR_INTEROP_CACHE:-$here/../.cache/interop}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

# A stamp holds what was installed, so that a changed version is installed anew.
installed() { cmp -s "$1" "$cache/$2.stamp"; }
stamp() { cp "$1" "$cache/$2.stamp"; }

python_clients() {
    local wanted=$here/python/requirements.txt
    if installed "$wanted" python && [ -x "$cache/venv/bin/python" ]; then return; fi
    rm -rf "$cache/venv"
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted"
    stamp "$wanted" python
}

javascript_clients() {
    local wanted=$here/js/package.json
    if installed "$wanted" js && [ -d "$cache/node_modules/autobahn" ]; then return; fi
    rm -rf "$cache/node_modules"
    cp "$wanted" "$here/js/.npmrc" "$cache/"
    # Autobahn|JS asks for a newer node for its WebSocket transport alone; npm
    # warns and goes on.
    npm install --prefix "$cache" --no-package-lock --loglevel=error
    stamp "$wanted" js
}

python_clients
javascript_clients
echo "interop: Autobahn|Python $("$cache/venv/bin/python" -c 'import autobahn; print(autobahn.__version__)')," \
    "Autobahn|JS $(node -p "require('$cache/node_modules/autobahn').version") in ${cache#"$PWD"/}"
