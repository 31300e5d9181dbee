"""An expression evaluated for one object with the value of every call inside: text and getter in, a tree out. Pure."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from reconciler.resolve.expressions.compiler import DICE, Compiler, Get, Part
from reconciler.resolve.expressions.functions import FUNCTIONS, Chance, Ignored
from reconciler.resolve.expressions.language import IGNORE, EvaluationError, Expression, compile_expression
from reconciler.resolve.expressions.parser import Node, parse_expression

Span = tuple[int, int]
KINDS = ("call", "attribute", "condition")


class _Untaken:
    """A branch that the expression did not take."""


UNTAKEN = _Untaken()


@dataclass(frozen=True)
class Traced:
    """One call, attribute or condition of an expression, and what stands inside of it.

    `state` is value, ignored (left out of the flow), error (`value` is the reason in words) or untaken (a branch that
    was not needed). `generated` marks a sample: the apply makes another value. `redacted` values may not be shown.
    """

    text: str
    kind: str
    state: str
    value: Any = None
    generated: bool = False
    redacted: bool = False
    parts: tuple[Traced, ...] = ()


def trace(text: str, get: Get, chance: Chance) -> Traced:
    """The value of an expression and of every call inside; `chance` makes the samples of generated values.

    Raises ExpressionError; a value that cannot be used is the state `error` where it arose.
    """
    expression = compile_expression(text)
    tree = parse_expression(text)
    seen: dict[Span, Any] = {}
    part = _Watched(seen).call(tree)
    with suppress(EvaluationError, Ignored):  # noted where it arose, and at every call around it
        part.run(lambda name: chance if name == DICE else get(name))
    return _node(text, tree, seen, expression)


class _Watched(Compiler):
    """A compiler whose closures note what they gave, by the span of their text.

    What is known beforehand is evaluated while compiling, so that it is noted then.
    """

    def __init__(self, seen: dict[Span, Any]) -> None:
        super().__init__()
        self.seen = seen

    def call(self, node: Node) -> Part:
        return self._watched(node, super().call(node))

    def value(self, node: Node) -> Part:
        part = super().value(node)
        return self._watched(node, part) if node.kind in ("attribute", "condition") else part

    def _watched(self, node: Node, part: Part) -> Part:
        span = _span(node)

        def run(get: Get) -> Any:
            try:
                self.seen[span] = value = part.run(get)
            except Ignored:
                self.seen[span] = IGNORE
                raise
            except EvaluationError as error:
                self.seen[span] = error
                raise
            return value

        return Part(run, part.value)


def _span(node: Node) -> Span:
    return node.start, node.end


def _node(text: str, node: Node, seen: dict[Span, Any], whole: Expression) -> Traced:
    start, end = _span(node)
    parts = tuple(_node(text, inner, seen, whole) for inner in _inner(node))
    value = seen.get((start, end), UNTAKEN)
    own = FUNCTIONS.get(node.text) if node.kind == "call" else None
    generated = (own is not None and own.generated) or any(part.generated and part.state != "untaken" for part in parts)
    state = {id(UNTAKEN): "untaken", id(IGNORE): "ignored"}.get(id(value), "value")
    if isinstance(value, EvaluationError):
        state, value = "error", str(value)
    if state in ("untaken", "ignored"):
        value = None
    return Traced(text[start:end], node.kind, state, value, generated, whole.redacts, parts)


def _inner(node: Node) -> list[Node]:
    """The calls, attributes and conditions right below a node; literals say enough by themselves."""
    return [part for part in node.parts if part is not None and part.kind in KINDS]
