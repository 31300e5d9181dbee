"""What a shell offers: apps, users and addresses of the declarations at hand, and nothing where these cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
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
        (("help", "safe"), ["safeguards", "SafeguardEnds", "SafeguardWeakened", "safeguard"]),
        (("help", "secretT"), ["secretToken"]),
        (("help", "appl"), ["apply"]),
        (("help", "unknown-k"), ["unknown-key"]),
        (("help", "notass"), ["NotAssigned"]),
        (("help", "RECONCILE_ALLOWED"), ["RECONCILE_ALLOWED_ORIGINS"]),
        (("logs", "--user", "ada@"), ["ada@example.com"]),
        (("eval", "--user", "ada@"), ["ada@example.com"]),
        (("import", "--only", "User/ada"), ["User/ada@example.com"]),
        (("explain", "Us"), ["User/"]),
    ],
)
def test_what_is_begun_is_completed(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(*words) == expected


def test_what_is_a_page_and_a_command_is_offered_once() -> None:
    assert offered("help", "record").count("record") == 1


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


@pytest.mark.parametrize(
    ("line", "words", "reply"),
    [
        ("reconcile explain ada@e", "reconcile explain ada @ e", "example.com"),
        ("reconcile plan --only User/ada@ex", "reconcile plan --only User/ada @ ex", "example.com"),
        ("reconcile plan --app=w", "reconcile plan --app = w", "wiki"),
        ("reconcile plan --only=User/ada", "reconcile plan --only = User/ada", "User/ada@example.com"),
        ("reconcile explain Group/Network\\ E", "reconcile explain Group/Network\\ E", r"Group/Network\ Engineering"),
        ('reconcile explain "Group/Network E', "reconcile explain '\"Group/Network E'", "Group/Network Engineering"),
        ("reconcile plan --app ", "reconcile plan --app ''", "thousandeyes tickets wiki"),
    ],
)
def test_bash_which_breaks_words_at_signs_of_its_own_is_given_the_rest_of_the_last(line: str, words: str, reply: str) -> None:
    script = f"""eval "$(reconcile completion bash)"
    COMP_LINE='{line}' COMP_WORDS=({words})
    COMP_POINT=${{#COMP_LINE}} COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
    _reconcile_completion reconcile; echo ${{COMPREPLY[@]}}"""
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    ran = subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == (f"{reply}\n", "")


@pytest.mark.parametrize(
    ("shell", "environ"),
    [
        ("zsh", {"COMP_WORDS": "reconcile plan --app=wi", "COMP_CWORD": "2"}),
        ("fish", {"COMP_WORDS": "reconcile plan --app=wi", "COMP_CWORD": "--app=wi"}),
    ],
)
def test_zsh_and_fish_are_given_the_whole_word_again(shell: str, environ: dict[str, str]) -> None:
    command = [sys.executable, "-c", "from reconciler.cli.main import main; main()"]
    env = {**os.environ, **environ, "RECONCILE_COMPLETE": f"{shell}_complete"}
    ran = subprocess.run(command, env=env, capture_output=True, text=True)
    assert "--app=wiki" in ran.stdout and ran.stderr == ""
