# make chat    the bot in this terminal; the first time it installs what it needs into .venv
# make test    all that a change must pass: check, then the tests
# make check   style, types, borders between the packages, docs, and what `storytrail check` finds
# make bench   how fast it is beside its peers, in about ten minutes (ARGS=--keep: into the README there)
# make docs    the pages of docs/ that are made from the code
# make lock    both lock files again from pyproject.toml (needs uv; ARGS=--upgrade for newer versions)
# make clean   removes .venv and everything built
#
# ARGS goes to the program: make chat ARGS="--as ana"

PYTHON ?= python3
UV ?= uv
ARGS ?=

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCK := $(UV) --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links

.PHONY: chat test check bench docs lock clean
.DEFAULT_GOAL := chat

chat: .venv/.runtime
	@$(BIN)/storytrail chat $(ARGS)

test: check
	$(BIN)/pytest -n auto --dist worksteal $(ARGS)

check: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m bot.docs --check
	@# From an empty folder: neither a database nor a storytrail.toml of this checkout takes part.
	tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && cd "$$tmp" \
		&& STORYTRAIL_DATABASE_URL="sqlite:///$$tmp/check.db" "$(CURDIR)/$(BIN)/storytrail" check

bench: .venv/.dev
	$(BIN)/python -m benchmarks $(ARGS)

docs: .venv/.runtime
	$(BIN)/python -m bot.docs

# The stamps below are what makes a second run instant. Everything that is installed has a hash in a
# lock file, hatchling too (it is in requirements.lock, a few small packages): so no build isolation,
# which would fetch a hatchling of its own choice.
.venv/.runtime: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Storytrail needs Python 3.11 or newer; if it has another name here, say so: make PYTHON=python3.12" >&2; \
		exit 1; }
	@echo "Installing Storytrail into .venv (the first time about half a minute)." >&2
	@$(PYTHON) -m venv .venv
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	@echo "Installing what the checks and tests need." >&2
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

lock:
	@command -v $(UV) >/dev/null || { \
		echo "make lock needs uv (pip install uv, in an environment of its own); make lock UV=/path/to/uv" >&2; \
		exit 1; }
	$(LOCK) pyproject.toml --group build $(ARGS) -o requirements.lock
	@# -c: the tests run with the very versions that people run
	$(LOCK) pyproject.toml --group dev -c requirements.lock $(ARGS) -o requirements-dev.lock

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
