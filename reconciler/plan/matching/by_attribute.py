"""Matching by attributes: whom the record does not know, found by the values of matching attributes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, cast

from reconciler.plan.live import LiveObject
from reconciler.plan.matching.model import Kind
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.model import Desired
from reconciler.resolve.resolution import values_as
from reconciler.resolve.several import Several


def by_attribute(kind: Kind, found: dict[str, LiveObject]) -> None:
    """In order of precedence; an earlier name is tried where nothing was found.

    The account of an entry whose name nobody declares any more may be of somebody who has another name now.
    """
    left = [kind.desired[address] for address in kind.asked() if address not in found and address not in kind.result.failed]
    if not left:
        return
    left_behind = kind.result.left_behind({old: id for old, (id, _) in kind.known.items()})
    claimed = {id for id, _ in kind.known.values()} - left_behind.keys()
    matcher = Matcher(kind.mapping, [item for id, item in kind.live.items() if id not in claimed])
    for number in kind.mapping.matching:
        left = _found_by(kind, number, matcher, left, found)
    _by_earlier_names(kind, matcher, left, found)
    if left_behind:
        _renamed(kind, left_behind, found)


def _found_by(
    kind: Kind, number: int, matcher: Matcher, items: list[Desired], found: dict[str, LiveObject]
) -> list[Desired]:  # fmt: skip
    """Whom one matching attribute finds goes into `found`; returns who is left."""
    target, every = kind.mapping.slots[number].target, matcher.find(number, [item.values[number] for item in items])
    if set(map(type, every)) == {LiveObject}:  # a first run over 100,000
        addresses = [item.address for item in items]
        found.update(zip(addresses, cast(list[LiveObject], every), strict=True))
        kind.result.how.update(dict.fromkeys(addresses, target))
        return []
    for item, candidates in zip(items, every, strict=True):
        if candidates is not None:
            _judge(kind, item.address, target, _exact(candidates, number, item.values[number]), found)
    return [item for item, candidates in zip(items, every, strict=True) if candidates is None]


def _exact(candidates: LiveObject | list[LiveObject], number: int, value: object) -> LiveObject | list[LiveObject]:
    """Of several whose names differ in case alone the one that has the very name; all of them where none or several have it."""
    if not isinstance(candidates, list):
        return candidates
    exact = [account for account in candidates if account.values[number] == value]
    return exact[0] if len(exact) == 1 else candidates


def _by_earlier_names(kind: Kind, matcher: Matcher, items: list[Desired], found: dict[str, LiveObject]) -> None:
    previous = kind.table.column("previously")
    for item in items:
        for name in previous[item.row] or ():
            target, candidates = matcher.candidates(values_as(kind.resolution, item.address, name))
            if candidates is not None:
                _judge(kind, item.address, target, candidates, found)
                break


def _renamed(kind: Kind, left_behind: Mapping[str, str], found: dict[str, LiveObject]) -> None:
    """Who has the matching attribute of an entry that was left behind is the same person, but for another declared id."""
    owns, recorded = kind.table.column("id"), kind.result.recorded
    for address in [a for a in kind.result.how if a in found and found[a].id in left_behind]:
        old, own = left_behind[found[address].id], owns[kind.desired[address].row]
        last = kind.known[old][1]
        del kind.result.how[address]
        if address not in recorded and (last is None or own in (None, last)):
            recorded[address] = old
            continue
        del found[address]
        if address not in recorded:
            kind.result.error(
                address,
                "IdentityChanged",
                f"the account that matches was {old}'s, with id {last}, not {own}",
                "remove the first person's account, or declare its new name with `previously`; if it is the "
                f"same person, `reconcile record forget '{old}'`",
            )


def _judge(
    kind: Kind, address: str, target: str, candidates: LiveObject | list[LiveObject], found: dict[str, LiveObject]
) -> None:
    if isinstance(candidates, list):
        names = ", ".join(sorted(f"{c.name} ({c.id})" for c in candidates))
        kind.result.error(
            address,
            "DuplicateTargetEntries",
            f"{len(candidates)} accounts match by {target}: {names}",
            "remove the surplus accounts on the service, or match by another attribute",
        )
    else:
        found[address], kind.result.how[address] = candidates, target


class Matcher:
    """Live objects by the values of their matching attributes."""

    def __init__(self, mapping: CompiledMapping, live: list[LiveObject]) -> None:
        self.mapping, self.live = mapping, live
        self._indexes: dict[int, dict[str, LiveObject | list[LiveObject]]] = {}

    def candidates(self, values: tuple[object, ...]) -> tuple[str, LiveObject | list[LiveObject] | None]:
        """The first matching attribute, in order of precedence, that finds anything, and what it finds."""
        for number in self.mapping.matching:
            found = self.find(number, [values[number]])[0]
            if found is not None:
                return self.mapping.slots[number].target, found
        return "", None

    def find(self, number: int, values: list[object]) -> list[LiveObject | list[LiveObject] | None]:
        """What each value of a slot finds: one account, a list of several, or None."""
        index = self._index(number)
        keys = self.mapping.slots[number].alike(["" if v is None or v is IGNORE else str(v) for v in values])
        return [index.get(key) if key else None for key in keys]

    def _index(self, number: int) -> dict[str, LiveObject | list[LiveObject]]:
        if number not in self._indexes:
            have = [item for item in self.live if item.values[number] is not None]
            values = [item.values[number] for item in have]
            if Several in set(map(type, values)):
                have, values = _spread(have, values)
            keys = self.mapping.slots[number].alike(list(map(str, values)))
            index: dict[str, LiveObject | list[LiveObject]] = dict(zip(keys, have, strict=True))
            if len(index) < len(have):
                several: dict[str, list[LiveObject]] = defaultdict(list)
                for key, item in zip(keys, have, strict=True):
                    if not any(item is known for known in several[key]):
                        several[key].append(item)
                index.update({key: items for key, items in several.items() if len(items) > 1})
            self._indexes[number] = index
        return self._indexes[number]


def _spread(have: list[LiveObject], values: list[Any]) -> tuple[list[LiveObject], list[Any]]:
    """An account with several values behind the path is known by each of them."""
    pairs = [
        (item, one)
        for item, value in zip(have, values, strict=True)
        for one in (value if isinstance(value, Several) else [value])
        if one is not None
    ]
    return [item for item, _ in pairs], [value for _, value in pairs]
