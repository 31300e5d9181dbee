"""Names that pass from one to another: what no order of single writes can do. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from functools import cache
from typing import Any

from reconciler.declare.circles import circles
from reconciler.declare.names import fold
from reconciler.plan.change import Action, Change
from reconciler.plan.model import ObjectError
from reconciler.resolve.paths import parse_path

UNIQUE = ("username", "externalid")  # what services keep unique (RFC 7643 §4.1.1 and common practice)
NOBODY: Set[str] = frozenset()  # one for the many who wait for nobody


def without_swaps(changes: Collection[Change]) -> tuple[list[Change], list[ObjectError]]:
    """(changes that can be done, errors of the others): a swap of unique values would fail half-way, so it is refused whole."""
    errors = [
        ObjectError(
            address,
            "Rotation",
            f"{' and '.join(circle)} take unique values from one another",
            "do it in two steps: give one of them another value first",
        )
        for circle in rotations(changes)
        for address in circle
    ]
    refused = {error.address for error in errors}
    return [change for change in changes if change.address not in refused], errors


def rotations(changes: Iterable[Change]) -> list[list[str]]:
    """Addresses that wait for one another in a circle, each circle sorted: a swap is one of two."""
    return sorted(sorted(circle) for circle in circles(waiting(changes)))


def waiting(changes: Iterable[Change]) -> dict[str, Set[str]]:
    """Address of a change that takes unique values -> the addresses whose changes free them first."""
    takers = [change for change in changes if change.action in (Action.CREATE, Action.UPDATE, Action.ENABLE)]
    frees = {key: change.address for change in takers for key in unique_values(change, "before")}
    return {c.address: {frees[key] for key in unique_values(c, "after") if key in frees} - {c.address} or NOBODY for c in takers}


def unique_values(change: Change, side: str) -> set[tuple[str, Any]]:
    """(attribute, folded value) of the attributes that services keep unique; `side` is before or after."""
    return {
        (name, fold(value))
        for a in change.attributes
        if (name := _attribute(a.path)) in UNIQUE and isinstance(value := getattr(a, side), str)
    }


@cache
def _attribute(target: str) -> str:
    """The folded name of a target, whatever its spelling; one of an extension is another attribute."""
    path = parse_path(target)
    return target if path.urn or path.sub or path.filter else fold(path.attribute)


def not_free(renamed: Mapping[str, str], known: Mapping[str, str], there: Collection[str]) -> dict[str, str]:
    """Renames to a name that an account which stays behind still has: today's address -> who has it in the record.

    `renamed` is today's address -> the recorded one, `known` are the recorded ones by their folded names, `there` those
    whose account exists.
    """
    movers, takers = set(renamed.values()), {fold(address): address for address in renamed}
    found: dict[str, str] = {}
    todo = list(renamed)[::-1]
    while todo:
        address = todo.pop()
        holder = known.get(fold(address))
        if address not in found and holder is not None and holder in there and holder not in movers:
            found[address] = holder
            movers.discard(renamed[address])
            todo += [taker for taker in (takers.get(fold(renamed[address])),) if taker is not None]
    return found
