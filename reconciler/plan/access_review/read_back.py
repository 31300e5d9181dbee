"""Removals of a review and a service as it is now in; whether each is gone out. Pure.

Who was renamed has the same account, and so it is with groups: each is looked for by its id on the service, for its name may be
somebody else's by now. Where the id is gone, it is by the name of today of whom the record knows by it, else by the names of
then. What a service does not show is unknown, and not gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from reconciler.declare.names import STRANGER, fold, group_address, user_address
from reconciler.declare.reviews import Reviewed
from reconciler.plan.access.held import Held, Source, held
from reconciler.plan.access_review.known import known_by
from reconciler.plan.context import UNKNOWN, UNKNOWN_GROUP, Context
from reconciler.plan.live import LiveObject


class Verdict(StrEnum):
    """`notShown`: the service does not show such things; by the record, which held it, it is gone. `hidden`: nor did the record
    ever hold it. `unknown`: the account or the group could not be read.
    """

    GONE = "gone"
    THERE = "stillThere"
    NOT_SHOWN = "notShown"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


class ReadBack(NamedTuple):
    """What became of one removal; where it is still there, `found` is what was seen.

    `stranger` is the id of the account, where nobody declares it; "" where somebody does.
    """

    row: Reviewed
    verdict: Verdict
    found: Held | None = None
    stranger: str = ""

    @property
    def stands_in_the_way(self) -> bool:
        return self.verdict not in (Verdict.GONE, Verdict.NOT_SHOWN)


def read_back(context: Context, rows: Iterable[Reviewed]) -> list[ReadBack]:
    """In the order of the rows, of the context's app alone."""
    service = _Service(context)
    return [service.look(row) for row in rows]


class _Service:
    """What active accounts have, by every name of the account and by its id."""

    def __init__(self, context: Context) -> None:
        self.context, self.unknown = context, {fold(address) for address in context.live.unknown}
        self.by_id, self.by_name = defaultdict[str, list[Held]](list), defaultdict[str, list[Held]](list)
        self.record = known_by(context.entries, context.resolution.declarations)
        for item in held(context):
            self.by_id[item.id].append(item)
            for name in {fold(item.address), fold(item.login)}:
                self.by_name[name].append(item)

    def look(self, row: Reviewed) -> ReadBack:
        own = self._own(row)
        found = next((item for item in own if self._is_what(item, row)), None)
        verdict = Verdict.THERE if found is not None else self._unseen(row, own)
        one = found or next(iter(own), None)
        unmanaged = row.account if not row.user else ""
        return ReadBack(row, verdict, found, unmanaged if one is None else one.id if one.source is Source.UNMANAGED else "")

    def _own(self, row: Reviewed) -> list[Held]:
        """What the person of a row has."""
        if row.account in self.context.live.users:
            return self.by_id.get(row.account, [])
        owner = self.record.users.get(row.account)
        names = {owner, fold(user_address(owner)), fold(row.login)} if owner else _names(self.context, row)
        return [item for name in sorted(names - {""}) for item in self.by_name.get(name, ())]

    def _is_what(self, item: Held, row: Reviewed) -> bool:
        """A row about an account is about whatever it has; a role that is called otherwise since has the same value."""
        if row.group:
            return item.kind == "group" and self._is_group(item.group_id, item.what, row)
        if row.role:
            same = row.value != "" and fold(item.value) == fold(row.value)
            return item.kind == "role" and (fold(item.what) == fold(row.role) or same)
        return True

    def _is_group(self, id: str, name: str, row: Reviewed) -> bool:
        """Whether a group on the service is that of a row."""
        if row.group_id in self.context.live.groups:
            return id == row.group_id
        owner = self.record.groups.get(row.group_id)
        return fold(name) == owner if owner else fold(name) in _groups(self.context, row)

    def _unseen(self, row: Reviewed, own: list[Held]) -> Verdict:
        """Of what is not there: gone where the service would show it, else what the record says, if it ever said anything."""
        names, groups = _names(self.context, row), _groups(self.context, row)
        if self.unknown & {*names, fold(STRANGER + row.account), *_addresses(row, groups)}:
            return Verdict.UNKNOWN
        if row.account and not own:  # it was asked by its id, and is not there, or disabled
            return Verdict.GONE
        if row.group and not self.context.app.groups.enabled:
            return Verdict.HIDDEN
        hiding = [group for group in self._live_groups(row) if group.members is None]
        if not hiding if row.group else not row.role or self.context.shown_roles:
            return Verdict.GONE
        addresses = [item.address for item in own]
        addresses += [self.context.matching.groups.get(group.id, UNKNOWN_GROUP + group.id) for group in hiding]
        ever = row.source not in (Source.BY_HAND, Source.UNMANAGED)
        recorded = ever and all(self.context.known(address) is not None for address in addresses)
        return Verdict.NOT_SHOWN if recorded and (row.group or not self._no_longer_read()) else Verdict.HIDDEN

    def _live_groups(self, row: Reviewed) -> list[LiveObject]:
        return [item for item in self.context.live.groups.values() if self._is_group(item.id, item.name, row)]

    def _no_longer_read(self) -> bool:
        """Whether something carried roles that the mapping does not name any more: there they may be still."""
        mapped = {slot.target for slot in self.context.resolution.user_mapping.slots if slot.carries_roles}
        return bool((self.context.carried | self.context.unmapped) - mapped - {"members"})


def _names(context: Context, row: Reviewed) -> frozenset[str]:
    """Addresses and logins under which the account may stand, folded: of then, of the record, and of today."""
    users, names = context.resolution.declarations.users, {fold(row.login)} - {""}
    if row.user:
        names |= {fold(row.user), fold(user_address(row.user))}
        if (at := users.earlier.get(fold(row.user))) is not None:
            names.add(fold(user_address(users.columns["userPrincipalName"][at])))
    return frozenset(names | ({fold(UNKNOWN + row.account)} if row.account else set()))


def _groups(context: Context, row: Reviewed) -> frozenset[str]:
    """Names under which the group of a row may stand, folded: of then, and of today."""
    groups = context.resolution.declarations.groups
    return frozenset({fold(row.group), fold(groups.name_now(row.group))} if row.group else ())


def _addresses(row: Reviewed, groups: Iterable[str]) -> set[str]:
    """Of the group of a row, folded; that of an id is how a group is named that was asked for by it."""
    ids = {fold(group_address(UNKNOWN + row.group_id))} if row.group_id else set()
    return {fold(group_address(name)) for name in groups} | ids
