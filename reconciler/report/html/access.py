"""Who has what as one page, searched and sorted. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.plan.access.held import Held
from reconciler.report.html.listing import Row, listing
from reconciler.report.html.page import page

COLUMNS = ("Who", "App", "Kind", "What", "Source", "Through", "Declared in", "Until", "Reason")


def render(apps: Mapping[str, Iterable[Held]], asked: str) -> str:
    """One table for all apps, by their display names; `asked` says in words what was asked for, and how."""
    rows = [_row(app, row) for app, rows in apps.items() for row in rows]
    privileged = sum(1 for row in rows if row.mark)
    table = listing("access", "Access", COLUMNS, rows, ("App", "Kind", "What", "Source"))
    return page("access.html", "Who has access", asked=asked, table=table, privileged=privileged)


def _row(app: str, row: Held) -> Row:
    who = row.login + (f" ({row.name})" if row.name and row.name != row.login else "")
    what = row.what + (" (privileged)" if row.privileged else "") + ("" if row.shown else " (by the record)")
    place = f"{row.file}:{row.line}" if row.file else ""
    cells = (who or row.address, app, row.kind, what, row.source, row.through, place, row.until or "", row.reason)
    return Row(cells, mark="privileged" if row.privileged else "")
