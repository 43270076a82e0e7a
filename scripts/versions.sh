# shellcheck shell=bash
# The versions of the tools that the other scripts install. They stay out of
# go.mod, since nothing that is built needs them.

STATICCHECK=honnef.co/go/tools/cmd/staticcheck@v0.8.2
ERRORLINT=github.com/polyfloyd/go-errorlint@v1.8.0
INEFFASSIGN=github.com/gordonklaus/ineffassign@v0.2.0
MISSPELL=github.com/golangci/misspell/cmd/misspell@v0.8.0
