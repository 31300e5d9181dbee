"""A name that is nearly right is answered with the name meant, and with no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.declare.load import load
from reconciler.declare.references import nearest
from reconciler.declare.wording import did_you_mean, nearly
from tests.support.servers import ROOT
from tests.support.world import MAPPINGS, World

KNOWN = dict.fromkeys(["ada@example.com", "grace@example.com", "katherine@example.com", "john@example.com"])


@pytest.mark.parametrize("slip", ["garce@example.com", "grace@exmaple.com", "Grace@example.com", "grac@example.com"])
def test_a_slip_of_the_keyboard_is_understood(slip: str) -> None:
    assert nearest(slip, KNOWN, "user") == "did you mean 'grace@example.com'?"


@pytest.mark.parametrize("other", ["mary@example.com", "kristen@example.com", "x", ""])
def test_somebody_else_of_the_same_domain_is_not_meant(other: str) -> None:
    assert nearest(other, KNOWN, "user") == "declare the user, or remove the reference"


@pytest.mark.parametrize("other", ["remove", "read", "upsert", "deactivate", "patch"])
def test_another_action_is_no_slip_of_one(tmp_path: Path, other: str) -> None:
    """A value that is suggested does something: who follows a wrong suggestion gets what he did not want."""
    assert actions(tmp_path, other) == ["use one of create, update, delete"]


@pytest.mark.parametrize(
    ("slip", "meant"), [("creat", "create"), ("udpate", "update"), ("Delete", "delete"), ("deleted", "delete")]
)
def test_a_slip_of_an_action_is_understood(tmp_path: Path, slip: str, meant: str) -> None:
    assert actions(tmp_path, slip) == [f"did you mean '{meant}'?"]


def actions(folder: Path, word: str) -> list[str]:
    """What is said of a word among the actions of a mapping."""
    users = f"  users:\n    targetObjectActions: [{word}]\n"
    World(folder).write("apps/wiki/mappings.yaml", MAPPINGS.replace("  users:\n", users, 1))
    return [problem.remedy for problem in load(folder / "desired").problems if problem.code == "not-one-of"]


def test_the_nearest_come_first() -> None:
    assert nearly("jon@example.com", ["joan@exampel.com", "john@example.com"], 3) == ["john@example.com", "joan@exampel.com"]


def test_what_was_meant_is_asked_in_one_way() -> None:
    assert did_you_mean("wiki", "-") == "did you mean 'wiki'?"
    assert did_you_mean(["a", "b", "c"], "-") == "did you mean 'a', 'b' or 'c'?"
    assert did_you_mean([], "say which") == did_you_mean(None, "say which") == "say which"
    package = ROOT / "reconciler"
    asking = [file for file in package.rglob("*.py") if "did you mean " in file.read_text(encoding="utf-8").lower()]
    assert [file.relative_to(package).as_posix() for file in asking] == ["declare/wording.py"]
