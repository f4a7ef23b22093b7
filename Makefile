# make help explains every target.
GO ?= go
BIN := bin
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
export CGO_ENABLED ?= 0
# The agent runs on these systems; each must build.
AGENT_TARGETS := linux/amd64 linux/arm64 linux/ppc64le linux/s390x windows/amd64 windows/arm64 darwin/amd64 darwin/arm64 \
	aix/ppc64 solaris/amd64 freebsd/amd64

.PHONY: help
help: ## Show what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## Build, start Highwater on an embedded database with a sample estate, and show its main job
	@$(BIN)/highwater demo

.PHONY: build
build: ## Build the programs into bin/
	@mkdir -p $(BIN)
	@echo "building bin/highwater and bin/highwater-agent (the first time this takes a minute or two)"
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/...

.PHONY: test
test: ## Run every test that can run here, and say which could not and why
	@GO="$(GO)" ./test.sh

.PHONY: race
race: ## Run the tests under the race detector (needs a C compiler)
	@CGO_ENABLED=1 $(GO) test -race -short -timeout 40m ./...

.PHONY: check
check: vet lint build-agents ## What continuous integration checks besides the tests: format, vet, lint, every agent target

.PHONY: vet
vet:
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not formatted (run gofmt -w):"; echo "$$out"; exit 1; fi
	@$(GO) vet ./...

.PHONY: lint
lint: ## Run the linters of .golangci.yml (needs a C compiler the first time)
	@cd tools && $(GO) build -o ../$(BIN)/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@$(BIN)/golangci-lint run ./...

.PHONY: build-agents
build-agents: ## Cross-compile the agent for every system it runs on
	@for t in $(AGENT_TARGETS); do \
		GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build -o /dev/null ./cmd/highwater-agent || { echo "highwater-agent does not build for $$t"; exit 1; }; \
	done; echo "highwater-agent builds for $(AGENT_TARGETS)"

.PHONY: generate
generate: ## Compile the SQL of store/queries into Go (needs a C compiler the first time)
	@cd tools && CGO_ENABLED=1 $(GO) build -o ../$(BIN)/sqlc github.com/sqlc-dev/sqlc/cmd/sqlc
	@$(BIN)/sqlc generate

.PHONY: clean
clean: ## Remove what was built and the demo's data
	@rm -rf $(BIN) highwater-demo screenshots
