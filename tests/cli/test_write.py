"""What is said after a write: failures that are alike in one line, and what an earlier apply was told and is not done."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from reconciler.apply.model import Outcome
from reconciler.cli.common import PARTIAL
from reconciler.cli.write import failed_alike, write
from reconciler.cycle.write import Request
from reconciler.plan.change import Action, Cause, Change
from tests.support.keeping import keeping, town


def failed(number: int, answer: str) -> Outcome:
    change = Change(f"User/u{number}", Action.UPDATE, "why", (Cause.CONFIG,), "a.yaml", number)
    return Outcome(change, "failed", f"PATCH /Users/{number}: answered {answer}")


def test_changes_that_failed_alike_are_one_line_and_few_are_none() -> None:
    many = [failed(number, "500: internal error") for number in range(40)]
    some = [failed(number, "400 invalidValue: no such title") for number in range(3)]
    others = [failed(1, "409 uniqueness"), failed(2, "409 uniqueness"), Outcome(many[0].change, "done", "answered 500")]
    assert failed_alike([*some, *many, *others]) == [
        "40 changes failed alike: answered 500: internal error",
        "3 changes failed alike: answered 400 invalidValue: no such title",
    ]


def test_what_an_earlier_apply_was_told_and_is_not_done_is_said_with_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = town(tmp_path)
    world.groups("displayName: Net, members: [grace@x.org]")
    world.assign("user: grace@x.org, role: User", "group: Net, role: User")
    keeping(world, "/Users/")
    world.apply()
    session = world.session()
    with click.Context(click.Command("apply")):
        assert write(session, (), Request()) == PARTIAL
    said = capsys.readouterr().err
    error, item = said.splitlines()[-2:]
    assert error == "Error: what an earlier apply requested of wiki is not done [Outstanding]"
    assert item.startswith("    User/ada@x.org is still active: ") and item.endswith(" [StillActive]")
