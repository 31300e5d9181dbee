"""A scalar of a document in, the place of each of its characters out, however it is written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reconciler.declare.place import Text
from reconciler.declare.yaml.document import Document

Where = tuple[int, int]

# What stands for one character of the value: between double quotes, between single ones, elsewhere.
ESCAPED = re.compile(r"\\(?:x(?P<x>..)|u(?P<u>....)|U(?P<U>.{8})|(?P<line>\r?\n)|(?P<char>.))|[^\\]", re.DOTALL)
DOUBLED = re.compile(r"'(?P<char>')|.", re.DOTALL)
PLAIN = re.compile(r".", re.DOTALL)
BLOCK = re.compile(r"[|>][^\n]*\n")
WHITE = frozenset("tnvfr N_LP")  # what escapes of white space are written with


def text_of(document: Document, path: tuple[Any, ...], value: Any) -> Text:
    """Where the text of the scalar at a path stands; only where it begins, if it is no text or comes from an alias."""
    place = document.locate(path)
    text, at = document.text, document.starts[place.line - 1] + place.column - 1
    style, start = PLAIN, (place.line, place.column)
    if text[at : at + 1] in ("'", '"'):
        style = ESCAPED if text[at] == '"' else DOUBLED
        place = place._replace(column=place.column + 1)
        at, start = at + 1, (place.line, place.column)
    elif header := BLOCK.match(text, at):
        at, start = header.end(), (place.line + 1, 1)
    return Text(place, _characters(value, _signs(style.finditer(text, at), start), start) if isinstance(value, str) else ())


def _characters(value: str, signs: Iterator[tuple[str, Where, Where]], end: Where) -> tuple[Where, ...]:
    """The place of each character and of the end. Folding changes white space alone, so it counts for nothing."""
    places = []
    for character in value:
        if character.isspace():
            places.append(end)
            continue
        sign, at, end = next(signs, ("", end, end))
        if sign != character:
            return ()
        places.append(at)
    return (*places, end)


def _signs(written: Iterator[re.Match[str]], start: Where) -> Iterator[tuple[str, Where, Where]]:
    """Each character but white space, where it is written and where that ends."""
    line, column = start
    for match in written:
        after = (line + 1, 1) if "\n" in match[0] else (line, column + len(match[0]))
        sign = _meant(match)
        if not sign.isspace():
            yield sign, (line, column), after
        line, column = after


def _meant(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind is None or kind == "line":
        return match[kind or 0]
    text = match[kind]
    if kind == "char":
        return " " if text in WHITE else text
    return chr(int(text, 16))
