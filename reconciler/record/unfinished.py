"""What is left of the plans of an app: changes in, the three keys of its record that say so changed in it. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from reconciler.record.model import Record
from reconciler.record.values import Asked


class Work(Protocol):
    """A change as the record knows it again, whole or in part (plan/model.Change)."""

    @property
    def address(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def is_whole(self) -> bool: ...
    @property
    def continues(self) -> bool: ...
    def things(self) -> list[str]: ...


class Unfinished:
    """Plans by their digests, and what is left of each; nothing else writes these keys.

    under_way: changes that an apply has begun and not ended; their rest is what a saved plan still asks for
    approved:  the things that are left of a plan that an approval let through
    asked:     the changes that are left of a plan that was applied by its digest
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self._earlier = frozenset(record.under_way)

    # Before the first write

    def begin(self, changes: Iterable[Work]) -> None:
        """An apply begins these; what earlier ones have left stays under way."""
        self.record.under_way = sorted({*self._earlier, *(change.digest for change in changes)})

    def ask(self, digest: str, only: Collection[str], causes: Collection[str], changes: Iterable[Work]) -> None:
        """A plan is applied by its digest; a selection of its causes and addresses comes with it."""
        unfinished = {known: asked for known, asked in self.record.asked.items() if asked.get("changes")}
        kept: Asked = {
            "only": sorted(only),
            "causes": sorted(causes),
            "changes": {change.address: _kept(change) for change in changes},
        }
        self.record.asked = {**unfinished, digest: unfinished.get(digest, kept)}

    def approve(self, digests: Iterable[str], changes: Collection[Work], declared: Collection[str]) -> None:
        """Approvals of these plans let the changes through; one whose entry is no longer declared is forgotten."""
        approved = self.record.approved
        for digest in digests:
            approved[digest] = sorted({*approved.get(digest, ()), *_things(changes)})
        self.record.approved = {digest: things for digest, things in approved.items() if digest in declared}

    # Questions

    def is_begun(self, change: Work) -> bool:
        return change.digest in self._earlier

    def is_rest(self, digest: str, only: Collection[str], causes: Collection[str], changes: Iterable[Work]) -> bool:
        """Whether a fresh plan is what is left of the one of this digest: nothing of it where that came to its end."""
        asked = self.record.asked.get(digest)
        if asked is None or (asked.get("only"), asked.get("causes")) != (sorted(only), sorted(causes)):
            return False
        kept = asked.get("changes", {})
        return all(_is_left(kept.get(change.address, []), change) for change in changes)

    # After the last write

    def end(self, everything: Collection[Work], done: Collection[Work]) -> None:
        """What is done is left out; `everything` was to be done before. An approval lasts while something of its plan is left."""
        pending = {change.address for change in everything} - {change.address for change in done}
        for asked in self.record.asked.values():
            asked["changes"] = {address: kept for address, kept in asked.get("changes", {}).items() if address in pending}
        if self.record.approved:
            past = _things(done)
            left = _things(everything) - past
            left_of = {digest: set(things) - past for digest, things in self.record.approved.items()}
            self.record.approved = {digest: sorted(things) for digest, things in left_of.items() if not left.isdisjoint(things)}

    def stop(self, undone: Collection[Work], torn: Iterable[Work]) -> None:
        """An apply ends; of the changes that are `undone`, `torn` are done in part, or may be."""
        self.record.under_way = sorted({*self._earlier, *(change.digest for change in torn)}) if undone else []


def _things(changes: Iterable[Work]) -> set[str]:
    return {thing for change in changes for thing in change.things()}


def _kept(change: Work) -> list[str]:
    return [change.digest, change.account, *(() if change.is_whole else change.things())]


def _is_left(kept: list[str], change: Work) -> bool:
    """The same change, on the same live values; or, of one that was done in part, the rest, of the same account."""
    if change.digest in kept[:1]:
        return True
    return change.continues and len(kept) > 1 and kept[1] in ("", change.account) and set(kept[2:]).issuperset(change.things())
