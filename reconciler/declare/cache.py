"""Parsed files kept by the hash of their content, in the user's cache folder: bytes in, rows out. Only sound files are kept.

What lies there is plain JSON: a file that somebody else put there can at worst be a wrong parse, never code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import Any

import orjson

from reconciler import __version__
from reconciler.declare.table import Rows

FORMAT = 3
SMALLEST = 8_192  # a smaller file parses faster than it is worth keeping
MOST_FILES = 5_000
TEXT = frozenset({str, type(None)})


class Cache:
    """Rows by content; a cache that cannot be read or written is as good as an empty one.

    `salt` must change with whatever decides that a file is sound: the schemas.
    """

    def __init__(self, folder: Path | None, salt: str) -> None:
        self.folder, self.salt = folder, f"{FORMAT} {__version__} {salt}".encode()
        self.wrote = False

    def get(self, kind: str, content: bytes) -> Rows | None:
        """The rows of a file by the hash of its content, None where they are not known."""
        if self.folder is None:
            return None
        try:
            columns, lines, numbers = orjson.loads(self._path(kind, content).read_bytes())
            rows = Rows({name: unpacked(column) for name, column in columns.items()}, lines, numbers)
            return rows if all(len(column) == len(lines) for column in rows.columns.values()) else None
        except (OSError, ValueError, TypeError, AttributeError, LookupError):
            return None

    def has(self, kind: str, content: bytes) -> bool:
        """Whether the rows of a file are known."""
        return self.folder is not None and self._path(kind, content).exists()

    def put(self, kind: str, content: bytes, rows: Rows) -> None:
        """Keep the rows of a sound file."""
        if self.folder is None:
            return
        path = self._path(kind, content)
        waiting = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            if not self.wrote:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._prune()
            self.wrote = True
            with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                columns = {name: packed(column) for name, column in rows.columns.items()}
                file.write(orjson.dumps((columns, rows.lines, rows.numbers)))
            os.replace(waiting, path)
        except OSError:
            with contextlib.suppress(OSError):
                waiting.unlink(missing_ok=True)

    def _path(self, kind: str, content: bytes) -> Path:
        assert self.folder is not None
        return self.folder / hashlib.sha256(b"\0".join((self.salt, kind.encode(), content))).hexdigest()

    def _prune(self) -> None:
        """Of too many files the older half goes: each is worth a parse, no more."""
        assert self.folder is not None
        files = list(self.folder.iterdir())
        if len(files) > MOST_FILES:
            for file in sorted(files, key=lambda f: f.stat().st_mtime)[: len(files) // 2]:
                file.unlink(missing_ok=True)


def packed(column: list[Any]) -> list[Any]:
    """A column as (values, numbers): where most of its values come often, each once and a number a row."""
    values = list(dict.fromkeys(column)) if TEXT.issuperset(map(type, column)) else column
    if len(values) > len(column) // 2:
        return [column, None]
    numbers = dict(zip(values, range(len(values)), strict=True))
    return [values, [numbers[value] for value in column]]


def unpacked(column: list[Any]) -> list[Any]:
    """The column that was packed: what comes often is in memory once."""
    values, numbers = column
    return values if numbers is None else list(map(values.__getitem__, numbers))


def user_cache() -> Path | None:
    """RECONCILE_CACHE_DIR, else the platform's cache folder of the user; None where there is none that nobody else can fill."""
    try:
        folder = _chosen()
        return folder if folder is not None and _own(folder) else None
    except (OSError, RuntimeError):
        return None


def _chosen() -> Path | None:
    chosen = os.environ.get("RECONCILE_CACHE_DIR")
    if chosen is not None:
        return Path(chosen) if chosen else None
    import platformdirs

    return platformdirs.user_cache_path("scim-reconciler") / "parsed"


def _own(folder: Path) -> bool:
    """Whether what lies there is of our making: a change can bring what lies in a checkout, others what they may write to."""
    real = folder.resolve()
    if not folder.is_absolute() or any((parent / ".git").exists() for parent in (real, *real.parents)):
        return False
    if not real.exists():
        return True
    status = real.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
