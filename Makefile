# Everything a person does with this repository, by name. `make` alone lists it.

# One target folder outside the checkout and one profile everywhere (--release, for tests and lints too): RocksDB is a
# large C++ library, and this way it is compiled once per machine, not once per profile or per clone. What is tested is
# then also what ships.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/postrider/target
CARGO ?= cargo
CRASH_ROUNDS ?= 200
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help run build test lint fmt doc crash fuzz bench

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build, then send one message through a real server and watch its journey
	@scripts/setup.sh run
	@scripts/build.sh
	@$(CARGO_TARGET_DIR)/release/postrider demo

build: ## the program, at $(CARGO_TARGET_DIR)/release/postrider
	@scripts/setup.sh run
	$(CARGO) build --release --locked

test: ## every test: units, dialogs, end to end against real mail software, ten crash rounds
	@scripts/setup.sh test
	$(CARGO) test --release --locked --workspace

lint: ## formatting, clippy and documentation, all with warnings as errors
	@scripts/setup.sh run
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --workspace --no-deps --quiet
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --offline check bans licenses sources; \
	else echo "cargo-deny is not installed; tests/architecture.rs holds the licences and the edges all the same"; fi

fmt: ## format the sources
	$(CARGO) fmt --all

doc: ## the API documentation of every crate, at $(CARGO_TARGET_DIR)/doc
	$(CARGO) doc --release --locked --workspace --no-deps

crash: ## kill the server CRASH_ROUNDS (200) times under load and audit every acknowledged message
	@scripts/setup.sh test
	CRASH_ROUNDS=$(CRASH_ROUNDS) $(CARGO) test --release --locked --test end_to_end crash -- --nocapture

fuzz: ## each fuzz target for FUZZ_SECONDS (60)
	@scripts/setup.sh run
	scripts/fuzz.sh $(FUZZ_SECONDS)

bench: ## relay throughput beside Postfix, as in docs/performance.md; BENCH="a s" names cases (root, loopback only)
	@scripts/setup.sh bench
	@scripts/build.sh
	scripts/bench.sh $(BENCH)
