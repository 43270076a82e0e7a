#!/usr/bin/env bash
# Runs the tests that have the build tag integration, in the packages that have
# such tests.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
mapfile -t packages < <(
    grep -rl --include='*_test.go' --exclude-dir='.?*' '^//go:build .*\bintegration\b' . |
        xargs -r -n 1 dirname | sort -u
)
if [ "${#packages[@]}" -eq 0 ]; then
    echo 'integration: no package has such tests' >&2
    exit 1
fi
scripts/gotest.sh -tags integration "${packages[@]}"
