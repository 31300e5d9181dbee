"""What the log says of a cycle: its result and the record's part before it in, one record of the log out. Writes the log."""

from __future__ import annotations

from reconciler.cycle.audited import tell
from reconciler.declare.wording import plural
from reconciler.record.log.audit import Kind
from reconciler.record.service import Service
from reconciler.record.store import Store
from reconciler.service.result import CycleResult


def is_told(result: CycleResult, before: Service) -> bool:
    """Whether the log has a record of it: most of those that come every interval find nothing to do, and are counted."""
    last = before.get("cycle", {}).get("result")
    return bool(result.written) or result.kind == "initial" or result.result != last


def tell_cycle(store: Store, result: CycleResult, before: Service) -> None:
    """With how many cycles there were since the last one of which the log has a record."""
    quiet = before.get("quiet", 0)
    words = f"{result.kind}: {result.result}" + (f": {result.error.message}" if result.error else "")
    words += f"; {plural(quiet, 'cycle')} before it wrote nothing and ended as the last one that was told" if quiet else ""
    details = {"kind": result.kind, "result": result.result, "written": dict(result.written)}
    ended = "success" if result.result == "success" else "failure"
    tell(store, Kind.CYCLE, words, details | ({"quiet": quiet} if quiet else {}), cycle=result.cycle_id, result=ended)
