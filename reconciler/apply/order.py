"""The order of writing (design.md §5 step 9): revoke first, free a name before it is taken, delete last. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.declare.model import fold
from reconciler.plan.model import Change

NO_PAIR = frozenset[str]()


def phases(changes: Iterable[Change]) -> Iterator[tuple[str, list[Change]]]:
    """(phase, changes) in order; a change may be in several, each does its own part of it."""
    found = list(changes)
    yield "disable", [c for c in found if c.action == "disable"]
    yield "members out", [c for c in found if c.remove]
    updates = [c for c in found if c.action in ("update", "enable") and c.attributes]
    yield "update", freeing_first(updates)
    yield "create", [c for c in found if c.action == "create" and c.address.startswith("User/")]
    yield "create", [c for c in found if c.action == "create" and c.address.startswith("Group/")]
    yield "references", [c for c in found if c.action == "create" and any(a.reference for a in c.attributes)]
    yield "members in", [c for c in found if c.add]
    yield "delete", [c for c in found if c.action == "delete"]


def freeing_first(updates: list[Change]) -> list[Change]:
    """A change that takes a value which another one frees comes after it; revocations of values first."""
    frees = {key: c for c in updates for key in _values(c, "before")}
    done: dict[str, Change] = {}

    def visit(change: Change, open_: frozenset[str]) -> None:
        if change.address in done or change.address in open_:
            return
        for key in _values(change, "after"):
            if key in frees and frees[key] is not change:
                visit(frees[key], open_ | {change.address})
        done[change.address] = change

    for change in updates:
        visit(change, NO_PAIR)
    return list(done.values())


def swaps(changes: Iterable[Change]) -> list[tuple[str, str]]:
    """Pairs that each take the other's value: no order of two writes can do that."""
    updates = [c for c in changes if c.action in ("update", "enable")]
    frees = {key: c for c in updates for key in _values(c, "before")}
    takes = {c.address: {frees[k].address for k in _values(c, "after") if k in frees} - {c.address} for c in updates}
    return sorted((a, b) for a, others in takes.items() for b in others if a < b and a in takes.get(b, ()))


def _values(change: Change, side: str) -> set[tuple[str, Any]]:
    return {
        (a.path, fold(value))
        for a in change.attributes
        if a.path in ("userName", "externalId") and isinstance(value := getattr(a, side), str)
    }
