"""Files that a person names for a command to write: 0600, and never through a link or over what Git tracks.

A pull request can bring a file, or a link, of the name that a workflow writes to: then what is written would be taken for the
pull request's own, or would land elsewhere.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import click

from reconciler.record.here import ask, inside

OWN = 0o600


class NotWritten(click.ClickException):
    """A file that is not written: which, why, and what to do."""

    def __init__(self, file: Path, why: str, remedy: str) -> None:
        super().__init__(f"{file} cannot be written: {why} [NotWritten]\n    {remedy}")


def check(file: Path) -> None:
    """Raises NotWritten where the file is a link, a folder or tracked by Git, or lies behind a tracked link."""
    elsewhere = "name a file outside of the checkout, or one that is not there yet"
    if not file.parent.is_dir():
        raise NotWritten(file, "there is no such folder", f"create {file.parent} first")
    if file.is_symlink():
        raise NotWritten(file, "it is a link", elsewhere)
    if file.is_dir():
        raise NotWritten(file, "it is a folder", elsewhere)
    for item in (file, *(parent for parent in file.parents if parent.is_symlink())):
        if _tracked(item):
            raise NotWritten(file, f"Git tracks {item}", elsewhere)


def _tracked(file: Path) -> bool:
    path = inside(os.path.join(file.parent.resolve(), file.name))
    return path is not None and path in (ask("ls-files", "-z", "--full-name", "--", path) or "").split("\0")


def clear(file: Path) -> int:
    """What is there in the end is new or nothing; returns the mode for it: that of the file which was there, else 0600."""
    check(file)
    try:
        if not file.is_file():
            return OWN
        mode = stat.S_IMODE(file.stat().st_mode)
        file.unlink()
        return mode
    except OSError as error:
        raise NotWritten(file, str(error.strerror), "change the permissions") from None


def write(file: Path, text: str, mode: int = OWN) -> None:
    """The whole file or none of it. Raises NotWritten."""
    write_bytes(file, text.encode(), mode)


def write_bytes(file: Path, data: bytes, mode: int = OWN) -> None:
    """The same of what is no text."""
    check(file)
    try:
        if file.exists() and not file.is_file():  # a pipe, or /dev/null
            file.write_bytes(data)
            return
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # O_EXCL, O_NOFOLLOW, 0600
        try:
            with open(handle, "wb") as target:
                target.write(data)
                os.fchmod(target.fileno(), mode)
            os.replace(name, file)  # a link that came meanwhile is replaced, not followed
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise NotWritten(file, str(error.strerror), "change the permissions, or make room") from None


def append(file: Path, text: str) -> None:
    """Add to a file, which is made with 0600 where it is not there. Raises NotWritten."""
    check(file)
    try:
        with open(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, OWN), "a", encoding="utf-8") as target:
            target.write(text)
    except OSError as error:
        raise NotWritten(file, str(error.strerror), "change the permissions, or make room") from None
