"""reconcile eval: an expression, or a whole mapping, with the result of each call inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reconciler.cli.main import run
from reconciler.cycle.randomness import SystemChance
from reconciler.resolve.expressions.functions import FUNCTIONS
from reconciler.resolve.expressions.trace import Traced, trace
from tests.resolve.test_functions import CASES
from tests.support.world import MAPPINGS, World


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Evaluator:
    """Runs `reconcile eval` on the declarations of a world."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.world, self.capsys = world, capsys

    def __call__(self, *arguments: str) -> Said:
        code = run(["eval", "--desired", str(self.world.folder / "desired"), *arguments])
        return Said(code, *self.capsys.readouterr())


@pytest.fixture
def evaluated(world: World, capsys: pytest.CaptureFixture[str]) -> Evaluator:
    return Evaluator(world, capsys)


def calls(traced: Traced) -> dict[str, Any]:
    found = {traced.text: traced.value if traced.state == "value" else traced.state}
    for part in traced.parts:
        found |= calls(part)
    return found


def test_an_expression_is_echoed_in_one_line_with_its_texts_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", ' Append("a   \\"  b",\n    ToUpper("c  d"))', "--desired", "/nonexistent"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        'Append("a   \\"  b", ToUpper("c  d")) = "a   \\"  bC  D"',
        '  ToUpper("c  d") = "C  D"',
    ]


def test_every_call_inside_shows_its_own_result() -> None:
    text = 'IIF([city] = "Rome", Append([a], "x"), Left(ToUpper([a]), 2))'
    assert calls(trace(text, {"city": "Bonn", "a": "abc"}.get, SystemChance())) == {
        text: "AB",
        '[city] = "Rome"': False,
        "[city]": "Bonn",
        'Append([a], "x")': "untaken",
        "[a]": "abc",
        "Left(ToUpper([a]), 2)": "AB",
        "ToUpper([a])": "ABC",
    }


def test_a_call_of_literals_alone_is_traced_too() -> None:
    found = calls(trace('Append("a", ToUpper("b"))', {}.get, SystemChance()))
    assert found == {'Append("a", ToUpper("b"))': "aB", 'ToUpper("b")': "B"}


def test_a_value_that_is_dropped_or_cannot_be_used_is_told_apart_at_its_call() -> None:
    text = 'Append(IgnoreFlowIfNullOrEmpty([a]), "x")'
    found = calls(trace(text, {}.get, SystemChance()))
    assert found == {text: "ignored", "IgnoreFlowIfNullOrEmpty([a])": "ignored", "[a]": None}
    failed = trace("ToUpper(CDate([a]))", {"a": "soon"}.get, SystemChance())
    assert failed.state == "error" and "soon" in failed.value and failed.parts[0].value == failed.value


@pytest.mark.parametrize("name", CASES)
def test_a_trace_gives_what_the_expression_gives(name: str) -> None:
    cases = [case for case in CASES[name] if "result" in case]
    for case in cases:
        found = trace(case["expression"], case.get("sources", {}).get, SystemChance())
        assert (list(found.value) if isinstance(found.value, tuple) else found.value) == case["result"]
    assert cases or FUNCTIONS[name].generated or FUNCTIONS[name].refused


def test_an_expression_without_attributes_needs_no_declarations(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", 'Append("a", "b")', "--desired", "/nonexistent"]) == 0
    assert capsys.readouterr().out == 'Append("a", "b") = "ab"\n'


def test_pairs_stand_for_attributes_and_several_for_a_list(evaluated: Evaluator) -> None:
    said = evaluated('Join("-", [otherMails], [city])', "--set", "otherMails=a", "--set", "otherMails=b", "--set", "city=Rome")
    assert said.out.splitlines()[0].endswith('= "a-b-Rome"')


@pytest.mark.parametrize("user", [(), ("--user", "ada@x.org")])
def test_null_is_told_apart_from_an_empty_text(evaluated: Evaluator, user: tuple[str, ...]) -> None:
    expression = 'IIF(IsNull([jobTitle]), "null", Append("-", [jobTitle]))'
    assert evaluated(expression, "--unset", "jobTitle", *user).out.startswith(f'{expression} = "null"\n')
    assert evaluated(expression, "--set", "jobTitle=", *user).out.startswith(f'{expression} = "-"\n')


def test_an_attribute_without_a_value_is_an_error_with_a_caret_below_it(evaluated: Evaluator) -> None:
    said = evaluated('Append("x", [mail])')
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[:3] == [
        "Error: [mail] has no value here [expression]",
        '    Append("x", [mail])',
        "                 ^",
    ]
    assert "--set mail=" in said.err and "--unset mail" in said.err


@pytest.mark.parametrize(
    ("expression", "column"),
    [("Upper([mail])", 1), ('Append("x", Upper([mail]))', 13), ("ToUpper([mail]", 15), ("ToUpper([male])", 10)],
)
def test_an_error_has_a_caret_at_its_column(evaluated: Evaluator, expression: str, column: int) -> None:
    said = evaluated(expression, "--user", "ada@x.org")
    lines = said.err.splitlines()
    assert said.code == 1 and lines[1] == "    " + expression
    assert lines[2] == " " * (3 + column) + "^"


def test_a_long_expression_is_shown_around_its_error(evaluated: Evaluator) -> None:
    expression = f'Join("", {"[mail], " * 100}Upper([mail]))'
    lines = evaluated(expression).err.splitlines()
    assert len(lines[1]) < 120 and lines[1][lines[2].index("^") :].startswith("Upper(")


def test_an_expression_takes_a_users_own_attributes(evaluated: Evaluator) -> None:
    said = evaluated("ToUpper([displayName])", "--user", "ADA@x.org")
    assert said == Said(0, 'ToUpper([displayName]) = "ADA"\n  [displayName] = "Ada"\n', "")


def test_a_pair_stands_before_the_users_own_value(evaluated: Evaluator) -> None:
    assert '= "B"' in evaluated("ToUpper([displayName])", "--user", "ada@x.org", "--set", "displayName=b").out


def test_roles_and_soft_deletion_are_those_of_each_app(evaluated: Evaluator) -> None:
    said = evaluated("SingleAppRoleAssignment([appRoleAssignments])", "--user", "grace@x.org")
    assert said.out.splitlines()[:2] == ["wiki:", 'SingleAppRoleAssignment([appRoleAssignments]) = "admin"']


def test_a_user_who_is_not_in_scope_is_soft_deleted(evaluated: Evaluator) -> None:
    evaluated.world.assign("user: grace@x.org, role: User")
    for name, value in (("ada@x.org", "True"), ("grace@x.org", "False")):
        assert f'CStr([IsSoftDeleted]) = "{value}"' in evaluated("CStr([IsSoftDeleted])", "--user", name).out


def test_a_generated_value_is_a_sample_and_says_so(evaluated: Evaluator) -> None:
    line = evaluated('Append("u-", Guid())').out.splitlines()[0]
    assert line.startswith('Append("u-", Guid()) = "u-') and "a sample" in line
    assert json.loads(evaluated("Guid()", "--format", "json").out)["expressions"][0]["trace"]["generated"] is True


def test_a_redacted_value_is_shown_nowhere(evaluated: Evaluator) -> None:
    for form in ("text", "json"):
        said = evaluated('Append("x", Redact([jobTitle]))', "--user", "ada@x.org", "--format", form)
        assert "Engineer" not in said.out and "[Redact]" in said.out


def test_every_mapping_of_a_user_is_shown_with_its_inputs(evaluated: Evaluator) -> None:
    said = evaluated("--user", "ada@x.org")
    lines = said.out.splitlines()
    assert (said.code, lines[0]) == (0, "wiki: User/ada@x.org")
    assert lines[lines.index('  title = "Engineer"') + 1] == '      from [jobTitle] = "Engineer"'
    assert "  active = true" in lines and '        [IsSoftDeleted] = "False"' in lines


def test_a_file_of_mappings_is_tried_before_it_is_put_in_place(evaluated: Evaluator, tmp_path: Path) -> None:
    file = tmp_path / "draft.yaml"
    file.write_text(MAPPINGS.replace("source: jobTitle", "expression: 'ToUpper([jobTitle])'"))
    (row,) = json.loads(evaluated("--user", "ada@x.org", "--file", str(file), "--format", "json").out)["mappings"]
    title = next(item for item in row["mappings"] if item["target"] == "title")
    assert (title["value"], title["inputs"]) == ("ENGINEER", [{"name": "jobTitle", "value": "Engineer"}])
    file.write_text(MAPPINGS.replace("source: jobTitle", "expression: 'Upper([jobTitle])'"))
    said = evaluated("--user", "ada@x.org", "--file", str(file))
    assert said.code == 1 and "unknown function Upper" in said.err and "draft.yaml" in said.err


def test_a_file_of_mappings_is_evaluated_for_values_alone(evaluated: Evaluator, tmp_path: Path) -> None:
    """No declaration is read; an attribute that nothing gives a value is null, and is named."""
    file = tmp_path / "draft.yaml"
    file.write_text(MAPPINGS.replace("source: jobTitle", "expression: 'ToUpper([jobTitle])'"))
    (evaluated.world.folder / "desired/apps/wiki/app.yaml").unlink()
    said = evaluated("--file", str(file), "--set", "jobTitle=Engineer", "--unset", "displayName")
    assert said.code == 0 and 'title = "ENGINEER"' in said.out.splitlines()
    assert "null here: userPrincipalName, " in said.err and "jobTitle" not in said.err and "displayName" not in said.err
    (row,) = json.loads(evaluated("--file", str(file), "--set", "jobTitle=x", "--format", "json").out)["mappings"]
    assert (row["app"], row["address"]) == (None, None)
    assert {item["target"]: item.get("value") for item in row["mappings"]}["title"] == "X"


def test_a_value_for_a_file_that_no_mapping_can_read_is_refused(evaluated: Evaluator) -> None:
    file = evaluated.world.folder / "desired/apps/wiki/mappings.yaml"
    said = evaluated("--file", str(file), "--set", "jobTitel=x")
    assert said.code == 64 and "did you mean 'jobTitle'" in said.err


def test_a_value_that_cannot_be_used_ends_with_1(evaluated: Evaluator) -> None:
    said = evaluated("CDate([jobTitle])", "--user", "ada@x.org")
    assert said.code == 1 and "Engineer" in said.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [((), "give an expression"), (("Guid()", "--set", "x"), "name=value"),
     (("--file", "pyproject.toml"), "--file needs a --user"),
     (("Guid()", "--file", "pyproject.toml", "--user", "ada@x.org"), "instead of an expression"),
     (("Guid()", "--user", "ada@x.org", "--set", "mial=x"), "did you mean 'mail'"),
     (("Guid()", "--user", "ada@x.org", "--unset", "mial"), "did you mean 'mail'"),
     (("[mail]", "--set", "mail=x", "--unset", "mail"), "--unset"), (("Guid()", "--unset", "appRoleAssignments"), "--user"),
     (("Guid()", "--set", "appRoleAssignments=x"), "--user"), (("Guid()", "--user", "ada@x.org", "--app", "wikki"), "wiki")],
)  # fmt: skip
def test_wrong_usage_says_what_is_right(evaluated: Evaluator, arguments: tuple[str, ...], word: str) -> None:
    said = evaluated(*arguments)
    assert said.code == 64 and word in said.err


def test_an_unknown_user_is_told_who_is_near(evaluated: Evaluator) -> None:
    said = evaluated("Guid()", "--user", "adda@x.org")
    assert said.code == 64 and "did you mean 'ada@x.org'" in said.err


def test_an_unknown_app_is_told_also_where_no_user_is_named(evaluated: Evaluator) -> None:
    said = evaluated("ToUpper([department])", "--set", "department=x", "--app", "wikki")
    assert said.code == 64 and "no app 'wikki' [UnknownName]\n    did you mean 'wiki'?" in said.err
    assert evaluated("ToUpper([department])", "--set", "department=x", "--app", "wiki").code == 0
