"""Who has what as one page, searched and sorted. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.plan.access.held import Held
from reconciler.report.html.listing import Row, listing
from reconciler.report.html.page import page

COLUMNS = ("Who", "App", "Kind", "What", "Source", "Through", "Declared in", "Until", "Reason")


def render(apps: Mapping[str, Iterable[Held]], asked: str) -> str:
    """One table for all apps, by their display names; `asked` says in words what was asked for, and how."""
    rows = [row(app, item) for app, items in apps.items() for item in items]
    privileged = sum(1 for item in rows if item.mark)
    table = listing("access", "Access", COLUMNS, rows, ("App", "Kind", "What", "Source"))
    return page("access.html", "Who has access", asked=asked, table=table, privileged=privileged)


def row(app: str, held: Held) -> Row:
    """A row of `COLUMNS`; `app` is the display name."""
    who = held.login + (f" ({held.name})" if held.name and held.name != held.login else "")
    what = held.what + (" (privileged)" if held.privileged else "") + ("" if held.shown else " (by the record)")
    place = f"{held.file}:{held.line}" if held.file else ""
    cells = (who or held.address, app, held.kind, what, held.source, held.through, place, held.until or "", held.reason)
    return Row(cells, mark="privileged" if held.privileged else "")
