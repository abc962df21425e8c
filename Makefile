# `make run`, `make ui` and `make test` need python3 (3.11 or newer) and make, nothing else; tests of the page also
# need a Chromium (`apt-get install chromium`).

PYTHON ?= python3
VENV ?= .venv
SCENARIO ?= baseline
BIN := $(VENV)/bin

REPLICATIONS ?= 20
STUDIES ?= runs/studies

.PHONY: help run ui test lint format bench bench-peers bench-full expect sources validation recovery robustness clean distclean

help:
	@echo "make run     install into $(VENV), run SCENARIO ($(SCENARIO)) and say where the results are"
	@echo "make ui      the same in the browser: change a market, play it, set another one beside it"
	@echo "make test    install and run the whole test suite"
	@echo "make lint    style, types and layers"
	@echo "make format  put the code in the project's format"
	@echo "make bench   measure the speed on this machine, against its peers (make bench-full: 10,000,000 consumers, too)"
	@echo "make expect  test what all presets expect on REPLICATIONS ($(REPLICATIONS)) fresh seeds; write docs/sources.md"
	@echo "make sources write docs/sources.md from what was measured before"
	@echo "make validation  hold the model against the targets; write docs/validation.md"
	@echo "make recovery    find known parameters again, at full size"
	@echo "make robustness  sensitivity and ablations; write docs/robustness.md (goes on where it was stopped)"
	@echo "make clean   remove caches; runs and $(VENV) stay (make distclean removes $(VENV) too)"

run: $(VENV)/.installed
	@$(BIN)/homogsim run $(SCENARIO)

ui: $(VENV)/.installed
	@$(BIN)/homogsim ui $(SCENARIO)

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

# mesa-frames wants an older NumPy than Mesa: an environment of its own. Where it does not install, bench says so.
bench-peers: benchmarks/.frames/.tried

benchmarks/.frames/.tried: | $(BIN)/python
	@echo "Installing mesa-frames into benchmarks/.frames (once; a minute or two) ..."
	@$(BIN)/python -m venv benchmarks/.frames && { \
		benchmarks/.frames/bin/python -m pip install --quiet --disable-pip-version-check mesa-frames polars \
		|| echo "mesa-frames does not install here; it will not be measured" >&2; }
	@touch $@

bench: $(VENV)/.installed-dev benchmarks/.frames/.tried
	@$(BIN)/python benchmarks/speed.py
	@$(BIN)/python benchmarks/sweeps.py

bench-full: $(VENV)/.installed-dev benchmarks/.frames/.tried
	@$(BIN)/python benchmarks/speed.py --full

# Exit code 1 says that an expectation failed, or a fitted target lies outside: the page is written all the same.
expect: $(VENV)/.installed-dev
	@$(BIN)/homogsim expect --all --replications $(REPLICATIONS) --docs

sources: $(VENV)/.installed-dev
	@$(BIN)/python -m homogsim.experiments.sources_page

validation: $(VENV)/.installed-dev
	@$(BIN)/homogsim validate --replications $(REPLICATIONS) --docs

recovery: $(VENV)/.installed-dev
	@$(BIN)/python -m homogsim.experiments.calibration.recovery $(STUDIES)/recovery

robustness: $(VENV)/.installed-dev
	@$(BIN)/homogsim robustness --out $(STUDIES)/robustness --docs

# A half-made environment is removed, so that the next try starts afresh.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "homogsim needs Python 3.11 or newer; '$(PYTHON)' is missing or older." >&2; \
		echo "Install one (on Debian and Ubuntu: apt-get install python3 python3-venv), or name it: make run PYTHON=python3.12" >&2; \
		exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "'$(PYTHON) -m venv' failed. On Debian and Ubuntu: apt-get install python3-venv, then try again." >&2; \
		exit 1; }

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing homogsim into $(VENV) (once; a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[ui]"
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing homogsim and its test tools into $(VENV) (once; a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $(VENV)/.installed $@

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean
	rm -rf $(VENV)
