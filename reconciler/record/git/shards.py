"""A record as many small files, by a hash of the address, and back. Pure: bytes in, bytes out.

record.json holds all but the entries; record/00.jsonl to record/ff.jsonl hold one entry a line, sorted by address, so that a
commit holds what an apply changed and little else.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from reconciler.record.check import record_of
from reconciler.record.model import RECORD_VERSION, Record
from reconciler.record.store import RecordError

META, FOLDER = "record.json", "record/"
FORGETS = "without it nobody is known as revoked or as ours, and everybody who is still declared gets access again"
RESET = f"set the ref back to an earlier commit; or delete it, and accounts are matched afresh: {FORGETS}"


def shard(address: str) -> str:
    """The file of an address: one of 256."""
    return f"{FOLDER}{hashlib.sha256(address.encode()).hexdigest()[:2]}.jsonl"


def belongs(path: str) -> bool:
    return path == META or path.startswith(FOLDER)


def to_files(record: Record) -> dict[str, bytes]:
    """Path -> content, the same for the same record."""
    lines: dict[str, list[bytes]] = defaultdict(list)
    for address in sorted(record.entries):
        lines[shard(address)].append(_dump({"address": address, "entry": record.entries[address]}))
    return {META: _dump({"version": RECORD_VERSION, **record.head()}), **{path: b"".join(rows) for path, rows in lines.items()}}


def changes(record: Record, present: Iterable[str], has: Callable[[str, bytes], bool]) -> dict[str, bytes | None]:
    """What differs from the files that are there, None for those to go; `has` tells whether one is there with this content."""
    files = to_files(record)
    gone: dict[str, bytes | None] = {path: None for path in present if belongs(path) and path not in files}
    return gone | {path: data for path, data in files.items() if not has(path, data)}


def from_files(files: Mapping[str, bytes], where: str, app: str = "") -> Record | None:
    """The record, None where there is none. Raises RecordError where it is damaged, newer or of another app; `where` names it."""
    if META not in files:
        return None
    words = f"the record in {where}"
    try:
        meta = orjson.loads(files[META])
        rows = [(path, row) for path in sorted(files) if path != META for row in map(orjson.loads, files[path].splitlines())]
        entries = {row["address"]: row["entry"] for _, row in rows}
        astray = [row["address"] for path, row in rows if shard(row["address"]) != path]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, UnicodeEncodeError) as error:
        raise RecordError(f"{words} is damaged: {error!r}", RESET) from None
    if astray or len(entries) < len(rows):
        what = f"{astray[0][:100]!r} is in the file of another address" if astray else "it has an address twice"
        raise RecordError(f"{words} is damaged: {what}", RESET)
    return record_of({**meta, "entries": entries} if isinstance(meta, dict) else meta, app, words, RESET)


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
