"""Where an app's record lives, and the record with what a killed run has left in its journal. Does I/O."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.declare.model import App, Declarations

if TYPE_CHECKING:
    from reconciler.record.model import Record
    from reconciler.record.store import Store


def recovered(store: Store, loaded: Record | None = None) -> Record | None:
    """The record with what a killed run has left in the journal, once anything was applied. Raises RecordError.

    `loaded` is the record as the store has it, where whoever holds the lock has asked already.
    """
    from reconciler.record.journal import recover

    record = loaded or store.load()
    if record is None or not record.is_of_an_apply:
        return None
    recover(record, store.read_journal())
    return record


def store_of(app: App, declarations: Declarations) -> Store:
    """Where reconciler.yaml says that the app's record lives."""
    return store_named(app.name, declarations)


def store_named(app: str, declarations: Declarations) -> Store:
    """Where the record of an app of this name lives. Raises RecordError where that place is not to be trusted."""
    settings = declarations.record
    if settings.backend == "git":
        from reconciler.record.git.store import GitStore
        from reconciler.record.signatures import Identity, Rules

        identities = tuple(Identity(*pair) for pair in settings.allowedIdentities)
        rules = Rules(settings.sign, settings.unsignedUntil, settings.allowedSigners, identities)
        return GitStore(app, settings.remote, declared=Path(settings.folder), rules=rules, named=settings.ref)
    from reconciler.record.local import LocalStore
    from reconciler.record.place import refuse_brought_record

    root = _local(declarations, app)
    refuse_brought_record(root / app, declarations.folder, settings.path)
    return LocalStore(root, app)


def _local(declarations: Declarations, app: str) -> Path:
    """The folder of local records: where the app's lies, in the current folder or beside the declarations.

    A first one is made in the current folder, but never inside of the declarations.
    """
    path, declared = Path(declarations.record.path or ".reconcile"), Path(declarations.folder).resolve()
    beside, inside = declared.parent / path, Path.cwd().is_relative_to(declared)
    return beside if not _lies_in(path / app) and (inside or _lies_in(beside / app)) else path


def _lies_in(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("record.json", "journal.jsonl"))
