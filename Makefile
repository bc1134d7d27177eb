# What a user calls: make demo, make test. Everything happens in an environment of its own, .venv, which is made anew
# when setup.cfg changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test campaign bench demands lint types samples reference clean

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/demo.sh

test: $(READY)
	$(BIN)/python -m pytest -q -n auto --dist worksteal tests

# The tests with every campaign at its full length (tests/support/campaign.py): about two hours. PART=NAME runs only the tests
# marked @pytest.mark.part("NAME"), such as PART=hostile-email; a name that no test bears is refused with those that are.
PART ?=
campaign: $(READY)
	CAMPAIGN=full $(BIN)/python -m pytest -q -n auto --dist worksteal $(if $(PART),--part $(PART)) tests

# Measures stores of 1,000, 10,000 and 100,000 tickets (or N="1000000") beside git and other tools, in BENCH_DIR (several
# gigabytes), and writes docs/performance.md: about an hour.
BENCH_DIR ?= $(or $(TMPDIR),/tmp)/ticketctl-bench
bench: $(READY)
	$(BIN)/python -m tests.bench $(N) --dir $(BENCH_DIR) --write

# Which test covers which demand of the documents; fails if one has none.
demands: $(READY)
	$(BIN)/python -m tests.tools.demands

lint: $(READY)
	$(BIN)/ruff check ticketctl tests
	$(BIN)/ruff format --check ticketctl tests

types: $(READY)
	$(BIN)/mypy

# Makes tickets/ again from tests/samples, byte for byte.
samples: $(READY)
	$(BIN)/python -m tests.tools.samples

# Writes docs/commands.md from the help.
reference: $(READY)
	$(BIN)/python -m tests.tools.reference

$(READY): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m pip --version >/dev/null 2>&1 && $(PYTHON) -m pip install -q virtualenv && $(PYTHON) -m virtualenv -q $(VENV); }
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
