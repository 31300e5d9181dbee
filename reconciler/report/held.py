"""Who has what, as a table for a person, as JSON or as CSV: rows in, text out. No I/O."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import orjson

from reconciler.declare.wording import plural
from reconciler.plan.access.held import Held, Source
from reconciler.report.log_record import approval_text
from reconciler.report.safe import plain

COLUMNS = (
    "app",
    "address",
    "login",
    "name",
    "kind",
    "what",
    "privileged",
    "source",
    "through",
    "declared",
    "since",
    "until",
    "reason",
    "approvals",
    "shown",
    "confirmed",
)
TIMES = ("lastLogin", "registered")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with what a cell begins that a spreadsheet would compute


def as_table(apps: Mapping[str, Iterable[Held]]) -> str:
    """A block for each app, by its display name; one line for each thing that somebody has."""
    return "\n".join(line for app, rows in apps.items() for line in _block(app, list(rows)))


def _block(app: str, rows: list[Held]) -> list[str]:
    cells = [_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)] if cells else []
    people, privileged = len({row.address for row in rows}), len({row.address for row in rows if row.privileged})
    which = f", {privileged:,} of them something privileged" if people else ""
    counts = f"{plural(people, 'person has', 'people have')} access{which}"
    lines = ["  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [f"{plain(app)}: {counts}", *lines, ""]


def _cells(row: Held) -> tuple[str, str, str]:
    """Who, what, and where it comes from."""
    what = ("group " if row.kind == "group" else "") + row.what + (" (privileged)" if row.privileged else "")
    return plain(who(row)), plain(what), plain(_origin(row))


def who(row: Held, named: bool = False) -> str:
    """The account's login, with the id of one that nobody manages, which `revoke --id` and `import --only` ask for.

    `named` puts the person's name in front of that, where it says more than the login.
    """
    login = row.login or row.address
    name = row.name if named and row.name != login else ""
    id = row.address if row.source is Source.UNMANAGED and row.address != login else ""
    more = ", ".join(filter(None, (name, id)))
    return f"{login} ({more})" if more else login


def _origin(row: Held) -> str:
    """What gives it, until when, why, and whether the service shows it."""
    said = {
        Source.DECLARED: row.given,
        Source.UNMANAGED: "unmanaged: nobody declares this account",
        Source.STAYS: f"NOT ASSIGNED: it stays, as the mapping only adds, given until then by {row.file}:{row.line}",
        Source.BY_HAND: "by hand: no declaration gives it",
    }[row.source]
    used = f"last signed in {row.last_login[:10]}" if row.last_login else "never signed in" if row.registered else ""
    since = f"since {row.since[:10]}" if row.since else ""
    parts = [said, since, used, f"until {row.until}" if row.until else "", f"reason: {row.reason}" if row.reason else ""]
    parts += [f"approved: {'; '.join(map(approval_text, row.approvals))}" if row.approvals else ""]
    return ", ".join(filter(None, [*parts, "" if row.shown else _unseen(row)]))


def _unseen(row: Held) -> str:
    seen = f", last seen {row.confirmed[:10]}" if row.confirmed else ""
    return f"by the record, not seen on the service{seen}"


def fields(app: str, row: Held) -> dict[str, Any]:
    """A row by the names of COLUMNS, and of TIMES where the service says them; what does not apply is null."""
    return {
        "app": app,
        **{name: getattr(row, name) or None for name in ("address", "login", "name", "kind", "what")},
        "privileged": row.privileged,
        "source": row.source,
        "through": row.through or None,
        "declared": f"{row.file}:{row.line}" if row.file else None,
        "since": row.since or None,
        "until": row.until,
        "reason": row.reason or None,
        "approvals": [{name: item.get(name) for name in ("safeguard", "reason", "file", "line")} for item in row.approvals],
        "shown": row.shown,
        "confirmed": row.confirmed or None,
        **({"lastLogin": row.last_login or None, "registered": row.registered or None} if row.registered else {}),
    }


def as_json(apps: Mapping[str, Iterable[Held]]) -> str:
    """A list of rows; apps by their names."""
    rows = [fields(app, row) for app, rows in apps.items() for row in rows]
    return orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode() + "\n"


def as_csv(apps: Mapping[str, Iterable[Held]]) -> str:
    """RFC 4180, with a heading; a cell that a spreadsheet would compute begins with an apostrophe."""
    return table_of([fields(app, row) for app, rows in apps.items() for row in rows])


def table_of(found: Sequence[Mapping[str, Any]]) -> str:
    """The same of rows by the names of COLUMNS."""
    columns = (*COLUMNS, *(TIMES if any(TIMES[0] in row for row in found) else ()))
    return as_rows_of_csv([columns, *([_flat(row, name) for name in columns] for row in found)])


def _flat(row: Mapping[str, Any], name: str) -> Any:
    return "; ".join(map(approval_text, row.get(name) or ())) if name == "approvals" else row.get(name)


def as_rows_of_csv(rows: Iterable[Iterable[object]]) -> str:
    """The same of any rows."""
    lines: list[str] = []
    csv.writer(SimpleNamespace(write=lines.append)).writerows([_cell(value) for value in row] for row in rows)
    return "".join(lines)


def without_columns(table: str, names: Collection[str]) -> str:
    """A table as CSV without some of its columns."""
    if not names:
        return table
    head, *rows = csv.reader(line + "\n" for line in table.removesuffix("\n").split("\n"))
    kept = [number for number, name in enumerate(head) if name not in names]
    lines: list[str] = []
    csv.writer(SimpleNamespace(write=lines.append)).writerows([row[number] for number in kept] for row in (head, *rows))
    return "".join(lines)


def _cell(value: object) -> str:
    text = {True: "yes", False: "no", None: ""}.get(value) if isinstance(value, bool) or value is None else str(value)
    assert text is not None
    return "'" + text if text.startswith(FORMULA) else text
