"""One record of the provisioning log, in the shape of Graph's provisioningObjectSummary, and ours beside it. Pure.

Names, enums and steps are Graph's; what Graph has no place for stands under the key `reconcile`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.apply.origin import Origin, named
from reconciler.declare.names import is_group
from reconciler.plan.change import AttributeChange, Change
from reconciler.plan.model import Access

OURS = "reconcile"
ACTIONS = {"enable": "update", "adopt": "other", "skip": "other"}  # Graph knows none of these
EXPORTS = {"create": "Add", "delete": "Delete"}  # of the names of Entra's steps; Update otherwise
READ_BACK = {"done": "asWritten", "ignored": "otherwise", "outstanding": "outstanding"}
IMPORT, SCOPING = "EntryImport", "EntrySynchronizationScoping"
Step = dict[str, Any]


class Export(NamedTuple):
    """A step of a change, as it went: its kind, how it ended, and its last write's method and HTTP status, if answered."""

    kind: str
    status: str
    method: str = ""
    http: int | None = None
    milliseconds: int = 0


class Roles(NamedTuple):
    """Names of the roles before and after, None where nobody knows them; of those after, the ones that nothing assigns, and the
    ones that were assigned and met on the service, since when nobody knows.
    """

    before: list[str] | None = None
    after: list[str] | None = None
    staying: tuple[str, ...] = ()
    met: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What a record tells of one object beside its change.

    status:    success, failure, skipped or warning; `reason` says why, in words
    id:        of the account or the group on the service, None where there is none
    part:      tells two records of one object and pass apart; empty for the only one
    read_back: whether the service shows what it was told: asWritten, otherwise, outstanding, notWritten or unknown
    before:    Graph's steps until the object is written, `exports` those since
    rows:      who gains or loses what by it
    held:      who had what of it already when it was adopted; `inside` who was in a group, where no property says so
    found:     it was found so, since when nobody knows; nothing was written
    adopts:    the account was there before, and is ours from now on: who had what of it before is not known
    """

    app: str
    occasion: str
    origin: Origin
    at: str
    address: str
    action: str
    status: str
    reason: str
    id: str | None
    part: str = ""
    name: str = ""
    properties: tuple[dict[str, Any], ...] = ()
    before: tuple[Step, ...] = ()
    exports: tuple[Export, ...] = ()
    read_back: str = ""
    roles: Roles = Roles()
    rows: tuple[Access, ...] = ()
    held: tuple[Access, ...] = ()
    inside: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    place: tuple[str, int] = ("", 0)
    digest: str = ""
    adopts: bool = False
    found: bool = False
    information: Mapping[str, str] = field(default_factory=dict)


def record_of(facts: Facts) -> dict[str, Any]:
    """The record."""
    origin, kind = facts.origin, "Group" if is_group(facts.address) else "User"
    change = named(origin.cycle or facts.at, facts.app, facts.address)
    record = {
        "id": named(change, facts.part, facts.at if not origin.cycle else ""),
        "activityDateTime": facts.at,
        "tenantId": origin.tenant,
        "jobId": facts.app,
        "cycleId": origin.cycle,
        "changeId": change,
        "provisioningAction": ACTIONS.get(facts.action, facts.action),
        "durationInMilliseconds": sum(export.milliseconds for export in facts.exports),
        "provisioningStatusInfo": {"status": facts.status, "errorInformation": {"reason": facts.reason, **facts.information}},
        "provisioningSteps": [*facts.before, *(export_step(facts.action, export) for export in facts.exports)],
        "modifiedProperties": [*facts.properties, *_roles_property(facts.roles)],
        "initiatedBy": initiated_by(origin.starter),
        "servicePrincipal": {"id": facts.app, "displayName": origin.display_name or facts.app},
        "sourceIdentity": _identity(facts.address, facts.address, kind, facts.name),
        "sourceSystem": {"id": "declarations", "displayName": "declarations"},
        "targetIdentity": _identity(facts.id, facts.address, kind),
        "targetSystem": {"id": facts.app, "displayName": facts.app, **_details(baseUrl=origin.base_url, profile=origin.profile)},
    }
    return record | {OURS: _ours(facts)}


def initiated_by(starter: Mapping[str, str]) -> dict[str, str]:
    """Graph's initiator: a person, or a workflow's actor; `system` where nobody is known to have begun it."""
    name = starter.get("actor") or starter.get("user") or ""
    return {"id": name, "displayName": name or "reconcile", "initiatorType": "user" if name else "system"}


def _identity(id: str | None, address: str, kind: str, name: str = "") -> dict[str, Any]:
    return {"id": id, "displayName": address, "identityType": kind, **_details(displayName=name)}


def _details(**known: str) -> dict[str, dict[str, str]]:
    """What is known under `details`; nothing where nothing is."""
    said = {name: value for name, value in known.items() if value}
    return {"details": said} if said else {}


def _ours(facts: Facts) -> dict[str, Any]:
    known: dict[str, Any] = {
        "kind": "object",
        "address": facts.address,
        "action": facts.action,
        "occasion": facts.occasion,
        "adopts": facts.adopts,
        "found": facts.found,
        "causes": list(facts.causes),
        "declaredAt": {"file": facts.place[0], "line": facts.place[1]} if facts.place[0] else None,
        **facts.origin.as_json(),
        "changeDigest": facts.digest,
        "pullRequest": facts.origin.pulls.get(facts.digest),
        "approvals": [dict(item) for item in facts.origin.approvals] if facts.digest else [],
        "access": [access_row(row) for row in facts.rows],
        "held": [held_row(row, facts.inside) for row in facts.held],
        "roles": facts.roles.after,
        "staying": list(facts.roles.staying),
        "met": list(facts.roles.met),
        "readBack": facts.read_back,
    }
    return {name: value for name, value in known.items() if value or (name == "roles" and value is not None)}


def access_row(row: Access) -> dict[str, Any]:
    """Who gains or loses a role or a membership, by which line, where one gave it; nothing of what is not said."""
    by_line = row.gains or row.gave
    known = {
        "address": row.address,
        "gains": row.gains,
        "kind": row.kind,
        "what": row.what,
        "privileged": row.privileged or None,
        "through": row.through,
        "file": row.file if by_line else "",
        "line": row.line if by_line else 0,
        "expires": row.until,
        "reason": row.reason,
    }
    return {name: value for name, value in known.items() if value or name == "gains"}


def held_row(row: Access, inside: Iterable[str]) -> dict[str, Any]:
    """The same of what somebody had already, who neither gains nor loses it; of a group, of those who were inside."""
    said = {name: value for name, value in access_row(row).items() if name != "gains"}
    return {**said, "members": list(inside)} if inside else said


# What was modified


def properties(attributes: Iterable[AttributeChange]) -> tuple[dict[str, Any], ...]:
    """Old and new values; what `Redact()` covers, and what is generated and hidden, as [Redact]."""
    return tuple(modified(a.path, *a.shown()) for a in attributes)


def modified(name: str, old: Any, new: Any) -> dict[str, Any]:
    return {"displayName": name, "oldValue": old, "newValue": new}


def members(change: Change) -> tuple[dict[str, Any], ...]:
    """Of a group: those who were taken out as the old value, those who were put in as the new one, by address."""
    return (modified("members", list(change.remove), list(change.add)),) if change.add or change.remove else ()


def _roles_property(roles: Roles) -> tuple[dict[str, Any], ...]:
    if roles.after is None or sorted(roles.before or ()) == sorted(roles.after):
        return ()
    return (modified("appRoleAssignments", roles.before, roles.after),)


# Steps


def step(name: str, kind: str, status: str, description: str, details: Mapping[str, str] | None = None) -> Step:
    said = {"name": name, "provisioningStepType": kind, "status": status, "description": description}
    return {**said, "details": dict(details)} if details else said


def steps_before(change: Change, scoping: Iterable[Step]) -> tuple[Step, ...]:
    """How a change came about until it was written: read, judged to be in scope or not, matched, worked out."""
    found = "no account matches" if change.precondition is None else f"matched {change.precondition.id}"
    references = sorted(a.path for a in change.attributes if a.reference) + (["members"] if change.add or change.remove else [])
    return (
        *_until_matched(change.file, scoping, found),
        _worked_out(change.action, f"{change.action}: {change.reason}"),
        *([step("EntryReferences", "referenceResolution", "success", ", ".join(references))] if references else []),
    )


def steps_unwritten(file: str, scoping: Iterable[Step], matched: str, action: str) -> tuple[Step, ...]:
    """The same of an object to which nothing had to be written; `file` declares it, or nobody does."""
    return *_until_matched(file, scoping, matched), _worked_out(action, f"{action}: nothing had to be written")


def _until_matched(file: str, scoping: Iterable[Step], matched: str) -> tuple[Step, ...]:
    return (
        step(IMPORT, "import", "success", "declared" if file else "no longer declared"),
        *(scoping or (step(SCOPING, "scoping", "success", "in scope"),)),
        step(IMPORT, "matching", "success", matched),
    )


def _worked_out(action: str, why: str) -> Step:
    return step("EntrySynchronization" + EXPORTS.get(action, "Update"), "processing", "success", why)


def export_step(action: str, export: Export) -> Step:
    """A write: what was sent, and what the service answered."""
    answered = f"{export.method} was answered {export.http}" if export.http else f"{export.method or 'nothing'} was not answered"
    details = {"Step": export.kind, **({"HttpMethod": export.method} if export.method else {})}
    return step(
        "EntryExport" + EXPORTS.get(action, "Update"),
        "export",
        export.status,
        answered if export.method else "nothing was sent",
        {**details, **({"HttpStatus": str(export.http)} if export.http else {})},
    )
