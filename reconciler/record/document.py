"""A record as one JSON document, an entry a line: bytes in, a Record out, and back. Pure.

It ends in an index of what every plan asks of the entries, and a checksum. Where that holds, we wrote the document and it is
whole: nothing of it is checked again, and an entry is read when somebody asks for it.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from itertools import accumulate
from typing import Any

import orjson

from reconciler.record.check import record_of
from reconciler.record.entries import BETWEEN, Entries, Kept
from reconciler.record.model import RECORD_VERSION, Record
from reconciler.record.store import RecordError

SUM = b',"sum":"%b"}'
LENGTH = len(SUM % (64 * b"0"))


def dump(record: Record) -> bytes:
    """The same for the same record."""
    entries, addresses = record.entries, sorted(record.entries)
    head = {field.name: getattr(record, field.name) for field in fields(record) if field.name != "entries"}
    members = list(map(entries.text, addresses))
    body = b"\n".join([_dump({"version": RECORD_VERSION, **head})[:-1] + b',"entries":{', BETWEEN.join(members),
                       b'},"index":' + _dump(_index(entries, addresses, members))])  # fmt: skip
    return body + SUM % digest(body)


def _index(entries: Entries, addresses: list[str], members: list[bytes]) -> dict[str, list[Any]]:
    known, active = entries.identities(), set(entries.active())
    return {"addresses": addresses, "ids": [known[a][0] for a in addresses], "declared": [known[a][1] for a in addresses],
            "active": [a in active for a in addresses],
            "ends": list(accumulate(map(len, members), lambda end, length: end + len(BETWEEN) + length))}  # fmt: skip


def parse(raw: bytes, app: str, where: str, remedy: str) -> Record:
    """The record of `app`. Raises RecordError where it is damaged, newer or another app's; `where` names the place."""
    try:
        if raw[-LENGTH:] == SUM % digest(memoryview(raw)[:-LENGTH]):
            return _sound(raw, app, where, remedy)
        return record_of(orjson.loads(raw), app, where, remedy)
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{where} cannot be read: {error}", remedy) from None


def _sound(raw: bytes, app: str, where: str, remedy: str) -> Record:
    start, end = raw.index(b"\n"), raw.rindex(b"\n")
    record = record_of({**orjson.loads(raw[:start] + b"}}"), "entries": {}}, app, where, remedy)
    index = orjson.loads(b"{" + raw[end:].partition(b",")[2])["index"]
    record.entries = Entries(None, Kept(text=memoryview(raw)[start + 1 : end], **index))
    return record


def digest(body: bytes | memoryview) -> bytes:
    """The checksum, as it is written."""
    return hashlib.sha256(body).hexdigest().encode()


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
