"""How long after its commit a leaver was out: the commit's date and when the service first saw it in, seconds out. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.record.service import Service, Sighting
from reconciler.service.clocks import UNITS, between
from reconciler.service.failures import is_of_outage
from reconciler.service.result import CycleResult, Since

EVERYBODY = ""  # in the place of an address
LONGEST = UNITS["d"]  # from a commit until it is seen first; what was pushed later than that was not merged when it was made


def first_sight(commit: str, now: str, *known: Sighting | None) -> Sighting | None:
    """Of this commit: what is known of it already, else now; None where the declaration is in no commit."""
    moments = [one["at"] for one in known if one is not None and one["commit"] == commit]
    return Sighting(commit=commit, at=min([now, *moments])) if commit else None


def before_outage(service: Service, address: str) -> str:
    """The commit that a cycle had last before an outage left something to do there, else before this cycle; empty if none."""
    left, newest = service.get("left", {}), service.get("sighting")
    return left.get(address) or left.get(EVERYBODY) or (newest["commit"] if newest is not None else "")


def left_after(service: Service, result: CycleResult, waiting: Iterable[str] = ()) -> dict[str, str]:
    """The record's `left` after a cycle, by what it was before; `waiting` are the addresses in escrow after it."""
    before = service.get("left", {})
    if result.error is not None or result.interrupted:
        left = {**before, EVERYBODY: before_outage(service, EVERYBODY)}
    else:
        failed = [failure.address for failure in result.failures if is_of_outage(failure)]
        left = {address: before_outage(service, address) for address in (*failed, *(before.keys() & set(waiting)))}
    return {address: commit for address, commit in left.items() if commit}


def measured_from(date: str, seen: str) -> Since:
    """The commit's date as far as that can be believed: whoever commits writes it, by whatever clock."""
    if not date:
        return Since(seen, "the commit has no date that can be read")
    if date > seen:
        return Since(seen, f"the commit's date, {date}, is later")
    if between(date, seen) > LONGEST:
        return Since(seen, f"the commit's date, {date}, is more than a day earlier")
    return Since(date)


def seconds_until_out(result: CycleResult) -> float | None:
    """Until the service showed the last leaver out; None where nobody left by a commit. A clock that was set back makes it 0."""
    if not (result.read_back and result.since.at):
        return None
    return max(between(result.since.at, result.read_back), 0.0)
