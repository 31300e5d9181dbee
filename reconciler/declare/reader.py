"""A file of declarations in; its document, or its rows, out, with what is wrong in it. Reads files; writes a cache."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeGuard

from reconciler.declare.cache import SMALLEST, Cache
from reconciler.declare.folders import readable_path
from reconciler.declare.place import Place, Problem
from reconciler.declare.schema import check, narrow
from reconciler.declare.sources import Content, Sources
from reconciler.declare.table import Rows, to_rows
from reconciler.declare.yaml.document import MOST_BYTES, TOO_LARGE, Document, parse

IN_PLACE = frozenset({"duplicate-key", "number", "tag"})  # after which the rest of a file can still be judged
MANY = 512 << 10  # bytes: a tenth of a second's work
ROW_KEYS = {"users": ("userPrincipalName",), "groups": ("displayName",), "assignments": ()}


class Reader:
    """Reads files, each checked against the schema of its kind; `sources` are those that it has read.

    Once many of them had to be parsed, `ahead` is called, which may put the others into the cache.
    """

    def __init__(self, cache: Cache, problems: list[Problem], ahead: Callable[[], None] | None = None) -> None:
        self.cache, self.problems, self.sources, self._ahead = cache, problems, Sources(), ahead
        self._parsed = 0  # bytes

    def error(self, place: Place, code: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(place, "error", code, message, remedy))

    def rows(self, path: Path, kind: str) -> Rows | None:
        """The rows of one file, from the cache where its content is known to be sound."""
        content, before = content_of(path), len(self.problems)
        if not self._take(content, path):
            return None
        rows = self.rows_in(content, path, kind)
        if rows is not None and len(self.problems) == before:
            self.sources.put_back(readable_path(path), path)
        return rows

    def rows_in(self, content: Content, path: Path, kind: str) -> Rows | None:
        """The rows of what a file holds, or held."""
        kept = len(content.raw) >= SMALLEST
        known = self._known(kind, content) if kept else None
        if known is not None:
            return known
        before = len(self.problems)
        document = self._parse(path, content.raw, kind)
        if document is None or not isinstance(document.data.get(kind), list):
            return None
        rows = to_rows(document.data.get(kind), document.item_lines, ROW_KEYS[kind])
        if kept and len(self.problems) == before:
            self.cache.put(kind, content.hash, rows)
        return rows

    def _known(self, kind: str, content: Content) -> Rows | None:
        known = self.cache.get(kind, content.hash)
        if known is not None or self._ahead is None:
            return known
        self._parsed += len(content.raw)
        if self._parsed < MANY:
            return None
        ahead, self._ahead = self._ahead, None
        ahead()
        return self.cache.get(kind, content.hash)

    def _take(self, content: Content | OSError, path: Path) -> TypeGuard[Content]:
        """Whether the file could be read."""
        if isinstance(content, OSError) and content.errno == errno.EFBIG:
            self.error(Place(readable_path(path), 1), "file-too-large", TOO_LARGE, "split it into several files")
            return False
        if isinstance(content, OSError):
            is_link = content.errno == errno.ENOENT and path.is_symlink()
            remedy = (
                "it is a link to a file that is not there: restore that, or remove the link" if is_link else "fix its permissions"
            )
            self.error(Place(readable_path(path), 1), "unreadable", f"cannot be read: {content.strerror}", remedy)
            return False
        self.sources.add(readable_path(path), content)
        return True

    def note(self, path: str, file: str) -> Content | None:
        """What a file holds that counts as read, and that nobody checks; `file` is its path as people read it."""
        content = content_of(path)
        if isinstance(content, OSError):
            return None
        self.sources.add(file, content)
        return content

    def read(self, path: Path, kind: str) -> Document | None:
        """One file, checked against its schema; None where nothing of it can be used."""
        content = content_of(path)
        return self._parse(path, content.raw, kind) if self._take(content, path) else None

    def _parse(self, path: Path, raw: bytes, kind: str) -> Document | None:
        document = parse(raw, readable_path(path))
        self.problems.extend(document.problems)
        if not IN_PLACE.issuperset(problem.code for problem in document.problems):
            return None
        if document.data is None:
            self.error(Place(document.file, 1), "empty-file", "the file is empty", f"write `{kind}: []` for none")
            return None
        wrong = check(document, kind)
        self.problems.extend(wrong)
        if wrong:
            narrow(document, kind)
        return document if isinstance(document.data, dict) else None


def content_of(path: str | Path) -> Content | OSError:
    """What is in a file, or why it cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MOST_BYTES:
                return OSError(errno.EFBIG, TOO_LARGE)
            raw = file.read(size + 1)
            if len(raw) > size:  # it grows: no more is read than shows that it is too large
                raw += file.read(MOST_BYTES + 1 - len(raw))
    except OSError as error:
        return error
    return Content(raw, hashlib.sha256(raw).digest())
