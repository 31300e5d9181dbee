"""What gave a role, or took it, by one name in; what truly did, and by which name, out: a rename does neither. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.plan.access.keys import Thing
from reconciler.plan.access.past import Moment, given

Moments = Mapping[Thing, Sequence[Moment]]


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
