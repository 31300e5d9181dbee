PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready

SEEDS ?= 500
FIRST ?= 0

.PHONY: demo test bench simulate clean

demo: $(READY)
	$(VENV)/bin/reconcile demo

test: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest -n auto --dist worksteal

bench: $(READY)
	$(VENV)/bin/python -m tests.benchmarks.bench

simulate: $(READY)
	$(VENV)/bin/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST)

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[demo,test]'
	$(VENV)/bin/python -m compileall -q reconciler
	touch $(READY)

clean:
	rm -rf $(VENV)
