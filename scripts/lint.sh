#!/usr/bin/env bash
# Checks formatting, vet, the linters, the import rules and the module files.
# Runs all of them, then fails if one did.
#
# golangci-lint is left out on purpose: building it takes longer than this
# whole suite, and what it would add is here by itself.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/versions.sh

failed=()
complaints=$(mktemp)
trap 'rm -f "$complaints"' EXIT

# check NAME COMMAND … fails when the command does, or prints findings. What a
# successful command has to say on stderr (downloads) is none.
check() {
    local name=$1 findings status=0
    shift
    findings=$("$@" 2>"$complaints") || status=$?
    if [ "$status" -ne 0 ] || [ -n "$findings" ]; then
        printf 'lint: %s\n' "$name"
        printf '%s\n' "$findings" | cat - "$complaints" | grep -v '^$'
        failed+=("$name")
    fi
}

# files lists what git tracks or would track, and what is really there.
files() {
    git ls-files --cached --others --exclude-standard -- "$@" | while read -r name; do
        [ ! -f "$name" ] || printf '%s\n' "$name"
    done
}

# quietly prints what a command printed only when it failed.
quietly() {
    local output
    output=$("$@" 2>&1) || { local status=$?; printf '%s\n' "$output"; return "$status"; }
}

mapfile -t sources < <(files '*.go')
mapfile -t prose < <(files '*.md' '*.go' '*.sh' Makefile)
mapfile -t shell < <(files '*.sh' .ci/run)

check gofmt gofmt -s -l "${sources[@]}"
check vet go vet ./...
check 'vet (integration)' go vet -tags integration ./...
check 'vet (interop)' go vet -tags interop ./...
check staticcheck scripts/tool.sh "$STATICCHECK" -tags integration,interop ./...
# Comparing with == is right for what a system call or a Conn returns.
check errorlint scripts/tool.sh "$ERRORLINT" -asserts=false -comparison=false ./...
check ineffassign scripts/tool.sh "$INEFFASSIGN" ./...
check misspell scripts/tool.sh "$MISSPELL" "${prose[@]}"
check 'import rules' quietly go test -count=1 ./internal/arch
check 'shell syntax' bash -n "${shell[@]}"
check 'go.mod' go mod tidy -diff

if [ "${#failed[@]}" -gt 0 ]; then
    printf 'lint: failed: %s\n' "$(printf '%s, ' "${failed[@]}" | sed 's/, $//')"
    exit 1
fi
echo 'lint: clean'
