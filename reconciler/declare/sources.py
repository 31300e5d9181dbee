"""What was read of the declarations, kept so that the place of a finding can be told. Reads a file again where that is needed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.declare.place import Place
from reconciler.declare.yaml.document import Document, parse
from reconciler.declare.yaml.events import Segment


class Content(NamedTuple):
    """The bytes of a file, and their SHA-256."""

    raw: bytes
    hash: bytes


class Sources:
    """The content of every file that was read, so that a finding's place can be looked up when there is one.

    A file of rows that is sound in itself is not held in memory: it is read again should what it refers to be wrong.
    """

    def __init__(self) -> None:
        self._hashes: dict[str, bytes] = {}
        self._held: dict[str, bytes] = {}
        self._paths: dict[str, Path] = {}
        self._parsed: dict[str, Document] = {}
        self._places: dict[str, Document] = {}

    def add(self, file: str, content: Content) -> None:
        self._hashes[file], self._held[file] = content.hash, content.raw

    def put_back(self, file: str, path: Path) -> None:
        """Hold no more than where it lies."""
        del self._held[file]
        self._paths[file] = path

    def digest(self, root: str) -> str:
        """`sha256:` and a digest over every file's path below `root` and its content: the same on every machine."""
        digest = hashlib.sha256()
        for file, found in sorted((file.removeprefix(root).lstrip("/"), found) for file, found in self._hashes.items()):
            digest.update(file.encode("utf-8", "surrogateescape") + b"\0" + found)
        return "sha256:" + digest.hexdigest()

    def place(self, file: str, path: tuple[Segment, ...]) -> Place:
        """Where a value of a file stands; its beginning where the file is another one by now."""
        if file not in self._places:  # to find a place nobody needs the data
            self._places[file] = Document(file, self._raw(file).decode("utf-8-sig"))
        return self._places[file].locate(path)

    def value(self, file: str, path: tuple[Segment, ...]) -> Any:
        """A value of a file as it is written there; None where the file is another one by now."""
        if file not in self._parsed:
            self._parsed[file] = parse(self._raw(file), file)
        value = self._parsed[file].data
        for step in path if value is not None else ():
            value = value[step]
        return value

    def _raw(self, file: str) -> bytes:
        if file not in self._held:
            try:
                raw = self._paths[file].read_bytes()
            except OSError:
                raw = b""
            self._held[file] = raw if hashlib.sha256(raw).digest() == self._hashes[file] else b""
        return self._held[file]
