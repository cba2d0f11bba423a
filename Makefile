# The ways to run, test and check the project. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test lint fmt proto-lint proto-breaking deny tools

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: ## Start the server on its embedded default (SQLite in ./data)
	cargo run --release --locked --bin aiconfig -- serve

test: tools ## Install what the tests need, then pass all of them
	cargo build --locked --bin aiconfig
	cargo test --workspace --locked

lint: ## Format and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

fmt: ## Format the sources
	cargo fmt --all

proto-lint: .tools/node_modules/.bin/buf ## Lint the protos
	.tools/node_modules/.bin/buf lint

proto-breaking: .tools/node_modules/.bin/buf ## Compare the protos with the main branch
	.tools/node_modules/.bin/buf breaking --against '.git#branch=main'

deny: ## Check licences and advisories (needs cargo-deny)
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is missing: cargo install --locked cargo-deny"; exit 1; }
	cargo deny check bans licenses sources

tools: ## Install what the tests need
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
	  if command -v apt-get >/dev/null; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql; \
	  else echo "PostgreSQL is missing: install its server package"; exit 1; fi; }

.tools/node_modules/.bin/buf:
	@command -v npm >/dev/null || { echo "npm is missing: apt-get install npm"; exit 1; }
	npm install --silent --no-save --prefix .tools @bufbuild/buf@1.75.0
