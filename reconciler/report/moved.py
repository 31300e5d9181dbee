"""What was gained, lost and kept between two times, as a table, as JSON or as CSV: rows in, text out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from reconciler.plan.access.called import other_names
from reconciler.plan.access.had import Past
from reconciler.plan.access.moved import Moved
from reconciler.report.had import COLUMNS as HAD
from reconciler.report.had import NOT_INCLUDED, cells, fields, missing
from reconciler.report.had_text import cells_of, given, taken
from reconciler.report.held import as_rows_of_csv
from reconciler.report.safe import plain

BEFORE = ("previously", "privilegedBefore")  # of what was there at the earlier time: its name, and whether it was privileged
COLUMNS = ("change", *HAD, *BEFORE)
SIGNS = {"gained": "+", "lost": "-", "kept": " ", "unknown": "?"}


def as_table(apps: Mapping[str, Sequence[Moved]], since: str, until: str) -> str:
    """A block for each app, by its display name."""
    return "\n".join(line for app, items in apps.items() for line in _block(app, items, since, until))


def _block(app: str, items: Sequence[Moved], since: str, until: str) -> list[str]:
    counts = {how: len(list(group)) for how, group in groupby(items, key=lambda item: item.how)}
    said = ", ".join(f"{counts.get(how, 0):,} {how}" for how in ("gained", "lost", "kept"))
    unknown = f", of {counts['unknown']:,} nobody knows" if "unknown" in counts else ""
    return [f"{plain(app)}: {said}{unknown} between {since} and {until}", *(_line(item) for item in items), ""]


def _line(item: Moved) -> str:
    return f"  {SIGNS[item.how]} {cells_of(item.row)[0]}  {what(item)}  {plain(cause(item))}".rstrip()


def what(item: Moved) -> str:
    """The role or group, and what it was called before."""
    return cells_of(item.row)[1] + (f" (was {plain(item.was)})" if item.was else "")


def cause(item: Moved) -> str:
    """What did it, in words."""
    if said := taken(item.row) if item.how == "lost" else given(item.row):
        return said
    return "by hand, or by what the log does not tell" if item.how in ("gained", "lost") else "from before the log, or by hand"


def answers(pasts: Mapping[str, Past], found: Mapping[str, Sequence[Moved]], since: str, until: str) -> list[dict[str, Any]]:
    """An answer an app; `rows` is null where the log does not cover both times."""
    return [
        {
            "app": app,
            "since": since,
            "until": until,
            "logBegins": past.begins or None,
            "unknown": missing(past, since),
            "notIncluded": NOT_INCLUDED,
            "otherNames": _other_names(past, found.get(app, ()), since, until),
            "rows": [_fields(app, item) for item in found[app]] if app in found else None,
        }
        for app, past in pasts.items()
    ]


def _other_names(past: Past, items: Sequence[Moved], since: str, until: str) -> dict[str, dict[str, list[str]]]:
    """Of what is shown, by the name that is shown."""
    then, now = ([item.row for item in items if (item.how == "lost") is lost] for lost in (True, False))
    earlier, later = other_names(then, past.told, since), other_names(now, past.told, until)
    return {kind: {**earlier[kind], **names} for kind, names in later.items()}


def _fields(app: str, item: Moved) -> dict[str, Any]:
    before = item.old.privileged if item.old is not None else None
    return {"change": item.how, **fields(app, item.row), "previously": item.was or None, "privilegedBefore": before}


def as_csv(apps: Mapping[str, Iterable[Moved]]) -> str:
    """As that of one time, with what came of each thing in front, and how it was before at the end."""
    return table_of([_fields(app, item) for app, items in apps.items() for item in items])


def table_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """The same of the rows of `answers`."""
    return as_rows_of_csv([COLUMNS, *([row["change"], *cells(row), *(row[name] for name in BEFORE)] for row in rows)])
