"""A review that may be closed in, what its evidence holds beside that of any answer out: rows, files, words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.declare.names import fold, is_user, name_of
from reconciler.declare.reviews import KEEP, REMOVE, Review, Reviewed
from reconciler.declare.wording import plural
from reconciler.declare.yaml.document import parse
from reconciler.plan.access.held import Held
from reconciler.plan.access_review.read_back import ReadBack, Verdict
from reconciler.plan.access_review.rows import digest_of, digest_of_all
from reconciler.report.access_review import revocation
from reconciler.report.held import as_rows_of_csv
from reconciler.report.safe import plain

FILES = "files/"  # in the evidence: each reviewer's file
COLUMNS = (
    "reviewer", "app", "user", "account", "login", "name", "role", "roleValue", "group", "groupId", "privileged", "source", "why",
    "assignmentReason", "until", "since", "lastSignIn", "registered", "decision", "reason", "readBack",
)  # fmt: skip
WORDS = """This is the evidence of the access review {name}.

Started {started}, due {due}, closed {closed} (UTC). Asked: {asked}. Read from: {source}.
{rows}, {keep} to keep, {remove} to remove; reviewers: {reviewers}.
Commit of the declarations: {commit}.

files/         each reviewer's file as it was when the review was closed; `digest` in it is over all but decisions and reasons

The rows of access.json are those of these files, with reviewer, decision and reason. readBack is what was seen of a removal when
the review was closed, after the declaration no longer gave it: `gone` where the service was read and no longer shows it;
`notShown` where the service does not show such things at all, and by the record of what was last applied it is gone. The digest
over files, rows and reviewers, `digest` in query.json, was the one that the start left in the log of each app; no reviewer has
their own access in their file, by the names that were declared. Otherwise the review would not have been closed. Accounts are
counted where something was to be removed: other services were not read again. Who wrote a decision, the reviewer or somebody in
their place, is not in here: Git and the pull requests say it.

`closed.yaml` beside the reviewers' files in the repository holds the SHA-256 of this whole file, and so does the log of each app
(`reconcile logs --action reviewClosed`), in the record that follows the head in record.json.

"""


@dataclass(frozen=True)
class Closing:
    """`closed` is a time, UTC; `commit` that of the declarations, "" where none is known; `apps` those that it asks about."""

    files: Sequence[Review]
    read_back: Sequence[ReadBack]
    closed: str
    commit: str
    apps: Sequence[str]


def answers_of(closing: Closing) -> list[dict[str, Any]]:
    """One object an app: its rows as they are in the reviewers' files, each with its reviewer and what was read back."""
    rows = list(_rows(closing))
    name = closing.files[0].name
    return [
        {"app": app, "review": name, "at": closing.closed, "rows": [row for row in rows if row["app"] == app]}
        for app in closing.apps
    ]


def _rows(closing: Closing) -> Iterable[dict[str, Any]]:
    seen = {item.row.key: str(item.verdict) for item in closing.read_back}
    for review in closing.files:
        for row in review.rows:
            yield {"reviewer": review.reviewer, **row.said, **({"readBack": seen[row.key]} if row.decision == REMOVE else {})}


def query_of(closing: Closing) -> dict[str, Any]:
    """What was asked, by whom it was decided, and the digest that the log has of the start."""
    first = closing.files[0].document.data
    return {
        **{name: first[name] for name in ("review", "started", "due", "scope")},
        "closed": closing.closed,
        "commit": closing.commit or None,
        "digest": digest_of_all(review.document.data for review in closing.files),
        "reviewers": [
            {"reviewer": review.reviewer, "rows": len(review.rows), "digest": review.document.data["digest"]}
            for review in closing.files
        ],
    }


def files_of(closing: Closing) -> dict[str, bytes]:
    """Name -> bytes of each reviewer's file."""
    return {FILES + review.file.rpartition(f"/{review.name}/")[2]: review.document.text.encode() for review in closing.files}


def table_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """As CSV."""
    return as_rows_of_csv([COLUMNS, *([row.get(name) for name in COLUMNS] for row in rows)])


def counted(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What can be counted again from the rows of an app."""
    decided = Counter(str(row["decision"]) for row in rows)
    return {
        "rows": len(rows),
        "people": len({(row.get("user"), row.get("account")) for row in rows}),
        "privileged": sum(row.get("privileged") is True for row in rows),
        KEEP: decided[KEEP],
        REMOVE: decided[REMOVE],
        "readBack": dict(sorted(Counter(str(row["readBack"]) for row in rows if "readBack" in row).items())),
    }


def words_of(closing: Closing) -> str:
    """What the README says of the review, before what it says of all evidence."""
    query, rows = query_of(closing), list(_rows(closing))
    decided = Counter(row["decision"] for row in rows)
    return WORDS.format(
        **{name: plain(query[name]) for name in ("started", "due", "closed")},
        name=plain(query["review"]),
        asked=plain(_asked(query["scope"])),
        source="the services" if query["scope"]["source"] == "service" else "the record alone",
        rows=plural(len(rows), "row"),
        keep=decided[KEEP],
        remove=decided[REMOVE],
        reviewers=", ".join(plain(review.reviewer) for review in closing.files),
        commit=closing.commit or "none is known",
    )


def _asked(scope: Mapping[str, Any]) -> str:
    named = (f"{kind} {', '.join(scope[kind])}" for kind in ("roles", "groups") if scope[kind])
    return "; ".join([f"apps {', '.join(scope['apps'])}", *named, *(["privileged only"] if scope["privileged"] else [])])


# Checking it


def misfits(answers: Sequence[Mapping[str, Any]], query: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """In words, where rows are not those of the reviewers' files, or a digest is not of them. Raises what a wrong form raises."""
    documents = [parse(data, name) for name, data in sorted(files.items())]
    if broken := [document.file for document in documents if document.problems]:
        yield f"{broken[0]} is not a reviewer's file"
        return
    said = [document.data for document in documents]
    for document in documents:
        if document.data["digest"] != digest_of(document.data):
            yield f"the digest in {document.file} is not of what it says"
    if query["digest"] != digest_of_all(said):
        yield "the digest in query.json is not of the reviewers' files"
    for name in ("review", "started", "due", "scope"):
        if any(data[name] != query[name] for data in said):
            yield f"{name} in query.json is not that of the reviewers' files"
    given = [{"reviewer": data["reviewer"], **row} for data in said for row in data["access"]]
    rows = [row for answer in answers for row in answer["rows"]]
    if _sorted(given) != _sorted({name: value for name, value in row.items() if name != "readBack"} for row in rows):
        yield "access.json does not have the rows of the reviewers' files"
    if any(row.get("readBack") not in _possible(row["decision"]) for row in rows):
        yield "access.json has a row that nobody decided, or a removal that was not read back as gone"


def _possible(decision: Any) -> tuple[str | None, ...]:
    """What may be read back of a row in the evidence of a review that could be closed."""
    return {KEEP: (None,), REMOVE: (str(Verdict.GONE), str(Verdict.NOT_SHOWN))}.get(decision, ())


def _sorted(rows: Iterable[Mapping[str, Any]]) -> list[bytes]:
    return sorted(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in rows)


# Closing it


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
    row, found = item.row, item.found
    then = f"; nobody declares this account: put it out with `{revocation(row.app, item.stranger)}`" if item.stranger else ""
    if item.verdict is Verdict.HIDDEN:
        why = f"{row.app} does not show it, and the record never held it"
        return f"{row.who}: nobody knows whether {row.what} is gone, for {why}{then}"
    if found is None:
        return f"{row.who}: the account in {row.app} could not be read, so nobody knows whether {row.what} is gone{then}"
    shown = "on the service" if found.shown else "by the record (the service does not show it)"
    place = f", by {found.file}:{found.line}" if found.file else ""
    return f"{_who(row, found)} still has {_what(row, found)} in {row.app} {shown}{place}{then}"


def _who(row: Reviewed, found: Held) -> str:
    """With the name of today, where that is another one."""
    now = name_of(found.address) if is_user(found.address) else found.login
    return row.who if fold(now) in {fold(row.user), fold(row.login), ""} else f"{row.who}, who is {now} now,"


def _what(row: Reviewed, found: Held) -> str:
    """The same of a role or a group; a row about the account is about whatever it has."""
    same = not (row.role or row.group) or fold(found.what) == fold(row.group or row.role)
    return row.what if same else f"{row.what}, which is {found.what} now,"
