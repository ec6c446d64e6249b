# The commands of this project; `make help` lists them. Each installs the Debian packages it lacks
# (tools/setup.sh) and builds what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build race test systems serve bench check nightly clean

JOBS ?= $(shell nproc)
release_binaries := build/release/bin
# Lets the compiler cache serve several clones.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

help:
	@echo "make race      race every strategy of the coupon scenario; writes race-report.html"
	@echo "               (more: make race SCENARIO=ticket ARGS='--users 1000'; book, run)"
	@echo "make test      build and run everything that is tested"
	@echo "make systems   requirement, test, engine and result for every row of the systems"
	@echo "make serve     the HTTP service on SQLite at 127.0.0.1:8080"
	@echo "make bench     against the bare C client; writes bench.json"
	@echo "make check     format, layers, documentation, static analysis (ALL=1: of every file)"
	@echo "make nightly   the long versions of the tests"
	@echo "make build     the release build: $(release_binaries)/tiebreak"
	@echo "make clean     remove everything that was built"

build:
	@tools/setup.sh build
	@mkdir -p build && cmake --preset release -DTIEBREAK_TESTS=OFF >build/configure.log 2>&1 \
	  || { cat build/configure.log >&2; exit 1; }
	@cmake --build --preset release --parallel $(JOBS) --target tiebreak_cli

SCENARIO ?= coupon
race: build
	@$(release_binaries)/tiebreak race $(SCENARIO) --html race-report.html $(ARGS)

test:
	@tools/setup.sh build test
	@tools/test.sh

systems:
	@tools/setup.sh build test
	@tools/systems.sh $(ARGS)

serve: build
	@$(release_binaries)/tiebreak serve --db sqlite:tiebreak.db $(ARGS)

bench:
	@tools/setup.sh build bench
	@tools/bench.sh $(ARGS)

check:
	@tools/setup.sh build test check
	@tools/check.sh $(if $(ALL),--all)

nightly:
	@tools/setup.sh build test check bench
	@tools/nightly.sh

clean:
	rm -rf build race-report.html bench.json
