# The ways to run, test and check the project. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test torture bench lint fmt proto-lint proto-breaking deny tools fetch-prices fuzz fuzz-tools
ROUNDS ?= 200
OUTAGE ?= 60

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: ## Start the server on its embedded default (SQLite in ./data)
	cargo run --release --locked --bin aiconfig -- serve

test: tools ## Install what the tests need, then pass all of them
	cargo build --locked --workspace --bin aiconfig
	cargo test --workspace --locked

torture: tools ## Faults at length: ROUNDS=200 on each database, OUTAGE=60 seconds (docs/faults.md)
	cargo build --locked --workspace --bin aiconfig
	AICONFIG_TORTURE_ROUNDS=$(ROUNDS) AICONFIG_TORTURE_OUTAGE_SECONDS=$(OUTAGE) \
	  cargo test --locked --workspace --test torture --test rotation -- --nocapture --test-threads=1

bench: ## Measure the main call beside a server that does nothing (docs/benchmarks.md)
	cargo build --release --locked -p aiconfig-server -p aiconfig-bench
	target/release/aiconfig-bench $(BENCH_FLAGS)

FUZZ_NIGHTLY := nightly-2026-05-20
CARGO_FUZZ := 0.13.2
FUZZ_SECONDS ?= 600

fuzz: fuzz-tools ## Fuzz each of FUZZ_TARGETS (all) for FUZZ_SECONDS (600) (docs/fuzzing.md)
	FUZZ_NIGHTLY=$(FUZZ_NIGHTLY) fuzz/run $(FUZZ_SECONDS) $(FUZZ_TARGETS)

fuzz-tools: ## Install what libFuzzer needs; where it cannot be had, a runner on stable fuzzes
	@rustup run $(FUZZ_NIGHTLY) rustc --version >/dev/null 2>&1 || \
	  rustup toolchain install $(FUZZ_NIGHTLY) --profile minimal --no-self-update || \
	  echo "$(FUZZ_NIGHTLY) cannot be had"
	@.tools/bin/cargo-fuzz --version 2>/dev/null | grep -q ' $(CARGO_FUZZ)$$' || \
	  cargo install --quiet --locked --force --root .tools cargo-fuzz@$(CARGO_FUZZ) || \
	  echo "cargo-fuzz cannot be had"

lint: .tools/venv/installed ## Format and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	.tools/venv/bin/shellcheck fuzz/run .ci/run
	cd clients/grpcurl && ../../.tools/venv/bin/shellcheck -x $$(ls | grep -v '[.]')
	.tools/venv/bin/ruff check --quiet tests/python && .tools/venv/bin/ruff format --check --quiet tests/python

fmt: ## Format the sources
	cargo fmt --all

proto-lint: .tools/node_modules/.bin/buf ## Lint the protos
	.tools/node_modules/.bin/buf lint

proto-breaking: .tools/node_modules/.bin/buf ## Compare the protos with the main branch
	.tools/node_modules/.bin/buf breaking --against '.git#branch=main'

deny: ## Check licences and advisories (needs cargo-deny)
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is missing: cargo install --locked cargo-deny"; exit 1; }
	cargo deny check bans licenses sources
	@if cargo deny fetch db >/dev/null 2>&1; then cargo deny check advisories; \
	else echo "the database of advisories could not be fetched: they are not checked"; fi

tools: .tools/bin/grpcurl .tools/venv/installed fetch-prices ## Install what the tests need
	$(call need,ls /usr/lib/postgresql/*/bin/initdb,postgresql)

PRICES := .tools/prices
PRICE_FILE := model_prices_and_context_window_backup.json

fetch-prices: $(PRICES)/$(PRICE_FILE) $(PRICES)/genai-prices.json ## Fetch the public prices that tests import

# Without the network there is no file, and the test of it says that it is skipped.
$(PRICES)/$(PRICE_FILE): .tools/venv/installed
	@mkdir -p $(PRICES) && .tools/venv/bin/python -m pip download --quiet --disable-pip-version-check \
	  --no-deps --dest $(PRICES) litellm==1.109.1 && \
	  .tools/venv/bin/python -m zipfile -e $(PRICES)/litellm-1.109.1-*.whl $(PRICES)/litellm && \
	  mv $(PRICES)/litellm/litellm/$(PRICE_FILE) $@ && rm -r $(PRICES)/litellm || $(call not-fetched,litellm)

$(PRICES)/genai-prices.json: tests/python/genai_prices_file.py .tools/venv/installed
	@mkdir -p $(PRICES) && .tools/venv/bin/python -m pip install --quiet --disable-pip-version-check \
	  --target $(PRICES)/genai --upgrade genai-prices==0.2.3 && \
	  PYTHONPATH=$(PRICES)/genai .tools/venv/bin/python $< $@ || $(call not-fetched,genai-prices)

not-fetched = echo "the prices of $(1) could not be fetched: the test of them will be skipped"

# $(call need,COMMAND,PACKAGE): installs a Debian package if the command fails.
define need
@$(1) >/dev/null 2>&1 || { \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(2); \
  else echo "$(2) is missing: apt-get install $(2)"; exit 1; fi; }
endef

# 1.9.1 is the newest that the Go of Debian 12 (1.19) builds.
.tools/bin/grpcurl:
	$(call need,command -v go,golang-go)
	GOBIN=$(CURDIR)/.tools/bin go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.1

.tools/venv/installed: tests/python/requirements.txt
	$(call need,python3 -c 'import ensurepip; import venv',python3-venv)
	python3 -m venv --clear .tools/venv
	.tools/venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

.tools/node_modules/.bin/buf:
	@command -v npm >/dev/null || { echo "npm is missing: apt-get install npm"; exit 1; }
	npm install --silent --no-save --prefix .tools @bufbuild/buf@1.75.0
