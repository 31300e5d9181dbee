"""What a cycle's parts come to, in the words of its result (service/result.py). `closed` asks the environment."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.apply.model import Result
from reconciler.declare.model import App, Declarations
from reconciler.plan.change import Change
from reconciler.plan.provisioning import closed_by
from reconciler.plan.safeguards.model import Safeguard
from reconciler.record.place import is_lost_with_the_machine
from reconciler.record.service import Service
from reconciler.service.figures import Work
from reconciler.service.result import AppError, Approval, Block, Ended, Quarantine

MANUAL = AppError(
    "Manual", None, "provisioning is manual: only plans are made", "set `mode: automatic` under provisioning in app.yaml"
)
LOST = AppError(
    "RecordVanishes",
    None,
    "the record would vanish with this machine, since it is in .reconcile",
    "write `record: {backend: git, remote: origin}` in reconciler.yaml, or `record: {backend: local, path: ...}` for a folder "
    "that you keep",
)


def closed(app: App, declarations: Declarations) -> tuple[Ended, AppError | None] | None:
    """How a cycle of an app that takes no writes ends, and why; None where it may begin."""
    shut = closed_by(app)
    if shut is None:
        return ("failed", LOST) if is_lost_with_the_machine(declarations.record) else None
    return ("failed", MANUAL) if shut == "manual" else ("off", None)


def blocks(blocking: Iterable[Safeguard], digest: str) -> tuple[Block, ...]:
    """Each safeguard that blocks."""
    return tuple(Block(item.name, item.detail, digest) for item in blocking)


def held_back(held: Iterable[Change]) -> tuple[str, ...]:
    """The addresses of what is held back, whatever a safeguard counts of it: log, messages, record and `status` say these."""
    return tuple(sorted({change.address for change in held}))


def approvals(blocking: Iterable[Safeguard]) -> tuple[Approval, ...]:
    """The entries that would let the held changes through, once somebody has written and merged them."""
    return tuple(Approval(item.name, item.approval["plan"], item.approve_in) for item in blocking if item.approval)


def ending(error: AppError | None, blocked: Collection[Block], work: Work, done: Result, waiting: Collection[str]) -> Ended:
    """How a cycle ended. One that left objects undone is partial, also where these only wait for their next try."""
    if error is not None:
        return "failed"
    if blocked:
        return "blocked"
    undone = done.interrupted or waiting or work.failures or not done.ended
    return "partial" if undone else "success"


def quarantined(service: Service) -> Quarantine | None:
    """The quarantine as the record has it."""
    if (state := service.get("quarantine")) is None:
        return None
    return Quarantine(state.get("reason", ""), state.get("message", ""), state.get("since", ""), state.get("next") or None)
