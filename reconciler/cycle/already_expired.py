"""New assignments that were over before anybody applied them: declarations in, problems out. Reads local records, asks git."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.cycle.carried import local_record
from reconciler.cycle.earlier_app import earlier_app
from reconciler.declare.model import Declarations
from reconciler.declare.place import Problem
from reconciler.plan.expired import over, problems


def check_expired(declarations: Declarations, today: str) -> Iterator[Problem]:
    """A warning for each. A record in Git is asked by nobody here, so there nothing is said without an earlier commit."""
    for app in declarations.apps.values():
        if over(app, today):
            record = local_record(app, declarations)
            was_applied = record is not None or declarations.record.backend != "local"
            yield from problems(app, earlier_app(app, declarations, record), was_applied, today)
