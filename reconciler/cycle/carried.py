"""What the mappings carried, and allowed to be taken, before: declarations in, problems out. Reads local records, asks git."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.cycle.base_commit import commit_before
from reconciler.cycle.earlier_commit import document_at, is_known
from reconciler.cycle.last_applied import BASE, name_at
from reconciler.declare.errors import ReconcileError
from reconciler.declare.folders import SUFFIXES
from reconciler.declare.mappings import object_mapping
from reconciler.declare.model import App, Declarations
from reconciler.declare.notes import Notes
from reconciler.declare.place import Problem
from reconciler.declare.schema import sound
from reconciler.plan.earlier import APPLIED
from reconciler.plan.safeguards import loosened
from reconciler.plan.unmapped import problems, problems_since
from reconciler.record.model import Record
from reconciler.record.open import recovered, store_of


def check_carried(declarations: Declarations) -> Iterator[Problem]:
    """Warnings where a mapping stopped carrying something, or a setting came by which less is taken.

    By a local record, where there is one: it says what was applied. One in Git is asked by nobody here, so there, and without a
    record, by the commit before this change.
    """
    for app in declarations.apps.values():
        record = local_record(app, declarations)
        yield from _by_record(app, record) if record is not None else _by_commit(app, declarations)


def _by_record(app: App, record: Record) -> Iterator[Problem]:
    yield from problems(app, record)
    if record.limits:
        yield from loosened.problems(app, record.limits, APPLIED)


def _by_commit(app: App, declarations: Declarations) -> Iterator[Problem]:
    before = _before(app, declarations)
    if before is None:
        return
    try:
        yield from problems_since(app, before, BASE)
    except ValueError:  # what cannot be compiled was planned with by nobody then either
        return
    held = {item.name for item in loosened.loosened(before)}
    mapped = (item.name for item in loosened.loosened(app) if not item.name.startswith(loosened.OF_MAPPINGS))
    yield from loosened.problems(app, held.union(mapped), BASE)


def _before(app: App, declarations: Declarations) -> App | None:
    """The app with the mappings of the commit before this change."""
    commit = commit_before(lambda head: _files(head, app, declarations))
    if not is_known(commit):
        return None
    document = next((found for file in _files(commit, app, declarations) if (found := document_at(commit, file))), None)
    if document is None or not sound("mappings", document.data):
        return None
    users, groups = (object_mapping(document, document.data["mappings"], kind, Notes([])) for kind in ("users", "groups"))
    return replace(app, users=users, groups=groups)


def _files(commit: str, app: App, declarations: Declarations) -> list[str]:
    """The files in which the mappings may lie at a commit."""
    file = f"{declarations.folder}/apps/{name_at(commit, declarations, app)}/mappings"
    return [file + suffix for suffix in SUFFIXES]


def local_record(app: App, declarations: Declarations) -> Record | None:
    """None where it is in Git, and where it cannot be read: the next plan says why."""
    if declarations.record.backend != "local":
        return None
    try:
        return recovered(store_of(app, declarations))
    except ReconcileError:
        return None
