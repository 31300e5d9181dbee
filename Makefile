PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
DEMO := $(VENV)/.demo
BUILDS := $(VENV)/.builds
QUICK := install --quiet --disable-pip-version-check --no-compile
BUILDER := pip hatchling editables
INSTALL := $(VENV)/bin/python -m pip $(QUICK) --no-build-isolation

SEEDS ?= 500
FIRST ?= 0

# What tries more with THOROUGH=1: properties with more examples, every kill, every wrong value.
BUDGETED := $(shell grep -rl tests.support.budget --include='test_*.py' tests)

# A third of the time a test waits for a process or a service: one more than the cores keeps them busy.
CORES := $(shell nproc 2>/dev/null)
WORKERS := $(if $(CORES),$(shell expr $(CORES) + 1),auto)

# What needs no service, no process and no folder of declarations: the pure rooms, and how the rooms lie.
LITERAL := apply_inputs desired diff digest edits matching membership removed safeguards_of_values
PURE := tests/cases tests/resolve tests/test_rooms.py tests/test_facts.py $(LITERAL:%=tests/plan/test_%.py) \
  tests/apply/test_order.py tests/apply/test_wire.py tests/declare/test_nearest.py tests/declare/test_schemas.py \
  tests/record/test_document.py tests/scim/test_connection.py tests/scim/test_patch.py

.PHONY: demo check test docs bench simulate clean

# The story needs less than the tests; who has those needs nothing more for it.
demo: $(if $(wildcard $(READY)),$(READY),$(DEMO))
	$(VENV)/bin/reconcile demo

check: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest -n auto $(PURE)

test: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest -n $(WORKERS) --dist worksteal

# The pages that are made from the code; tests/references says when one is not current.
docs: $(READY)
	$(VENV)/bin/python -m tests.references

bench: $(READY)
	$(VENV)/bin/python -m tests.benchmarks.bench
	$(VENV)/bin/python -m tests.benchmarks.writes

simulate: $(READY)
	$(VENV)/bin/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST)
	THOROUGH=1 $(VENV)/bin/pytest -n auto --dist worksteal $(BUDGETED)

$(READY): pyproject.toml | $(BUILDS)
	$(INSTALL) -e '.[demo,test]'
	$(VENV)/bin/python -m compileall -q reconciler
	touch $(READY)

$(DEMO): pyproject.toml | $(BUILDS)
	@echo "Installing what the story needs into $(VENV): about ten seconds once a package cache is warm"
	$(INSTALL) -e '.[demo]'
	touch $(DEMO)

# Half of an install's time goes into older pips' reading of the registry's pages, into venv's own way of bringing one, and into a
# folder of its own to build this package in: so the newest pip comes first, with the builder. Where PYTHON has no pip, or one from
# before 22.3, which cannot install elsewhere, venv brings one after all.
$(BUILDS):
	$(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $(VENV)/bin/python $(QUICK) $(BUILDER) 2>$(VENV)/pip.log \
	  || { $(PYTHON) -m venv $(VENV) && $(VENV)/bin/python -m pip $(QUICK) --upgrade $(BUILDER); }
	touch $(BUILDS)

clean:
	rm -rf $(VENV)
