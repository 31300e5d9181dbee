"""The expression language of attribute mappings: text in, a compiled expression out. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from reconciler.resolve.functions import FUNCTIONS, IGNORE, compare
from reconciler.resolve.regex import RegexError, compile_safe

__all__ = ["IGNORE", "Expression", "ExpressionError", "compile_expression"]

Get = Callable[[str], Any]
LONGEST = 10_000
NOTHING: dict[str, Any] = {}
TEXT = frozenset({str, type(None)})

GRAMMAR = r"""
start: call
call: NAME "(" _arguments ")"
_arguments: argument ("," argument)*
argument: [_value | condition]
condition: _value OPERATOR _value
_value: call | attribute | string | number
attribute: ATTRIBUTE
string: STRING
number: NUMBER
NAME: /[A-Za-z][A-Za-z0-9]*/
OPERATOR: "<>" | ">=" | "<=" | "=" | ">" | "<"
ATTRIBUTE: /\[[^\[\]"]+\]/
STRING: /"(?:[^"\\]|\\.)*"/s
NUMBER: /-?\d+(\.\d+)?/
%ignore /\s+/
"""


class ExpressionError(ValueError):
    """An expression that cannot be used; `column` is 1-based in its text."""

    def __init__(self, message: str, column: int, remedy: str) -> None:
        super().__init__(message)
        self.message, self.column, self.remedy = message, column, remedy


@dataclass(frozen=True)
class Expression:
    """A compiled expression."""

    text: str
    sources: tuple[str, ...]
    functions: frozenset[str]
    run: Callable[[Get], Any]

    def evaluate(self, get: Get) -> Any:
        """The value for one object: None is null, IGNORE leaves the attribute out of the flow."""
        return self.run(get)

    def column(self, source: Callable[[str], list[Any]], count: int) -> list[Any]:
        """The values of `count` objects; objects with the same inputs share one evaluation."""
        if not self.sources:
            return [self.run(NOTHING.get)] * count
        inputs = [source(name) for name in self.sources]
        keys = zip(*map(_hashable_column, inputs), strict=True)
        known: dict[tuple[Any, ...], Any] = {}
        found = []
        for key, values in zip(keys, zip(*inputs, strict=True), strict=True):
            if key not in known:
                known[key] = self.run(dict(zip(self.sources, values, strict=True)).get)
            found.append(known[key])
        return found


def _hashable_column(column: list[Any]) -> list[Any]:
    """1, True and "1" are three inputs, and a list is one."""
    return column if TEXT.issuperset(map(type, column)) else [_hashable(value) for value in column]


def _hashable(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple([_hashable(item) for item in value])
    if isinstance(value, dict):
        return tuple([(key, _hashable(item)) for key, item in value.items()])
    return (type(value).__name__, value) if isinstance(value, (bool, int, float)) else value


@cache
def _parser() -> Any:
    import lark

    return lark.Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def compile_expression(text: str) -> Expression:
    """Parse and check an expression. Raises ExpressionError."""
    import lark

    if len(text) > LONGEST:
        raise ExpressionError("longer than 10,000 characters", LONGEST, "split it into two mappings")
    try:
        tree = _parser().parse(text).children[0]
    except lark.exceptions.UnexpectedInput as error:
        at_end = getattr(getattr(error, "token", None), "type", "") == "$END"
        column = len(text) + 1 if at_end or error.column < 1 else error.column
        raise ExpressionError("not an expression: unexpected text here", column, "see the grammar: Function(arguments)") from None
    found = _Compiler()
    run = found.call(tree)
    return Expression(text, tuple(found.sources), frozenset(found.functions), run)


class _Compiler:
    """Turns the parse tree into closures and gathers what they use."""

    def __init__(self) -> None:
        self.sources: dict[str, None] = {}
        self.functions: set[str] = set()

    def call(self, node: Any) -> Callable[[Get], Any]:
        name = node.children[0]
        function = FUNCTIONS.get(str(name))
        if function is None:
            near = difflib.get_close_matches(str(name), FUNCTIONS, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else "one of " + ", ".join(FUNCTIONS)
            raise ExpressionError(f"unknown function {name}", name.column, hint)
        arguments = node.children[1:]
        if len(arguments) == 1 and not arguments[0].children:
            arguments = []
        if not function.least <= len(arguments) <= (function.most or len(arguments)):
            count = str(function.least) if function.least == function.most else f"{function.least} or more"
            raise ExpressionError(
                f"{name} takes {count} arguments, not {len(arguments)}", name.column, function.signature
            )
        self.functions.add(str(name))
        self._patterns(str(name), arguments)
        parts = [self.argument(item) for item in arguments]
        return lambda get: function.call(*[part(get) for part in parts])

    def _patterns(self, name: str, arguments: list[Any]) -> None:
        """A literal pattern of Replace is checked here, where its column is known."""
        if name != "Replace" or not arguments[2].children or arguments[2].children[0].data != "string":
            return
        token = arguments[2].children[0].children[0]
        try:
            compile_safe(_unquote(str(token)))
        except RegexError as error:
            raise ExpressionError(str(error), token.column, "rewrite the pattern") from None

    def argument(self, node: Any) -> Callable[[Get], Any]:
        if not node.children:
            return lambda get: None
        return self.value(node.children[0])

    def value(self, node: Any) -> Callable[[Get], Any]:
        match node.data:
            case "call":
                return self.call(node)
            case "condition":
                left, operator, right = self.value(node.children[0]), str(node.children[1]), self.value(node.children[2])
                return lambda get: compare(left(get), operator, right(get))
            case "attribute":
                name = str(node.children[0])[1:-1].strip()
                self.sources[name] = None
                return lambda get: get(name)
            case "string":
                text = _unquote(str(node.children[0]))
                return lambda get: text
            case "number":
                digits = str(node.children[0])
                number = float(digits) if "." in digits else int(digits)
                return lambda get: number
            case other:
                raise AssertionError(other)


def _unquote(token: str) -> str:
    """`\\"` and `\\\\` are escapes; any other backslash belongs to a pattern and stays."""
    return token[1:-1].replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\")
