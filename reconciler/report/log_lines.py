"""Records of the log in, lines for people, spreadsheets and programs out. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.report.log_record import (
    actions_of,
    address_of,
    approvals_of,
    by_of,
    came_of,
    given_of,
    moved_of,
    ours_of,
    reason_of,
    status_of,
)
from reconciler.report.safe import plain

WIDTHS = (20, 10, 12, 8, 26, 10)
MOST = 3  # roles, groups or members that a table names of those that came, or went
COLUMNS = ("time", "app", "action", "status", "object", "by")
MORE = ("reason", "causes", "commit", "pullRequest", "cycle", "change", "file", "line", "roles", "gained", "lost", "until",
        "assignmentReason", "approvals")  # fmt: skip
Record = dict[str, Any]


def head(form: str) -> str:
    """The line above the records; empty for JSON lines."""
    if form == "csv":
        return _csv([*COLUMNS, *MORE])
    return "" if form == "json" else _row([name.upper() for name in COLUMNS], "WHAT CAME OF IT")


def as_table(app: str, line: bytes, record: Record) -> str:
    return _row(_cells(app, record), _said(record))


def as_json(app: str, line: bytes, record: Record) -> str:
    """The line as it is in the log."""
    return line.decode() + "\n"


def as_csv(app: str, line: bytes, record: Record) -> str:
    """No cell begins as a formula does."""
    ours = ours_of(record)
    place = ours.get("declaredAt") or {}
    more = (
        reason_of(record),
        " ".join(ours.get("causes", ())),
        ours.get("commit", ""),
        ours.get("pullRequest", ""),
        record.get("cycleId", ""),
        record.get("changeId", ""),
        place.get("file", ""),
        place.get("line", ""),
        "; ".join(ours.get("roles") or ()),
        *map("; ".join, moved_of(record)),
        *map("; ".join, _why(record)),
        "; ".join(approvals_of(record)),
    )
    return _csv([_inert(str(cell)) for cell in (*_cells(app, record), *more)])


FORMS: dict[str, Callable[[str, bytes, Record], str]] = {"table": as_table, "json": as_json, "csv": as_csv}


def _cells(app: str, record: Record) -> list[str]:
    action = next(iter(actions_of(record)), "")
    at = str(record.get("activityDateTime", ""))
    return [at, app, action, status_of(record), address_of(record), by_of(record)]


def _said(record: Record) -> str:
    """Who gained and lost what; what came of it, of what simply succeeded why it was done; in which pull request that was
    reviewed, until when it is given and why, and who agreed to it in which words.
    """
    pull, done = ours_of(record).get("pullRequest"), status_of(record) in ("success", "warning")
    moves = " ".join(text for sign, names in zip("+-", moved_of(record), strict=True) for text in _few(sign, names))
    said = came_of(record) + (f" (pull request {pull})" if pull is not None else "")
    until, why = _why(record)
    known = (("until", until), ("reason:", why), ("approved:", approvals_of(record)))
    said = ", ".join([said, *(f"{word} {'; '.join(texts)}" for word, texts in known if texts)])
    return ": ".join(filter(None, (moves if done or not moves else f"not done: {moves}", said)))


def _why(record: Record) -> tuple[list[str], list[str]]:
    """Until when what is gained, or was there already, is given, and for which reasons, each said once."""
    rows = given_of(record)
    until, why = ([*dict.fromkeys(str(row[name]) for row in rows if row.get(name))] for name in ("expires", "reason"))
    return until, why


def _few(sign: str, names: list[str]) -> list[str]:
    """`+Admin`, `+group Net`, `+4 more`."""
    more = [f"{sign}{len(names) - MOST} more"] if len(names) > MOST else []
    return [*(f"{sign}{name}" for name in names[:MOST]), *more]


def _row(cells: list[str], last: str) -> str:
    padded = [plain(cell).ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)]
    return " ".join([*padded, plain(last)]).rstrip() + "\n"


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _csv(cells: list[str]) -> str:
    """RFC 4180, but for the line's end."""
    quoted = ('"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\r\n') else cell for cell in cells)
    return ",".join(quoted) + "\n"
