"""Who has one role for another in; which of these is the same one by another name, so that nothing was given, out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.plan.access.keys import Thing
from reconciler.plan.access.ledger import Ledger
from reconciler.plan.access.past import Record, given

Told = tuple[str, bool | None, bool | None, bool]  # a folded role, before, after, and whether the first is sure


class _Exchanged(NamedTuple):
    """What roles somebody got in one record, and which ones went, all folded."""

    cycle: str
    account: str
    record: Record
    came: set[str]
    went: set[str]


class RenamedRoles:
    """`renamed` are roles that got another name: when, and what each is called since and was called before, folded."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.renamed: list[tuple[str, str, str]] = []
        self._exchanged: list[_Exchanged] = []  # of one cycle, which may tell at its end that it was another name alone

    def rename(self, cycle: str, at: str, pairs: list[tuple[str, str]]) -> None:
        """That roles have new names for old ones."""
        self.renamed += [(at, *pair) for pair in pairs]
        for item in self._exchanged if pairs else ():
            if item.cycle == cycle:
                self._rename(item, pairs)

    def look(self, account: str, record: Record, told: Iterable[Told]) -> None:
        """Where somebody has one role for another, it may be the same one by another name, now or at an earlier time."""
        told = list(told)
        came = {what for what, before, after, _ in told if before is False and after}
        went = {what for what, before, after, _ in told if before and not after}
        if not (came and went):
            return
        item = _Exchanged(str(record.get("cycleId", "")), account, self.ledger.lasting(record), came, went)
        if self._exchanged and self._exchanged[-1].cycle != item.cycle:
            self._exchanged.clear()
        self._exchanged.append(item)
        self._rename(item, [(new, old) for at, new, old in self.renamed if self._had(Thing(account, "role", old), at)])

    def _had(self, role: Thing, at: str) -> bool:
        """Whether it was given before a time, and so is the role that got another name then."""
        moments = self.ledger.moments.get(role, [])
        gave, _ = given(moments, max(len(moments) - 1, 0))
        return gave is None or gave.at <= at

    def _rename(self, item: _Exchanged, pairs: Iterable[tuple[str, str]]) -> None:
        for new, old in pairs:
            if new in item.came and old in item.went:
                for what, other, before in ((new, old, False), (old, new, True)):
                    moments = self.ledger.moments[Thing(item.account, "role", what)]
                    places = [place for place, moment in enumerate(moments) if moment.record is item.record]
                    for place in places[-1:]:
                        moments[place] = moments[place]._replace(before=before, other=other)
