"""What a plan says beside its changes: what it rests on and was found in; skips, errors and warnings out. Pure."""

from __future__ import annotations

from reconciler.declare.model import App
from reconciler.plan.model import ObjectError, Skip
from reconciler.plan.provisioning import closed_by
from reconciler.plan.selection import Selection
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution

NO_RECORD = "there is no record yet: accounts are matched afresh, and only matched ones are managed"
CLOSED = {
    "manual": "provisioning is manual, so apply refuses to write this: set `mode: automatic` under provisioning in app.yaml",
    "off": "provisioning is off, so apply does nothing: set `status: on` under provisioning in app.yaml",
}


def of_provisioning(app: App) -> list[str]:
    """What becomes of the plan, where that is not what a plan is for."""
    closed = closed_by(app)
    return [CLOSED[closed]] if closed else []


def of_record(record: Record | None, base_url: str) -> list[str]:
    """What the record is no measure of."""
    if record is None:
        return [NO_RECORD]
    if record.base_url in ("", base_url):
        return []
    return [
        f"the record was made with {record.base_url}, and tenantUrl is {base_url} now: whoever has no account there, or "
        "another id, reads as deleted or edited by hand"
    ]


def faults(resolution: Resolution) -> list[ObjectError]:
    """Values that an expression could not work out: the attribute is left as it is, and somebody should know."""
    return [
        ObjectError(address, "InvalidValue", f"{fault.target}: {fault.reason}", "mend the user's attribute, or the expression")
        for address, found in sorted(resolution.faults.items())
        for fault in found
    ]


def skips(resolution: Resolution, selection: Selection) -> tuple[Skip, ...]:
    """Declared objects that are not provisioned, of those that were selected."""
    selected = (skip for address, skip in sorted(resolution.skipped.items()) if selection.names(address))
    return tuple(Skip(s.address, s.code, s.reason, s.remedy) for s in selected)
