"""What every function of the expression language is made of: the table's row, values as text and numbers, checks. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from reconciler.declare.errors import ReconcileError

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")
LONGEST_TEXT = 65_536  # characters; no directory holds longer ones, and calls in one another could double it 100 times
HEX = re.compile(r"&[Hh][0-9A-Fa-f]+\Z")


class _Word:
    """A value that is no text of anybody's."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


IGNORE = _Word("IGNORE")  # the attribute is left out of the flow
ABSENT = _Word("ABSENT")  # an argument that was left empty
UNKNOWN = _Word("UNKNOWN")  # an argument whose value is known only when it is evaluated


class EvaluationError(ValueError):
    """A value for which a function has no result, with the reason in words; it concerns one object alone."""


class Ignored(Exception):
    """IgnoreFlowIfNullOrEmpty dropped the attribute from the flow inside of another function."""


class BadArgument(ReconcileError, ValueError):
    """An argument that can be refused before anything is evaluated; `index` counts from 0."""

    code = "expression"

    def __init__(self, index: int, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.index = index


Arguments = Sequence[Any]
"""One value an argument, as far as it is known: a literal, ABSENT, or UNKNOWN."""
Check = Callable[[Arguments], None]


class Function(NamedTuple):
    """One function: `most` is None where any number of further arguments may follow.

    `check` gets what is known of the arguments and raises BadArgument. `call` raises EvaluationError; it gets
    `absent` for an argument left empty, and a Chance before its arguments where the function is `generated`.
    `optional` are the positions that may be left empty, `words` the bare words that may stand as arguments, `only` the
    one attribute that may be the argument.
    """

    least: int
    most: int | None
    call: Callable[..., Any]
    signature: str
    check: Check | None = None
    optional: Container[int] = ()
    absent: Any = None
    lazy: bool = False  # call gets `get` and the arguments unevaluated: an error in a branch not taken is none
    many: bool = False  # takes multi-valued attributes as they are
    condition: bool = False  # the first argument may be a condition
    words: frozenset[str] = frozenset()
    only: str = ""
    generated: bool = False  # another value each time: never evaluated while planning
    redacts: bool = False  # the value is [Redact] in every output
    reads: str = ""  # the source that a call without arguments reads
    refused: str = ""  # why the function cannot be used at all


def text(value: Any) -> str:
    """A value as text, in .NET's invariant spelling.

    Raises EvaluationError for a multi-valued attribute, and Ignored for one that is out of the flow.
    """
    if type(value) is str:
        return value
    if value is None:
        return ""
    if value is IGNORE:
        raise Ignored
    if isinstance(value, (list, tuple, dict)):
        raise EvaluationError("one value is needed here, not a multi-valued attribute: use Item or Join")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def bounded(result: str) -> str:
    """A text that a function has made longer. Raises EvaluationError where it is too long."""
    if len(result) > LONGEST_TEXT:
        fits(len(result))
    return result


def fits(length: int) -> None:
    """Raises EvaluationError for a result of more characters than any value has."""
    if length > LONGEST_TEXT:
        raise EvaluationError(f"the result is longer than {LONGEST_TEXT:,} characters")


def truth(value: bool) -> str:
    return "True" if value else "False"


def empty(value: Any) -> bool:
    return value is None or value == "" or value == () or value == []


def items(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def number(value: Any) -> Decimal | None:
    """A number, or text that spells one (`&H` is hexadecimal); None for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Decimal(str(value))
    if isinstance(value, str):
        if NUMBER.match(value):
            return Decimal(value)
        if HEX.match(value):
            return Decimal(int(value[2:], 16))
    return None


def whole(value: Any) -> int:
    """An integer. Raises EvaluationError."""
    if type(value) is int:
        return value
    amount = number(value)
    if amount is None or amount != amount.to_integral_value():
        raise EvaluationError(f"{value!r} is not a whole number")
    return int(amount)


def checks(*rules: Check) -> Check:
    """Several checks as one."""

    def run(arguments: Arguments) -> None:
        for rule in rules:
            rule(arguments)

    return run


def known(arguments: Arguments, index: int) -> bool:
    """Whether a literal stands at a position."""
    return index < len(arguments) and arguments[index] not in (ABSENT, UNKNOWN)


def whole_at(index: int, least: int | None = None, remedy: str = "give a whole number") -> Check:
    """The literal at a position is an integer, and no less than `least`."""

    def run(arguments: Arguments) -> None:
        if not known(arguments, index):
            return
        try:
            value = whole(arguments[index])
        except EvaluationError as error:
            raise BadArgument(index, str(error), remedy) from None
        if least is not None and value < least:
            raise BadArgument(index, f"{value} is less than {least}", remedy)

    return run


def one_of(index: int, allowed: Sequence[str], what: str) -> Check:
    """The literal at a position is one of a few words."""

    def run(arguments: Arguments) -> None:
        if known(arguments, index) and arguments[index] not in allowed:
            raise BadArgument(index, f"{arguments[index]!r} is no {what}", "one of " + ", ".join(allowed))

    return run
