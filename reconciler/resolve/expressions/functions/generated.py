"""Functions with another value each time; the clock and the dice are handed in. Pure."""

from __future__ import annotations

import string
from datetime import datetime
from typing import Any, Protocol

from reconciler.declare.wording import plural
from reconciler.resolve.dotnet.ticks import of, printed
from reconciler.resolve.expressions.functions.base import (
    UNKNOWN,
    Arguments,
    BadArgument,
    EvaluationError,
    Function,
    checks,
    known,
    text,
    whole,
    whole_at,
)

# The special characters of Windows' rule "password must meet complexity requirements", to which the reference points.
SPECIAL = "'-!\"#$%&()*,./:;?@[]^_`{|}~+<=>"
KINDS = (string.digits, SPECIAL, string.ascii_uppercase, string.ascii_lowercase)
NAMES = ("numbers", "special characters", "capital letters", "lower case letters")
LONGEST = 256


class Chance(Protocol):
    """What makes values: the time now, aware, and `below(n)`, a number from 0 to n-1 that nobody can foresee."""

    @property
    def now(self) -> datetime: ...

    def below(self, limit: int) -> int: ...


def _guid(chance: Chance) -> str:
    """RFC 9562 §5.4, version 4."""
    bits = chance.below(1 << 128) & ~(0xF << 76) & ~(0x3 << 62) | (4 << 76) | (2 << 62)
    digits = f"{bits:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _now(chance: Chance) -> str:
    return printed(of(chance.now))


def _random_string(chance: Chance, length: Any, *limits: Any) -> str:
    size, minimums, avoid = whole(length), [whole(value) for value in limits[:4]], text(limits[4] if len(limits) > 4 else None)
    wrong = _problem(size, minimums, avoid)
    if wrong:
        raise EvaluationError(wrong[1])
    kinds = _kinds(avoid)
    letters = [_one(chance, kind) for kind, least in zip(kinds, minimums, strict=True) for _ in range(least)]
    letters += [_one(chance, "".join(kinds)) for _ in range(size - len(letters))]
    for last in range(size - 1, 0, -1):
        other = chance.below(last + 1)
        letters[last], letters[other] = letters[other], letters[last]
    return "".join(letters)


def _one(chance: Chance, letters: str) -> str:
    return letters[chance.below(len(letters))]


def _kinds(avoid: str) -> list[str]:
    return ["".join(letter for letter in kind if letter not in avoid) for kind in KINDS]


def _problem(size: int, minimums: list[int], avoid: str) -> tuple[int, str] | None:
    """The argument that is wrong, and how; None where a string can be made."""
    if not 1 <= size <= LONGEST:
        return 0, f"a length of {size} is not between 1 and {LONGEST}"
    if sum(minimums) > size or min(minimums) < 0:
        return 0, f"a length of {size} is asked to hold {plural(sum(minimums), 'character')}"
    kinds = _kinds(avoid)
    empty = [i for i, kind in enumerate(kinds) if not kind and minimums[i]]
    if empty or not any(kinds):
        return 5, f"no {NAMES[empty[0]] if empty else 'characters'} are left to choose from"
    return None


def _check_random(arguments: Arguments) -> None:
    if not all(known(arguments, index) for index in range(5)) or arguments[5:6] == [UNKNOWN]:
        return
    avoid = text(arguments[5]) if known(arguments, 5) else ""
    wrong = _problem(whole(arguments[0]), [whole(value) for value in arguments[1:5]], avoid)
    if wrong:
        raise BadArgument(*wrong, "give a length that holds the minimums, and leave characters of each kind")


FUNCTIONS: dict[str, Function] = {
    "Guid": Function(0, 0, _guid, "Guid()", generated=True),
    "Now": Function(0, 0, _now, "Now()", generated=True),
    "RandomString": Function(
        5, 6, _random_string,
        "RandomString(length, minimumNumbers, minimumSpecialCharacters, minimumCapital, minimumLowerCase, charactersToAvoid)",
        checks(*[whole_at(index, 0) for index in range(5)], _check_random), optional=(5,), generated=True,
    ),
}  # fmt: skip
