"""What is typed wrongly ends in 64, with a code that `reconcile help` explains."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from reconciler.cli.main import COMMANDS, cli, run
from reconciler.codes import usage

TYPED = [
    ("plann", "UnknownCommand", "no command 'plann' [UnknownCommand]\n    did you mean 'plan'?"),
    ("record shwo", "UnknownCommand", "no command 'shwo' [UnknownCommand]\n    did you mean 'show'?"),
    ("review nonsense", "UnknownCommand", "no command 'nonsense' [UnknownCommand]\n    commands are apply, close, start, status"),
    ("review stat", "UnknownCommand", "no command 'stat' [UnknownCommand]\n    did you mean 'status'?"),
    ("destroy", "UnknownCommand", "no command 'destroy' [UnknownCommand]\n    commands are init"),
    ("help record forgett", "UnknownName", "did you mean 'record forget'?"),
    ("plan --jobs x", "BadValue", "'x' is not a valid number of apps"),
    ("plan --aap wiki", "UnknownOption", "no option '--aap' [UnknownOption]\n    did you mean '--app'?"),
    ("plan --xyzw", "UnknownOption", "\n    `reconcile plan --help` lists the options"),
    ("plan --format yaml", "BadValue", "'yaml' is not one of 'text', 'json'"),
    ("plan --redact=yes", "BadValue", "does not take a value"),
    ("apply --digest 12", "BadValue", "write sha256: and 64 hexadecimal digits"),
    ("plan --only ada", "BadValue", "write User/ada or Group/ada"),
    ("import --app wiki --only ada", "BadValue", "write User/ada or Group/ada"),
    ("review start --name q1 --by manager --due soon", "BadValue", "'soon' is not a day: write YYYY-MM-DD"),
    ("notify replay --since never", "BadValue", "'never' is not a time"),
    ("explain", "MissingArgument", "for example: `reconcile explain ada@example.com --app wiki`"),
    ("review start --by=manager", "MissingArgument", "Missing options '--name', '--due'."),
    ("explain ada grace", "WrongUsage", "for example: `reconcile explain ada@example.com --app wiki`"),
    ("plan --out", "MissingArgument", "--out"),
    ("completion", "MissingArgument", "bash|zsh|fish"),
    ("show one.json another.json", "WrongUsage", "another.json"),
    ("plan nonsense", "WrongUsage", "plan takes no argument 'nonsense'"),
    ("access --at 2026-01-01 --diff 2026-01-01 2026-02-01", "WrongUsage", "--at and --diff exclude each other"),
    (
        "help nonsense",
        "UnknownName",
        "no page, command, code, variable or key 'nonsense' [UnknownName]\n    `reconcile help` lists",
    ),
    (
        "help EXAMPLE_SCIM_TOKEN",
        "UnknownName",
        "'EXAMPLE_SCIM_TOKEN' [UnknownName]\n    app.yaml may name any variable; `reconcile help environment`",
    ),
    ("help RECONCILE_ALOWED_ORIGINS", "UnknownName", "did you mean 'RECONCILE_ALLOWED_ORIGINS'?"),
]


@pytest.mark.parametrize(("typed", "code", "words"), TYPED, ids=[typed for typed, *_ in TYPED])
def test_what_is_typed_wrongly_has_a_code_and_says_what_was_meant(
    typed: str, code: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one.json", "another.json"):
        Path(name).touch()
    assert run(typed.split()) == 64
    said = capsys.readouterr()
    (error,) = [line for line in said.err.splitlines() if line.startswith("Error: ")]
    assert said.out == "" and error.endswith(f" [{code}]") and words in said.err
    assert said.err.startswith("Usage: reconcile") or typed in ("plan --redact=yes", "plan --out")  # click says no more there
    assert run(["help", code]) == 0
    assert capsys.readouterr().out.startswith(f"# {code}\n")


ASKED = [
    ("plan nonsense --format json", lambda told: told.pop("error"), {"format_version": "1.0", "plans": []}),
    ("show --format=json one.json another.json", lambda told: told.pop("error"), {"format_version": "1.0", "plans": []}),
    ("validate --format json nonsense", lambda told: told["problems"][0], None),
    ("run --log-format json --interval soon", lambda told: told, None),
    ("status --format json --app", lambda told: told.pop("error"), {}),
    ("plann --format json", lambda told: told.pop("error"), {}),
]


@pytest.mark.parametrize(("typed", "error_of", "rest"), ASKED, ids=[typed for typed, *_ in ASKED])
def test_a_program_that_asked_for_json_has_the_error_in_the_form_of_the_command(
    typed: str, error_of: Callable[[dict[str, Any]], dict[str, Any]], rest: dict[str, Any] | None, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name in ("one.json", "another.json"):
        Path(name).touch()
    assert run(typed.split()) == 64
    said = capsys.readouterr()
    told = json.loads(said.out)
    error = error_of(told)
    assert rest is None or told == rest
    (line,) = [line for line in said.err.splitlines() if line.startswith("Error: ")]
    assert line == f"Error: {error['message']} [{error['code']}]" and error["remedy"]


def test_every_code_of_usage_is_shown_above() -> None:
    assert {code.name for code in usage.CODES} <= {code for _, code, _ in TYPED}


def test_every_command_that_holds_others_names_the_one_that_was_meant() -> None:
    found = [cli.get_command(click.Context(cli), name) for name in COMMANDS]
    groups = [command for command in found if isinstance(command, click.Group)]
    assert len(groups) == 4
    for group in groups:
        with pytest.raises(click.UsageError, match=r"no command 'nonsens'"):
            group.get_command(click.Context(group), "nonsens")


def test_a_wrong_command_line_wraps_at_the_terminal_s_width(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("reconciler.cli.terminal._columns", lambda err: 60)
    assert run(["plan", "--format", "yaml"]) == 64
    assert all(len(line) <= 60 for line in capsys.readouterr().err.splitlines()[3:])
