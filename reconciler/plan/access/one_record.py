"""One record of the log in, what it says of its object out. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.names import STRANGER, is_group, user_address
from reconciler.plan.access.past import Record

WRITTEN = frozenset({"asWritten", "otherwise"})


def is_written(record: Record, known: bool) -> bool:
    """Whether something was written, or may have been, or came under management as it was; `known` is what came of it."""
    ours = record["reconcile"]
    if ours.get("action") in (None, "skip", "stageddelete", "other"):
        return False
    if known or ours.get("readBack") in ("unknown", "outstanding"):
        return True
    steps = (step for step in record.get("provisioningSteps") or () if step.get("provisioningStepType") == "export")
    return any(step.get("status") in ("success", "warning") for step in steps)


def is_known(record: Record) -> bool:
    """Whether it is known what came of it."""
    status = (record.get("provisioningStatusInfo") or {}).get("status")
    return status in ("success", "warning") and record["reconcile"].get("readBack", "asWritten") in WRITTEN


def active_by(record: Record, action: str) -> tuple[bool | None, bool | None, bool]:
    """Whether the account was active before, is after, and whether the first is sure."""
    old, new = modified(record, "active")
    if record["reconcile"].get("adopts"):
        return None, action not in ("disable", "delete") and new is not False, True
    match action:
        case "create" | "enable":
            return False, action == "enable" or new is not False, not mends(record["reconcile"])
        case "disable":
            return True, False, True
        case "delete":
            return (True if record["reconcile"].get("access") else None), False, True
        case "adopt":
            return None, True, True
        case _:
            return (old if isinstance(old, bool) else True), new is not False, True


def replaces(record: Record) -> bool:
    """Whether whatever bore its name until then is gone, which somebody deleted, or deleted and made anew, on the service.

    A create found nothing by that name, whatever caused it; who gave the name up was told of before.
    """
    ours = record["reconcile"]
    return ours.get("action") == "create" or (ours.get("adopts") is True and mends(ours))


def is_gone(ours: Record) -> bool:
    """Whether an account or a group was found disabled or deleted by hand; else what it has was merely found so."""
    return ours.get("found") is True and ours.get("action") in ("disable", "delete")


def mends(ours: Record) -> bool:
    """Whether it puts right what somebody did by hand, at a time that nobody knows."""
    return "drift" in (ours.get("causes") or ())


def modified(record: Record, name: str) -> tuple[Any, Any]:
    for item in record.get("modifiedProperties") or ():
        if isinstance(item, dict) and item.get("displayName") == name:
            return item.get("oldValue"), item.get("newValue")
    return None, None


def name_before(record: Record, address: str) -> str:
    """The address that an object had before it was renamed; empty where it was not, or where the service knows it otherwise."""
    old, new = modified(record, "displayName" if is_group(address) else "userName")
    kind, _, name = address.partition("/")
    return f"{kind}/{old}" if isinstance(old, str) and old and new == name and old != new else ""


def address_of(record: Record) -> str:
    ours = record.get("reconcile")
    return str(ours.get("address", "")) if isinstance(ours, dict) else ""


def called_by(record: Record, address: str) -> str:
    """The address; of an account that nobody declared its name on the service."""
    details = (record.get("sourceIdentity") or {}).get("details") or {}
    return user_address(str(details["displayName"])) if address.startswith(STRANGER) and "displayName" in details else address


def id_of(record: Record) -> str | None:
    return (record.get("targetIdentity") or {}).get("id")
