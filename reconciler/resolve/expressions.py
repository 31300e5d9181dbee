"""The expression language of attribute mappings: text in, a compiled expression out. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from reconciler.resolve.compiler import DICE, Compiler, ExpressionError, Get
from reconciler.resolve.functions import FUNCTIONS, IGNORE, Chance, EvaluationError, Ignored

__all__ = ["IGNORE", "EvaluationError", "Expression", "ExpressionError", "compile_expression"]

LONGEST = 10_000
MEMO = 100_000

GRAMMAR = r"""
start: call
call: NAME "(" _arguments ")"
_arguments: argument ("," argument)*
argument: [_value | condition]
condition: _value OPERATOR _value
_value: call | attribute | string | number | word
attribute: ATTRIBUTE
string: STRING
number: NUMBER
word: NAME
NAME: /[A-Za-z][A-Za-z0-9]*/
OPERATOR: "<>" | ">=" | "<=" | "=" | ">" | "<"
ATTRIBUTE: /\[[^\[\]"]+\]/
STRING: /"(?:[^"\\]|\\.)*"/s
NUMBER: /-?[0-9]+(\.[0-9]+)?|&[Hh][0-9A-Fa-f]+/
%ignore /\s+/
"""


@dataclass
class Expression:
    """A compiled expression; results are kept by the values of its sources.

    `redacts`: the value is `[Redact]` in every output. `generated`: the value is another one each time (Guid, Now,
    RandomString), so that it is never evaluated while planning, but made by `generate`.
    """

    text: str
    sources: tuple[str, ...]
    functions: frozenset[str]
    run: Callable[[Get], Any]
    redacts: bool = False
    generated: bool = False
    _memo: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def evaluate(self, get: Get) -> Any:
        """The value for one object: None is null, IGNORE leaves the attribute out of the flow.

        Raises EvaluationError where a value cannot be used, and ValueError for a generated expression.
        """
        if self.generated:
            raise ValueError(f"{self.text} has another value each time")
        key = tuple([_hashable(get(name)) for name in self.sources])
        if key in self._memo:
            return self._memo[key]
        value = self._value(get)
        if len(self._memo) < MEMO:
            self._memo[key] = value
        return value

    def generate(self, get: Get, chance: Chance) -> Any:
        """The value of a generated expression, a new one at each call. Raises EvaluationError."""
        return self._value(lambda name: chance if name == DICE else get(name))

    def _value(self, get: Get) -> Any:
        try:
            return self.run(get)
        except Ignored:
            return IGNORE


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
    found = Compiler()
    part = found.call(tree)
    used = [FUNCTIONS[name] for name in found.functions]
    return Expression(text, tuple(found.sources), frozenset(found.functions), part.run,
                      any(f.redacts for f in used), any(f.generated for f in used))  # fmt: skip
