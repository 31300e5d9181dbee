"""A word after a command that takes none is answered with what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.main import run

PLAN = "Error: plan takes no argument "


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("plan wikki", PLAN + "'wikki' [WrongUsage]\n    for one app write `reconcile plan --app wiki`"),
        (
            "plan ada@example.com",
            PLAN + "'ada@example.com' [WrongUsage]\n    for one object write `reconcile plan --only User/ada@example.com`",
        ),
        ("plan Group/Care", PLAN + "'Group/Care' [WrongUsage]\n    for one object write `reconcile plan --only Group/Care`"),
        (
            "plan saved.json",
            PLAN + "'saved.json' [WrongUsage]\n    a saved plan is shown by `reconcile show saved.json`, and applied by",
        ),
        (
            "plan nonsense",
            PLAN
            + "'nonsense' [WrongUsage]\n    write `reconcile plan --app wiki` for one app, `reconcile plan --only ADDRESS` for",
        ),
        (
            "validate desired",
            "Error: validate takes no argument 'desired' [WrongUsage]\n    for the declarations of a folder write `reconcile",
        ),
        ("apply wiki", "'wiki' is not a saved plan [BadValue]\n    for one app write `reconcile apply --app wiki`"),
        ("apply nofile.json", "'nofile.json' is not there [BadValue]\n    `reconcile plan --out nofile.json` saves a plan"),
        ("plan explain", PLAN + "'explain' [WrongUsage]\n    `reconcile explain` is a command of its own"),
        (
            "validate nonsense",
            "Error: validate takes no argument 'nonsense' [WrongUsage]\n    write `reconcile validate --app wiki` for one app",
        ),
    ],
)
def test_a_word_too_many_is_answered_with_what_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, said: str
) -> None:
    (tmp_path / "desired/apps/wiki").mkdir(parents=True)
    (tmp_path / "saved.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert run(typed.split()) == 64
    assert said in capsys.readouterr().err
