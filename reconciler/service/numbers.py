"""What is counted of a cycle apart for users and groups: its plan, outcomes and result in, numbers out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from reconciler.apply.model import ENDED, Outcome
from reconciler.declare.names import kind_of
from reconciler.plan.planner import Planned
from reconciler.record.entries import Entries
from reconciler.record.service import Escrow
from reconciler.service.figures import Work, provisioned
from reconciler.service.result import CycleResult

KINDS = ("User", "Group")


def objects(
    planned: Planned, entries: Entries, escrows: Iterable[str], work: Work, result: CycleResult
) -> dict[str, dict[str, int]]:
    """The result's counts, taken apart; skipped are those of all codes together. Accounts that are not ours are users."""
    resolution = planned.context.resolution
    in_scope: dict[str, Collection[str]] = {"User": resolution.users, "Group": resolution.groups}
    addresses = {
        "failed": work.failed,
        "escrowed": escrows,
        "drifted": [item.address for item in result.drift],
        "skipped": [skip.address for skip in planned.plan.skipped],
    }
    counted: dict[str, Mapping[str, int]] = {
        "in_scope": {kind: len(wanted) for kind, wanted in in_scope.items()},
        "provisioned": {kind: provisioned(planned, entries, work, wanted) for kind, wanted in in_scope.items()},
        **{state: Counter(map(kind_of, listed)) for state, listed in addresses.items()},
        "unmanaged": {"User": result.counts.unmanaged, "Group": 0},
    }
    return {kind: {state: counter[kind] for state, counter in counted.items()} for kind in KINDS}


def writes(outcomes: Iterable[Outcome]) -> dict[tuple[str, str, str], int]:
    """(User or Group, action, done or failed or skipped) -> number of objects."""
    ended = {**dict.fromkeys(ENDED, "done"), "failed": "failed"}
    return Counter((kind_of(o.change.address), str(o.change.action), ended.get(o.status, "skipped")) for o in outcomes)


def oldest(escrows: Mapping[str, Escrow]) -> str:
    """When the first of them failed, UTC; empty where there is none."""
    return min((since for escrow in escrows.values() if (since := escrow.get("since"))), default="")
