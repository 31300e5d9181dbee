"""Declarations in, the apps that nobody plans here out: removed ones, and those without a token. Reads records, asks git."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from reconciler.cycle.base_commit import base_commit
from reconciler.cycle.earlier_commit import apps_at, is_known, read_at
from reconciler.cycle.other_apps import forgotten
from reconciler.cycle.touched import Touched, touched_since
from reconciler.declare.model import Declarations
from reconciler.declare.names import fold
from reconciler.declare.settings import RecordSettings, record_settings
from reconciler.record.model import Record
from reconciler.record.open import recovered, store_named
from reconciler.record.store import RecordError
from reconciler.report.left_out import LeftOut
from reconciler.scim.credentials import at_hand, token_name
from reconciler.scim.errors import CredentialError

NOT_COMPARED = (
    "the commit before this change is not in this checkout, so an app that it removes may be missing here: check out with "
    "`fetch-depth: 0`"
)


class Left(NamedTuple):
    """The apps that nobody plans, those that this change leaves out first; why there may be more; and which it touches."""

    apps: list[LeftOut]
    doubt: str
    touched: Touched

    def is_planned(self, app: str) -> bool:
        """Whether the change touches the app, which is there to be planned."""
        return self.touched.holds(app) and fold(app) not in {fold(item.app) for item in self.apps}


def left_out(declarations: Declarations, environ: Mapping[str, str]) -> Left:
    """What the change since the base leaves out."""
    base = base_commit()
    changed = touched_since(base, Path(declarations.folder), lambda: declarations)
    found = [*_removed(declarations, base), *_without_token(declarations, changed, environ)]
    doubt = "" if is_known(base) else NOT_COMPARED
    return Left(sorted(found, key=lambda item: (not item.new, item.app)), doubt, changed)


def _removed(declarations: Declarations, base: str) -> Iterator[LeftOut]:
    """Apps of the base that are not declared any more; and others that have a record here."""
    gone = _gone(declarations, base)
    before = replace(declarations, record=_settings(declarations, base)) if gone else declarations
    for app in gone:
        try:
            yield _of_record(app, before, recovered(store_named(app, before)), True)
        except RecordError as error:
            yield LeftOut(app, True, error=str(error))
    for app, record in forgotten(declarations):
        if app in gone:
            continue
        if isinstance(record, RecordError):
            yield LeftOut(app, False, error=str(record))
        elif record.entries.active():
            yield _of_record(app, declarations, record, False)


def _gone(declarations: Declarations, base: str) -> list[str]:
    declared = set(map(fold, declarations.apps))
    return [app for app in apps_at(base, declarations.folder) if fold(app) not in declared]


def _settings(declarations: Declarations, base: str) -> RecordSettings:
    """Where the record lay before this change, which may have moved it elsewhere, so that nothing is found there."""
    said = read_at(base, f"{declarations.folder}/reconciler").get("record")
    said = said if isinstance(said, dict) else {}
    return record_settings(said, declarations.folder)


def _of_record(app: str, declarations: Declarations, record: Record | None, new: bool) -> LeftOut:
    active = len(record.entries.active()) if record is not None else 0
    return LeftOut(app, new, active, store_named(app, declarations).where() if record is not None else "")


def _without_token(declarations: Declarations, changed: Touched, environ: Mapping[str, str]) -> Iterator[LeftOut]:
    for name, app in declarations.apps.items():
        if not at_hand(app, environ):
            try:
                token = token_name(app, environ)
            except CredentialError:
                token = "a token"
            yield LeftOut(name, changed.holds(name), token=token)
