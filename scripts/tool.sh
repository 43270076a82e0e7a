#!/usr/bin/env bash
# Usage: scripts/tool.sh module/path@version [argument ...]
#
# Runs a tool written in Go at exactly that version, which it first installs
# below .cache/tools, unless it is there.
set -euo pipefail

tool=$1
shift
dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.cache/tools/${tool//[\/@]/-}
name=${tool%@*}
name=$dir/${name##*/}
if [ ! -x "$name" ]; then
    mkdir -p "$dir"
    GOBIN=$dir GOFLAGS=-mod=mod go install "$tool"
fi
exec "$name" "$@"
