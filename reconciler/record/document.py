"""A record as one JSON document, an entry a line: bytes in, a Record out, and back. Pure.

It ends in an index of what every plan asks of the entries, and a checksum. Where that holds, we wrote the document and it is
whole: nothing of it is checked again, and an entry is read when somebody asks for it.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

from reconciler.record.check import record_of
from reconciler.record.entries import Entries, Kept
from reconciler.record.model import RECORD_VERSION, Record
from reconciler.record.store import RecordError

SUM = b',"sum":"%b"}'
LENGTH = len(SUM % (64 * b"0"))
INDEX = b'},"index":'


def dump(record: Record) -> list[bytes | memoryview]:
    """The document, to be written piece by piece: there may be 50 MB of them. The same for the same record."""
    kept = record.entries.written()
    index = {"addresses": kept.addresses, "ids": kept.ids, "declared": kept.declared, "active": kept.active, "ends": kept.ends}
    head = _dump({"version": RECORD_VERSION, **record.head()})[:-1] + b',"entries":{'
    pieces: list[bytes | memoryview] = [head, b"\n", *kept.pieces, b"\n" + INDEX, _dump(index)]
    return [*pieces, SUM % digest(*pieces)]


def parse(raw: bytes, app: str, where: str, remedy: str) -> Record:
    """The record of `app`. Raises RecordError where it is damaged, newer or another app's; `where` names the place."""
    try:
        if _sums_up(raw) and (record := _whole(raw, app, where, remedy)) is not None:
            return record
        return record_of(orjson.loads(raw), app, where, remedy)
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{where} cannot be read: {error}", remedy) from None


def _sums_up(raw: bytes) -> bool:
    """Whether it ends as what we write does; whether the sum is right is another question."""
    return raw[-LENGTH:].startswith(SUM[: SUM.index(b"%")]) and raw.endswith(b'"}')


def _whole(raw: bytes, app: str, where: str, remedy: str) -> Record | None:
    """The record where its sum is right, which is worked out while the record is read."""
    with ThreadPoolExecutor(1) as pool:
        summed = pool.submit(digest, memoryview(raw)[:-LENGTH])
        try:
            result: Record | RecordError | None = _sound(raw, app, where, remedy)
        except RecordError as error:
            result = error
        except (ValueError, KeyError, TypeError):
            result = None
        right = raw[-LENGTH:] == SUM % summed.result()
    if right and isinstance(result, RecordError):
        raise result
    return result if right and isinstance(result, Record) else None


def _sound(raw: bytes, app: str, where: str, remedy: str) -> Record:
    start, end = raw.index(b"\n"), raw.rindex(b"\n")
    record = record_of({**orjson.loads(raw[:start] + b"}}"), "entries": {}}, app, where, remedy)
    text = memoryview(raw)
    index = orjson.loads(text[end + 1 + len(INDEX) : -LENGTH])
    record.entries = Entries(None, Kept(text=text[start + 1 : end], **index))
    return record


def digest(*pieces: bytes | memoryview) -> bytes:
    """The checksum over all of them, as it is written."""
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest().encode()


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
