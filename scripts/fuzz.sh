#!/usr/bin/env bash
# Runs each fuzz target for FUZZTIME (default 5s), one after the other. An
# argument narrows the packages: scripts/fuzz.sh ./transport/...
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
time=${FUZZTIME:-5s}
ran=0
for package in $(go list "${@:-./...}"); do
    for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
        echo "fuzz: $package $target"
        go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
        ran=$((ran + 1))
    done
done
echo "fuzz: $ran targets, $time each"
