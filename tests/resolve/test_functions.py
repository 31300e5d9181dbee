"""Each function of the expression language: its documented examples and its corners, one data file a function.

A case of tests/functions/<Name>.yaml has an `expression` and a `source` (who says so), and one of: `result` for the
given `sources`; `ignored` (left out of the flow); `matches`, a pattern for a generated value; `error`, part of the reason
why the value of one object cannot be used; `refused` with its `column`, part of the reason why validation refuses it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from reconciler.resolve.expressions.functions import FUNCTIONS
from reconciler.resolve.expressions.language import IGNORE, EvaluationError, ExpressionError, compile_expression

FOLDER = Path(__file__).parent.parent / "functions"
CASES: dict[str, list[dict[str, Any]]] = {
    file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.yaml"))
}
KINDS = ("result", "ignored", "matches", "error", "refused")
# How many cases come from the examples of Entra's reference; a function that is not here has none there.
DOCUMENTED = {
    "Append": 2, "BitAnd": 1, "CBool": 1, "CDate": 3, "Coalesce": 1, "ConvertToBase64": 1, "ConvertToUTF8Hex": 1, "CStr": 1,
    "DateAdd": 5, "DateDiff": 11, "DateFromNum": 2, "FormatDateTime": 3, "Guid": 1, "IgnoreFlowIfNullOrEmpty": 5, "IIF": 4,
    "InStr": 2, "IsNull": 1, "IsNullOrEmpty": 2, "IsPresent": 1, "Item": 1, "Join": 2, "Left": 1, "Mid": 1,
    "NormalizeDiacritics": 1, "Now": 1, "NumFromDate": 2, "PCase": 3, "RandomString": 2, "Redact": 3, "RemoveDuplicates": 1,
    "Replace": 9, "SelectUniqueValue": 1, "Split": 1, "Switch": 7, "ToLower": 1, "Word": 2,
}  # fmt: skip


class Dice:
    """A clock that stands at the time of the reference's example of Now, and dice that anybody can foresee."""

    now = datetime(2021, 7, 2, 15, 33, 38, tzinfo=UTC)

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def below(self, limit: int) -> int:
        return self._random.randrange(limit)


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(case, id=f"{name}-{number}")
        for name, rows in CASES.items()
        for number, case in enumerate(rows, 1)
        if kind in case
    ]


def getter(case: dict[str, Any]) -> Any:
    return case.get("sources", {}).get


@pytest.mark.parametrize("case", cases("result"))
def test_a_function_gives_its_value(case: dict[str, Any]) -> None:
    value = compile_expression(case["expression"]).evaluate(getter(case))
    assert (list(value) if isinstance(value, tuple) else value) == case["result"]
    assert isinstance(case["result"], (list, type(value)))


@pytest.mark.parametrize("case", cases("ignored"))
def test_a_dropped_attribute_is_out_of_the_flow(case: dict[str, Any]) -> None:
    assert compile_expression(case["expression"]).evaluate(getter(case)) is IGNORE


@pytest.mark.parametrize("case", cases("matches"))
def test_a_generated_value_has_its_form(case: dict[str, Any]) -> None:
    expression = compile_expression(case["expression"])
    made = [expression.generate(getter(case), Dice(seed)) for seed in range(50)]
    assert expression.generated
    assert [value for value in made if not re.fullmatch(case["matches"], value)] == []


@pytest.mark.parametrize("case", cases("error"))
def test_a_value_that_cannot_be_used_is_an_error_of_one_object(case: dict[str, Any]) -> None:
    expression = compile_expression(case["expression"])
    with pytest.raises(EvaluationError, match=re.escape(case["error"])):
        expression.generate(getter(case), Dice(1))


@pytest.mark.parametrize("case", cases("refused"))
def test_what_can_be_known_before_is_refused_at_its_column(case: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError) as found:
        compile_expression(case["expression"])
    assert case["refused"] in found.value.message
    assert (found.value.column, bool(found.value.remedy)) == (case["column"], True)


def test_each_function_has_its_file_and_no_other() -> None:
    assert len(FUNCTIONS) == 47
    assert set(CASES) == set(FUNCTIONS)


@pytest.mark.parametrize("name", CASES)
def test_a_file_holds_the_documented_examples_and_is_about_its_function(name: str) -> None:
    rows = CASES[name]
    examples = [case for case in rows if case["source"].startswith("Entra reference, example")]
    assert len(examples) == DOCUMENTED.get(name, 0)
    assert all(f"{name}(" in case["expression"] and sum(kind in case for kind in KINDS) == 1 for case in rows)


def test_a_generated_value_is_never_evaluated_while_planning() -> None:
    names = {name for name, function in FUNCTIONS.items() if function.generated}
    assert names == {"Guid", "Now", "RandomString"}
    with pytest.raises(ValueError, match="another value each time"):
        compile_expression("Append([mail], Guid())").evaluate({}.get)


def test_a_generated_value_is_a_new_one_at_each_call() -> None:
    expression, dice = compile_expression('Append("u-", Guid())'), Dice(7)
    assert expression.generate({}.get, dice) != expression.generate({}.get, dice)


@pytest.mark.parametrize(("text", "redacts"), [('Append("x", Redact([mail]))', True), ("ToLower([mail])", False)])
def test_a_value_under_redact_marks_its_expression(text: str, redacts: bool) -> None:
    assert compile_expression(text).redacts is redacts


def test_a_value_is_worked_out_once_for_the_same_sources() -> None:
    expression = compile_expression("ToUpper([mail])")
    found = expression.column({"mail": ["ada", "ada", "bob"] * 10}.__getitem__, 30)
    assert found == ["ADA", "ADA", "BOB"] * 10 and len(set(map(id, found))) == 2


def test_what_hardly_ever_comes_twice_is_worked_out_each_time() -> None:
    expression = compile_expression("ToUpper([mail])")
    mails = [f"u{number % 90}" for number in range(100)]
    assert expression.column({"mail": mails}.__getitem__, 100) == [mail.upper() for mail in mails]


@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_a_function_that_need_not_look_at_all_it_is_given_gives_the_same_for_many_as_for_one(count: int) -> None:
    expression = compile_expression('Coalesce([mail], [otherMails], IIF([start] = "1", [mail], "none"), "last")')
    plain = compile_expression('Coalesce([mail], [otherMails], "last")')
    table = {"mail": ["a", None, "", None] * 10, "otherMails": [("b",), (), None, ("c", "d")] * 10, "start": ["1", "2"] * 20}
    for one in (expression, plain):
        rows = [{name: table[name][i] for name in table} for i in range(count)]
        assert one.column(lambda name: table[name][:count], count) == [one.evaluate(row.get) for row in rows]


@pytest.mark.parametrize("text", ['Mid(Append([mail], "x"), [start], 2)', 'Join("-", [mail], IgnoreFlowIfNullOrEmpty([start]))'])
def test_an_object_without_a_value_changes_nothing_for_the_others(text: str) -> None:
    expression = compile_expression(text)
    table = {"mail": ["ada", "bob", "eve"], "start": ["1", "", "2"]}
    found = expression.column(table.__getitem__, 3)
    assert found[::2] == [expression.evaluate({name: table[name][i] for name in table}.get) for i in (0, 2)]
    assert isinstance(found[1], EvaluationError) or found[1] is IGNORE
