"""The expression language of attribute mappings: text in, a compiled expression out. Pure."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from reconciler.resolve.expressions.compiler import DICE, Columns, Compiler, Get
from reconciler.resolve.expressions.functions import FUNCTIONS, IGNORE, Chance, EvaluationError, Ignored
from reconciler.resolve.expressions.parser import ExpressionError, parse_expression

__all__ = ["IGNORE", "EvaluationError", "Expression", "ExpressionError", "compile_expression", "parse_expression"]

TEXT = frozenset({str, type(None)})


@dataclass(frozen=True)
class Expression:
    """A compiled expression.

    `redacts`: the value is `[Redact]` in every output. `generated`: the value is another one each time (Guid, Now,
    RandomString), so that it is never evaluated while planning, but made by `generate`.
    """

    text: str
    sources: tuple[str, ...]
    functions: frozenset[str]
    run: Callable[[Get], Any]
    redacts: bool = False
    generated: bool = False
    columns: Columns | None = None

    def evaluate(self, get: Get) -> Any:
        """The value for one object: None is null, IGNORE leaves the attribute out of the flow.

        Raises EvaluationError where a value cannot be used, and ValueError for a generated expression.
        """
        if self.generated:
            raise ValueError(f"{self.text} has another value each time")
        return self._value(get)

    def column(self, source: Callable[[str], list[Any]], count: int) -> list[Any]:
        """The values of `count` objects, an EvaluationError for each that has none; what comes often is evaluated once."""
        inputs = [source(name) for name in self.sources]
        if not inputs:
            return [self._try(())] * count
        hashable = list(map(_hashable_column, inputs))
        keys = hashable[0] if len(inputs) == 1 else list(zip(*hashable, strict=True))
        sample = count // 10
        if len(set(islice(keys, sample))) == sample:  # to look for what comes twice costs as much as a call
            return self._distinct(inputs, count)
        values = dict(zip(keys, zip(*inputs, strict=True), strict=True))
        known = dict(zip(values, self._distinct(list(zip(*values.values(), strict=True)), len(values)), strict=True))
        return list(map(known.__getitem__, keys))

    def _distinct(self, inputs: list[Any], count: int) -> list[Any]:
        """A call at a time; object by object where one of them has no value."""
        if self.columns is not None:
            with suppress(EvaluationError, Ignored):
                return list(islice(self.columns(dict(zip(self.sources, inputs, strict=True)).__getitem__), count))
        return list(map(self._try, zip(*inputs, strict=True)))

    def _try(self, values: tuple[Any, ...]) -> Any:
        try:
            return self.run(dict(zip(self.sources, values, strict=True)).get)
        except Ignored:
            return IGNORE
        except EvaluationError as error:
            return error

    def generate(self, get: Get, chance: Chance) -> Any:
        """The value of a generated expression, a new one at each call. Raises EvaluationError."""
        return self._value(lambda name: chance if name == DICE else get(name))

    def _value(self, get: Get) -> Any:
        try:
            return self.run(get)
        except Ignored:
            return IGNORE


def _hashable_column(column: list[Any]) -> list[Any]:
    """1, True and "1" are three inputs, and a list is one."""
    return column if TEXT.issuperset(map(type, column)) else [_hashable(value) for value in column]


def _hashable(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple([_hashable(item) for item in value])
    if isinstance(value, dict):
        return tuple([(key, _hashable(item)) for key, item in value.items()])
    return (type(value).__name__, value) if isinstance(value, (bool, int, float)) else value


def compile_expression(text: str) -> Expression:
    """Parse and check an expression. Raises ExpressionError."""
    compiler = Compiler()
    part = compiler.call(parse_expression(text))
    used = [FUNCTIONS[name] for name in compiler.functions]
    return Expression(
        text,
        tuple(compiler.sources),
        frozenset(compiler.functions),
        part.run,
        any(f.redacts for f in used),
        any(f.generated for f in used),
        part.columns,
    )
