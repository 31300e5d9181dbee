"""A review as files for its reviewers, with who owns them, and how far it is: rows in, text out. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from shlex import quote
from typing import Any

import orjson

from reconciler.declare.names import fold
from reconciler.declare.reviews import CLOSED, FOLDER
from reconciler.declare.wording import plural
from reconciler.declare.yaml.scalars import scalar
from reconciler.plan.access_review.progress import Part
from reconciler.report.safe import plain

HEADER = """# yaml-language-server: $schema=../../../schemas/review.schema.json
# For each row write `decision: keep` with a `reason:`, or `decision: remove`. Change nothing else.
"""
UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")  # in the name of a file, and in CODEOWNERS
MAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)


def document(data: Mapping[str, Any]) -> str:
    """The file of one reviewer (schemas/review.schema.json), decisions still to be made."""
    head = [f"{name}: {scalar(value)}\n" for name, value in data.items() if name != "access"]
    return HEADER + "".join(head) + "access:\n" + "".join(map(_item, data["access"]))


def _item(row: Mapping[str, Any]) -> str:
    lines = [f"    {name}: {scalar(value)}\n" for name, value in row.items()]
    return "  - " + "".join(lines)[4:] + "    decision:\n    reason:\n"


def file_names(reviewers: Iterable[str]) -> dict[str, str]:
    """Reviewer -> the name of their file, without folder and suffix; a number tells apart those that would be the same."""
    taken, names = {CLOSED}, dict[str, str]()
    for reviewer in sorted(reviewers, key=lambda name: (fold(name), name)):
        name = base = UNSAFE.sub("-", reviewer)[:100].lstrip(".") or "reviewer"
        number = 1
        while name.lower() in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name.lower())
        names[reviewer] = name
    return names


def codeowners(folder: str, review: str, files: Mapping[str, str], mails: Mapping[str, str]) -> str:
    """A line a reviewer; `mails` has their addresses. Who has none that GitHub would understand is left to be filled in."""
    lines = []
    for reviewer, name in files.items():
        path, mail = f"/{folder}/{FOLDER}/{review}/{name}.yaml", mails.get(reviewer, reviewer)
        lines.append(
            f"{path} {mail}" if MAIL.fullmatch(mail) else f"# {path} @... (no e-mail address of {plain(reviewer)} is known)"
        )
    return "".join(f"{line}\n" for line in lines)


def revocation(app: str, id: str) -> str:
    """What to type so that an account that nobody declares is put out."""
    return f"reconcile revoke --app {quote(app)} --id {quote(id)}"


def as_text(reviews: Mapping[str, list[Part]], closed: Mapping[str, bool], today: str) -> str:
    """A block a review, a line a reviewer; of those that are closed whether a log confirms it."""
    blocks = [_block(name, parts, today) for name, parts in sorted(reviews.items())]
    ended = (f"{plain(name)}: closed" + ("" if known else ": unconfirmed") + "\n" for name, known in sorted(closed.items()))
    return "\n".join([*blocks, *ended])


def _block(name: str, parts: list[Part], today: str) -> str:
    rows, missing = sum(part.rows for part in parts), sum(len(part.missing) for part in parts)
    due = max((part.due for part in parts), default="")
    late = ", overdue" if any(part.is_overdue(today) for part in parts) else ""
    lines = [f"{plain(name)}, due {due}{late}: {rows - missing} of {plural(rows, 'row')} decided"]
    return "\n".join([*lines, *("  " + _line(part, today) for part in parts)]) + "\n"


def _line(part: Part, today: str) -> str:
    decided = f"{part.keep} to keep, {part.remove} to remove"
    where = f", {len(part.missing)} missing, the first at {part.file}:{part.missing[0]}" if part.missing else ""
    late = f", overdue since {part.due}" if part.is_overdue(today) else ""
    left = f"; the reviewer is {part.left}" if part.left else ""
    return plain(f"{part.reviewer}: {decided}{where}{late}{left}")


def as_json(reviews: Mapping[str, list[Part]], closed: Mapping[str, bool], today: str) -> str:
    """`missing` are lines of the file; `confirmed` is whether the log knows that a review was closed so."""
    listed = [
        {"review": name, "closed": False, "reviewers": [_row(part, today) for part in parts]}
        for name, parts in sorted(reviews.items())
    ]
    listed += [{"review": name, "closed": True, "confirmed": closed[name], "reviewers": []} for name in sorted(closed)]
    return orjson.dumps({"format_version": "1.0", "reviews": listed}, option=orjson.OPT_INDENT_2).decode() + "\n"


def _row(part: Part, today: str) -> dict[str, Any]:
    return {**part._asdict(), "rows": part.rows, "overdue": part.is_overdue(today)}
