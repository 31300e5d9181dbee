"""The parse tree of an expression in, closures out, every argument checked that can be. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

from reconciler.declare.source_attributes import MULTI_VALUED
from reconciler.declare.wording import CLOSE, hint, plural
from reconciler.resolve.expressions.functions import FUNCTIONS, IGNORE, BadArgument, EvaluationError, Function, Ignored, compare
from reconciler.resolve.expressions.functions.base import ABSENT, UNKNOWN
from reconciler.resolve.expressions.parser import ExpressionError, Node

Get = Callable[[str], Any]
Columns = Callable[[Callable[[str], Iterable[Any]]], Iterable[Any]]
DICE = "()"  # a name that no attribute bears: where a generated value finds its Chance


class Part(NamedTuple):
    """A compiled argument or call; `value` is what is known of it before anything is evaluated.

    `columns` does the same for many objects at once; None where not every argument is evaluated for each. `plain` is an
    attribute or a literal, which can be evaluated without harm where it need not be.
    """

    run: Callable[[Get], Any]
    value: Any = UNKNOWN
    columns: Columns | None = None
    plain: bool = False


def _literal(value: Any) -> Part:
    return Part(lambda get: value, value, lambda source: repeat(value), plain=True)


class Compiler:
    """Turns the parse tree into closures and gathers what they use."""

    def __init__(self) -> None:
        self.sources: dict[str, None] = {}
        self.functions: set[str] = set()

    def call(self, node: Node) -> Part:
        function = _function(node)
        self.functions.add(node.text)
        if reads := function.reads:
            self.sources[reads] = None
            return Part(lambda get: get(reads), columns=lambda source: source(reads), plain=True)
        for index in range(len(node.parts)):
            _check_kind(node, function, index)
        parts = [self.argument(part) for part in node.parts]
        try:
            if function.check is not None:
                function.check([part.value for part in parts])
            return _bind(function, parts)
        except BadArgument as error:
            at = node.parts[error.index] if error.index < len(parts) else None
            raise ExpressionError(f"{node.text}: {error.message}", _column(at, node), error.remedy) from None
        except EvaluationError as error:
            raise ExpressionError(f"{node.text}: {error}", node.start + 1, function.signature) from None

    def argument(self, node: Node | None) -> Part:
        return _literal(ABSENT) if node is None else self.value(node)

    def value(self, node: Node) -> Part:
        match node.kind:
            case "call":
                return self.call(node)
            case "condition":
                left, right = [self.argument(side) for side in node.parts]
                return Part(lambda get: compare(left.run(get), node.text, right.run(get)))
            case "attribute":
                name = _attribute(node)
                self.sources[name] = None
                return Part(lambda get: get(name), columns=lambda source: source(name), plain=True)
            case "string":
                return _literal(_unquote(node.text))
            case "number":
                return _literal(_number(node.text))
            case _:
                return _literal(node.text)


def _attribute(node: Node) -> str:
    return node.text[1:-1].strip()


def _function(node: Node) -> Function:
    name, count = node.text, len(node.parts)
    function = FUNCTIONS.get(name)
    if function is None:
        raise ExpressionError(f"unknown function {name}", node.start + 1, hint(name, list(FUNCTIONS), alike=CLOSE))
    if function.refused:
        raise ExpressionError(function.refused, node.start + 1, "build the value from attributes that are unique already")
    most = count if function.most is None else function.most
    if not function.least <= count <= most:
        raise ExpressionError(f"{name} takes {_arguments(function)}, not {count}", node.start + 1, function.signature)
    return function


def _arguments(function: Function) -> str:
    if function.least == function.most:
        return plural(function.least, "argument")
    if function.most is None:
        return f"{function.least} or more arguments"
    return f"{function.least} {'or' if function.most == function.least + 1 else 'to'} {function.most} arguments"


def _check_kind(call: Node, function: Function, index: int) -> None:
    """Whether an argument of this kind may stand at a position."""
    name, value = call.text, call.parts[index]
    if value is None:
        if index not in function.optional:
            raise ExpressionError(f"argument {index + 1} of {name} is empty", call.start + 1, function.signature)
        return
    if function.only and (value.kind != "attribute" or _attribute(value) != function.only):
        raise ExpressionError(f"{name} takes [{function.only}] and nothing else", value.start + 1, function.signature)
    if value.kind == "condition":
        if not function.condition or index:
            raise ExpressionError(f"{name} takes no condition here", value.start + 1, "compare inside of IIF or CBool")
        for side in value.parts:
            _check_word(side, frozenset())
    else:
        _check_word(value, function.words)
    if value.kind == "attribute" and not function.many and _attribute(value) in MULTI_VALUED:
        raise ExpressionError(
            f"{name} takes one value, and {value.text} holds several", value.start + 1, "take one with Item, or all with Join"
        )


def _check_word(value: Node | None, allowed: frozenset[str]) -> None:
    if value is not None and value.kind == "word" and value.text not in allowed:
        word = value.text
        raise ExpressionError(f"{word} is neither a function nor text", value.start + 1, f'write "{word}" or [{word}]')


def _column(node: Node | None, call: Node) -> int:
    """Where an argument begins; an empty one is reported at its function."""
    return (call if node is None else node).start + 1


def _bind(function: Function, parts: list[Part]) -> Part:
    """The call of a function; one whose arguments are all literals is made here and now. Raises EvaluationError."""
    call = function.call
    parts = [_literal(function.absent) if part.value is ABSENT else part for part in parts]
    values, runs = [part.value for part in parts], [part.run for part in parts]
    if function.generated:
        return Part(lambda get: call(get(DICE), *[run(get) for run in runs]))
    run = _closure(function, runs)
    if not any(value is UNKNOWN for value in values):
        try:
            return _literal(run(_nothing))
        except Ignored:
            return _literal(IGNORE)
    return Part(run, columns=_by_column(function, parts))


def _by_column(function: Function, parts: list[Part]) -> Columns | None:
    call, known = function.call, [part.columns for part in parts if part.columns is not None]
    if len(known) < len(parts) or (function.lazy and not all(part.plain for part in parts)):
        return None
    if not function.lazy:
        return lambda source: map(call, *[columns(source) for columns in known])
    picks = [repeat(itemgetter(i)) for i in range(len(parts))]  # one object's arguments, of which the call picks its own
    return lambda source: map(call, zip(*[columns(source) for columns in known], strict=False), *picks)


def _nothing(_: str) -> Any:
    return None


def _closure(function: Function, runs: list[Callable[[Get], Any]]) -> Callable[[Get], Any]:
    call = function.call
    if function.lazy:
        return lambda get: call(get, *runs)
    if len(runs) == 1:
        only = runs[0]
        return lambda get: call(only(get))
    if len(runs) == 2:
        first, second = runs
        return lambda get: call(first(get), second(get))
    return lambda get: call(*[run(get) for run in runs])


def _number(digits: str) -> int | float:
    if digits[0] == "&":
        return int(digits[2:], 16)
    return float(digits) if "." in digits else int(digits)


def _unquote(token: str) -> str:
    """`\\"` and `\\\\` are escapes; any other backslash belongs to a pattern and stays."""
    return re.sub(r'\\(["\\])', r"\1", token[1:-1])
