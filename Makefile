# Each target calls a command that also runs by hand. The README needs only
# the go command; what the others need they install below .cache themselves.

.DEFAULT_GOAL := build

.PHONY: build fmt lint test race fuzz integration bench interop generate ci

build: ## the static binary, bin/junctor
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/junctor ./cmd/junctor

fmt: ## format the sources
	scripts/fmt.sh

lint: ## formatting, vet, linters, import rules, module files
	scripts/lint.sh

test: ## the tests that need nothing but Go
	scripts/gotest.sh ./...

race: ## the same under the race detector
	scripts/gotest.sh -race ./...

fuzz: ## each fuzz target for FUZZTIME (5s)
	scripts/fuzz.sh

integration: ## slower tests, over real sockets
	scripts/integration.sh

bench: ## the stops of the hot paths, with allocations
	go test -run '^$$' -bench . -benchmem ./...

interop: ## other people's clients against the router; prints matrices
	scripts/interop.sh

generate: ## generated code and golden files
	scripts/generate.sh

ci: lint race integration interop generate ## all that must pass
