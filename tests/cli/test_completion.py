"""What a shell offers: apps, users and addresses of the declarations at hand, and nothing where these cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from reconciler.cli.main import cli, run
from tests.support.servers import ROOT


@pytest.fixture(autouse=True)
def at_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def offered(*words: str) -> list[str]:
    *before, begun = words
    shell = BashComplete(cli, {}, "reconcile", "RECONCILE_COMPLETE")
    return [item.value for item in shell.get_completions(before, begun)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("comp",), ["completion"]),
        (("plan", "--app", "w"), ["wiki"]),
        (("explain", "ADA"), ["ada@example.com"]),
        (("explain", "group/network e"), ["Group/Network Engineering"]),
        (("revoke", "User/ada"), ["User/ada@example.com"]),
        (("plan", "--only", "User/ada"), ["User/ada@example.com"]),
        (("record", "forget", "Group/Network E"), ["Group/Network Engineering"]),
        (("help", "safe"), ["safeguards", "SafeguardEnds", "SafeguardWeakened"]),
        (("help", "appl"), ["apply"]),
        (("help", "unknown-k"), ["unknown-key"]),
        (("help", "notass"), ["NotAssigned"]),
    ],
)
def test_what_is_begun_is_completed(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(*words) == expected


def test_declarations_that_are_not_there_or_broken_offer_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert offered("plan", "--desired", str(tmp_path / "none"), "--app", "") == []
    (tmp_path / "desired/directory/users").mkdir(parents=True)
    (tmp_path / "desired/directory/users/a.yaml").write_text("users: [", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert offered("explain", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_calls_reconcile(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert f"RECONCILE_COMPLETE={shell}_complete" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("plann", ""), ("record", "shwo", "")])
def test_after_a_word_that_is_no_command_nothing_is_said(words: tuple[str, ...]) -> None:
    offered(*words)  # and nothing is raised into somebody's shell
