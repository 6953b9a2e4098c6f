# Everything that is run by hand, by CI and by the README goes through these targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(STAMP) ## The environment, from the lock

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "massline needs Python 3.11 or newer; set PYTHON=..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: install ## All services in one process, with an embedded PostgreSQL
	@exec $(BIN)/massline run

demo: install ## The same, with a demonstration
	@exec $(BIN)/massline demo

stack: install ## PostgreSQL, a real Kafka, and each service in its own process
	@exec $(BIN)/massline stack

stack-down: install ## End the stack
	@exec $(BIN)/massline stack-down

test: install ## Every test, on real PostgreSQL and on both buses
	$(BIN)/pytest -n logical --dist worksteal

check: format-check lint types contracts generated-check test ## What CI runs

format: install ## Rewrite the code in the house's form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --quiet .

format-check: install
	$(BIN)/ruff format --check --quiet .

lint: install
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy

contracts: install ## Import directions
	$(BIN)/lint-imports

generated: install ## Write openapi.json, asyncapi.json and the generated docs
	$(BIN)/massline openapi openapi.json
	$(BIN)/massline asyncapi asyncapi.json
	$(BIN)/massline docs docs

generated-check: install
	@temporary=$$(mktemp -d) && trap 'rm -rf "$$temporary"' EXIT && \
	$(BIN)/massline openapi $$temporary/openapi.json && $(BIN)/massline asyncapi $$temporary/asyncapi.json && \
	$(BIN)/massline docs $$temporary && \
	diff -q openapi.json $$temporary/openapi.json && diff -q asyncapi.json $$temporary/asyncapi.json && \
	diff -q docs/events.md $$temporary/events.md && diff -q docs/settings.md $$temporary/settings.md && \
	diff -q docs/case-states.md $$temporary/case-states.md || \
	{ echo "generated files are out of date: run make generated"; exit 1; }

bench: install ## Measured performance, as ratios to baselines in the same run
	$(BIN)/python -m bench

lock: ## Write the locks anew from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements-dev.lock

.PHONY: help install run demo stack stack-down test check format format-check lint types contracts generated generated-check bench lock
