"""The expression language: its grammar, and the SCIM paths that its values go to."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.resolve.expressions.functions.base import LONGEST_TEXT
from reconciler.resolve.expressions.language import EvaluationError, ExpressionError, compile_expression
from reconciler.resolve.paths import extractor, parse_path, place_value

REFUSED = [
    ("", 1, "not an expression"),
    ("[mail]", 1, "not an expression"),
    ('"text"', 1, "not an expression"),
    ("ToUpper([mail]", 15, "not an expression"),
    ('"text', 1, "the text is not closed"),
    ('Append("a", "b)', 13, "the text is not closed"),
    (r'Append([mail], "b\")', 16, "the text is not closed"),
    ('Append("a" "b")', 12, "is not allowed here"),
    ("Append([mail, [city])", 8, "is not allowed here"),
    ("Append([mail], [city)", 16, "the attribute is not closed"),
    ("ToUpper([mail]) x", 17, "not an expression"),
    ("Upper([mail])", 1, "unknown function Upper"),
    ("toupper([mail])", 1, "unknown function toupper"),
    ("Append([mail], Upper([mail]))", 16, "unknown function Upper"),
    ("Append([mail],  ToUpper())", 17, "ToUpper takes"),
    ("ToUpper(mail)", 9, "neither a function nor text"),
    ("ToUpper(" * 200 + "[mail]" + ")" * 200, 801, "nested deeper than 100"),
    ("ToUpper(" + "[mail]" * 2_000 + ")", 10_000, "longer than 10,000"),
]


@pytest.mark.parametrize(("text", "column", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_expression_is_refused_at_its_column(text: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionError) as found:
        compile_expression(text)
    assert (found.value.column, message in found.value.message) == (column, True), found.value.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[mail]", "source: mail"),
        (" [extensionAttributes.a b]\n", "source: extensionAttributes.a b"),
        ("[mail] [city]", ""),
        ("ToUpper([mail]", ""),
        ('"[mail]"', ""),
    ],
)
def test_an_attribute_alone_is_a_source(text: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as found:
        compile_expression(text)
    assert (f"use `{hint}`" in found.value.remedy) is bool(hint) and ("use" in found.value.remedy) is bool(hint)


def test_an_expression_may_break_over_lines_and_nest() -> None:
    text = 'ToUpper(\n  Left(Join("", [given], [sur]),\n    5)\n)'
    expression = compile_expression(text)
    assert expression.evaluate({"given": "John", "sur": "Doe"}.get) == "JOHND"
    assert expression.sources == ("given", "sur")


@pytest.mark.parametrize(("text", "value"), [(r'"a\"b"', 'a"b'), (r'"a\\b"', r"a\b"), (r'"\d"', r"\d"), (r'"\\\""', '\\"')])
def test_a_backslash_escapes_itself_and_a_quote_alone(text: str, value: str) -> None:
    assert compile_expression(f"CStr({text})").evaluate({}.get) == value


@pytest.mark.parametrize(
    "target",
    ["userName", "name.givenName", 'emails[type eq "work"].value', 'roles[primary eq "True"].value',
     "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "urn:x:Custom:2.0:User:badge"],
)  # fmt: skip
def test_what_is_placed_is_read_back(target: str) -> None:
    resource: dict[str, Any] = {}
    path = parse_path(target)
    place_value(resource, path, "x")
    assert extractor(path)(resource) == "x"


@pytest.mark.parametrize("wrong", [None, 1, "text", [], [1], {}, [None], {"value": []}])
def test_a_live_value_of_another_shape_is_absent(wrong: Any) -> None:
    assert extractor(parse_path('emails[type eq "work"].value'))({"emails": wrong}) is None


# Each makes a text longer, and stands in itself where X is.
GROWING = {
    "Append": "Append(X, X)",
    "ConvertToBase64": "ConvertToBase64(X)",
    "ConvertToUTF8Hex": "ConvertToUTF8Hex(X)",
    "Join": 'Join("-----", X, X)',
    "Join of many": 'Join("-----", Split(Replace(X, "a", , , "a,a", , ), ","))',
    "Replace": 'Replace(X, "a", , , "aaaaaaaaaa", , )',
    "Replace in a template": 'Replace(X, "a", , , , , "aaaaaaaaaa")',
    "Replace by a pattern": 'Replace(X, , "a", , "$&$&$&", , )',
    "Replace by a group": 'Replace(X, , "(?<n>a)", "n", "aaaaaaaaaa", , )',
}


def nested(call: str, times: int, inmost: str) -> str:
    for _ in range(times):
        inmost = call.replace("X", inmost)
    return inmost


@pytest.mark.parametrize("call", GROWING.values(), ids=list(GROWING))
def test_a_text_that_calls_make_ever_longer_is_an_error_of_one_object(call: str) -> None:
    times = 9 if call.count("X") == 1 else 7
    inside = nested(call, times, "[mail]")
    source = "a" * (LONGEST_TEXT // 40)
    assert f"longer than {LONGEST_TEXT:,} characters" in str(compile_expression(inside).column(lambda _: [source, "b"], 2)[0])
    with pytest.raises(EvaluationError, match="longer than"):
        compile_expression(inside).evaluate({"mail": source}.get)
    short = compile_expression(nested(call, 1, "[mail]")).column(lambda _: [source, "b"], 2)
    assert [isinstance(value, EvaluationError) for value in short] == [False, False]


def test_literals_that_make_a_text_too_long_are_refused_at_validation() -> None:
    with pytest.raises(ExpressionError, match="Replace: the result is longer than"):
        compile_expression(nested(GROWING["Replace"], 9, '"a"'))


def test_a_long_value_that_grows_no_longer_is_as_good_as_any() -> None:
    long = "a" * (2 * LONGEST_TEXT)
    for text in ('Replace([mail], "a", , , "b", , )', 'Replace([mail], , "a$", , "b", , )', "Mid([mail], 1, 200000)"):
        assert len(compile_expression(text).evaluate({"mail": long}.get)) == len(long)
