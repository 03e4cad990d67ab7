# Martello's commands, and nothing clever.
#
#   make demo          a site and four simulated cameras on this machine; prints address and password
#   make test          everything that is checked, with its counts at the end; STAGES="lint unit" only these
#   make bench         figures for docs/benchmarks.md
#   make lab           long simulations of the recording engine under new seeds
#   make openapi       write openapi/site.json and the client's types again
#   make screenshots   take the pictures of the documentation again
#
# Both of the first two install what is missing: Debian packages (as root or by sudo) and npm packages.
# Build output lies outside of the clone, so that clean clones share it: see CONTRIBUTING.md.

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/martello
export CARGO_TARGET_DIR ?= $(CACHE)/target
# Where `make demo` keeps recordings, configuration and keys.
DATA ?= data/demo
# How many seeds `make lab` tries.
SEEDS ?= 5000

XTASK := $(CARGO_TARGET_DIR)/debug/xtask

.PHONY: demo test bench lab openapi screenshots web xtask

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
	cargo bench --locked --package e2e --bench live
	cargo bench --locked --package archive --bench cost
	cargo bench --locked --package archive --bench commit
	cargo bench --locked --package archive --bench index
	MARTELLO_BIN=$(CARGO_TARGET_DIR)/release/martello npm --prefix web run --silent bench

lab:
	@.ci/install run
	ARCHIVE_SEEDS=$(SEEDS) cargo test --release --locked --package archive

openapi: web
	UPDATE_EXPECT=1 cargo test --quiet --locked --package site --test it document
	npm --prefix web run --silent api

screenshots: web
	@.ci/install test
	cargo build --locked --package martello
	npm --prefix web run screenshots
