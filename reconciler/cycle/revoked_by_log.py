"""People whom a plan enables, and whom the provisioning log calls revoked though the record does not: cautions. Reads the log.

A revocation ends where the declaration agrees with it, and the log then says that the person is left out. Where it says no such
thing, somebody has taken the revocation out of the record by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from reconciler.declare.names import fold
from reconciler.plan.change import Action, Change
from reconciler.plan.context import Context
from reconciler.plan.model import Caution
from reconciler.record.log.chain import OURS
from reconciler.record.store import Store

if TYPE_CHECKING:
    from reconciler.plan.planner import Planned

CODE, OCCASION = "RevokedByLog", "revoke: "
Line = dict[str, Any]


def cautions(planned: Planned, store: Store) -> Iterator[Caution]:
    """One a person. Raises RecordError; the log is read only where somebody is enabled whom we disabled."""
    context = planned.context
    changes = [change for change in planned.plan.changes if _is_brought_back(context, change)]
    names = {name: change for change in changes for name in _names(context, change)}
    for name, line in _revoked(store.read_log(), names).items() if names else ():
        change, why = names[name], line[OURS]["occasion"].removeprefix(OCCASION)
        words = (
            f"{change.address} was revoked on {line['activityDateTime'][:10]} ({why}) by the provisioning log, and the record "
            "no longer says so: to keep the person out, revoke again, or set `accountEnabled: false`"
        )
        yield Caution(CODE, words, change.file, change.line)


def _is_brought_back(context: Context, change: Change) -> bool:
    entry = context.known(change.address) or {}
    return change.action == Action.ENABLE and entry.get("wanted", {}).get("active") is False


def _names(context: Context, change: Change) -> set[str]:
    """Folded: today's address, and the one in the record."""
    return {fold(change.address), fold(context.matching.recorded.get(change.address, change.address))}


def _revoked(log: Iterable[Line], names: Iterable[str]) -> dict[str, Line]:
    """Of those folded addresses the ones whose revocation has not ended -> the line that tells of it."""
    wanted = set(names)
    found: dict[str, Line] = {}
    for line in log:
        ours = line.get(OURS, {})
        name = fold(str(ours.get("address")))
        if name in wanted and str(ours.get("occasion")).startswith(OCCASION):
            found[name] = line
        elif name in found and _ends(line):
            del found[name]
    return found


def _ends(line: Line) -> bool:
    """Whether the person has been left out by the declaration since, or let in again."""
    steps = line.get("provisioningSteps", ())
    return line[OURS].get("action") in ("enable", "create") or any(step.get("status") == "skipped" for step in steps)
