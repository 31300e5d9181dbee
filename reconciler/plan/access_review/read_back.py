"""Removals of a review and a service as it is now in; whether each is gone out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from reconciler.declare.names import fold, user_address
from reconciler.declare.reviews import Reviewed
from reconciler.plan.access.held import Held, held
from reconciler.plan.context import UNKNOWN, Context


class Verdict(StrEnum):
    """`notShown`: the service does not show such things; by the record it is gone. `unknown`: the account could not be read."""

    GONE = "gone"
    THERE = "stillThere"
    NOT_SHOWN = "notShown"
    UNKNOWN = "unknown"


class ReadBack(NamedTuple):
    """What became of one removal; where it is still there, `found` is what was seen."""

    row: Reviewed
    verdict: Verdict
    found: Held | None = None

    @property
    def stands_in_the_way(self) -> bool:
        return self.verdict in (Verdict.THERE, Verdict.UNKNOWN)


def read_back(context: Context, rows: Iterable[Reviewed]) -> list[ReadBack]:
    """In the order of the rows, of the context's app alone."""
    there = held(context)
    return [_of(context, row, there) for row in rows]


def _of(context: Context, row: Reviewed, there: Iterable[Held]) -> ReadBack:
    names, groups = _names(context, row), _groups(context, row)
    found = next((item for item in there if _is_of(item, names) and _is_what(item, row, groups)), None)
    if found is not None:
        return ReadBack(row, Verdict.THERE, found)
    if names & {fold(address) for address in context.live.unknown}:
        return ReadBack(row, Verdict.UNKNOWN)
    return ReadBack(row, Verdict.GONE if _is_shown(context, row, groups) else Verdict.NOT_SHOWN)


def _names(context: Context, row: Reviewed) -> frozenset[str]:
    """Addresses and logins under which the account may stand, folded: of then, of the record, and of today."""
    users, names = context.resolution.declarations.users, {fold(row.login)} - {""}
    if row.user:
        names |= {fold(row.user), fold(user_address(row.user))}
        if (at := users.earlier.get(fold(row.user))) is not None:
            names.add(fold(user_address(users.columns["userPrincipalName"][at])))
    return frozenset(names | ({fold(UNKNOWN + row.account)} if row.account else set()))


def _is_of(item: Held, names: frozenset[str]) -> bool:
    return fold(item.address) in names or fold(item.login) in names


def _groups(context: Context, row: Reviewed) -> frozenset[str]:
    """Names under which the group of a row may stand, folded: of then, and of today."""
    groups = context.resolution.declarations.groups
    return frozenset({fold(row.group), fold(groups.name_now(row.group))} if row.group else ())


def _is_what(item: Held, row: Reviewed, groups: frozenset[str]) -> bool:
    """A row about an account is about whatever it has; a role that is called otherwise since has the same value."""
    if row.group:
        return item.kind == "group" and fold(item.what) in groups
    if row.role:
        return item.kind == "role" and (fold(item.what) == fold(row.role) or (row.value != "" and item.value == row.value))
    return True


def _is_shown(context: Context, row: Reviewed, names: frozenset[str]) -> bool:
    if row.role:
        return bool(context.shown_roles)
    groups = [group for group in context.live.groups.values() if fold(group.name) in names]
    return all(group.members is not None for group in groups)
