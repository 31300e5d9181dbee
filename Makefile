PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready

SEEDS ?= 500
FIRST ?= 0

# What needs no service, no process and no folder of declarations: the pure rooms, and how the rooms lie.
PURE := connection digest document edits expressions facts functions nearest order patch regex rooms schemas sources targets wire

.PHONY: demo check test bench simulate clean

demo: $(READY)
	$(VENV)/bin/reconcile demo

check: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest -n auto $(PURE:%=tests/test_%.py)

test: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest -n auto --dist worksteal

bench: $(READY)
	$(VENV)/bin/python -m tests.benchmarks.bench

simulate: $(READY)
	$(VENV)/bin/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST)
	RACES=200 EVERY_KILL=1 $(VENV)/bin/pytest -n auto tests/test_git_record.py tests/test_kill.py -k "at_once or killed"

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[demo,test]'
	$(VENV)/bin/python -m compileall -q reconciler
	touch $(READY)

clean:
	rm -rf $(VENV)
