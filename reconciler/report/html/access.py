"""Who has what as one page, searched and sorted. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.plan.access.had import Had
from reconciler.plan.access.held import BY_SCOPE, Held
from reconciler.plan.access.moved import Moved
from reconciler.report.had_text import cells_of, given, taken, unconfirmed
from reconciler.report.held import who
from reconciler.report.html.listing import Row, listing
from reconciler.report.html.page import page
from reconciler.report.log_record import approval_text
from reconciler.report.moved import cause, what

COLUMNS = ("Who", "App", "Kind", "What", "Source", "Through", "Declared in", "Since", "Until", "Reason", "Last seen")
TIMES = ("Last sign-in", "Registered")  # where a service says them
PAST = ("Who", "App", "Kind", "What", "Known", "Given by", "Taken by")
MOVED = ("Change", "Who", "What", "App", "By")


def render(apps: Mapping[str, Iterable[Held]], asked: str) -> str:
    """One table for all apps, by their display names; `asked` says in words what was asked for, and how."""
    items = [(app, item) for app, items in apps.items() for item in items]
    timed = any(item.registered for _, item in items)
    rows = [_timed(row(app, item), item) if timed else row(app, item) for app, item in items]
    privileged = sum(1 for item in rows if item.mark)
    columns = (*COLUMNS, *TIMES) if timed else COLUMNS
    table = listing("access", "Access", columns, rows, ("App", "Kind", "What", "Source"))
    return page("access.html", "Who has access", asked=asked, table=table, privileged=privileged)


def _timed(row: Row, held: Held) -> Row:
    """The row with a cell for each of `TIMES`; in whom a service that says them has seen no sign-in, nobody signed in."""
    return row._replace(cells=(*row.cells, held.last_login or ("never" if held.registered else ""), held.registered))


def row(app: str, held: Held) -> Row:
    """A row of `COLUMNS`; `app` is the display name."""
    what = held.what + (" (privileged)" if held.privileged else "") + ("" if held.shown else " (by the record)")
    place = f"{held.file}:{held.line}{BY_SCOPE if held.by_scope else ''}" if held.file else ""
    given = (who(held, named=True), app, held.kind, what, held.source, held.through, place)
    why = "; ".join(filter(None, [held.reason, *(f"approved: {approval_text(item)}" for item in held.approvals)]))
    cells = (*given, held.since[:10], held.until or "", why, held.confirmed[:10])
    return Row(cells, mark="privileged" if held.privileged else "")


def render_past(apps: Mapping[str, Iterable[Had]], asked: str) -> str:
    """The same of a time in the past."""
    items = [(app, item) for app, items in apps.items() for item in items]
    rows = [Row(_past(app, item), mark="" if item.privileged is False else "privileged") for app, item in items]
    table = listing("access", "Access", PAST, rows, ("App", "Kind", "What", "Known"))
    return page(
        "access.html", "Who had access", asked=asked, table=table, privileged=sum(item.privileged is True for _, item in items)
    )


def render_moved(apps: Mapping[str, Iterable[Moved]], asked: str) -> str:
    """What was gained, lost and kept."""
    items = [(app, item) for app, items in apps.items() for item in items]
    rows = [
        Row(
            (item.how, cells_of(item.row)[0], what(item), app, cause(item)),
            mark="" if item.row.privileged is False else "privileged",
        )
        for app, item in items
    ]
    table = listing("access", "Access", MOVED, rows, ("Change", "App", "What"))
    return page(
        "access.html",
        "What access changed",
        asked=asked,
        table=table,
        privileged=sum(item.row.privileged is True for _, item in items),
    )


def _past(app: str, had: Had) -> tuple[str, ...]:
    known = "yes" if had.known else unconfirmed(had) or "no"
    return (had.login or had.address, app, had.kind, cells_of(had)[1], known, given(had), taken(had))
