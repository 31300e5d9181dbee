"""What happened that is no object, as a record in the shape of Graph's directoryAudit, and ours beside it. Pure."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from reconciler.record.log.chain import OURS, canonical


class Kind(StrEnum):
    """What an audit record tells of. Closed: the schema lists the same."""

    PLAN_APPLIED = "planApplied"
    CYCLE = "cycle"
    APPROVAL_USED = "approvalUsed"
    APPROVAL_REFUSED = "approvalRefused"
    LOCK_BROKEN = "lockBroken"
    RESTARTED = "restarted"
    REVOKED = "revoked"
    REVOCATION_LIFTED = "revocationLifted"
    RECORD_COMMAND = "recordCommand"
    SAFEGUARD_BLOCKED = "safeguardBlocked"
    CONFIGURATION_CHANGED = "configurationChanged"
    CHAIN_BEGUN = "chainBegun"
    PRUNED = "pruned"
    REVIEW_STARTED = "reviewStarted"
    REVIEW_CLOSED = "reviewClosed"


WORDS = {
    Kind.PLAN_APPLIED: "a plan was applied",
    Kind.CYCLE: "a cycle ended",
    Kind.APPROVAL_USED: "an approval let a plan through",
    Kind.APPROVAL_REFUSED: "an approval did nothing",
    Kind.LOCK_BROKEN: "a lock was broken",
    Kind.RESTARTED: "provisioning was restarted",
    Kind.REVOKED: "a person was revoked",
    Kind.REVOCATION_LIFTED: "a revocation was lifted",
    Kind.RECORD_COMMAND: "the record was changed by a command",
    Kind.SAFEGUARD_BLOCKED: "a safeguard blocked a plan",
    Kind.CONFIGURATION_CHANGED: "the app's configuration changed",
    Kind.CHAIN_BEGUN: "the log's chain began",
    Kind.PRUNED: "the log was pruned",
    Kind.REVIEW_STARTED: "an access review was started",
    Kind.REVIEW_CLOSED: "an access review was closed",
}
FAILURES = frozenset({Kind.APPROVAL_REFUSED, Kind.SAFEGUARD_BLOCKED})


def audit_record(
    kind: Kind, app: str, at: str, reason: str, *, starter: Mapping[str, str], cycle: str = "", result: str = "",
    details: Mapping[str, Any] | None = None, more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """`at` is UTC; `reason` says in words what came of it; `details` are what a program asks for, `more` goes beside them."""
    name = starter.get("actor") or starter.get("user") or ""
    ours = {"kind": kind.value, **(more or {}), "startedBy": dict(starter), "details": dict(details or {})}
    record = {
        "activityDateTime": at,
        "jobId": app,
        "cycleId": cycle,
        "activityDisplayName": WORDS[kind],
        "category": "ProvisioningManagement",
        "result": result or ("failure" if kind in FAILURES else "success"),
        "resultReason": reason,
        "initiatedBy": {"id": name, "displayName": name or "reconcile", "initiatorType": "user" if name else "system"},
        "targetResources": [{"displayName": app, "type": "ServicePrincipal"}],
        OURS: {name: value for name, value in ours.items() if value},
    }
    told = {"at": at, "app": app, "cycle": cycle, "kind": kind.value, "reason": reason}  # whoever and whatever machine began it
    return {"id": _id_of(told), **record}


def _id_of(record: Mapping[str, Any]) -> str:
    """A UUID (RFC 9562 §5.8) that is the same for the same record."""
    octets = bytearray(hashlib.sha256(canonical(record)).digest()[:16])
    octets[6], octets[8] = octets[6] & 0x0F | 0x80, octets[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(octets)))
