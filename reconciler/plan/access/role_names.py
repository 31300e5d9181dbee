"""What gave a role, or took it, by one name in; what truly did, and by which name, out: a rename does neither. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from reconciler.plan.access.keys import Thing
from reconciler.plan.access.past import Moment, given

LATEST = "9999"  # after any time
Moments = Mapping[Thing, Sequence[Moment]]


Renamed = Sequence[tuple[str, str, str]]  # when, the name since and the name before, folded


def name_then(renamed: Renamed, role: str, at: str, when: str) -> str:
    """What was called so at a time, by its name of another time, all folded."""
    for since, pairs in _changes(renamed) if when > at else reversed(_changes(renamed)):
        if at < since <= when:
            role = {old: new for new, old in pairs}.get(role, role)
        elif when < since <= at:
            role = dict(pairs).get(role, role)
    return role


def names_of(renamed: Renamed, role: str, at: str) -> set[str]:
    """All names that it had at whatever time."""
    return {role, *(name_then(renamed, role, at, when) for when in ("", *(since for since, _ in _changes(renamed))))}


def _changes(renamed: Renamed) -> list[tuple[str, set[tuple[str, str]]]]:
    return [(since, {(new, old) for _, new, old in rows}) for since, rows in groupby(renamed, key=itemgetter(0))]


def truly_gave(moments: Moments, role: Thing, gave: Moment | None, since: str) -> tuple[Moment | None, str]:
    """What gave it under an earlier name, and that name, folded; before `since` is not looked."""
    while gave is not None and gave.other and gave.at >= since:
        role = role._replace(what=gave.other)
        earlier = moments.get(role, ())
        gave, _ = given(earlier, _place(earlier, gave))
    return gave, role.what


def truly_took(moments: Moments, role: Thing, took: Moment | None, until: str) -> tuple[Moment | None, str]:
    """What took it under a later name, and that name, folded; after `until` is not looked."""
    while took is not None and took.other and took.at <= until:
        role = role._replace(what=took.other)
        later = moments.get(role, ())
        took = next((moment for moment in later[_place(later, took) + 1 :] if moment.after is False), None)
    return took, role.what


def _place(moments: Sequence[Moment], renaming: Moment) -> int:
    """The number of the moment that one record made of both names."""
    return next((number for number, moment in enumerate(moments) if moment.record is renaming.record), len(moments))
