"""Blocks of the log in, the lines in which something is found out; what these tell of is looked for as well. Pure."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator

from reconciler.record.log.about import AUDIT, Part, Record, bounds, places, whole
from reconciler.record.log.read import record_of
from reconciler.resolve.any_case import Find, in_any_case, in_this_case

GROUP = b'Type":"Group"'  # the identity of one; without what begins as other names do

Blocks = Callable[[], Iterable[bytes]]  # all of them, from the beginning, whenever it is called
Place = tuple[int, int]  # the number of a block, and where a line begins in it
Take = Callable[[Place, bytes], Iterable[Find]]


def walk(blocks: Blocks, finds: Iterable[Find], take: Take) -> None:
    """Hand each line in which one of these finds something to `take`, once at least, which says what else is to be looked for.

    That is looked for from the block of that line on, and then in those before it: what is known early costs no second walk.
    """
    ends = dict.fromkeys(finds, sys.maxsize)  # up to which block
    while ends:
        earlier: dict[Find, int] = {}
        for number, block in enumerate(blocks()):
            now = [find for find, end in ends.items() if number < end]
            if not now:
                break
            while now := [find for start, end in places(block, now) for find in take((number, start), block[start:end])]:
                ends |= dict.fromkeys(now, sys.maxsize)
                earlier |= dict.fromkeys(now, number)
        ends = {find: end for find, end in earlier.items() if end}


def about(blocks: Blocks, texts: Iterable[str], more: Callable[[Record], Iterable[str]] = lambda _: ()) -> Part:
    """The records in which one of these texts is a value, whatever its case, or one that such a record says `more`; those of
    groups, and those of what is no object. Raises RecordError.
    """
    part, known, found = Part(), set[bytes](), dict[tuple[Place, int], list[Record]]()
    first = iter([_bounded(part, blocks())])

    def fresh(texts: Iterable[str]) -> list[Find]:
        new = {text for text in map(whole, texts) if text} - known
        known.update(new)
        return list(map(in_any_case, new))

    def take(place: Place, line: bytes) -> list[Find]:
        records = found[place, hash(line)] = list(record_of(line))
        return fresh(text for record in records for text in more(record))

    walk(lambda: next(first, None) or blocks(), [in_this_case(GROUP), in_this_case(AUDIT), *fresh(texts)], take)
    part.records = [record for place in sorted(found) for record in found[place]]
    return part


def _bounded(part: Part, blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        bounds(part, block)
        yield block
