# Observatory: every target sets up what it needs on a machine that has python3, make and git.
PYTHON ?= python3
BIN := .venv/bin
# The lock names every package there is to install, so nothing is left for pip to choose (--no-deps).
LOCK := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r
SELF := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .

.PHONY: help demo test slow check bench screenshots lock format clean

help: ## Show these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

.venv/bin/python:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "python3-venv is missing. Install it with: sudo apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed. Name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what Observatory needs into .venv ..."
	@$(LOCK) requirements.lock && $(SELF) && touch $@

.venv/dev: requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo "Installing what the tests need into .venv ..."
	@$(LOCK) requirements-dev.lock && $(SELF) && touch $@ .venv/runtime

demo: .venv/runtime ## Run Observatory beside a sandbox Canvas; open the printed links
	@$(BIN)/observatory demo $(ARGS)

test: .venv/dev ## Run the tests: on SQLite, the races and the main path on PostgreSQL too, in a real browser
	@tests/browser_ready.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

slow: .venv/dev ## Run the rest: everything on PostgreSQL, kills, long random lives, heavy loads
	@tests/browser_ready.sh
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow $(ARGS)

check: .venv/dev ## Format, lint, types, imports, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pip check

bench: .venv/dev ## Measure; prints figures, asserts nothing
	$(BIN)/python -m bench $(ARGS)

screenshots: .venv/dev ## Save every page at two widths to screenshots/
	@tests/browser_ready.sh
	$(BIN)/python -m pytest -q tests/journeys/browser --screenshots $(ARGS)

format: .venv/dev ## Rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## Renew both lock files (needs uv)
	uv pip compile -q pyproject.toml --generate-hashes --universal --python-version 3.11 --no-header \
	  --no-emit-index-url --no-annotate -o requirements.lock
	uv pip compile -q pyproject.toml --extra dev -c requirements.lock --generate-hashes --universal \
	  --python-version 3.11 --no-header --no-emit-index-url --no-annotate -o requirements-dev.lock

clean: ## Remove what make made
	rm -rf .venv *.egg-info data screenshots
