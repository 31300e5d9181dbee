"""What somebody has in, the row that a reviewer decides on out; and the digest by which a changed row is noticed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.declare.escapes import visible
from reconciler.declare.names import fold, is_user, name_of
from reconciler.declare.yaml.scalars import can_hold
from reconciler.plan.access.held import Held, Source
from reconciler.plan.access_review.share import Row
from reconciler.resolve.canonical import sha256

DECIDED = ("decision", "reason")  # what a reviewer fills in
WHY = {
    Source.BY_HAND: "by hand: no declaration gives it",
    Source.UNMANAGED: "nobody declares this account",
    Source.STAYS: "assigned no longer, and left there by the mapping",
}


def row_of(row: Row) -> dict[str, Any]:
    """As it is written, but for what is to be filled in; what is not known is left out."""
    held = row.held
    person = name_of(held.address) if is_user(held.address) else ""
    known = {
        "app": row.app,
        "user": person,
        "account": held.id,
        "login": held.login if fold(held.login) != fold(person) else "",
        "name": held.name if held.name != person else "",
        "role": held.what if held.kind == "role" else "",
        "roleValue": held.value,
        "group": held.what if held.kind == "group" else "",
        "groupId": held.group_id,
        "privileged": held.privileged,
        "source": str(held.source),
        "why": _why(held),
        "assignmentReason": held.reason,
        "until": held.until,
        "since": row.since,
        "lastSignIn": row.signed_in,
        "registered": held.registered,
    }
    return {name: _written(value) for name, value in known.items() if value}


def _why(held: Held) -> str:
    return held.given if held.source is Source.DECLARED else WHY[held.source]


def _written(value: Any) -> Any:
    """A text that YAML cannot hold is escaped."""
    return value if not isinstance(value, str) or can_hold(value) else visible(value)


def head_of(head: dict[str, Any], reviewer: str, declared: bool) -> dict[str, Any]:
    """The head of a reviewer's file; `declared` is whether the reviewer is a declared user."""
    return {**head, "reviewer": reviewer, **({"reviewerDeclared": True} if declared else {})}


def data_of(head: dict[str, Any], rows: Iterable[Row]) -> dict[str, Any]:
    """A reviewer's file (schemas/review.schema.json), decisions still to be made."""
    data = {name: _written(value) for name, value in head.items()}
    listed = [row_of(row) for row in rows]
    return {**data, "digest": digest_of({**data, "access": listed}), "access": listed}


def digest_of(data: dict[str, Any]) -> str:
    """Of all that a file of a review says but for decisions."""
    rows = [{name: value for name, value in row.items() if name not in DECIDED} for row in data["access"]]
    return sha256({**{name: value for name, value in data.items() if name != "digest"}, "access": rows})


def digest_of_all(files: Iterable[dict[str, Any]]) -> str:
    """Of all files of a review with their rows and reviewers, in whatever order, but for decisions."""
    return sha256(sorted(digest_of(data) for data in files))


def digest_of_decided(files: Iterable[dict[str, Any]]) -> str:
    """The same with decisions and reasons."""
    return sha256(sorted(sha256(data) for data in files))
