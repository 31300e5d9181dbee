"""Text for a person: on a terminal its lines wrap between words at the terminal's width. Prints.

In a pipe or a file each line stays whole, so that `grep` finds a change by its line. COLUMNS in the environment says another
width than the terminal's. Nothing is cut: a word that is longer than a line stands alone, and what stands in backticks, to be
copied, stays together where it fits on a line.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import partial

import click

from reconciler.cli.turns import speak

UNKNOWN = 80  # columns of a terminal that does not say
HANG = 4  # columns by which what goes on is indented further than its beginning
NARROW = 20  # columns: less is no terminal that anybody reads on
ATOM = re.compile(r"( *)((?:`[^`]*`|\S)+)")
WORD = re.compile(r"( *)(\S+)")


def echo(text: str, err: bool = False, nl: bool = True) -> None:
    """Print text for a person, wrapped where a person reads it, once it is this thread's turn."""
    speak(partial(print_it, text, err, nl))


def print_it(text: str, err: bool = False, nl: bool = True) -> None:
    """Print text for a person at once, whoever speaks."""
    columns = _columns(err)
    click.echo(text if columns is None else wrapped(text, columns), err=err, nl=nl)


def echo_form(form: str, text: str, err: bool = False) -> None:
    """Print what has its own last line: text for a person as `echo` does, any other form as it is."""
    if form == "text":
        echo(text, err, nl=False)
    else:
        speak(partial(click.echo, text, err=err, nl=False))


def _columns(err: bool) -> int | None:
    """The width to wrap at; None where lines stay whole."""
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        return None
    told = os.environ.get("COLUMNS", "")
    found = int(told) if told.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    return found if found >= NARROW else UNKNOWN


def wrapped(text: str, columns: int) -> str:
    """The same text, of which no line is wider than so many columns, unless by one word."""
    return "\n".join(row for line in text.split("\n") for row in _rows(line, columns))


def _rows(line: str, columns: int) -> list[str]:
    if _width(line) <= columns:
        return [line]
    hang = " " * min(len(line) - len(line.lstrip(" ")) + HANG, columns // 2)
    rows, row, width = [], "", 0
    for gap, atom in _atoms(line, columns - len(hang)):
        wide = _width(atom)
        if row and width + len(gap) + wide > columns:
            rows.append(row)
            row, width = hang + atom, len(hang) + wide
        else:
            row, width = row + gap + atom, width + len(gap) + wide
    return [*rows, row]


def _atoms(line: str, room: int) -> Iterator[tuple[str, str]]:
    """(spaces before, what stays together); what is in backticks and does not fit is broken like all else."""
    for gap, atom in ATOM.findall(line):
        if " " in atom and _width(atom) > room:
            yield from WORD.findall(gap + atom)
        else:
            yield gap, atom


def _width(text: str) -> int:
    """Columns that a terminal needs: colours need none, some letters two."""
    bare = click.unstyle(text)
    if bare.isascii():
        return len(bare)
    from rich.cells import cell_len

    return cell_len(bare)
