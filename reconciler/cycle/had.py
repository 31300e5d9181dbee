"""One app in, what its log and its record tell of the past out. Reads the record."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from reconciler.cycle.clock import today
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold, is_group, is_user
from reconciler.plan.access.from_log import past, past_of_part
from reconciler.plan.access.had import Past
from reconciler.plan.access.marks import marks_of
from reconciler.plan.access.one_record import address_of
from reconciler.record.entries import Entries
from reconciler.record.log.about import Part
from reconciler.record.log.read import located, records_in
from reconciler.record.log.walk import about
from reconciler.record.model import Record
from reconciler.record.open import recovered, store_named, store_of
from reconciler.record.store import Store


def past_of(app: App, declarations: Declarations) -> Past:
    """Raises RecordError."""
    store = store_of(app, declarations)
    return past_in(app, declarations, store, recovered(store))


def past_in(app: App, declarations: Declarations, store: Store, record: Record | None) -> Past:
    """The same where the record was read already. Raises RecordError."""
    return _marked(app, declarations, past(records_in(store), record, _names(app)))


def past_by_log(app: str, declarations: Declarations) -> Past:
    """Of an app of this name, also one that is no longer declared: by its log alone. Raises RecordError."""
    return past(records_in(store_named(app, declarations)), None, {})


def past_of_person(app: App, declarations: Declarations, address: str) -> Past:
    """What is told of one person; of others it is not whole. Raises RecordError."""
    store = store_of(app, declarations)
    record = recovered(store)
    return _marked(app, declarations, past_of_part(_part(store, record, address), _only(record, address), _names(app)))


def _part(store: Store, record: Record | None, address: str) -> Part:
    """The records that hold the address, or another name or id of the person: a rename ends nothing, nor does a new account."""
    entry = record.entries.get(address) if record is not None else None
    texts = [address, *([entry["id"]] if entry is not None else [])]
    known = set(map(fold, texts))

    def names(item: dict[str, Any]) -> Collection[str]:
        """The address and the id of an account that bears one of those that are known."""
        pair = {address_of(item), str((item.get("targetIdentity") or {}).get("id") or "")} - {""}
        if not is_user(address_of(item)) or known.isdisjoint(map(fold, pair)):
            return ()
        known.update(map(fold, pair))
        return pair

    with located(store.log_by_file):
        return about(store.log_blocks, texts, names)


def _only(record: Record | None, address: str) -> Record | None:
    """The record as far as it tells of one person, and of groups."""
    if record is None:
        return None
    kept: Collection[str] = [known for known in record.entries if is_group(known) or fold(known) == fold(address)]
    return replace(record, entries=Entries({known: record.entries[known] for known in kept}))


def _names(app: App) -> dict[str, str]:
    return {key: role.displayName for key, role in app.roles.items()}


def _marked(app: App, declarations: Declarations, found: Past) -> Past:
    found.marks = marks_of(app, declarations, today())
    return found
