"""Who had what at a time, as JSON or as CSV, and what the log cannot answer: rows in, text out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.plan.access.called import other_names
from reconciler.plan.access.had import Deed, Had, Past
from reconciler.plan.access.past import OPEN, Gap
from reconciler.report.held import as_rows_of_csv
from reconciler.report.log_record import actions_of, by_of, ours_of

Record = dict[str, Any]
CHANGE = (
    "at",
    "action",
    "file",
    "line",
    "commit",
    "pullRequest",
    "pullRequestApprovers",
    "approvals",
    "reason",
    "until",
    "revoked",
    "by",
    "run",
    "readBack",
    "cycle",
)
OWN = ("app", "address", "login", "kind", "what", "privileged", "known", "declared", "revoked", "stays")
COLUMNS = (*OWN, *(f"gave.{name}" for name in CHANGE), *(f"took.{name}" for name in CHANGE))


NOT_INCLUDED = ["accounts that nobody manages", "edits by hand that nothing put back"]  # in no answer from the log
LIMITS = f"Not in it: {', and '.join(NOT_INCLUDED)}."


def missing(past: Past, at: str) -> list[str]:
    """What the log cannot answer of a time, and why, in words; empty where it knows all."""
    if not past.begins:
        return ["the log has no complete records yet: nobody knows who had what; it begins with the next apply"]
    if at < past.begins:
        return [
            f"the log begins at {past.begins}: nobody knows who had what before, which does not mean that nobody had anything"
        ]
    gaps = [f"the log has a gap {_times(gap)}: {gap.what}" for gap in past.gaps if gap.until != OPEN or gap.since <= at]
    return [*gaps, *(f"the log is not whole: {problem.what}" for problem in past.problems)]


def _times(gap: Gap) -> str:
    return f"since {gap.since}" if gap.until == OPEN else f"between {gap.since} and {gap.until}"


def knows(past: Past, at: str) -> bool:
    """Whether the log covers the time."""
    return bool(past.begins) and at >= past.begins


# What gave and took


def change(row: Had, deed: Deed | None) -> dict[str, Any] | None:
    """What the log says of one thing that was given or taken, by the names of CHANGE; what is unknown is null."""
    if deed is None:
        return None
    record = deed.record
    ours, said = ours_of(record), deed.row(row.kind)
    place = ours.get("declaredAt") or {}
    started = ours.get("startedBy") or {}
    return {
        "at": record.get("activityDateTime"),
        "action": next(iter(actions_of(record)), None),
        "file": said.get("file") or place.get("file"),
        "line": said.get("line") or place.get("line"),
        "commit": ours.get("commit"),
        "pullRequest": ours.get("pullRequest"),
        "pullRequestApprovers": _approvers(row, ours.get("pullRequest")),
        "approvals": [_approval(item) for item in ours.get("approvals") or ()],
        "reason": said.get("reason"),
        "until": said.get("expires"),
        "revoked": deed.revoked or None,
        "by": by_of(record) or None,
        "run": started.get("run"),
        "readBack": ours.get("readBack"),
        "cycle": record.get("cycleId") or None,
    }


def ended(row: Had) -> dict[str, Any] | None:
    """The same of what ended the assignment of a role that stays; the line that gave it is not there any more."""
    said = change(row, row.stays)
    return {**said, "file": None, "line": None} if said is not None else None


def by_row(row: Had) -> bool:
    """Whether the place beside what took something is the line that gave it until then."""
    return row.took is not None and "file" in row.took.row(row.kind)


def _approvers(row: Had, number: Any) -> list[str] | None:
    """Who approved a pull request; None where GitHub did not tell, which does not mean that nobody did."""
    known = row.approvers.get(number) if isinstance(number, int) else None
    return None if known is None else list(known)


def _approval(item: Record) -> dict[str, Any]:
    return {name: item.get(name) for name in ("safeguard", "reason", "file", "line")}


def fields(app: str, row: Had) -> dict[str, Any]:
    """A row; what is unknown or does not apply is null."""
    return {
        "app": app,
        "address": row.address,
        "login": row.login or None,
        "kind": row.kind,
        "what": row.what,
        "privileged": row.privileged,
        "known": row.known,
        "declared": row.declared._asdict() if row.declared is not None else None,
        "revoked": row.revoked._asdict() if row.revoked is not None else None,
        "stays": ended(row),
        "gave": change(row, row.gave),
        "took": change(row, row.took),
    }


def as_json(answers: Iterable[dict[str, Any]]) -> str:
    """An answer an app, see `answer`."""
    return orjson.dumps(list(answers), option=orjson.OPT_INDENT_2).decode() + "\n"


def answer(app: str, at: str, past: Past, rows: Iterable[Had]) -> dict[str, Any]:
    """What was asked of an app, what is known of that, and the rows; `rows` is null where the log does not cover the time."""
    rows = list(rows)
    return {
        "app": app,
        "at": at,
        "logBegins": past.begins or None,
        "unknown": missing(past, at),
        "notIncluded": NOT_INCLUDED,
        "otherNames": other_names(rows, past.told, at),
        "rows": [fields(app, row) for row in rows] if knows(past, at) else None,
    }


def as_csv(apps: Mapping[str, Iterable[Had]]) -> str:
    """RFC 4180, with a heading; a cell that a spreadsheet would compute begins with an apostrophe."""
    return as_rows_of_csv([COLUMNS, *(flat(app, row) for app, rows in apps.items() for row in rows)])


def flat(app: str, row: Had) -> list[Any]:
    """A row of COLUMNS."""
    return cells(fields(app, row))


def cells(said: Mapping[str, Any]) -> list[Any]:
    """The same of `fields`."""
    changes = [said[name] or {} for name in ("gave", "took")]
    return [*(_own(said, name) for name in OWN), *(_cell(item, name) for item in changes for name in CHANGE)]


def _own(said: Mapping[str, Any], name: str) -> Any:
    match name:
        case "declared" if said[name]:
            return "{file}:{line}, commit {commit}".format(**said[name])
        case "revoked" if said[name]:
            return "{at}: {reason}".format(**said[name])
        case "stays" if said[name]:
            return said[name]["at"]
        case _:
            return said[name]


def _cell(said: Mapping[str, Any], name: str) -> Any:
    """Nobody and unknown are in brackets, as no login on GitHub is."""
    match name:
        case "approvals":
            return "; ".join(f"{item['safeguard']}: {item['reason']}" for item in said.get(name, ()))
        case "pullRequestApprovers" if said.get("pullRequest"):
            return "(unknown)" if said[name] is None else "; ".join(said[name]) or "(nobody)"
        case _:
            return said.get(name)
