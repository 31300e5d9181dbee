"""What a plan says beside its changes: what it rests on and was found in; skips, errors and warnings out. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.model import App
from reconciler.declare.names import is_user
from reconciler.declare.warned import Warned
from reconciler.plan.context import Context
from reconciler.plan.model import ObjectError, Skip
from reconciler.plan.provisioning import closed_by
from reconciler.plan.removed import KEPT
from reconciler.plan.selection import Selection
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution

KEEPS = "keeps an active account, and nothing here disables it"
NO_RECORD = Warned("NoRecordYet", "there is no record yet: accounts are matched afresh, and only matched ones are managed")
CLOSED = {
    "manual": Warned(
        "Manual", "provisioning is manual, so apply refuses to write this: set `mode: automatic` under provisioning in app.yaml"
    ),
    "off": Warned("Off", "provisioning is off, so apply does nothing: set `status: on` under provisioning in app.yaml"),
}


def of_provisioning(app: App) -> list[Warned]:
    """What becomes of the plan, where that is not what a plan is for."""
    closed = closed_by(app)
    return [CLOSED[closed]] if closed else []


def of_record(record: Record | None, base_url: str) -> list[Warned]:
    """What the record is no measure of."""
    if record is None:
        return [NO_RECORD]
    if record.base_url in ("", base_url):
        return []
    words = (
        f"the record was made with {record.base_url}, and tenantUrl is {base_url} now: accounts that are missing there, or "
        "have another id, will look deleted or edited by hand"
    )
    return [Warned("RecordOfOtherUrl", words)]


def faults(resolution: Resolution) -> list[ObjectError]:
    """Values that an expression could not work out: the attribute is left as it is, and somebody should know."""
    return [
        ObjectError(address, "InvalidValue", f"{fault.target}: {fault.reason}", "fix the user's attribute, or the expression")
        for address, found in sorted(resolution.faults.items())
        for fault in found
    ]


def skips(context: Context, selection: Selection) -> tuple[Skip, ...]:
    """Declared objects that are not provisioned, of those that were selected; who keeps an account is not told to come back."""
    keeping = set(_keeping(context))
    selected = (skip for address, skip in sorted(context.resolution.skipped.items()) if selection.names(address))
    return tuple(Skip(s.address, s.code, s.reason, KEEPS if s.address in keeping else s.remedy) for s in selected)


def _keeping(context: Context) -> Iterator[str]:
    """Who is out of scope and stays active all the same, by the declaration's or the service's doing."""
    for address, skip in context.unwanted.items():
        account = context.live.users.get(context.entries[address]["id"]) if is_user(address) else None
        changing = address in context.pending
        if skip is not None and skip.code not in KEPT and account is not None and account.active and not changing:
            yield skip.address
