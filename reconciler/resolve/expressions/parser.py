"""The text of an expression in, the tree of its outermost call out. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from reconciler.declare.errors import ReconcileError

LONGEST = 10_000
DEEPEST = 100
STRING = r'"(?:[^"\\]|\\.)*"'
ATTRIBUTE = r'\[[^\[\]"]+\]'
NUMBER = r"-?[0-9]+(?:\.[0-9]+)?|&[Hh][0-9A-Fa-f]+"
TOKEN = re.compile(
    rf"\s*(?:(?P<name>[A-Za-z][A-Za-z0-9]*)|(?P<attribute>{ATTRIBUTE})|(?P<string>{STRING})|(?P<number>{NUMBER})"
    r"|(?P<operator><>|>=|<=|=|>|<)|(?P<mark>[(),])|(?P<other>.)|(?P<end>\Z))",
    re.DOTALL,
)
CLOSED = re.compile(STRING, re.DOTALL)
ALONE = re.compile(rf"\s*({ATTRIBUTE})\s*\Z")
VALUE = ("a function", "an [attribute]", '"text"', "a number")


class ExpressionError(ReconcileError, ValueError):
    """An expression that cannot be used; `column` is the 1-based number of a character of its text, line ends counted."""

    code = "expression"

    def __init__(self, message: str, column: int, remedy: str) -> None:
        super().__init__(message, remedy)
        self.column = column


class Node(NamedTuple):
    """`kind` is call, condition, attribute, string, number or word; `start` and `end` are offsets into the expression.

    `text` is the name of the function, the operator, or what stands there. `parts` are the arguments of a call, None where
    one is empty, or the two sides of a condition.
    """

    kind: str
    start: int
    end: int
    text: str
    parts: tuple[Node | None, ...] = ()


class Token(NamedTuple):
    kind: str
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    def is_mark(self, *marks: str) -> bool:
        return self.kind == "mark" and self.text in marks


def parse_expression(text: str) -> Node:
    """The outermost call. Raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError("longer than 10,000 characters", LONGEST, "split it into two mappings")
    parser = _Parser(text)
    if parser.token.kind != "name":
        raise parser.refused("a function")
    found = parser.call(parser.taken())
    if parser.token.kind != "end":
        raise parser.refused("its end")
    return found


class _Parser:
    """By recursive descent, with one token seen ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 0
        self.token = self._read(0)

    def _read(self, at: int) -> Token:
        found = TOKEN.match(self.text, at)
        assert found is not None and found.lastgroup is not None, "whatever it is: a character, or the end"
        return Token(found.lastgroup, found.start(found.lastgroup), found[found.lastgroup])

    def taken(self) -> Token:
        """The token that is there; the one after it is seen from now on."""
        token, self.token = self.token, self._read(self.token.end)
        return token

    def call(self, name: Token) -> Node:
        """Of a function whose name is taken."""
        if not self.token.is_mark("("):
            raise self.refused("`(`")
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(f"calls nested deeper than {DEEPEST}", name.start + 1, "nest fewer calls")
        parts = [self._argument()]
        while self.token.is_mark(","):
            parts.append(self._argument())
        self.depth -= 1
        return Node("call", name.start, self.taken().end, name.text, () if parts == [None] else tuple(parts))

    def _argument(self) -> Node | None:
        """After the mark that is there, up to the next, which stays."""
        self.taken()
        if self.token.is_mark(",", ")"):
            return None
        found = self._value(*VALUE, "`,`", "`)`")
        if self.token.kind == "operator":
            operator, right = self.taken().text, self._value(*VALUE)
            found = Node("condition", found.start, right.end, operator, (found, right))
        if not self.token.is_mark(",", ")"):
            raise self.refused("`,`", "`)`", *["`(`"] * (self._last(found).kind == "word"))
        return found

    @staticmethod
    def _last(node: Node) -> Node:
        return node.parts[1] or node if node.kind == "condition" else node

    def _value(self, *expected: str) -> Node:
        if self.token.kind not in ("name", "attribute", "string", "number"):
            raise self.refused(*expected)
        token = self.taken()
        if token.kind == "name" and self.token.is_mark("("):
            return self.call(token)
        return Node("word" if token.kind == "name" else token.kind, token.start, token.end, token.text)

    def refused(self, *expected: str) -> ExpressionError:
        """What is wrong at the token that is there, which is none of those."""
        at = self.token.start
        if unclosed := _unclosed(self.text, at):
            return ExpressionError(f"not an expression: {unclosed[0]} is not closed", at + 1, unclosed[1])
        what = f"{self.text[at]!r} is not allowed here" if at < len(self.text) else "something is missing at its end"
        alone = ALONE.match(self.text)
        as_it_is = f", and an attribute as it is needs none: use `source: {alone[1][1:-1]}`" if alone else ""
        remedy = f"expected {' or '.join(sorted(expected))}; an expression reads Function(arguments){as_it_is}"
        return ExpressionError(f"not an expression: {what}", at + 1, remedy)


def _unclosed(text: str, at: int) -> tuple[str, str] | None:
    """What begins at a place and has no end, and what to do; None where nothing does."""
    if text[at : at + 1] == '"' and not CLOSED.match(text, at):
        return "the text", 'end it with ", and write \\" for one that is part of it'
    if text[at : at + 1] == "[" and "]" not in text[at:]:
        return "the attribute", "end its name with ]"
    return None
