"""A record of the log in, what it says out: whom it is of, what was done, how it ended, who began it, who gained what. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.declare.names import fold, group_address, is_group, name_of

Record = dict[str, Any]


def ours_of(record: Record) -> Record:
    """What stands under our key."""
    ours = record.get("reconcile")
    return ours if isinstance(ours, dict) else {}


def _mapping(record: Record, name: str) -> Record:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def address_of(record: Record) -> str:
    """The object of a record; empty where it is of none."""
    return str(ours_of(record).get("address") or _mapping(record, "sourceIdentity").get("displayName") or "")


def id_of(record: Record) -> str:
    """The id of that object on the service; empty where it has none."""
    return str(_mapping(record, "targetIdentity").get("id") or "")


def actions_of(record: Record) -> list[str]:
    """What was done, in our word first, then in Graph's; the kind of an audit record."""
    ours = ours_of(record)
    kind = ours.get("kind", "object")
    own = [str(ours["action"])] if "action" in ours else []
    return [*own, str(record.get("provisioningAction", ""))] if kind == "object" else [str(kind)]


def status_of(record: Record) -> str:
    """success, failure, skipped or warning."""
    return str(_mapping(record, "provisioningStatusInfo").get("status") or record.get("result") or "")


def reason_of(record: Record) -> str:
    """What came of it, in words."""
    information = _mapping(record, "provisioningStatusInfo").get("errorInformation")
    said = information.get("reason") if isinstance(information, dict) else None
    return str(said or record.get("resultReason") or "")


def came_of(record: Record) -> str:
    """The same; of what simply succeeded why it was to be done."""
    steps = record.get("provisioningSteps") or ()
    why = (str(step.get("description", "")) for step in steps if step.get("provisioningStepType") == "processing")
    return reason_of(record) or next(why, "")


def by_of(record: Record) -> str:
    """Who began it."""
    return str(_mapping(record, "initiatedBy").get("displayName") or "")


def _modified(record: Record, name: str) -> Iterator[Any]:
    for item in record.get("modifiedProperties") or ():
        if isinstance(item, dict) and item.get("displayName") == name:
            yield from (value for side in ("oldValue", "newValue") for value in item.get(side) or ())


def _access(record: Record, name: str = "access") -> list[Record]:
    return [row for row in ours_of(record).get(name) or () if isinstance(row, dict)]


def held_of(record: Record) -> list[Record]:
    """The rows of what somebody had already when it was adopted."""
    return _access(record, "held")


def told_of(record: Record) -> list[Record]:
    """The rows of what somebody gains, loses, or had already."""
    return [*_access(record), *held_of(record)]


def moved_of(record: Record) -> tuple[list[str], list[str]]:
    """What its person gained and lost, or who came into its group and left it; roles by name, `group Net`."""
    if is_group(address_of(record)):
        out, into = _sides(record, "members")
        return [name_of(member) or member for member in into], [name_of(member) or member for member in out]
    if "adopt" in actions_of(record):  # it had them before
        return [], []
    own = [row for row in _access(record) if row.get("kind") in ("role", "group")]
    if own:
        gained, lost = ([_called(row) for row in own if (row.get("gains") is True) is side] for side in (True, False))
        return gained, lost
    before, after = _sides(record, "appRoleAssignments")
    return [name for name in after if name not in before], [name for name in before if name not in after]


def _called(row: Record) -> str:
    return ("group " if row.get("kind") == "group" else "") + str(row.get("what", ""))


def _sides(record: Record, name: str) -> tuple[list[str], list[str]]:
    """Old and new values of what was modified."""
    for item in record.get("modifiedProperties") or ():
        if isinstance(item, dict) and item.get("displayName") == name:
            old, new = (list(map(str, item.get(side) or ())) for side in ("oldValue", "newValue"))
            return old, new
    return [], []


def concerned_of(record: Record) -> set[str]:
    """Addresses, folded: the object's own, members who come or go, who gains or loses, by which group."""
    rows = told_of(record)
    groups = (group_address(name) for row in rows for name in _groups_of(row) if name)
    inside = (str(member) for row in held_of(record) for member in row.get("members") or ())
    members = (*inside, *(str(member) for member in _modified(record, "members")))
    people = (str(row.get("address", "")) for row in rows)
    details = _mapping(ours_of(record), "details")
    revoked = (str(details.get(name, "")) for name in ("address", "account"))
    return {fold(address) for address in (address_of(record), *revoked, *members, *people, *groups)}


def _groups_of(row: Record) -> list[str]:
    """The groups through which a role comes, or in which a person is."""
    return [str(row.get("what", ""))] if row.get("kind") == "group" else str(row.get("through", "")).split(" > ")


def roles_of(record: Record) -> set[str]:
    """Names of the roles, folded, that somebody gains or loses by it, or had before or has after it where these differ."""
    told = (str(row.get("what", "")) for row in told_of(record) if row.get("kind") == "role")
    return {fold(name) for name in (*told, *map(str, _modified(record, "appRoleAssignments")))}


def initiators_of(record: Record) -> set[str]:
    started = ours_of(record).get("startedBy")
    values = started.values() if isinstance(started, dict) else ()
    return {fold(str(value)) for value in (*_mapping(record, "initiatedBy").values(), *values)}


def approvals_of(record: Record) -> list[str]:
    """The approvals that let it through, each as `accidentalDeletions: agreed in INC-7`."""
    return [approval_text(item) for item in ours_of(record).get("approvals") or () if isinstance(item, dict)]


def approval_text(item: Mapping[str, Any]) -> str:
    """An approval as the log has it: for which safeguard, and why."""
    return f"{item.get('safeguard', '')}: {item.get('reason', '')}"


def given_of(record: Record) -> list[Mapping[str, Any]]:
    """The rows of access that somebody gains by it, or had already: until when and why stand in them."""
    return [*(row for row in _access(record) if row.get("gains") is True), *held_of(record)]
