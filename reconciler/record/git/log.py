"""The log in a ref: files by month that are written once, and the head of their chain. Records in, files out; reads the ref."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import takewhile
from typing import Any

import orjson

from reconciler.record.git.ref import Ref
from reconciler.record.lines import Lines, dump_lines
from reconciler.record.log.append import linked
from reconciler.record.log.chain import NOTHING, Link, hash_of, link_of
from reconciler.record.log.known import Known
from reconciler.record.log.read import located, records_of
from reconciler.record.store import RecordError

HEAD, RECORD = "log/head.json", "record.json"
KNOWN = "known.json"  # in what this checkout keeps of the app
MONTH = re.compile(r"\d{4}-\d\d")
LINKED = re.compile(r"log/\d{4}-\d\d/(\d{10})-\d{8}T")
LINES_A_FILE = 20_000  # Git hosts refuse files over 100 MB


class GitLog:
    """The log of the app of `ref`, as the ref was last looked at."""

    def __init__(self, ref: Ref) -> None:
        self.ref = ref

    @property
    def known(self) -> Known:
        return Known(self.ref.folder / KNOWN)

    def head(self) -> Link:
        """The newest record that has a link. Raises RecordError."""
        found = self.ref.read(lambda path: path == HEAD)
        if not found:
            return NOTHING
        try:
            data = orjson.loads(found[HEAD])
            return Link(int(data["number"]), str(data["hash"]))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise RecordError(f"{HEAD} of {self.ref.name} is damaged", "see `reconcile record verify`") from None

    def newest_first(self) -> Iterator[dict[str, Any]]:
        """All records, the newest first. Raises RecordError."""
        for _, block in self.contents(reversed(self.files())):
            yield from reversed(list(records_of([block])))

    def refuse_lost(self) -> None:
        """Raises RecordError where the log does not go on from what this checkout knew; what it has now is known then."""
        mark = self.ref.head or ""
        if not mark or mark == self.known.read()[1]:
            return
        if RECORD in self.ref.files:
            self.known.refuse_lost(self.newest_first, f"{self.ref.name} on {self.ref.remote}", self.ref.app, mark)
            self.know()

    def know(self) -> None:
        """What the log has now is known, whatever was known before."""
        self.known.write(self.head() if self.ref.head else NOTHING, self.ref.head or "")

    def files(self, since: str = "") -> list[str]:
        """Paths in the order of the chain, those of earlier versions first; of months before `since` (ISO) the last one."""
        found = (path for path in self.ref.files if path.startswith("log/") and path != HEAD)
        paths = sorted(found, key=lambda path: (_first(path), path))
        earlier = [path for path in paths if path[4:11] < since[:7]]
        return [path for path in paths if path[4:11] >= since[:7] or path == earlier[-1]]

    def blocks(self, since: str = "") -> Iterator[bytes]:
        """Whole lines, a file at a time. Raises RecordError."""
        return (block for _, block in self.by_file(since))

    def by_file(self, since: str = "") -> Iterator[tuple[str, bytes]]:
        """The same with the path of each file. Raises RecordError."""
        return self.contents(self.files(since))

    def contents(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Paths with their contents, read one after the other. Raises RecordError."""
        for path in paths:
            yield from self.ref.read(lambda name, path=path: name == path).items()  # type: ignore[misc]

    def before(self, month: str) -> list[str]:
        """The oldest files, up to that month; those of earlier versions only with those that go on from them."""
        found = list(takewhile(lambda path: path[4:11] < month, self.files()))
        return found if any(map(_first, found)) else []

    def changes(self, lines: Lines, at: datetime) -> dict[str, bytes]:
        """The files that these records make of the ref as it is now; none where there are no records. Raises RecordError."""
        if not lines:
            return {}
        by_month: dict[str, Lines] = defaultdict(list)
        for line in lines:
            by_month[_month(line, at)].append(line)
        rows = [line for month in sorted(by_month) for line in by_month[month]]
        with located(self.by_file):
            made, last = linked(rows, self.ref.app, self.head(), lambda: records_of(self.blocks()))
        return {**files_of(made, at), HEAD: head_file(last)}

    def as_they_are(self, lines: Lines, at: datetime) -> dict[str, bytes]:
        """The files of records of another place, links included."""
        link = link_of(lines[-1]) if lines else None
        ended = {HEAD: head_file(Link(link.number, hash_of(lines[-1])))} if link is not None else {}
        return {**files_of(lines, at), **ended}


def head_file(last: Link) -> bytes:
    return orjson.dumps(last._asdict(), option=orjson.OPT_APPEND_NEWLINE)


def files_of(lines: Lines, at: datetime) -> dict[str, bytes]:
    """Files by month, each written once: log/YYYY-MM/<number of its first record>-<time>-<random>-<number>.jsonl."""
    name, files = f"{at:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}", dict[str, bytes]()
    for rows in _runs(lines, at):
        link, month = link_of(rows[0]), _month(rows[0], at)
        number = f"{link.number:010}-" if link is not None else ""
        files[f"log/{month}/{number}{name}-{len(files) + 1:03}.jsonl"] = dump_lines(rows)
    return files


def _runs(lines: Lines, at: datetime) -> Iterator[Lines]:
    """Records that follow each other and are of one month, so many at most."""
    rows: Lines = []
    for line in lines:
        if rows and (len(rows) == LINES_A_FILE or _month(line, at) != _month(rows[0], at)):
            yield rows
            rows = []
        rows.append(line)
    if rows:
        yield rows


def _month(line: dict[str, object], at: datetime) -> str:
    month = str(line.get("activityDateTime", ""))[:7]
    return month if MONTH.fullmatch(month) else f"{at:%Y-%m}"


def _first(path: str) -> int:
    match = LINKED.match(path)
    return int(match[1]) if match else 0
