"""Records of the log in, rows of a table out: one a record, and under it what changed, who gained or lost what, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.report.change_text import value_text
from reconciler.report.html.listing import Line, Row
from reconciler.report.log_record import actions_of, address_of, approvals_of, by_of, came_of, ours_of, status_of, told_of

COLUMNS = ("When", "App", "Action", "Status", "Object", "By", "What came of it")
OBJECT = COLUMNS.index("Object")
CHOICES = ("App", "Action", "Status")
LISTS = ("members", "appRoleAssignments")  # properties whose values are a set of names
Record = Mapping[str, Any]


def row(app: str, record: dict[str, Any]) -> Row:
    """`app` is the display name."""
    action = next(iter(actions_of(record)), "")
    at = str(record.get("activityDateTime", ""))
    cells = (at, app, action, status_of(record), address_of(record), by_of(record), came_of(record))
    return Row(cells, tuple(_lines(record)), "failed" if status_of(record) == "failure" else "")


def _lines(record: dict[str, Any]) -> Iterator[Line]:
    ours = ours_of(record)
    for item in record.get("modifiedProperties") or ():
        yield from _property(item)
    for gain in told_of(record):
        through = f" through {gain['through']}" if gain.get("through") else ""
        privileged = " (privileged)" if gain.get("privileged") else ""
        until = f", until {gain['expires']}" if gain.get("expires") else ""
        reason = f", reason: {gain['reason']}" if gain.get("reason") else ""
        what = f"{gain.get('kind', '')} {gain.get('what', '')}{privileged}{through}{until}{reason}"
        sign, had = ("+" if gain["gains"] else "-", "") if "gains" in gain else ("", "had already: ")
        yield Line(sign, f"{gain.get('address', '')}: {had}{what}")
    yield from (Line("", f"{name}: {value}") for name, value in _facts(record, ours) if value)


def _property(item: Record) -> Iterator[Line]:
    name, before, after = str(item.get("displayName", "")), item.get("oldValue"), item.get("newValue")
    if name in LISTS:
        yield from (Line("-", f"{name}: {value}") for value in before or () if value not in (after or ()))
        yield from (Line("+", f"{name}: {value}") for value in after or () if value not in (before or ()))
    elif before is None:
        yield Line("+", f"{name}: {value_text(after)}")
    else:
        yield Line("~", f"{name}: {value_text(before)} -> {value_text(after)}")


def _facts(record: dict[str, Any], ours: Record) -> Iterator[tuple[str, str]]:
    place = ours.get("declaredAt") or {}
    yield "Declared in", f"{place.get('file')}:{place.get('line')}" if place.get("file") else ""
    yield "Causes", ", ".join(map(str, ours.get("causes") or ()))
    yield "Commit", str(ours.get("commit") or "")
    yield "Pull request", str(ours.get("pullRequest") or "")
    yield "Approved", "; ".join(approvals_of(record))
    yield "Read back", str(ours.get("readBack") or "")
    yield "Cycle", str(record.get("cycleId") or "")
