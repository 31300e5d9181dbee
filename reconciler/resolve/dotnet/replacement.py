"""Replacement texts of .NET's Regex.Replace: literal pieces and group numbers. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from reconciler.resolve.dotnet.regex import Match, Pattern, RegexError

REFERENCE = re.compile(r"\$(?:\$|&|`|'|\+|_|(?P<number>[0-9]+)|\{(?P<name>\w+)\})")
NUMBER = re.compile("[0-9]+")
Piece = str | int


@lru_cache(maxsize=4096)
def compile_replacement(text: str, pattern: Pattern) -> tuple[Piece, ...]:
    """.NET's replacement text as literal pieces and group numbers. Raises RegexError for what is not supported.

    As in .NET, `$1` or `${name}` of a group that is not there is literal text.
    """
    pieces: list[Piece] = []
    at = 0
    for match in REFERENCE.finditer(text):
        pieces.append(text[at : match.start()])
        pieces.append(_piece(match, pattern))
        at = match.end()
    return (*pieces, text[at:])


def _piece(match: re.Match[str], pattern: Pattern) -> Piece:
    kind = match[0][1]
    if kind in "`'+_":
        raise RegexError(f"{match[0]} in a replacement is not supported: only $1, ${{name}}, $& and $$ are")
    if kind == "$":
        return "$"
    if kind == "&":
        return 0
    word = match["number"] or match["name"]
    number = int(word) if NUMBER.fullmatch(word) else pattern.names.get(word, -1)
    return number if 0 <= number <= pattern.groups else match[0]


def unknown_groups(text: str, pattern: Pattern) -> list[str]:
    """Names that a replacement uses and the pattern lacks."""
    names = [match["name"] for match in REFERENCE.finditer(text) if match["name"] and not NUMBER.fullmatch(match["name"])]
    return [name for name in names if name not in pattern.names]


def expanded(pieces: tuple[Piece, ...], match: Match) -> int:
    """How long the replacement of a match will be."""
    spans = match.spans
    return sum([spans[piece][1] - spans[piece][0] if isinstance(piece, int) else len(piece) for piece in pieces])


def expand(pieces: tuple[Piece, ...], match: Match) -> str:
    return "".join([match.group(piece) if isinstance(piece, int) else piece for piece in pieces])
