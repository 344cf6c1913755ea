# Every target is one plain command, shown in the README too. `.venv` is made on first use.
PYTHON ?= python3
BIN := .venv/bin
export DAGSTER_HOME ?= $(CURDIR)/data/dagster_home

.PHONY: run test test-all lint ui dashboard detect report clean

# Browsers are left out here, or the first run would take longer than five minutes: a browser starts for every round.
run: .venv/installed  ## measure the small default models on this machine and report
	BENCHMARK_BROWSER=none $(BIN)/ipfs-accel run --profile quick

test: .venv/installed-dev  ## the quick tests
	$(BIN)/pytest -q -m "not slow and not webserver"

test-all: .venv/installed-dev  ## every test, real exports and a real webserver included
	$(BIN)/pytest

lint: .venv/installed-dev  ## format, lint, import contracts, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

ui: .venv/installed-dev  ## the Dagster UI with its daemon, on http://127.0.0.1:3000
	$(BIN)/dagster job execute -m ipfs_accel_pipeline.definitions -j detect
	$(BIN)/dagster dev -w workspace.yaml

dashboard: .venv/installed  ## the dashboard over the published snapshot, on http://127.0.0.1:8050
	$(BIN)/ipfs-accel dashboard

detect: .venv/installed  ## what hardware does this machine have?
	$(BIN)/ipfs-accel detect

report: .venv/installed  ## the report of what is stored
	$(BIN)/ipfs-accel report

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install -c constraints.txt -e .
	touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install -c constraints.txt -e ".[dev]"
	touch $@ .venv/installed

clean:
	rm -rf .venv build *.egg-info
