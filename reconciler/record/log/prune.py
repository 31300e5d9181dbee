"""Lines that are to be cut from a log in, how many records they are and the link to the last one out. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.record.log.chain import NOTHING, Link, hash_of, link_of
from reconciler.record.log.read import records_of


def counted(blocks: Iterable[bytes]) -> tuple[int, Link]:
    """(records, the link to the last of them); the link is none where no record has one. Raises RecordError."""
    count, last = 0, NOTHING
    for record in records_of(blocks):
        count += 1
        if (link := link_of(record)) is not None:
            last = Link(link.number, hash_of(record))
    return count, last
