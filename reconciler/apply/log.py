"""Outcomes as records of the provisioning log, in the shape of Graph's provisioningObjectSummary. No I/O."""

from __future__ import annotations

from typing import Any

from reconciler.apply.model import Job, Outcome

ACTIONS = {"enable": "update"}  # Graph knows no enable
STATUSES = {"done": "success", "ignored": "warning", "skipped": "skipped"}


def log_line(job: Job, outcome: Outcome, at: str) -> dict[str, Any]:
    """One record: what was done to one object, `at` an ISO time, UTC."""
    change = outcome.change
    return {
        "id": f"{at}/{change.address}",
        "activityDateTime": at,
        "provisioningAction": ACTIONS.get(change.action, change.action),
        "provisioningStatusInfo": {
            "status": STATUSES.get(outcome.status, "failure"), "errorInformation": {"reason": outcome.message},
        },
        "sourceIdentity": {"displayName": change.address},
        "targetIdentity": {"id": change.precondition.id if change.precondition else None},
        "targetSystem": {"displayName": job.app},
        "initiatedBy": {"displayName": job.occasion, "initiatorType": "system"},
        "modifiedProperties": [
            {"displayName": a.path, "oldValue": before, "newValue": after}
            for a in change.attributes
            for before, after in (a.shown(),)
        ],
    }  # fmt: skip
