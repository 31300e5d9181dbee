"""A record as many small files, by a hash of the address, and back. Pure: bytes in, bytes out.

record.json holds all but the entries; record/00.jsonl to record/ff.jsonl hold one entry a line, sorted by address, so that a
commit holds what an apply changed and little else.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import orjson

from reconciler.record.model import RECORD_VERSION, Entry, Record
from reconciler.record.store import RecordError

META, FOLDER = "record.json", "record/"


def shard(address: str) -> str:
    """The file of an address: one of 256."""
    return f"{FOLDER}{hashlib.sha256(address.encode()).hexdigest()[:2]}.jsonl"


def belongs(path: str) -> bool:
    return path == META or path.startswith(FOLDER)


def to_files(record: Record) -> dict[str, bytes]:
    """Path -> content, the same for the same record."""
    meta = {field.name: getattr(record, field.name) for field in fields(record) if field.name != "entries"}
    lines: dict[str, list[bytes]] = defaultdict(list)
    for address in sorted(record.entries):
        lines[shard(address)].append(_dump({"address": address, "entry": record.entries[address]}))
    return {META: _dump({"version": RECORD_VERSION, **meta}), **{path: b"".join(found) for path, found in lines.items()}}


def from_files(files: Mapping[str, bytes], where: str) -> Record | None:
    """The record, None where there is none. Raises RecordError where it is damaged or newer; `where` names it."""
    if META not in files:
        return None
    try:
        meta = orjson.loads(files[META])
        version = meta.pop("version")
        entries: dict[str, Entry] = {}
        for path in sorted(files):
            if path != META:
                entries.update((row["address"], row["entry"]) for row in map(orjson.loads, files[path].splitlines()))
        known = {field.name for field in fields(Record)}
        record = Record(**{name: value for name, value in meta.items() if name in known}, entries=entries)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"the record in {where} is damaged: {error!r}", "reset the ref to an earlier commit, or delete "
                          "it: accounts are then matched afresh") from None  # fmt: skip
    if version != RECORD_VERSION:
        raise RecordError(f"the record in {where} has version {version}", "use the newer reconcile")
    return record


def dump_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(_dump(row) for row in rows)


def read_lines(raw: bytes) -> list[dict[str, Any]]:
    """JSON lines; one that a kill tore off is left out."""
    found = []
    for line in raw.splitlines():
        try:
            found.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            continue
    return found


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
