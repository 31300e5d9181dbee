"""Users, then groups, matched by the record and by attributes; nobody gets an account that two could have. Pure."""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter

from reconciler.declare.names import kind_of
from reconciler.plan.live import Live, LiveObject
from reconciler.plan.matching.by_attribute import by_attribute
from reconciler.plan.matching.by_record import by_record
from reconciler.plan.matching.model import Kind, Matching
from reconciler.record.entries import Entries
from reconciler.resolve.model import Resolution

NOT_ANSWERED = "NotAnswered"
ASK_AGAIN = "try again; if it stays so, tell the service's vendor, or see what the token may read"


def match(resolution: Resolution, live: Live, entries: Entries) -> Matching:
    """Match users, then groups."""
    result = Matching()
    users = entries.identities()
    groups = {address: users.pop(address) for address in entries.groups()}
    _match(Kind("User", resolution, resolution.users, live, users, result))
    _match(Kind("Group", resolution, resolution.groups, live, groups, result))
    return result


def _match(kind: Kind) -> None:
    known, live, part = kind.known, kind.live, kind.all.part
    ids = by_record(kind) if known else {}
    accounts = list(map(live.get, ids.values()))
    found = {address: account for address, account in zip(ids, accounts, strict=True) if account is not None}
    recorded = len(found)
    _refuse_unknown(kind)
    if recorded < len(kind.desired):
        by_attribute(kind, found)
    owned = _owned(found)
    if len(owned) < len(found):
        _refuse_shared(kind, found)
        owned = _owned(found)
    kind.result.add(found)
    if kind.name == "User":
        kind.result.addresses = owned
    else:
        kind.result.groups = owned
    if recorded < len(known):
        for address, (id, _) in known.items():
            # A dangling member keeps the id of an account that is gone: that id is nobody's.
            if id in live or (part is not None and address not in part.asked):
                owned.setdefault(id, address)


def _refuse_unknown(kind: Kind) -> None:
    """Of whom the service did not answer nothing is planned: who is not shown may be there."""
    if not kind.unknown:
        return
    today = {old: address for address, old in kind.result.recorded.items()}
    for address, why in kind.unknown.items():
        if kind_of(address) == kind.name:
            kind.result.error(today.get(address, address), NOT_ANSWERED, why, ASK_AGAIN)


def _owned(found: dict[str, LiveObject]) -> dict[str, str]:
    return dict(zip(map(itemgetter(0), found.values()), found, strict=True))


def _refuse_shared(kind: Kind, found: dict[str, LiveObject]) -> None:
    """Two addresses that matched one account: neither gets it."""
    owners: dict[str, list[str]] = defaultdict(list)
    for address, account in found.items():
        owners[account.id].append(address)
    for shared in (names for names in owners.values() if len(names) > 1):
        account = [found.pop(address) for address in shared][0]
        who = " and ".join(f"{address} by {kind.result.how.get(address, 'the record')}" for address in shared)
        for address in shared:
            kind.result.error(
                address,
                "DuplicateSource",
                f"{who} match the same account, {account.name} ({account.id})",
                "correct the matching value of everyone who does not own this account",
            )
