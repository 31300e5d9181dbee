"""Whom the lists did not show: recorded accounts that may be there all the same, new ones that may be. Live and record in. Pure.

A service may leave out who is inactive, who is new, whom it hides, or all but a sample. What is not in a list is therefore not
gone: it is asked for, and this says who.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.declare.names import fold
from reconciler.plan.context import Context
from reconciler.plan.live import LiveObject
from reconciler.record.entries import Entries
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.resolution import values_as

KINDS = ("User", "Group")


def recorded(entries: Entries) -> dict[str, dict[str, str]]:
    """Resource type -> address -> id of the account in the record."""
    users = entries.ids()
    return {"User": users, "Group": {address: users.pop(address) for address in entries.groups()}}


def unseen(known: Mapping[str, str], shown: Mapping[str, LiveObject]) -> dict[str, str]:
    """Address -> id, of the recorded ones of a type that its list did not show."""
    absent = set(known.values()).difference(shown)
    return {address: id for address, id in known.items() if id in absent} if absent else {}


def of_concern(context: Context, absent: Mapping[str, str]) -> dict[str, str]:
    """Those of them of whom something may be planned; whom nobody wants, and who are out, only where somebody is deleted."""
    rules = context.app.deprovisioning
    if rules.deleteAfter is not None or "delete" in (rules.outOfScope, rules.removedFromDirectory):
        return dict(absent)
    revoked = {fold(address) for address in context.revoked}
    return {
        address: id
        for address, id in absent.items()
        if address not in context.unwanted or fold(address) in revoked or not context.entries[address].get("retained")
    }


def unmatched(context: Context, kind: str) -> dict[str, list[tuple[str, str]]]:
    """Address -> what to look for, of the declared ones of a type for whom no account was found."""
    items = context.resolution.users if kind == "User" else context.resolution.groups
    left = [a for a in context.live.among(items) if a not in context.matching.live and a not in context.matching.failed]
    return {address: list(_questions(context, address, items[address].values, items[address].row)) for address in left}


def _questions(context: Context, address: str, values: tuple[object, ...], row: int) -> Iterator[tuple[str, str]]:
    mapping = context.resolution.mapping(address)
    yield from matching_values(mapping, values)
    for name in context.resolution.table(address).column("previously")[row] or ():
        yield from matching_values(mapping, values_as(context.resolution, address, name))


def matching_values(mapping: CompiledMapping, values: tuple[object, ...]) -> list[tuple[str, str]]:
    """(target, value) of each matching attribute, in order of precedence."""
    pairs = [(mapping.slots[number].target, values[number]) for number in mapping.matching]
    return [(target, value) for target, value in pairs if isinstance(value, str)]


def matching_values_told(context: Context, address: str) -> list[tuple[str, str]]:
    """The same of a recorded object, as the service last showed it to us."""
    entry, mapping = context.entries[address], context.resolution.mapping(address)
    told = {**entry.get("wanted", {}), **entry.get("answered", {})}
    return matching_values(mapping, tuple(told.get(slot.target) for slot in mapping.slots))
