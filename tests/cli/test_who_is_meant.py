"""A name, or a part of one, that somebody types: who is meant is named."""

from __future__ import annotations

import pytest

from reconciler.cli.main import run
from tests.support.servers import ROOT


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_only_names_the_address_of_a_part_of_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--only", "ada"]) == 64
    assert "did you mean User/ada@example.com?" in " ".join(capsys.readouterr().err.split())


def test_an_action_that_is_none_is_told_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["logs", "--action", "nonsense"]) == 64
    said = capsys.readouterr().err
    assert "actions are create, update" in said and "did you mean" not in said
    assert run(["logs", "--action", "craete"]) == 64
    assert "did you mean 'create'?" in capsys.readouterr().err
