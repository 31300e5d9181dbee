"""An answer on access in, the files that an auditor checks elsewhere out; such files in, what is wrong with them out. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from reconciler.declare.wording import plural
from reconciler.record.log.chain import hash_of
from reconciler.record.signatures import Head, Verdict
from reconciler.report import access_review_evidence as review
from reconciler.report import evidence_query, had, held, moved
from reconciler.report.sums import MANIFEST, with_sums

ANSWER, TABLE, QUERY, COUNTS, RECORD, VERSIONS, README = (
    "access.json", "access.csv", "query.json", "counts.json", "record.json", "versions.json", "README.txt",
)  # fmt: skip
UNSAID = ("subject", "letter")  # of a commit: its words, and what its verdict was made of
HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
NAMES = frozenset({ANSWER, TABLE, QUERY, COUNTS, RECORD, VERSIONS, README, MANIFEST})
WORDS = """Who has, or had, access: evidence of one answer

access.json    the answer: one object an app; `rows` is null where nobody knows, which does not mean that nobody had access
access.csv     its rows, for a spreadsheet
query.json     what was asked, and when
counts.json    what it rests on, per app: accounts read, rows, records of the log, gaps
record.json    per app the newest record of the log, its hash (the head of the chain), and, of a record in Git, the newest commit
               with what git said of its signature when this was written: good, unknown (whose key it is), bad or unsigned
versions.json  of the program and of these files
SHA256SUMS     the SHA-256 of each of them, as `sha256sum -c SHA256SUMS` reads it

`reconcile access --verify FILE.zip` checks that the files are those of SHA256SUMS, that each app that was asked is answered, that
the answer is of the time that was asked, that each row is of the people, roles and groups that were asked (by one of their names,
`otherNames`) and privileged where only that was asked, that rows, people and marks counted again are those of counts.json, that
the table has every row and column of the answer, that the head is the hash of the record, and that the evidence is of a form
that it knows.

The sums prove only that nothing was altered by accident. Whoever can change a file can write new sums, and can change the answer,
the query and the counts so that they agree: that nobody did is proved only by the SHA-256 of the whole file, where it was kept
elsewhere when the file was written. Of a review the log of each app keeps it; of any other answer nobody does but you. What these
files cannot prove, with whatever sums: that no row is missing, also where less was asked than query.json says; what was read
(accounts, records, gaps); when it was asked and by which version; a signature, since the commit is not in here. What the past was
does not hold accounts that nobody manages, nor hand edits that nothing put back. Compare head and commit with
`reconcile record verify` where the log lies.
"""


class Beside(NamedTuple):
    """What evidence of a review holds beside that of an answer: files by name, and words before those of all evidence."""

    files: Mapping[str, bytes] = MappingProxyType({})
    words: str = ""


ALONE = Beside()


def contents(answers: list[Any], table: str, query: Mapping[str, Any], counts: Mapping[str, Any], heads: Mapping[str, Any],
           versions: Mapping[str, str], beside: Beside = ALONE) -> dict[str, bytes]:  # fmt: skip
    """Name -> bytes. `heads` and `counts` are per app; see `head` and `counted_of`."""
    files = {
        **beside.files,
        ANSWER: _json(answers),
        TABLE: table.encode(),
        QUERY: _json(query),
        COUNTS: _json(counts),
        RECORD: _json(heads),
        VERSIONS: _json(versions),
        README: (beside.words + WORDS).encode(),
    }
    return with_sums(files)


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def head(record: Mapping[str, Any] | None, newest: Head | None = None) -> dict[str, Any]:
    """The newest record of a log, its hash, and the newest commit of a record in Git with what git said of its signature."""
    said = None if newest is None else {name: value or None for name, value in newest._asdict().items() if name not in UNSAID}
    if record is None:
        return {"head": None, "signature": said, "record": None}
    return {"head": hash_of(record), "signature": said, "record": dict(record)}


def is_named(name: str) -> bool:
    """Whether evidence can hold a file of this name."""
    return name in NAMES or (name.startswith(review.FILES) and ".." not in name)


def counted_of(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """What can be counted again from an answer about one app."""
    return review.counted(answer["rows"]) if "review" in answer else counted(answer["rows"])


def counted(rows: Iterable[Mapping[str, Any]] | None) -> dict[str, int | None]:
    """What can be counted again from an answer's rows."""
    if rows is None:
        return {"rows": None, "people": None, "privileged": None, "privilegedNotKnown": None, "notKnown": None}
    rows = list(rows)
    return {
        "rows": len(rows),
        "people": len({str(row.get("address")) for row in rows}),
        "privileged": sum(row.get("privileged") is True for row in rows),
        "privilegedNotKnown": sum(row.get("privileged") is None for row in rows),
        "notKnown": sum(row.get("known") is False for row in rows),
    }


# Checking it


def problems(files: Mapping[str, bytes]) -> list[str]:
    """What does not fit together, in words; empty where all does."""
    lines = [line.partition("  ") for line in files[MANIFEST].decode("utf-8", "replace").splitlines()]
    said = {name: digest for digest, _, name in lines}
    wrong = [name for name in sorted({*files} - {MANIFEST}) if said.get(name) != hashlib.sha256(files[name]).hexdigest()]
    altered = [f"{name} is not the file that {MANIFEST} names" for name in wrong]
    altered += [f"{name}, which {MANIFEST} names, is missing" for name in sorted({*said} - {*files})]
    try:
        answers, query, counts, heads, versions = (orjson.loads(files[n]) for n in (ANSWER, QUERY, COUNTS, RECORD, VERSIONS))
        lacks = evidence_query.FORMS.get(versions["evidence"], frozenset())
        found = [*_misfits(answers, query, counts, heads), *evidence_query.misfits(answers, query, versions)]
        if not found and _table(answers, lacks).encode() != files[TABLE]:
            found.append(f"{TABLE} does not have the rows of {ANSWER}")
        if not found:
            summary(files)  # what is told of sound evidence has its form as well
        given = {name: files[name] for name in files if name.startswith(review.FILES)}
        return altered + found + [*review.misfits(answers, query, given)] if given or "review" in query else altered + found
    except (orjson.JSONDecodeError, UnicodeDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        return [*altered, f"a file does not have its form: {error}"]


def _misfits(answers: list[Any], query: dict[str, Any], counts: dict[str, Any], heads: dict[str, Any]) -> list[str]:
    asked = sorted(query["apps"])
    answered = {ANSWER: [answer["app"] for answer in answers], COUNTS: counts, RECORD: heads}
    found = [
        f"{name} is not of the apps that were asked: {', '.join(asked)}" for name in answered if sorted(answered[name]) != asked
    ]
    if found:
        return found
    for answer in answers:
        found += _misfits_of(answer, counts[answer["app"]], heads[answer["app"]])
    return found


def _misfits_of(answer: Mapping[str, Any], counts: Mapping[str, Any], head_of: Mapping[str, Any]) -> Iterable[str]:
    again = {**counted_of(answer), **({"logBegins": answer["logBegins"]} if "logBegins" in answer else {})}
    if {name: counts.get(name) for name in again} != again:
        yield f"{COUNTS} does not count the rows of {ANSWER} for {answer['app']}"
    if (hash_of(head_of["record"]) if head_of["record"] is not None else None) != head_of["head"]:
        yield f"the head of {answer['app']} is not the hash of its record"
    if (said := head_of["signature"]) is not None:
        Verdict(said["verdict"])
        if not HASH.fullmatch(said["commit"]):
            yield f"the signature of {answer['app']} is not of a commit"


def _table(answers: list[Any], lacks: Collection[str]) -> str:
    """The table of these answers, made again, without the columns that evidence of its form lacks."""
    missing = dict.fromkeys(lacks)
    rows = [{**missing, **row, "app": answer["app"]} for answer in answers for row in answer["rows"] or ()]
    return held.without_columns(_of_rows(answers, rows), lacks)


def _of_rows(answers: list[Any], rows: list[dict[str, Any]]) -> str:
    if any("review" in answer for answer in answers):
        return review.table_of(rows)
    if any("since" in answer for answer in answers):
        return moved.table_of(rows)
    if any("logBegins" in answer for answer in answers):
        return held.as_rows_of_csv([had.COLUMNS, *map(had.cells, rows)])
    return held.table_of(rows)


def summary(files: Mapping[str, bytes]) -> list[str]:
    """What sound evidence says of each app."""
    counts, heads = (orjson.loads(files[name]) for name in (COUNTS, RECORD))
    return [line for app, said in counts.items() for line in _summary(app, said, heads[app])]


def _records(number: Any) -> str:
    return plural(number, "record") if isinstance(number, int) else "an unknown number of records"


def _summary(app: str, said: Mapping[str, Any], of: Mapping[str, Any]) -> list[str]:
    people = plural(said["people"] or 0, "person", "people")
    rows = "nobody knows" if said["rows"] is None else f"{plural(said['rows'], 'row')} of {people}"
    gaps = len(said.get("gaps") or ()) + len(said.get("problems") or ())
    whole = plural(gaps, "gap") if gaps else "without a gap"
    decided = f", {said['keep']} kept and {said['remove']} removed by a review" if "keep" in said else ""
    return [
        f"{app}: {rows}{decided}; {_records(said.get('logRecords'))} of the log, {whole}",
        *(f"    not known from {gap['since']} to {gap['until']}: {gap['what']}" for gap in said.get("gaps") or ()),
        f"    head {of['head'] or 'none'}",
        f"    {_signature(of['signature'])}",
    ]


def _signature(said: Mapping[str, Any] | None) -> str:
    """What this file claims of the signature, as a claim: the commit that it is of is not in here."""
    if said is None:
        return "nothing is said of a signature: the record is in files, or has no commit yet"
    by = " ".join(filter(None, (said["by"], f"({said['key']})" if said["key"] else "")))
    return (
        f"by what git said when this was written, the signature of commit {said['commit']} is {said['verdict']}"
        + (f", by {by}" if by else "")
        + "; this file cannot prove it: see `reconcile record verify` where the log lies"
    )
