"""The answers, the query and the versions of evidence in, what of them does not agree out, in words. Pure.

A row that was not asked for is found out; one that is missing is not, since nobody knows from these files what else there was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from reconciler.declare.names import fold, row_key
from reconciler.declare.wording import plural
from reconciler.report.log_times import AGE, instant

FORM = "1.1"
FORMS = {"1.0": frozenset({"groupId", "stays"}), FORM: frozenset[str]()}  # what the rows of each do not have yet
SLACK = 60  # seconds between reading the clock for the question and for an age such as 30d
Said = Mapping[str, Any]


def misfits(answers: Sequence[Said], query: Said, versions: Said) -> Iterator[str]:
    """Raises what a wrong form raises."""
    if not isinstance(versions["reconcile"], str) or versions["evidence"] not in FORMS:
        known = " and ".join(FORMS)
        yield f"versions.json says that the evidence is of form {versions['evidence']}, and this program knows {known}"
    if "review" in query:  # whose rows are those of the reviewers' files
        return
    for answer in answers:
        yield from _moment(answer, query)
        if wrong := [row for row in answer["rows"] or () if not _is_asked(row, answer, query)]:
            yield f"access.json has {plural(len(wrong), 'row')} of {answer['app']} that query.json does not ask for"


def _moment(answer: Said, query: Said) -> Iterator[str]:
    """A log is asked for other times than a service is."""
    asked = [query["at"]] if query["at"] is not None else query["diff"]
    names = ("at",) if query["diff"] is None else ("since", "until")
    by_log = "logBegins" in answer
    said = [answer.get(name) for name in names]
    if by_log != (asked is not None) or not all(map(_same, said, asked or [query["askedAt"]], [query["askedAt"]] * 2)):
        yield f"access.json is not of the time that query.json asks for in {answer['app']}"


def _same(said: Any, asked: str, now: str) -> bool:
    """Whether a time of an answer is what was asked for then."""
    expected = instant(asked, now)
    if not AGE.fullmatch(asked):
        return bool(said == expected)
    return abs((datetime.fromisoformat(said) - datetime.fromisoformat(expected)).total_seconds()) <= SLACK


def _is_asked(row: Said, answer: Said, query: Said) -> bool:
    other = answer.get("otherNames") or {"users": {}, "roles": {}, "groups": {}}
    address, login, what = str(row["address"]), str(row["login"] or ""), str(row["what"])
    people = {fold(address), row_key(address), *map(fold, (login, *other["users"].get(login, ())))}
    kind = "groups" if row["kind"] == "group" else "roles"
    parts = set(map(fold, (what, str(row.get("previously") or what), *other[kind].get(what, ()))))
    users, wanted = ({*map(fold, query[name])} for name in ("users", kind))
    return (
        (not users or bool(users & {*people, *(f"user/{name}" for name in people)}))
        and (not (query["roles"] or query["groups"]) or bool(wanted & parts))
        and (not query["privileged"] or row["privileged"] is not False or _was_privileged(row))
        and (not query["unmanaged"] or row["source"] == "unmanaged")
        and (not query["offline"] or row["shown"] is False)
        and (not (since := query.get("unusedSince")) or _is_unused(row, since))
    )


def _was_privileged(row: Said) -> bool:
    """Of a difference: whether it was so at the earlier time, as far as is known."""
    return row.get("change", "gained") != "gained" and row["privilegedBefore"] is not False


def _is_unused(row: Said, since: str) -> bool:
    signed_in, registered = (str(row.get(name) or "") for name in ("lastLogin", "registered"))
    return signed_in < since if signed_in else bool(registered) and registered < since
