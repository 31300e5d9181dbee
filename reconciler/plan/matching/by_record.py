"""Matching by the record: declared objects found again under their name, an earlier name or their declared id. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import attrgetter, itemgetter

from reconciler.declare.names import fold, fold_all, kind_of
from reconciler.plan.matching.model import Identities, Kind
from reconciler.plan.name_swaps import not_free
from reconciler.resolve.model import Desired, Skipped

NOBODY = (None, None)


def by_record(kind: Kind) -> dict[str, str]:
    """Desired address -> id of the account that it had when we last applied."""
    skipped = {a: s for a, s in kind.resolution.skipped.items() if kind_of(a) == kind.name}
    known, recorded = kind.known, kind.result.recorded
    found, others = _as_named(kind, kind.desired), _as_named(kind, skipped)
    recorded.update(zip(found, found, strict=True))
    recorded.update(zip(others, others, strict=True))
    if len(found) + len(others) < len(kind.desired) + len(skipped):
        _otherwise(kind, {a: i for a, i in chain(kind.desired.items(), skipped.items()) if a not in recorded})
        for address in found.keys() - recorded.keys():
            del found[address]
        found.update({a: known[recorded[a]][0] for a in kind.desired if a not in found and a in recorded})
    return found


def _as_named(kind: Kind, items: Mapping[str, Desired] | Mapping[str, Skipped]) -> dict[str, str]:
    """Nearly every object of a large directory is in the record, under its name and with its id."""
    rows = list(map(attrgetter("row"), items.values()))
    owns, previous = (list(map(kind.table.column(name).__getitem__, rows)) for name in ("id", "previously"))
    known = [kind.known.get(address, NOBODY) for address in items]
    ids, last = (list(map(itemgetter(number), known)) for number in (0, 1))
    if owns == last and None not in ids and previous.count(None) == len(previous):
        return dict(zip(items, ids, strict=True))
    return {
        address: id
        for address, id, own, before, names in zip(items, ids, owns, last, previous, strict=True)
        if id is not None and names is None and (own is None or before is None or before == own)
    }


def _otherwise(kind: Kind, items: Mapping[str, Desired | Skipped]) -> None:
    """Those who were renamed, whose name is written in another case, or who are somebody else."""
    owns, previous = kind.table.column("id"), kind.table.column("previously")
    view, recorded = _RecordView(kind.known, kind.name, owns), kind.result.recorded
    taken: dict[str, str] = {}  # address in the record -> today's
    for address, item in items.items():
        if (old := view.claimed(address, owns[item.row], previous[item.row])) is not None:
            taken.setdefault(old, address)
    for old in taken.keys() & recorded.keys():
        del recorded[old]  # whoever bears the name today is not the one whom the record means
    claims = {address: old for old, address in taken.items()}
    recorded.update(claims)
    for address, item in items.items():
        old = view.folded.get(fold(address))
        if old is not None and old not in taken and address not in claims:
            _still_named(kind, address, old, owns[item.row])
    _refuse_taken(kind, {a: recorded[a] for a in items if a in kind.desired and recorded.get(a, a) != a}, view)


def _still_named(kind: Kind, address: str, old: str, own: str | None) -> None:
    """An entry under the same name, in whatever case, is this object's unless their declared ids differ."""
    id, last = kind.known[old]
    if own is None or last in (None, own):
        kind.result.recorded[address] = old
    elif address in kind.desired and (id in kind.live or old in kind.unknown):
        kind.result.error(
            address,
            "IdentityChanged",
            f"the record knows this name with id {last}, not {own}",
            "remove the first person's account from the service, or declare its new name with `previously`; if it "
            f"is the same person, `reconcile record forget '{old}'`",
        )


def _refuse_taken(kind: Kind, renamed: dict[str, str], view: _RecordView) -> None:
    """Whoever would take a name that another account still has keeps the one in the record."""
    there = {a for a, (id, _) in kind.known.items() if id in kind.live or a in kind.unknown} if renamed else set()
    for address, holder in not_free(renamed, view.folded, there).items():
        old = kind.result.refused[address] = kind.result.recorded.pop(address)
        kind.result.error(
            address,
            "NameInUse",
            f"{old} cannot take this name yet: another {kind.name.lower()} has it, {kind.known[holder][0]}",
            "apply the rest; if that one stays on the service, delete it there, or "
            f"rename it there and `reconcile record forget '{holder}'`",
        )


class _RecordView:
    """The record's entries of one kind, found by a name in any case, or by the declared id; `owns` are the ids declared today."""

    def __init__(self, known: Identities, kind: str, owns: Sequence[str | None]) -> None:
        self.known, self.kind, self._owns = known, kind, owns

    @cached_property
    def folded(self) -> dict[str, str]:
        return dict(zip(fold_all(list(self.known)), self.known, strict=True))

    @cached_property
    def by_declared_id(self) -> dict[str, str]:
        return {own: address for address, (_, own) in self.known.items() if own is not None}

    @cached_property
    def owned(self) -> frozenset[str | None]:
        return frozenset(self._owns)

    def claimed(self, address: str, own: str | None, previously: list[str] | None) -> str | None:
        """The entry under another name that an earlier name or the id says to be this object's.

        Previous names come first, since today's may have been another's.
        """
        for name in previously or ():
            old = self.folded.get(fold(f"{self.kind}/{name}"))
            last = self.known[old][1] if old is not None else None
            # A recorded id that differs, or that another one is declared with, says whose the earlier name was.
            if old is not None and (last in (None, own) or (own is None and last not in self.owned)):
                return old
        named = self.folded.get(fold(address))
        if own is None or (named is not None and self.known[named][1] in (None, own)):
            return None
        return self.by_declared_id.get(own)
