# Martello's commands, and nothing clever.
#
#   make demo          a site and four simulated cameras on this machine; prints address and password
#   make test          everything that is checked, with its counts at the end; STAGES="lint unit" only these
#   make bench         figures for docs/benchmarks.md
#   make lab           what takes long: simulations under new seeds, kills and power cuts, an hour of faults, random
#                      calls of the API, the service under a systemd of its own and in a container, fuzzing, cargo deny
#   make deb           the Debian package, in target directory's `debian`
#   make image         the container image `martello`, with podman, buildah or docker
#   make openapi       write openapi/site.json and the client's types again
#   make reference     write docs/reference/privileges.md and sign-in.md again
#   make screenshots   take the pictures of the documentation again
#
# Both of the first two install what is missing: Debian packages (as root or by sudo) and npm packages.
# Build output lies outside of the clone, so that clean clones share it: see CONTRIBUTING.md.

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/martello
export CARGO_TARGET_DIR ?= $(CACHE)/target
# Where `make demo` keeps recordings, configuration and keys.
DATA ?= data/demo
# What `make lab` does: how many seeds, how many stops, kills and power cuts, how many seconds of faults.
SEEDS ?= 5000
ROUNDS ?= 50
SOAK ?= 3600
# How many seconds the API is called at random, and each parser fed by a fuzzer.
API_SECONDS ?= 240
FUZZ_SECONDS ?= 60

XTASK := $(CARGO_TARGET_DIR)/debug/xtask

.PHONY: demo test bench lab deb image openapi reference screenshots web xtask

# The development profile on purpose: it shares every compiled dependency with `make test`, dependencies are optimized
# in it, and what is left moves bytes. A release build takes several times as long to begin with.
demo: web
	@cargo build --quiet --locked --package martello
	@mkdir -p $(DATA)
	@exec $(CARGO_TARGET_DIR)/debug/martello demo --data $(DATA)

# The client is built before the binary, which holds it.
web:
	@.ci/install run
	@npm --prefix web run --silent build -- --logLevel warn

xtask:
	@cargo build --quiet --locked --package xtask

test:
	@began=$$(date +%s); .ci/install test && cargo build --quiet --locked --package xtask \
		&& exec $(XTASK) test --installed-in $$(( $$(date +%s) - began )) $(STAGES)

bench: web xtask
	cargo build --release --locked --package martello
	$(XTASK) bench
	cargo bench --locked --package e2e --bench figures -- authorize live fanout seek streams
	cargo bench --locked --package access --bench cost
	cargo bench --locked --package archive --bench cost
	cargo bench --locked --package archive --bench commit
	cargo bench --locked --package archive --bench index
	cargo bench --locked --package evidence --bench export
	MARTELLO_BIN=$(CARGO_TARGET_DIR)/release/martello npm --prefix web run --silent bench

lab: web xtask
	@.ci/install run
	cargo build --locked --package martello
	.ci/api-lab $(CARGO_TARGET_DIR)/debug/martello $(API_SECONDS)
	$(XTASK) deb $(CARGO_TARGET_DIR)/debug/martello $(CARGO_TARGET_DIR)/debian-lab
	! command -v lintian >/dev/null || lintian --allow-root --fail-on error,warning $(CARGO_TARGET_DIR)/debian-lab/*.deb
	.ci/systemd-lab $(CARGO_TARGET_DIR)/debian-lab/*.deb
	.ci/image-lab $(CARGO_TARGET_DIR)/debug/martello
	.ci/fuzz-lab $(FUZZ_SECONDS)
	cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny
	cargo deny check
	ARCHIVE_SEEDS=$(SEEDS) cargo test --release --locked --package archive
	cargo build --release --locked --package martello
	LOSS_ROUNDS=$(ROUNDS) cargo bench --locked --package e2e --bench figures -- loss
	SOAK_SECONDS=$(SOAK) cargo bench --locked --package e2e --bench figures -- soak

deb: web xtask
	cargo build --release --locked --package martello
	@$(XTASK) deb $(CARGO_TARGET_DIR)/release/martello $(CARGO_TARGET_DIR)/debian

image: web
	cargo build --release --locked --package martello
	packaging/container/build $(CARGO_TARGET_DIR)/release/martello

openapi: web
	UPDATE_EXPECT=1 cargo test --quiet --locked --package site --test it document
	UPDATE_EXPECT=1 cargo test --quiet --locked --package cloud --test it document
	npm --prefix web run --silent api

reference:
	UPDATE_EXPECT=1 cargo test --quiet --locked --package site --test it document
	UPDATE_EXPECT=1 cargo test --quiet --locked --package access --test it

screenshots: web
	@.ci/install test
	cargo build --locked --package martello
	npm --prefix web run screenshots
