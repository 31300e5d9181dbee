"""What a local record says that the mappings carried when last applied: declarations in, problems out. Reads the record."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.errors import ReconcileError
from reconciler.declare.model import App, Declarations, Problem
from reconciler.plan.unmapped import problems
from reconciler.record.model import Record
from reconciler.record.open import recovered, store_of


def check_carried(declarations: Declarations) -> Iterator[Problem]:
    """A warning where a mapping stopped carrying roles or members; a record in Git is asked by nobody here."""
    for app in declarations.apps.values() if declarations.record.backend == "local" else ():
        record = _record(app, declarations)
        yield from problems(app, record) if record is not None else ()


def _record(app: App, declarations: Declarations) -> Record | None:
    """None also where it cannot be read: the next plan says why."""
    try:
        return recovered(store_of(app, declarations))
    except ReconcileError:
        return None
