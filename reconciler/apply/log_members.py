"""Memberships that a reading met and that were not written, as records of the log: a job in, records out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from reconciler.apply.log_shape import Facts, modified, record_of, steps_unwritten
from reconciler.apply.log_unwritten import declared_at
from reconciler.apply.model import Job
from reconciler.declare.names import is_group, is_user
from reconciler.plan.change import Cause

FOUND = "found with other members than when it was last written; nothing was written"


class Met(NamedTuple):
    """Who was found in a group in which nobody put them, and is to be there; and who was found out of it, and is to be out."""

    into: list[str]
    out: list[str]


def met_members(job: Job) -> dict[str, Met]:
    """By the group's address, before what was read goes into the record."""
    found = {address: met for address, met in _met(job) if met.into or met.out}
    return dict(sorted(found.items()))


def _met(job: Job) -> Iterator[tuple[str, Met]]:
    entries = job.record.entries
    for address, base in job.inputs.baselines.items():
        entry = entries.get(job.inputs.renamed.get(address, address)) if is_group(address) and "members" in base else None
        if entry is not None and "members" in entry:
            before, now = set(entry["members"]), set(base["members"])
            known = {*entry.get("kept", ()), *entry.get("unseen", ())}
            yield address, Met(sorted(now - before - known), sorted(filter(lambda one: _is_there(job, one), before - now)))


def _is_there(job: Job, member: str) -> bool:
    """Whether a member has an account of which it can be said that it was taken out; with the account all memberships end."""
    entry = job.record.entries.get(member) if is_user(member) else None
    account = job.inputs.live.users.get(entry["id"]) if entry is not None else None
    return account is not None and account.active


def met_lines(job: Job, met: Mapping[str, Met], told: Iterable[Mapping[str, Any]], at: str) -> list[dict[str, Any]]:
    """Records of them, since when it is so nobody knows; what an earlier run did is told by its own records."""
    known = {(line["reconcile"]["address"], member) for line in told for member in _members_of(line)}
    left = {
        address: Met(*([member for member in side if (address, member) not in known] for side in item))
        for address, item in met.items()
        if address in job.record.entries
    }
    return [_line(job, address, item, at) for address, item in left.items() if item.into or item.out]


def _members_of(line: Mapping[str, Any]) -> list[str]:
    moved = (item for item in line["modifiedProperties"] if item["displayName"] == "members")
    return [member for item in moved for side in ("oldValue", "newValue") for member in item[side] or ()]


def _line(job: Job, address: str, met: Met, at: str) -> dict[str, Any]:
    id, place = job.record.entries[address]["id"], declared_at(job, address)
    return record_of(
        Facts(
            job.app,
            job.occasion,
            job.origin,
            at,
            address,
            "update",
            "success",
            FOUND,
            id,
            "members",
            properties=(modified("members", met.out, met.into),),
            before=steps_unwritten(place[0], (), f"matched {id}", "update"),
            causes=(Cause.DRIFT,),
            place=place,
            found=True,
        )
    )
