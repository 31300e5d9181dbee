"""Characters, escapes and character classes of a .NET regular expression, in RE2's spelling. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

WORD = r"\p{L}\p{Mn}\p{Nd}\p{Pc}"
BLANK = r"\t\n\x{b}\f\r\x{85}\p{Z}"
# A class's inside (may be negated as a whole), by the letter of the escape.
SHORTHANDS = {
    "d": r"\p{Nd}", "D": r"^\p{Nd}", "w": WORD, "W": "^" + WORD, "s": BLANK, "S": "^" + BLANK,
}  # fmt: skip
CATEGORY = re.compile(r"\\([pP])\{(L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|Cc|Cf|Co)\}")
CODE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|c([A-Za-z]))")
POSIX = re.compile(r"\[:\^?\w*:\]")
CONTROLS = {"a": 7, "b": 8, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
NAMELESS = {
    "b": r"\b knows only ASCII words in RE2: write (^|[^\w]) and ([^\w]|$)", "B": r"\B knows only ASCII words in RE2",
    "k": "back references cannot be run in linear time", "G": r"\G is not supported",
}  # fmt: skip
NAMELESS_IN_CLASS = {letter: why for letter, why in NAMELESS.items() if letter != "b"}  # there it is a backspace


class RegexError(ValueError):
    """A pattern that cannot be used, with the reason in words."""


def escape(letter: str) -> str:
    """One character that means itself."""
    if letter.isalnum() and letter.isascii():
        return letter
    return f"\\x{{{ord(letter):x}}}"


def read_escape(pattern: str, at: int, refused: Mapping[str, str] = NAMELESS) -> tuple[str, str, int]:
    """The escape at a place as (kind, RE2 text or letter, end); the kind is char, shorthand or category.

    `refused` are letters that RE2 cannot follow, and why.
    """
    letter = pattern[at + 1 : at + 2]
    if letter and letter in SHORTHANDS:
        return "shorthand", letter, at + 2
    category, code = CATEGORY.match(pattern, at), CODE.match(pattern, at)
    if category:
        return "category", category[0], category.end()
    if code:
        value = int(code[1] or code[2], 16) if not code[3] else ord(code[3].upper()) - 64
        return "char", f"\\x{{{value:x}}}", code.end()
    if letter in refused:
        raise RegexError(refused[letter])
    if letter and letter in CONTROLS:
        return "char", f"\\x{{{CONTROLS[letter]:x}}}", at + 2
    if letter.isdigit():
        raise RegexError(f"\\{letter}: back references cannot be run in linear time, and octal numbers are not supported")
    if not letter or letter.isalpha() or letter == "_":
        raise RegexError(f"an unknown escape \\{pattern[at + 1 : at + 8]}")
    return "char", escape(letter), at + 2


def read_class(pattern: str, start: int) -> tuple[str, int]:
    """The class that opens at a place, in RE2's spelling, and where it ends."""
    at = start + 1
    negated = pattern.startswith("^", at)
    at += negated
    first = at
    members: list[str] = []
    negative: list[str] = []
    while at == first or not pattern.startswith("]", at):
        if at >= len(pattern):
            raise RegexError("not a regular expression: missing ]: " + pattern[start:])
        kind, value, at = _member(pattern, at, first)
        (negative if kind == "shorthand" and value.isupper() else members).append(
            SHORTHANDS[value] if kind == "shorthand" else value
        )
    return (_complement if negated else _union)(members, negative), at + 1


def _member(pattern: str, at: int, first: int) -> tuple[str, str, int]:
    """One character, range or shorthand of a class."""
    if pattern.startswith("-[", at) and at > first:
        raise RegexError("class subtraction [a-[b]] is not supported: list what is wanted")
    if POSIX.match(pattern, at):
        raise RegexError("[:name:] is not a class in .NET: write \\p{L}, \\d or \\s")
    kind, value, at = _one(pattern, at)
    if kind != "char" or not pattern.startswith("-", at) or pattern[at + 1 : at + 2] in ("]", ""):
        return kind, value, at
    if pattern[at + 1] == "[":
        raise RegexError("class subtraction [a-[b]] is not supported: list what is wanted")
    kind, last, at = _one(pattern, at + 1)
    if kind != "char":
        raise RegexError("a range in a class ends in more than one character")
    return kind, f"{value}-{last}", at


def _one(pattern: str, at: int) -> tuple[str, str, int]:
    if pattern[at] == "\\":
        return read_escape(pattern, at, NAMELESS_IN_CLASS)
    return "char", escape(pattern[at]), at + 1


def _union(members: list[str], negative: list[str]) -> str:
    inside = f"[{''.join(members)}]"
    if not negative:
        return inside
    # RE2 has no union with a complement inside of a class.
    return "(?:" + "|".join([*(f"[{shorthand}]" for shorthand in negative), *([inside] if members else [])]) + ")"


def _complement(members: list[str], negative: list[str]) -> str:
    if not negative:
        return f"[^{''.join(members)}]"
    if len(negative) == 1 and not members:
        return f"[{negative[0][1:]}]"
    raise RegexError(r"\W, \D or \S in a negated class with anything else cannot be expressed: list what is wanted")
