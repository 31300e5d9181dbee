PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready

.PHONY: demo test bench clean

demo: $(READY)
	$(VENV)/bin/reconcile demo

test: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest -n auto

bench: $(READY)
	$(VENV)/bin/python -m tests.benchmarks.bench

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[demo,test]'
	touch $(READY)

clean:
	rm -rf $(VENV)
