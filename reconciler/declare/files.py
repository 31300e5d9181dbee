"""Files as they were read: content and its hash, and where a value of one stands. No I/O."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from reconciler.declare.events import Step
from reconciler.declare.model import Place
from reconciler.declare.yaml import Document, parse


class Content(NamedTuple):
    """The bytes of a file, and their SHA-256."""

    raw: bytes
    hash: bytes


class Sources:
    """The content of every file that was read, so that a finding's place can be looked up when there is one."""

    def __init__(self) -> None:
        self._contents: dict[str, Content] = {}
        self._parsed: dict[str, Document] = {}
        self._places: dict[str, Document] = {}

    def add(self, file: str, content: Content) -> None:
        self._contents[file] = content

    def digest(self, root: str) -> str:
        """`sha256:` and a digest over every file's path below `root` and its content: the same on every machine."""
        found = hashlib.sha256()
        for file, content in sorted((file.removeprefix(root).lstrip("/"), content) for file, content in self._contents.items()):
            found.update(file.encode("utf-8", "surrogateescape") + b"\0" + content.hash)
        return "sha256:" + found.hexdigest()

    def place(self, file: str, path: tuple[Step, ...], key: bool = False) -> Place:
        """Where a value of a file stands."""
        if file not in self._places:  # to find a place nobody needs the data
            self._places[file] = Document(file, self._contents[file].raw.decode("utf-8-sig"))
        return self._places[file].locate(path, key)

    def value(self, file: str, path: tuple[Step, ...]) -> Any:
        """A value of a file as it is written there."""
        found = self._document(file).data
        for step in path:
            found = found[step]
        return found

    def _document(self, file: str) -> Document:
        if file not in self._parsed:
            self._parsed[file] = parse(self._contents[file].raw, file)
        return self._parsed[file]
