#!/usr/bin/env bash
# Makes again what is generated: code by go generate, golden files by the tests
# that compare with them. Where CI is set, a file that changes by this is an error.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
go generate ./...
mapfile -t golden < <(
    grep -rl --include='*_test.go' --exclude-dir='.?*' 'flag\.Bool("update"' . |
        xargs -r -n 1 dirname | sort -u
)
for package in "${golden[@]}"; do
    go test -count=1 "$package" -update
done
if [ -n "${CI:-}" ]; then
    git diff --exit-code
fi
