#!/usr/bin/env bash
# go test with the given arguments. Where JUNCTOR_TALLY names a file (.ci/run
# sets it), the numbers of passed and failed tests are added to those in it.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -z "${JUNCTOR_TALLY:-}" ]; then
    exec go test "$@"
fi
go test -json "$@" | go run ./scripts/tally -add "$JUNCTOR_TALLY"
