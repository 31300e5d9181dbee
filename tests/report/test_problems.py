"""What validate says to machines: annotations of every problem, and SARIF by its schema."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from reconciler.cli.main import run
from reconciler.declare.place import Place, Problem
from reconciler.report.problems import as_github
from reconciler.report.sarif import as_sarif
from tests.support.world import World

SARIF = json.loads((Path(__file__).parent.parent / "data/sarif-2.1.0.schema.json").read_text())
HOSTILE = ("a\n::error::x", "100% b\r\nc", "x ##[error]y", "a\u202eb", "::stop-commands::z")


def problem(severity: str = "error", file: str = "desired/a.yaml", message: str = "m") -> Problem:
    return Problem(Place(file, 3, 7), severity, "unknown-key", message, "mend it")


def test_an_annotation_stands_on_the_very_line() -> None:
    assert as_github([problem()]) == "::error file=desired/a.yaml,line=3,col=7,title=unknown-key::m - mend it\n"


@pytest.mark.parametrize(("errors", "warnings", "more"), [
    (10, 10, ""), (11, 0, "11 errors"), (3, 11, "11 warnings"), (12, 1_300, "12 errors and 1,300 warnings"), (0, 0, ""),
])  # fmt: skip
def test_every_problem_is_printed_and_a_notice_says_that_10_are_shown(errors: int, warnings: int, more: str) -> None:
    found = [problem(message=f"e{n}.") for n in range(errors)] + [problem("warning", message=f"w{n}.") for n in range(warnings)]
    lines = as_github(found).splitlines()
    for shown, line in zip(found, lines, strict=False):
        assert line.startswith(f"::{shown.severity} ") and f"::{shown.message} - " in line
    note = f"::notice title=more::GitHub shows the first 10 of {more} on their lines: all of them are in the log of this step"
    assert lines[len(found) :] == ([note] if more else [])


def test_errors_that_are_not_listed_count_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1,200 users with three errors each, two of which their schema finds: of those 2,000 are listed."""
    row = "  - {userPrincipalName: %s@x.org, colour: red, jobTitle: 1, manager: nobody@x.org}\n"
    world = World(tmp_path)
    world.write("directory/users/a.yaml", "users:\n" + "".join(row % number for number in range(1_200)))
    world.write("directory/groups/a.yaml", "groups: []\n")
    world.write("apps/wiki/assignments.yaml", "assignments: []\n")
    said = {}
    for form in ("text", "json", "github", "sarif"):
        assert run(["validate", "--desired", str(tmp_path / "desired"), "--format", form]) == 1
        said[form] = capsys.readouterr()
        assert "1,200 users, 0 groups, 1 app: 3,600 errors, 0 warnings\n" in said[form].err + said[form].out
    assert sum(row.get("count", 1) for row in json.loads(said["json"].out)["problems"]) == 3_600
    assert said["github"].out.count("::error ") == len(json.loads(said["json"].out)["problems"])
    log = json.loads(said["sarif"].out)
    Draft4Validator(SARIF).validate(log)
    assert sum(result.get("occurrenceCount", 1) for result in log["runs"][0]["results"]) == 3_600


@pytest.mark.parametrize("text", HOSTILE)
def test_a_message_of_any_text_is_one_command(text: str) -> None:
    (line,) = as_github([problem(file=f"{text},line=1::", message=text)]).splitlines()
    assert re.fullmatch(r"::error file=[^:,]*,line=3,col=7,title=unknown-key::.*", line)
    assert "##[" not in line and "\u202e" not in line


@pytest.mark.parametrize("count", [0, 1, 30])
def test_sarif_is_valid_by_its_schema(count: int) -> None:
    problems = [problem("error" if n % 2 else "warning", f"desired/ä {n}%.yaml", HOSTILE[n % 5]) for n in range(count)]
    log = json.loads(as_sarif([*problems, Problem(Place("desired", 0, 0), "error", "no-app", "m", "r")]))
    Draft4Validator(SARIF).validate(log)
    (found,) = log["runs"]
    assert len(found["results"]) == count + 1
    for result in found["results"]:
        assert found["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[\w./%~-]+", uri, re.ASCII)


def test_the_schema_refuses_what_is_no_sarif() -> None:
    assert not Draft4Validator(SARIF).is_valid({"version": "2.1.0", "runs": [{"results": []}]})


def test_validate_prints_sarif_with_the_place_of_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "directory/users").mkdir(parents=True)
    (tmp_path / "directory/users/a.yaml").write_text("users:\n  - {userPrincipalName: a@x.org, colour: red}\n")
    assert run(["validate", "--desired", str(tmp_path), "--format", "sarif"]) == 1
    log = json.loads(capsys.readouterr().out)
    Draft4Validator(SARIF).validate(log)
    regions = {r["ruleId"]: r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in log["runs"][0]["results"]}
    assert regions["unknown-key"] == 2
    assert "unknown key 'colour'. did you mean 'country'?" in {r["message"]["text"] for r in log["runs"][0]["results"]}
