"""What a reconciler.yaml that was read says of the record: a document in, settings and what is wrong with them out. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.place import Problem
from reconciler.declare.settings import RecordSettings, record_settings
from reconciler.declare.yaml.document import Document

# Keys of a record in Git: a local one is not signed.
OF_GIT = ("remote", "ref", "sign", "allowedSigners", "allowedIdentities", "unsignedUntil")
OWNERS = (*((key, "git") for key in OF_GIT), ("path", "local"))


def record_in(document: Document, folder: str) -> RecordSettings:
    """Where the record lies, with the defaults; `folder` is that of the file."""
    return record_settings(document.data.get("record") or {}, folder)


def slips(document: Document) -> Iterator[Problem]:
    """A key of the other backend is a slip, and must not read as the default."""
    declared = document.data.get("record") or {}
    backend = declared.get("backend", "local")
    if backend not in ("git", "local") or document.lacks(("record", "backend")):
        return
    for key, owner in OWNERS:
        if key in declared and backend != owner:
            yield Problem(
                document.locate_key(("record", key)),
                "error",
                "other-backend",
                f"{key} has no meaning for the record's backend {backend}",
                f"write `backend: {owner}`, or remove {key}",
            )
