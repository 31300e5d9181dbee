"""Declarations in, the apps that nobody plans here out: removed ones, and those without a token. Reads records, asks git."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.cycle.base_commit import base_commit
from reconciler.cycle.earlier_commit import apps_at, is_known, read_at
from reconciler.cycle.other_apps import forgotten
from reconciler.declare.model import Declarations
from reconciler.declare.names import fold
from reconciler.declare.settings import RecordSettings
from reconciler.record.model import Record
from reconciler.record.open import recovered, store_named
from reconciler.record.store import RecordError
from reconciler.report.left_out import LeftOut
from reconciler.scim.credentials import at_hand, token_name
from reconciler.scim.errors import CredentialError

NOT_COMPARED = (
    "the commit before this change is not in this clone, so an app that it removes may be missing here: check out with "
    "`fetch-depth: 0`"
)


def left_out(declarations: Declarations, environ: Mapping[str, str]) -> tuple[list[LeftOut], str]:
    """(each such app, why there may be more). Those that this change leaves out come first."""
    base = base_commit()
    found = [*_removed(declarations, base), *_without_token(declarations, base, environ)]
    return sorted(found, key=lambda item: (not item.new, item.app)), "" if is_known(base) else NOT_COMPARED


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
    backend, remote, path = said.get("backend", "local"), said.get("remote", "origin"), said.get("path")
    return RecordSettings(str(backend), str(remote), path and str(path), declarations.folder)


def _of_record(app: str, declarations: Declarations, record: Record | None, new: bool) -> LeftOut:
    active = len(record.entries.active()) if record is not None else 0
    return LeftOut(app, new, active, store_named(app, declarations).where() if record is not None else "")


def _without_token(declarations: Declarations, base: str, environ: Mapping[str, str]) -> Iterator[LeftOut]:
    before = set(map(fold, apps_at(base, declarations.folder)))
    for name, app in declarations.apps.items():
        if not at_hand(app, environ):
            try:
                token = token_name(app, environ)
            except CredentialError:
                token = "a token"
            yield LeftOut(name, fold(name) not in before, token=token)
