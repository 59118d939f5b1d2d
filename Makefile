# Every command of the project. The scripts behind them work on a bare Debian machine.

# Cargo.lock is part of the source: a build that would change it fails.
CARGO = cargo
RELEASE = --release --locked
FUZZ_SECONDS ?= 60
ORACLE_SECONDS ?= 120
PYTHON_TESTS = python3 -m unittest discover --quiet --start-directory
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: help run build test tcl clients bench fmt fmt-check clippy check fuzz sanitize oracle ci

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: ## install what is missing, build, serve on 127.0.0.1:6379
	@.ci/install build
	$(CARGO) run $(RELEASE) --bin ferrock-server -- conf/ferrock.conf

build: ## build the server and the operator's tool
	@.ci/install build
	$(CARGO) build $(RELEASE) --bins

test: ## install what the tests need and pass them all
	@.ci/install test
	$(CARGO) test $(RELEASE) --workspace
	$(PYTHON_TESTS) tests/compat/tcl
	$(PYTHON_TESTS) tests/clients/suites
	$(PYTHON_TESTS) benches/driver
	tests/compat/tcl/run.py
	tests/clients/suites/run.py $(if $(CI),--require)

tcl: build ## the Tcl suite of Debian's redis source package: make tcl ARGS='--unit unit/scan'
	@.ci/install test
	tests/compat/tcl/run.py $(ARGS)

clients: build ## redis-py's own tests, ioredis and node-redis: make clients ARGS='--suite ioredis'
	@.ci/install test
	tests/clients/suites/run.py $(ARGS)

bench: build ## side by side with Debian's redis-server: make bench ARGS='--only hot-get'
	@.ci/install bench
	benches/driver/run.py $(ARGS)

fmt: ## format the sources
	$(CARGO) fmt --all

fmt-check:
	$(CARGO) fmt --all --check

clippy: ## lints, warnings are errors
	@.ci/install build
	$(CARGO) clippy $(RELEASE) --workspace --all-targets -- -D warnings

check: fmt-check clippy ## what is quick: format, lints, unit tests, the walls
	@.ci/install test
	$(CARGO) test $(RELEASE) --workspace --lib
	$(CARGO) test $(RELEASE) --test tidy

oracle: ## the differential oracle with new seeds, each run for ORACLE_SECONDS (120)
	@.ci/install test
	FERROCK_ORACLE_SECONDS=$(ORACLE_SECONDS) \
		$(CARGO) test $(RELEASE) --test main oracle_ -- --test-threads 2

fuzz: ## every fuzz target for FUZZ_SECONDS (60)
	@.ci/install build
	.ci/fuzz $(FUZZ_SECONDS)

sanitize: ## the fuzz targets of `unsafe` code under AddressSanitizer
	@.ci/install build
	FERROCK_SANITIZER=address .ci/fuzz $(FUZZ_SECONDS) hot_rows

ci: ## what continuous integration runs
	.ci/run
