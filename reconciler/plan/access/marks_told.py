"""Records of the log in, when each told of a role or a group whether it was privileged out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from reconciler.declare.names import fold, group_address
from reconciler.plan.access.keys import Names
from reconciler.plan.access.past import Record


class Seen(NamedTuple):
    """That a record told whether a role or group was privileged: when, and whether by what somebody gained, or lost."""

    at: str
    privileged: bool
    gains: bool = True


class Changed(NamedTuple):
    """That roles (folded) were declared otherwise, beside another name: between the beginning and the end of a cycle."""

    begin: str
    end: str
    names: frozenset[str]


class MarksTold:
    """`roles` (by folded name) and `groups` (by key) are when the log told whether these are privileged, `changed` when roles
    were declared otherwise.
    """

    def __init__(self) -> None:
        self.roles: dict[str, list[Seen]] = defaultdict(list)
        self.groups: dict[str, list[Seen]] = defaultdict(list)
        self.changed: list[Changed] = []

    def see(self, record: Record, rows: Iterable[Record], groups: Names) -> None:
        """Whether roles are privileged, and with them the groups through which they come; what was held is as what is gained."""
        at = str(record.get("activityDateTime", ""))
        for row in rows:
            seen = Seen(at, row.get("privileged") is True, row.get("gains", True) is True)
            _add(self.roles[fold(str(row.get("what", "")))], seen)
            for name in str(row.get("through") or "").split(" > ") if seen.privileged and seen.gains else ():
                if (group := groups.by_name.get(fold(group_address(name)))) is not None:
                    _add(self.groups[group], seen)

    def see_group(self, key: str, at: str, rows: Iterable[Record]) -> None:
        """By what its members gain and lose."""
        for row in list(rows)[:1]:
            _add(self.groups[key], Seen(at, row.get("privileged") is True))


def _add(seen: list[Seen], item: Seen) -> None:
    """Of what is told again and again the first and the last one do."""
    if len(seen) > 1 and seen[-1][1:] == seen[-2][1:] == item[1:]:
        seen.pop()
    seen.append(item)
