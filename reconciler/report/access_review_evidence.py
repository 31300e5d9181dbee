"""A review that may be closed in, the files of its evidence out: rows as CSV and JSON, counts, and a page in words. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.declare.reviews import REMOVE, Review, Reviewed
from reconciler.declare.wording import plural
from reconciler.plan.access_review.read_back import ReadBack
from reconciler.report.held import as_rows_of_csv
from reconciler.report.safe import plain

COLUMNS = (
    "reviewer", "app", "user", "account", "login", "name", "role", "roleValue", "group", "privileged", "source", "why",
    "assignmentReason", "until", "since", "lastSignIn", "registered", "decision", "reason", "readBack",
)  # fmt: skip
README = """Access review {name}: evidence

Started {started}, due {due}, closed {closed} (UTC). Asked: {asked}. Read from: {source}.
{rows}, {keep} to keep, {remove} to remove; decided by {reviewers}.

review.json    what was asked, by whom it was decided, the counts, and every row with its decision
review.csv     the same rows, for a spreadsheet
files/         each reviewer's file as it was when the review was closed; `digest` in it is over all but decisions and reasons
SHA256SUMS     the SHA-256 of each of them: `sha256sum -c SHA256SUMS` checks them

readBack is what was seen of a removal when the review was closed, after the declaration no longer gave it: `gone` where the
service was read and no longer shows it; `notShown` where the service does not show such things at all, and by the record of what
was last applied it is gone. The digest over files, rows and
reviewers was the one that the start left in the log of each app; nobody decided about their own access, by the names that were
declared. Otherwise the review would not have been closed. Who wrote a decision is not in here: Git and the pull requests say it.

Commit of the declarations: {commit}. Program: reconcile {version}.
The sums show that nothing was damaged since, and not who wrote it: `closed.yaml` beside the reviewers' files in the repository
holds the SHA-256 of this whole file, and so does the log of each app (`reconcile logs --action reviewClosed`).
"""


@dataclass(frozen=True)
class Closing:
    """`closed` is a time, UTC; `commit` that of the declarations, "" where none is known."""

    files: Sequence[Review]
    read_back: Sequence[ReadBack]
    closed: str
    commit: str
    version: str


def files_of(closing: Closing) -> dict[str, str]:
    """Name -> text of each file."""
    rows = list(_rows(closing))
    data = _data(closing, rows)
    files = {f"files/{review.file.rpartition(f'/{review.name}/')[2]}": review.document.text for review in closing.files}
    return {**files, "review.json": _json(data), "review.csv": _csv(rows), "README.txt": _readme(closing, data)}


def _rows(closing: Closing) -> Iterable[dict[str, Any]]:
    seen = {item.row.key: str(item.verdict) for item in closing.read_back}
    for review in closing.files:
        for row in review.rows:
            yield {"reviewer": review.reviewer, **row.said, **({"readBack": seen[row.key]} if row.decision == REMOVE else {})}


def _data(closing: Closing, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    first = closing.files[0].document.data
    counts = Counter(str(row["decision"]) for row in rows)
    return {
        "format_version": "1.0",
        **{name: first[name] for name in ("review", "started", "due", "scope")},
        "closed": closing.closed,
        "commit": closing.commit or None,
        "version": closing.version,
        "counts": {
            "rows": len(rows),
            "keep": counts["keep"],
            "remove": counts["remove"],
            "people": len({(row["app"], row.get("user"), row.get("account")) for row in rows}),
            "readBack": dict(sorted(Counter(row["readBack"] for row in rows if "readBack" in row).items())),
        },
        "reviewers": [{"reviewer": r.reviewer, "rows": len(r.rows), "digest": r.document.data["digest"]} for r in closing.files],
        "rows": list(rows),
    }


def _json(data: Mapping[str, Any]) -> str:
    return orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n"


def _csv(rows: Iterable[Mapping[str, Any]]) -> str:
    return as_rows_of_csv([COLUMNS, *([row.get(name) for name in COLUMNS] for row in rows)])


def _readme(closing: Closing, data: Mapping[str, Any]) -> str:
    scope, counts = data["scope"], data["counts"]
    asked = [
        f"apps {', '.join(scope['apps'])}",
        *(f"{kind} {', '.join(scope[kind])}" for kind in ("roles", "groups") if scope[kind]),
    ]
    return README.format(
        name=plain(data["review"]),
        started=data["started"],
        due=data["due"],
        closed=data["closed"],
        asked=plain("; ".join([*asked, *(["privileged only"] if scope["privileged"] else [])])),
        source="the services" if scope["source"] == "service" else "the record alone",
        rows=plural(counts["rows"], "row"),
        keep=counts["keep"],
        remove=counts["remove"],
        reviewers=", ".join(plain(review.reviewer) for review in closing.files),
        commit=closing.commit or "none is known",
        version=closing.version,
    )


def closed_text(day: str, digest: str) -> str:
    """What tells of a closed review, beside its files (schemas/review-closed.schema.json)."""
    head = "# yaml-language-server: $schema=../../../schemas/review-closed.schema.json\n"
    return f'{head}closed: "{day}"\nevidence: "{digest}"\n'


def obstacles(files: Iterable[Review], undecided: Mapping[str, Sequence[Reviewed]], seen: Iterable[ReadBack]) -> list[str]:
    """What stands in the way of closing, in words: decisions that are missing, and removals that are still there."""
    lines = []
    for review in files:
        if rows := undecided.get(review.file):
            where = review.document.locate(("access", rows[0].number)).line
            decisions = "1 decision is" if len(rows) == 1 else f"{len(rows)} decisions are"
            lines.append(f"{decisions} missing of {review.reviewer}, the first at {review.file}:{where}")
    return [*lines, *(_still_there(item) for item in seen if item.stands_in_the_way)]


def _still_there(item: ReadBack) -> str:
    row = item.row
    if item.found is None:
        return f"{row.who}: the account in {row.app} could not be read, so nobody knows whether {row.what} is gone"
    shown = "on the service" if item.found.shown else "by the record (the service does not show it)"
    return f"{row.who} still has {row.what} in {row.app} {shown}"
