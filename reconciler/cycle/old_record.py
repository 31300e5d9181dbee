"""A record that was left in .reconcile when reconciler.yaml began to say another place: to forget it is to forget who left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.plan.planner import Planned
    from reconciler.record.store import Store

OLD = Path(".reconcile")  # where a record lies when nothing is said
MOVE = "`reconcile record migrate --from local`"


def with_old_record(planned: Planned, store: Store) -> Planned:
    """The plan of an app that has no record in `store`, with a warning that names the one that was left."""
    from reconciler.plan.notices import NO_RECORD

    old = OLD / store.app
    if str(old) == store.where() or not (old / "record.json").is_file():
        return planned
    text = f"there is no record in {store.where()}, and one in {old}: whoever left since it was made is not disabled; run {MOVE}"
    plan = planned.plan
    return replace(planned, plan=replace(plan, warnings=(text, *(other for other in plan.warnings if other != NO_RECORD))))


def to_move() -> bool:
    """Whether any app's record lies in .reconcile."""
    return any(file.parent.suffix == "" for file in OLD.glob("*/record.json"))
