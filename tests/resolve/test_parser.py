"""What the parser of expressions takes, refuses and builds, beside the same grammar as a parser generator reads it."""

from __future__ import annotations

from functools import cache
from typing import Any

import lark
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.resolve.expressions.parser import DEEPEST, ExpressionError, Node, parse_expression

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
PIECES = [
    "Join",
    "IIF",
    "(",
    "(",
    ")",
    ")",
    ",",
    "[mail]",
    '"a"',
    '"a\\"b"',
    "-1",
    "2.5",
    "&Hf",
    "=",
    "<>",
    ">=",
    " ",
    "\n",
    "?",
    '"',
    "[",
    "é",
]
CALLS = st.recursive(
    st.sampled_from(["", "[mail]", "[ given name ]", '"a, (b"', "-1.5", "&H1F", "word", "[a] <> 2", '"x"=Now()']),
    lambda inner: st.builds(
        lambda name, parts: f"{name} ({' , '.join(parts)})", st.sampled_from(["A", "B1"]), st.lists(inner, max_size=3)
    ),
)


@cache
def generated() -> lark.Lark:
    return lark.Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def as_tree(node: Any) -> Any:
    """A tree of the generated parser in the form of ours."""
    start, end = node.meta.start_pos, node.meta.end_pos
    match node.data, node.children:
        case "call", [name, *arguments]:
            parts = [as_tree(argument.children[0]) if argument.children else None for argument in arguments]
            return Node("call", start, end, str(name), () if parts == [None] else tuple(parts))
        case "condition", [left, operator, right]:
            return Node("condition", start, end, str(operator), (as_tree(left), as_tree(right)))
        case kind, [token]:
            return Node(str(kind), start, end, str(token))


def theirs(text: str) -> Any:
    """The tree, or the column of what may not be there."""
    try:
        return as_tree(generated().parse(text).children[0])
    except lark.exceptions.UnexpectedInput as error:
        at_end = getattr(getattr(error, "token", None), "type", "") == "$END"
        return len(text) + 1 if at_end or error.pos_in_stream is None else error.pos_in_stream + 1


def ours(text: str) -> Any:
    try:
        return parse_expression(text)
    except ExpressionError as error:
        return error.column


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | CALLS)
@example("Join(, [a],)")
@example(' IIF ( [a] = 1 , \n"x" , )  ')
@example("A(1 2)")
@example("A(B = C(1))")
@example("A(1)) ")
def test_it_takes_what_the_grammar_takes_and_refuses_the_rest_at_the_same_place(text: str) -> None:
    assert ours(text) == theirs(text)


def test_what_is_nested_too_deep_is_refused_before_it_is_read() -> None:
    deep = "Not(" * DEEPEST + ")" * DEEPEST
    assert isinstance(ours(deep), Node)
    with pytest.raises(ExpressionError, match="nested deeper than 100"):
        parse_expression("Not(" * 2_000)
