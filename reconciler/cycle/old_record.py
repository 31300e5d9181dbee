"""A record that was left at one place when reconciler.yaml began to say another: to forget it is to forget who left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.declare.settings import APP
from reconciler.declare.warned import Warned
from reconciler.record.here import checkout_here
from reconciler.record.known import folder_of, last_seen

if TYPE_CHECKING:
    from reconciler.plan.planner import Planned
    from reconciler.record.store import Store

OLD = Path(".reconcile")  # where a record lies when nothing is said
MOVE = "`reconcile record migrate --from local`"


def with_old_record(planned: Planned, store: Store) -> Planned:
    """The plan of an app that has no record in `store`, with a warning that names the one that was left. Raises RecordError."""
    if (found := _left(store)) is None:
        return planned
    old, command = found
    text = f"there is no record in {store.where()}, and one in {old}: people who left since are not disabled; run {command}"
    plan = planned.plan
    others = (other for other in plan.warnings if other.code != "NoRecordYet")
    return replace(planned, plan=replace(plan, warnings=(Warned("RecordLeftBehind", text), *others)))


def _left(store: Store) -> tuple[str, str] | None:
    """Where a record was left, and the command that moves it."""
    from reconciler.record.git.store import GitStore

    old = OLD / store.app
    if str(old) != store.where() and (old / "record.json").is_file():
        return str(old), MOVE
    if isinstance(store, GitStore):
        refs = store.elsewhere()
        return (refs[0].replace(APP, store.app) + f" on {store.ref.remote}", "`reconcile record migrate`") if refs else None
    checkout = checkout_here()
    ref = last_seen(folder_of(checkout.common, store.app), store.app)[2] if checkout is not None else ""
    return (f"{ref}, as this checkout knew it", f"`reconcile record migrate --from-ref {ref} --app {store.app}`") if ref else None


def to_move() -> bool:
    """Whether any app's record lies in .reconcile."""
    return any(file.parent.suffix == "" for file in OLD.glob("*/record.json"))
