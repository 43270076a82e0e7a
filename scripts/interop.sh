#!/usr/bin/env bash
# Installs other people's WAMP clients, runs them against junctor, and prints
# matrices of what worked. Most of the time is spent waiting, hence more tests at a
# time than processors. Arguments go to go test: scripts/interop.sh -run TestShutdown
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
interop/setup.sh

matrix=$(mktemp)
trap 'rm -f "$matrix"' EXIT
status=0
JUNCTOR_INTEROP_MATRIX=$matrix scripts/gotest.sh -tags interop -count=1 -parallel 6 "$@" ./interop || status=$?
cat "$matrix"
exit "$status"
