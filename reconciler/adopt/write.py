"""The one place where an import touches files: a folder copied aside to be checked, and texts put in place at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.adopt.model import ImportRefused
from reconciler.declare.folders import readable_path
from reconciler.declare.links import first_astray
from reconciler.declare.place import Problem


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A private copy of the declarations in a folder, which may not exist, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="reconcile-import-") as temporary:
        stage = Path(temporary) / "desired"
        if refused := first_astray(folder):
            raise ImportRefused(f"{readable_path(refused.path)}: {refused.message}", refused.remedy)
        try:
            if folder.is_dir():
                shutil.copytree(folder, stage, ignore=shutil.ignore_patterns(".*"))
        except OSError as error:
            raise ImportRefused(f"{folder} cannot be read whole: {error}", "fix its permissions and dangling links") from None
        stage.mkdir(exist_ok=True)
        yield stage


def told(problem: Problem, stage: Path, folder: Path) -> str:
    """A problem of the copy with its place, by the names that files have in the folder."""
    return f"{real(problem.place.file, stage, folder)}:{problem.place.line}: {in_words(problem, stage, folder)}"


def in_words(problem: Problem, stage: Path, folder: Path) -> str:
    """What a problem of the copy says, which may name other files."""
    return problem.message.replace(readable_path(stage), str(folder))


def real(file: str, stage: Path, folder: Path) -> str:
    """The name that a file of the copy has in its folder."""
    path = Path(file).resolve()
    return str(folder / path.relative_to(stage.resolve())) if path.is_relative_to(stage.resolve()) else file


def put(folder: Path, texts: Mapping[str, str], remove: Iterable[str] = ()) -> None:
    """Write texts by their path below a folder, each whole or not at all, then remove what nobody needs any more.

    Raises ImportRefused where the system does not let us.
    """
    file = folder
    try:
        for path, text in texts.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            beside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
            with open(beside, "w", encoding="utf-8", newline="") as out:
                out.write(text)
            if file.exists():
                shutil.copymode(file, beside)
            os.replace(beside, file)
        for path in remove:
            file = folder / path
            file.unlink()
    except OSError as error:
        raise ImportRefused(
            f"{file} cannot be written: {error.strerror}",
            "fix the permissions, or make room, and import again",
        ) from None


def read(folder: Path, path: str) -> str | None:
    """The text of a file below a folder, None where there is none. Raises ImportRefused."""
    try:
        with open(folder / path, encoding="utf-8", newline="") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ImportRefused(f"{folder / path} cannot be read: {error}", "fix it, or remove it") from None


def paths(folder: Path) -> list[str]:
    """Every file below a folder, as paths below it."""
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def differing(folder: Path, texts: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """(what is to be written, which of these paths hold something else now)."""
    fresh, other = {}, []
    for path, text in texts.items():
        now = read(folder, path)
        if now != text:
            fresh[path] = text
            other += [path] if now is not None else []
    return fresh, other
