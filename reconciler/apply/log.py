"""Outcomes as records of the provisioning log, in the shape of Graph's provisioningObjectSummary. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.apply.model import Job, Outcome

ACTIONS = {"enable": "update"}  # Graph knows no enable
KILLED = "done by a run that was killed before it could log it"
STATUSES = {"done": "success", "ignored": "warning", "skipped": "skipped"}


def log_line(job: Job, outcome: Outcome, at: str) -> dict[str, Any]:
    """One record: what was done to one object, `at` an ISO time, UTC."""
    change = outcome.change
    entry = job.record.entries.get(change.address)
    id = change.precondition.id if change.precondition else entry["id"] if entry else None
    properties = [(a.path, *a.shown()) for a in change.attributes]
    return _line(job, change.address, change.action, STATUSES.get(outcome.status, "failure"), outcome.message, at, id, properties)


def recovered(job: Job, journal: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records of what a killed run did and could not log: one an object, with the values that it wrote.

    A write whose outcome nobody heard counts as done where nothing is left to do for its object.
    """
    begun: dict[str, dict[str, Any]] = {}
    ended: dict[str, dict[str, Any]] = {}
    for line in journal:
        address = line.get("address", "")
        if "step" in line:
            begun[address] = {**line, "wanted": {**begun.get(address, {}).get("wanted", {}), **line.get("wanted", {})}}
            ended.pop(address, None)
        elif line.get("outcome") not in (None, "moved"):
            ended[address] = line
    left = {change.address for change in job.changes}
    unheard = {"outcome": "done"}
    return [_recovered(job, address, line, ended.get(address, unheard))
            for address, line in begun.items() if address in ended or address not in left]  # fmt: skip


def _recovered(job: Job, address: str, begun: dict[str, Any], ended: dict[str, Any]) -> dict[str, Any]:
    secret = {slot.target for slot in job.resolution.mapping(address).slots
              if slot.hidden or (slot.expression is not None and slot.expression.redacts)}  # fmt: skip
    written = [(path, None, "[Redact]" if path in secret else value) for path, value in begun["wanted"].items()]
    entry = ended.get("entry") or job.record.entries.get(address, {})
    return _line(job, address, begun.get("action", "other"), STATUSES.get(ended["outcome"], "failure"), KILLED,
                 ended.get("at") or begun.get("at", ""), begun.get("id") or entry.get("id"), written)  # fmt: skip


def _line(
    job: Job, address: str, action: str, status: str, reason: str, at: str, id: str | None,
    properties: Iterable[tuple[str, Any, Any]],
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": f"{at}/{address}",
        "activityDateTime": at,
        "provisioningAction": ACTIONS.get(action, action),
        "provisioningStatusInfo": {"status": status, "errorInformation": {"reason": reason}},
        "sourceIdentity": {"displayName": address},
        "targetIdentity": {"id": id},
        "targetSystem": {"displayName": job.app},
        "initiatedBy": {"displayName": job.occasion, "initiatorType": "system"},
        "modifiedProperties": [{"displayName": path, "oldValue": old, "newValue": new} for path, old, new in properties],
    }
