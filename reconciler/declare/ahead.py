"""Files of rows that nobody has parsed yet, parsed on all cores before they are asked for. Reads files; fills a cache."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from reconciler.declare.cache import SMALLEST, Cache
from reconciler.declare.folders import Folders, named
from reconciler.declare.names import fold
from reconciler.declare.reader import Reader, content_of
from reconciler.processes.cores import cores, each

WORTH = 1 << 20  # bytes: less is parsed before other processes have begun
LARGEST = 8 << 20  # of one file: it takes some fifteen times as much memory while it is parsed, in each process


class _File(NamedTuple):
    size: int
    path: Path
    kind: str


def parse_ahead(root: Path, asked: Collection[str], cache: Cache) -> None:
    """Fill the cache with the rows of sound files below `root`; of the apps that are `asked` for, or of all.

    What is wrong in the others is found, and told, by whoever reads them in their turn.
    """
    count = cores()
    if count == 1 or not cache.wrote:
        return
    files = sorted(_unknown(root, asked, cache), reverse=True)  # the largest first: none of them is left for the end
    if sum(file.size for file in files) >= WORTH:
        each(files, lambda file: Reader(cache, []).rows(file.path, file.kind), count)


def _unknown(root: Path, asked: Collection[str], cache: Cache) -> Iterator[_File]:
    for path, kind in _files(Folders(root, []), asked):
        content = content_of(path)
        if not isinstance(content, OSError) and SMALLEST <= len(content.raw) <= LARGEST and not cache.has(kind, content.hash):
            yield _File(len(content.raw), path, kind)


def _files(folders: Folders, asked: Collection[str]) -> Iterator[tuple[Path, str]]:
    """Each file of rows whose folders are called as they should be, and its kind."""
    known = folders.of_root()
    for folder, kind in folders.of_directory(known):
        yield from ((file, kind) for file in folders.files(folder))
    apps = [app for entry in named(known, "apps") for app in folders.entries(entry) if app.is_dir()]
    for app in apps:
        if not asked or fold(app.name) in asked:
            lists = named(folders.of_app(app), "assignments")
            yield from ((file, "assignments") for entry in lists for file in folders.listed(entry))
