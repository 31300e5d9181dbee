"""Date formats of .NET in the invariant culture: a format once compiled reads and writes moments. Pure.

Source: .NET "Custom date and time format strings". Known are y M d H h m s f F t z, quoted and escaped text, and
literals; whatever is not known is refused rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from reconciler.resolve.dotnet.ticks import Parts, half_day, inside, offset_ticks, parts, ticks

MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip
DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
LETTERS = "yMdHhmsfFtz"
LONGEST = {"f": 7, "F": 7}
# Letters that .NET copies as they are, and that people write unquoted.
LITERAL = "TZ"


class FormatError(ValueError):
    """A format that cannot be used, with the reason in words."""


class Token(NamedTuple):
    """A run of one format letter, or (letter empty) literal text."""

    letter: str
    text: str


def tokens(pattern: str) -> list[Token]:
    """Raises FormatError."""
    if not pattern:
        raise FormatError("the format is empty")
    if len(pattern) == 1:
        raise FormatError(f"{pattern!r} alone is one of .NET's standard formats: write it out, for example yyyy-MM-dd")
    result, at = [], 0
    while at < len(pattern):
        token, at = _token(pattern, at)
        result.append(token)
    return result


def _token(pattern: str, at: int) -> tuple[Token, int]:
    letter = pattern[at]
    if letter in "'\"":
        return _quoted(pattern, at)
    if letter == "\\":
        if at + 1 == len(pattern):
            raise FormatError("the format ends in a backslash")
        return Token("", pattern[at + 1]), at + 2
    if letter == "%":
        if pattern[at + 1 : at + 2] not in tuple(LETTERS):
            raise FormatError("% belongs before a format letter")
        return Token(pattern[at + 1], pattern[at + 1]), at + 2
    if letter in LETTERS:
        return _run(pattern, at)
    if letter.isalpha() and letter not in LITERAL:
        raise FormatError(f"{letter!r} is not a format letter that is known here: put it in quotes if it is text")
    return Token("Z" if letter == "Z" else "", letter), at + 1


def _run(pattern: str, at: int) -> tuple[Token, int]:
    letter, end = pattern[at], at
    while pattern[end : end + 1] == letter:
        end += 1
    if end - at > LONGEST.get(letter, 99):
        raise FormatError(f"{pattern[at:end]} has more than seven digits of a second")
    return Token(letter, pattern[at:end]), end


def _quoted(pattern: str, at: int) -> tuple[Token, int]:
    quote, quoted, at = pattern[at], "", at + 1
    while at < len(pattern) and pattern[at] != quote:
        at += pattern[at] == "\\"
        quoted += pattern[at : at + 1]
        at += 1
    if at >= len(pattern):
        raise FormatError(f"a quote {quote} is not closed")
    return Token("", quoted), at + 1


# Writing

_WRITE: dict[str, Callable[[Parts, int], str]] = {
    "y": lambda p, n: f"{p.year if n > 2 else p.year % 100:0{n}}",
    "M": lambda p, n: f"{p.month:0{n}}" if n < 3 else MONTHS[p.month - 1][: 3 if n == 3 else None],
    "d": lambda p, n: f"{p.day:0{n}}" if n < 3 else DAYS[p.weekday][: 3 if n == 3 else None],
    "H": lambda p, n: f"{p.hour:0{min(n, 2)}}",
    "h": lambda p, n: f"{p.hour % 12 or 12:0{min(n, 2)}}",
    "m": lambda p, n: f"{p.minute:0{min(n, 2)}}",
    "s": lambda p, n: f"{p.second:0{min(n, 2)}}",
    "f": lambda p, n: f"{p.fraction:07}"[:n],
    "F": lambda p, n: f"{p.fraction:07}"[:n].rstrip("0"),
    "t": lambda p, n: ("AM" if p.hour < 12 else "PM")[: min(n, 2)],
    "z": lambda p, n: ("+0", "+00", "+00:00")[min(n, 3) - 1],
    "Z": lambda p, n: "Z",
}


@lru_cache(maxsize=4096)
def writer(pattern: str) -> Callable[[int], str]:
    """What prints a moment. Raises FormatError."""
    letters = tokens(pattern)

    def write(moment: int) -> str:
        p, out = parts(moment), ""
        for letter, run in letters:
            piece = _WRITE[letter](p, len(run)) if letter else run
            # .NET takes the point back where no digit of F follows it.
            out = out[:-1] if letter == "F" and not piece and out.endswith(".") else out + piece
        return out

    return write


# Reading

AROUND_IN_ORDER = ("AllowLeadingWhite", "AllowTrailingWhite")
AROUND = frozenset(AROUND_IN_ORDER)


def _digits(run: str) -> str:
    return "[0-9]{1,2}" if len(run) == 1 else f"[0-9]{{{len(run)}}}"


def _names(names: list[str], run: str) -> str:
    return "(?i:" + "|".join(name[:3] if len(run) == 3 else name for name in names) + ")"


def _expression(token: Token) -> str:
    letter, run = token
    if letter in "Md" and len(run) > 2:
        return f"(?P<{letter}{letter}>{_names(MONTHS if letter == 'M' else DAYS, run)})"
    if letter in "yMdHhms":
        return f"(?P<{letter}>{_digits(run[:2] if letter in 'Hhms' else run)})"
    if letter in "fF":
        return f"(?P<{letter}>[0-9]{{{len(run) if letter == 'f' else 0},{len(run)}}})"
    if letter == "t":
        return "(?P<t>(?i:[AP]M))" if len(run) > 1 else "(?P<t>(?i:[AP]))"
    return f"(?P<z>[+-]{'[0-9]{1,2}' if len(run) == 1 else '[0-9]{2}'}{':?[0-9]{2}' if len(run) > 2 else ''})"


def _check_reading(letters: list[Token], styles: frozenset[str]) -> None:
    names = [letter * 2 if letter in "Md" and len(run) > 2 else letter for letter, run in letters if letter]
    twice = {name for name in names if names.count(name) > 1}
    for group in ("Hh", "fF", "zZ"):
        if all(letter in names for letter in group):
            twice.add(group)
    if twice or ("MM" in names and "M" in names):
        raise FormatError("a part of the date is in the format twice")
    dateless = "NoCurrentDateDefault" in styles and not {"y", "M", "MM", "d", "dd"} & set(names)
    if not dateless and not any(letter == "y" and len(run) > 3 for letter, run in letters):
        raise FormatError("an input format needs a year of four digits (yyyy): .NET would guess the century or take today's")
    if "t" in names and "h" not in names and "H" not in names:
        raise FormatError("tt needs an hour (h)")
    if ("d" in names or "dd" in names) and not {"M", "MM"} & set(names):
        raise FormatError("a day needs a month (M)")


@lru_cache(maxsize=4096)
def reader(pattern: str, styles: frozenset[str] = AROUND) -> Callable[[str], int]:
    """What reads a moment and raises ValueError; `styles` are names of DateTimeStyles. Raises FormatError."""
    letters = tokens(pattern)
    _check_reading(letters, styles)
    pieces = []
    for number, (letter, run) in enumerate(letters):
        if letter == "Z":
            pieces.append("(?P<Z>(?i:Z|GMT))")
        elif letter:
            pieces.append(_expression(Token(letter, run)))
        else:
            optional = run == "." and letters[number + 1 : number + 2] and letters[number + 1].letter == "F"
            pieces.append(re.escape(run) + ("?" if optional else ""))
    before, after, between = (r"\s*" if style in styles else "" for style in (*AROUND_IN_ORDER, "AllowInnerWhite"))
    compiled = re.compile(before + between.join(pieces) + after + r"\Z")

    def read(written: str) -> int:
        match = compiled.match(written)
        if match is None:
            raise ValueError(f"{written!r} does not read as {pattern}")
        return _assemble(match.groupdict(), written)

    return read


def _assemble(fields: dict[str, Any], written: str) -> int:
    month = int(fields.get("M") or 1)
    if fields.get("MM"):
        month = next(i for i, name in enumerate(MONTHS, 1) if name[:3].lower() == fields["MM"][:3].lower())
    half = fields.get("t")
    hour = int(fields.get("h") or fields.get("H") or 0)
    if fields.get("h"):
        hour = half_day(hour or 12, (half or "A")[0])
    elif half and (half[0] in "Pp") != (hour >= 12):
        raise ValueError(f"{written!r} has an hour that its AM or PM denies")
    fraction = int((fields.get("f") or fields.get("F") or "0").ljust(7, "0"))
    year, day = int(fields.get("y") or 1), int(fields.get("d") or 1)
    local = ticks(year, month, day, hour, int(fields.get("m") or 0), int(fields.get("s") or 0), fraction)
    weekday = fields.get("dd")
    if weekday and DAYS[parts(local).weekday][:3].lower() != weekday[:3].lower():
        raise ValueError(f"{written!r} names another day of the week than its date has")
    return inside(local - offset_ticks(fields.get("z") or "Z"))
