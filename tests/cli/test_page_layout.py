"""Pages on a terminal: code can be copied, nothing is cut, links are commands."""

from __future__ import annotations

import pytest

from reconciler.cli.page_layout import show, with_commands

LONG = "echo " + "x" * 100
NAME = "RECONCILE_" + "N" * 60


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")


def test_code_stands_unbroken_at_the_left_edge(capsys: pytest.CaptureFixture[str]) -> None:
    show(f"text\n\n```sh\n{LONG}\n  two [bold]\n```\n", no_color=True)
    assert f"\n{LONG}\n  two [bold]\n" in capsys.readouterr().out


def test_a_table_folds_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show(f"| name | what |\n|---|---|\n| `{NAME}` | {'word ' * 20}|\n", no_color=True)
    said = capsys.readouterr().out
    assert "…" not in said
    assert said.count("N") == NAME.count("N") and all(len(line) <= 60 for line in said.splitlines())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see [leavers](leaving.md#x)", "see leavers (`reconcile help leaving`)"),
        ("see [access](access.md)", "see `reconcile help access`"),
        ("so ([the log](log.md))", "so (the log: `reconcile help log`)"),
        ("so ([below](#here))", "so (below)"),
        ("```\n[a](b.md)\n```", "```\n[a](b.md)\n```"),
        ("[out](https://example.com/a.md)", "[out](https://example.com/a.md)"),
    ],
)
def test_a_link_is_the_command_that_shows_its_page(text: str, shown: str) -> None:
    assert with_commands(text) == shown
