"""reconcile import --only: one object's live values into the YAML that declares it, in place."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from reconciler.adopt import write
from reconciler.adopt.drift import taken_over
from reconciler.adopt.model import ImportRefused
from reconciler.adopt.yaml_edit.edit import revise
from reconciler.cycle.declarations import checked
from reconciler.declare.names import fold
from reconciler.declare.yaml.document import parse
from reconciler.plan.change import Change
from reconciler.plan.model import Plan
from reconciler.plan.planner import Planned, make_plan
from reconciler.plan.selection import Selection
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution
from reconciler.resolve.resolution import resolve


class DeclaredAt(NamedTuple):
    """Where an object is declared: the file below `desired/`, the kind of its list, its number there."""

    path: str
    kind: str
    number: int


class Taken(NamedTuple):
    """The file below `desired/` that was changed, and the plan that follows."""

    path: str
    plan: Plan


def take_one(desired: Path, planned: Planned, record: Record | None, address: str) -> Taken | None:
    """Import one object; None where there was nothing to import. Raises ImportRefused."""
    resolution = planned.context.resolution
    change = _change(planned, address)
    declared = _declared(desired, resolution, address)
    if change is None:
        return None
    text = write.read(desired, declared.path) or ""
    row = parse(text.encode(), declared.path).data[declared.kind][declared.number]
    skip = next((s.code for a, s in resolution.skipped.items() if fold(a) == fold(address)), None)
    table = resolution.table(change.address)
    fresh = taken_over(resolution.mapping(change.address), change, row, table.key, skip)
    again = revise(declared.kind, text, declared.path, {declared.number: fresh})
    after = _check(desired, planned, record, address, {declared.path: again})
    write.put(desired, {declared.path: again})
    return Taken(declared.path, after)


def _change(planned: Planned, address: str) -> Change | None:
    for error in planned.plan.errors:
        if fold(error.address) == fold(address):
            raise ImportRefused(f"{error.address}: {error.reason}", error.remedy)
    return next((change for change in planned.everything if fold(change.address) == fold(address)), None)


def _declared(desired: Path, resolution: Resolution, address: str) -> DeclaredAt:
    """Raises ImportRefused where nothing is declared under this address."""
    kind, _, name = address.partition("/")
    table = resolution.table(kind.capitalize() + "/")
    row = table.index.get(fold(name))
    if row is None:
        raise ImportRefused(f"nothing is declared as {address}", "declare it, or import the whole app into an empty folder")
    path = Path(table.files[row]).resolve().relative_to(desired.resolve()).as_posix()
    return DeclaredAt(path, "users" if kind.lower() == "user" else "groups", table.numbers[row])


def _check(desired: Path, planned: Planned, record: Record | None, address: str, texts: dict[str, str]) -> Plan:
    """The plan of the result, which must be valid and leave this object alone."""
    context = planned.context
    with write.staged(desired) as stage:
        write.put(stage, texts)
        declarations, problems = checked(stage)
        errors = [problem for problem in problems if problem.severity == "error"]
        if errors:
            words = write.in_words(errors[0], stage, desired)
            raise ImportRefused(f"the declarations would not be valid: {words}", errors[0].remedy)
        app = declarations.apps[context.app.name]
        resolution = resolve(app, declarations, context.resolution.today)
        after = make_plan(app, resolution, context.live, record, Selection(), planned.plan.base_url)
    left = [change for change in after.everything if fold(change.address) == fold(address)]
    if left:
        paths = ", ".join(a.path for a in left[0].attributes) or "its members"
        raise ImportRefused(
            f"{address} would still {left[0].action} ({paths}): one source gives several of its attributes",
            "change the rows or mappings.yaml by hand",
        )
    return after.plan
