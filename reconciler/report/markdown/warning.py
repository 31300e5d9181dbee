"""What nobody may overlook: the caution block, errors and warnings. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.plan.model import Access, Change, Plan
from reconciler.plan.safeguards.approvals import line
from reconciler.report.markdown.fit import Section
from reconciler.report.safe import code
from reconciler.report.text import caution_words
from reconciler.report.verdict import approve_in

MOST = 20  # rows of the caution block; the rest is counted, and stands in the folds
FINE = ("ok", "off", "approved")


def blocked(plan: Plan) -> list[dict[str, Any]]:
    """The safeguards that block."""
    return [item for item in plan.safeguards if item.get("status") not in FINE]


def caution(plan: Plan) -> list[Section]:
    """What the plan itself cautions of, and deletes, disables, privileged gains and blocked safeguards."""
    rows = list(_harm(plan))
    if not rows:
        return []
    more = [f"> - and {len(rows) - MOST:,} more, below"] if len(rows) > MOST else []
    return [Section("cautions", 1, (*rows[:MOST], *more), "> [!CAUTION]\n")]


def _way_out(item: dict[str, Any], app: str) -> str:
    """What to do, and the very entry that would let the plan through where an approval can."""
    remedy = f". {code(item['remedy'])}" if item.get("remedy") else ""
    if not item.get("approval"):
        return remedy
    return f"{remedy}. To approve it, add to {code(approve_in(item, app))}: {code(line(item['approval']))}"


def _harm(plan: Plan) -> Iterator[str]:
    yield from (f"> - {code(caution_words(item))}" for item in plan.cautions)
    for item in blocked(plan):
        yield f"> - **safeguard {code(item.get('name', ''))} blocks**: {code(item.get('detail', ''))}" + _way_out(item, plan.app)
    for change in plan.changes:
        if change.action == "delete":
            yield f"> - **deletes** {_who(change)}: {code(change.reason)}"
    for row in plan.access:
        if row.gains and row.privileged:
            yield f"> - **gains privileged {row.kind}** {code(row.what)}: {_who(row)}"
    for change in plan.changes:
        if change.disables:
            yield f"> - **disables** {_who(change)}: {code(change.reason)}"


def _who(item: Change | Access) -> str:
    """The address, and the display name where it says more."""
    return code(item.address) + (f" ({code(item.name)})" if item.name and item.name not in item.address else "")


def findings(plan: Plan) -> list[Section]:
    """Objects that cannot be planned, and warnings."""
    errors = tuple(f"- {code(e.address)} ({code(e.code)}): {code(e.reason)}; to do: {code(e.remedy)}" for e in plan.errors)
    warnings = tuple(f"- {code(text)}" for text in plan.warnings)
    found = [Section("errors", 0, errors, "**Errors**: these objects are left out, the rest can be applied\n\n"),
             Section("warnings", 2, warnings, "**Warnings**\n\n")]  # fmt: skip
    return [section for section in found if section.units]
