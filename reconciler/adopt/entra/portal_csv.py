"""A CSV file that the portal lets one download in, its rows by Graph's names out. Reads a file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from reconciler.adopt.entra.graph_rows import FALSE, TRUE
from reconciler.adopt.model import ImportRefused, Row
from reconciler.declare.names import fold
from reconciler.declare.source_attributes import USER_SOURCES
from reconciler.declare.wording import plural

GRAPH = (*USER_SOURCES, "description", "securityEnabled", "groupType", "membershipType", "objectType", "isUser", "isGroup")
# The portal writes a heading as Graph's key (`objectId`), or in words (`Object ID`, `User principal name`, `Member type`).
COLUMNS = {fold(name): name for name in GRAPH} | {
    "objectid": "id",
    "membertype": "objectType",
    "mobilephone": "mobile",
    "officelocation": "physicalDeliveryOfficeName",
}
YES_NO = frozenset({"accountEnabled", "securityEnabled"})


def read_csv(file: Path) -> list[Row]:
    """Empty cells are None. Raises ImportRefused, at its line, for a row that is not as long as the headings."""
    try:
        with open(file, encoding="utf-8-sig", newline="") as text:
            return list(_rows(file, text))
    except (OSError, ValueError) as error:
        raise ImportRefused(f"{file} cannot be read: {error}", "save it as CSV in UTF-8") from None


def _rows(file: Path, text: TextIO) -> Iterator[Row]:
    lines = _lines(file, text)
    _, headings = next(lines, (1, []))
    names = [COLUMNS.get(fold(re.sub(r"\s", "", heading)), re.sub(r"\s", "", heading)) for heading in headings]
    for line, cells in lines:
        if len(cells) != len(names):
            raise ImportRefused(
                f"{file}:{line}: {plural(len(cells), 'cell')} under {plural(len(names), 'heading')}",
                "put a cell that holds a comma between double quotes; a row that is too short may be cut off: download it again",
            )
        row = {name: cell or None for name, cell in zip(names, cells, strict=True) if name}
        _check_answers(f"{file}:{line}", row)
        yield row


def _lines(file: Path, text: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the line in which it begins."""
    reader = csv.reader(text, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise ImportRefused(
            f"{file}:{line}: not CSV: {error}", "the file may be cut off there: download it again, or close the quotes"
        ) from None


def _check_answers(place: str, row: Row) -> None:
    for name in YES_NO & row.keys():
        if row[name] is not None and fold(row[name].strip()) not in TRUE | FALSE:
            raise ImportRefused(f"{place}: {name} is {row[name]!r}", "write True or False, or Yes or No")
