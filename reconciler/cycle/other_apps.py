"""Apps that have a record beside those that are declared. Reads records."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.model import Declarations
from reconciler.declare.names import fold
from reconciler.record.model import Record
from reconciler.record.open import recovered, store_named
from reconciler.record.store import RecordError


def left_in(declarations: Declarations, address: str) -> list[str]:
    """Those apps in which a person had an active account, as far as is known."""
    name = fold(address)
    return [
        app
        for app, record in forgotten(declarations)
        if isinstance(record, RecordError) or name in map(fold, record.entries.active())
    ]


def forgotten(declarations: Declarations) -> Iterator[tuple[str, Record | RecordError]]:
    """Each such app, and its record or why that cannot be read; none where records cannot be looked for at all."""
    try:
        recorded = store_named(next(iter(declarations.names)), declarations).apps()
    except RecordError:
        return
    for app in recorded:
        try:
            if app not in declarations.names and (record := recovered(store_named(app, declarations))) is not None:
                yield app, record
        except RecordError as error:
            yield app, error
