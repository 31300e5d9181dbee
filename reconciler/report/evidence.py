"""An answer on access in, the files that an auditor checks elsewhere out; such files in, what is wrong with them out. Pure."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.declare.wording import plural
from reconciler.record.log.chain import hash_of
from reconciler.report.sums import MANIFEST, with_sums

ANSWER, TABLE, QUERY, COUNTS, RECORD, VERSIONS, README = (
    "access.json", "access.csv", "query.json", "counts.json", "record.json", "versions.json", "README.txt",
)  # fmt: skip
NAMES = frozenset({ANSWER, TABLE, QUERY, COUNTS, RECORD, VERSIONS, README, MANIFEST})
WORDS = """Who has, or had, access: evidence of one answer

access.json    the answer: one object an app; `rows` is null where nobody knows, which does not mean that nobody had access
access.csv     its rows, for a spreadsheet
query.json     what was asked, and when
counts.json    what it rests on, per app: accounts read, rows, records of the log, gaps
record.json    per app the newest record of the log, its hash (the head of the chain), and its signature where it has one
versions.json  of the program and of these files
SHA256SUMS     the SHA-256 of each of them, as `sha256sum -c SHA256SUMS` reads it

`reconcile access --verify FILE.zip` checks that the files are those of SHA256SUMS, that counts and table fit the answer, and that
the head is the hash of the record. It shows that nothing was damaged, and not who wrote it: whoever can change a file can write
new sums. Keep the SHA-256 of the whole file elsewhere, and compare the head with `reconcile record verify` where the log lies.
"""


def contents(answers: list[Any], table: str, query: Mapping[str, Any], counts: Mapping[str, Any], heads: Mapping[str, Any],
           versions: Mapping[str, str]) -> dict[str, bytes]:  # fmt: skip
    """Name -> bytes. `heads` and `counts` are per app; see `head` and `counted`."""
    files = {
        ANSWER: _json(answers),
        TABLE: table.encode(),
        QUERY: _json(query),
        COUNTS: _json(counts),
        RECORD: _json(heads),
        VERSIONS: _json(versions),
        README: WORDS.encode(),
    }
    return with_sums(files)


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def head(record: Mapping[str, Any] | None) -> dict[str, Any]:
    """The newest record of a log, its hash, and its signature."""
    if record is None:
        return {"head": None, "signature": None, "record": None}
    chain = (record.get("reconcile") or {}).get("chain") or {}
    return {"head": hash_of(record), "signature": chain.get("signature"), "record": dict(record)}


def counted(rows: Iterable[Mapping[str, Any]] | None) -> dict[str, int | None]:
    """What can be counted again from an answer's rows."""
    if rows is None:
        return {"rows": None, "people": None, "privileged": None, "notKnown": None}
    rows = list(rows)
    return {
        "rows": len(rows),
        "people": len({str(row.get("address")) for row in rows}),
        "privileged": sum(row.get("privileged") is True for row in rows),
        "notKnown": sum(row.get("known") is False for row in rows),
    }


# Checking it


def problems(files: Mapping[str, bytes]) -> list[str]:
    """What does not fit together, in words; empty where all does."""
    lines = [line.partition("  ") for line in files[MANIFEST].decode("utf-8", "replace").splitlines()]
    said = {name: digest for digest, _, name in lines}
    wrong = [name for name in sorted(NAMES - {MANIFEST}) if said.get(name) != hashlib.sha256(files[name]).hexdigest()]
    altered = [f"{name} is not the file that {MANIFEST} names" for name in wrong]
    try:
        answers, counts, heads = (orjson.loads(files[name]) for name in (ANSWER, COUNTS, RECORD))
        return altered + _misfits(answers, counts, heads, files[TABLE])
    except (orjson.JSONDecodeError, UnicodeDecodeError, AttributeError, KeyError, TypeError, csv.Error) as error:
        return [*altered, f"a file does not have its form: {error}"]


def _misfits(answers: list[Any], counts: dict[str, Any], heads: dict[str, Any], table: bytes) -> list[str]:
    found, told = list[str](), list[tuple[str, str, str]]()
    for answer in answers:
        app, rows = answer["app"], answer["rows"]
        told += [(app, row["address"], row["what"]) for row in rows or ()]
        again = counted(rows)
        if {name: counts[app].get(name) for name in again} != again:
            found.append(f"{COUNTS} does not count the rows of {ANSWER} for {app}")
        head_of = heads[app]
        if head_of["record"] is not None and hash_of(head_of["record"]) != head_of["head"]:
            found.append(f"the head of {app} is not the hash of its record")
    lines = (line + "\n" for line in table.decode().split("\n"))
    listed = [(row["app"], row["address"], row["what"]) for row in csv.DictReader(lines)]
    if [_plain(row) for row in listed] != told:
        found.append(f"{TABLE} does not have the rows of {ANSWER}")
    return found


def _plain(row: tuple[str, str, str]) -> tuple[str, ...]:
    """Without the apostrophe in front of what a spreadsheet would compute."""
    return tuple(cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in row)


def summary(files: Mapping[str, bytes]) -> list[str]:
    """What sound evidence says of each app."""
    counts, heads = (orjson.loads(files[name]) for name in (COUNTS, RECORD))
    return [line for app, said in counts.items() for line in _summary(app, said, heads[app])]


def _records(number: Any) -> str:
    return plural(number, "record") if isinstance(number, int) else "an unknown number of records"


def _summary(app: str, said: Mapping[str, Any], of: Mapping[str, Any]) -> list[str]:
    people = plural(said["people"] or 0, "person", "people")
    rows = "nobody knows" if said["rows"] is None else f"{plural(said['rows'], 'row')} of {people}"
    signed = "signed" if of["signature"] else "not signed"
    gaps = len(said.get("gaps") or ()) + len(said.get("problems") or ())
    whole = plural(gaps, "gap") if gaps else "without a gap"
    return [
        f"{app}: {rows}; {_records(said.get('logRecords'))} of the log, {whole}",
        f"    head {of['head'] or 'none'}, {signed}",
    ]
