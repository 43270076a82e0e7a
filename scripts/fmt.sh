#!/usr/bin/env bash
# Formats all Go files with gofumpt.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/versions.sh
mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.go')
scripts/tool.sh "$GOFUMPT" -w "${sources[@]}"
