"""A name, or a part of one, that somebody types: who is meant is named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.cli.main import run
from tests.support.servers import ROOT, Desk, scim_server


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Ada and Grace, in the group Net, applied."""
    with scim_server() as url:
        desk = Desk(tmp_path_factory.mktemp("desk"), f"{url}/who/v2")
        assert desk.reconcile("apply", "--auto-approve").code == 0
        yield desk


def test_only_names_the_address_of_a_part_of_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--only", "ada"]) == 64
    assert "did you mean 'User/ada@example.com'?" in " ".join(capsys.readouterr().err.split())


def test_an_action_that_is_none_is_told_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["logs", "--action", "nonsense"]) == 64
    said = capsys.readouterr().err
    assert "actions are create, update" in said and "did you mean" not in said
    assert run(["logs", "--action", "craete"]) == 64
    assert "did you mean 'create'?" in capsys.readouterr().err


def test_only_names_who_is_meant_by_a_part_of_an_address(desk: Desk) -> None:
    ran = desk.reconcile("plan", "--only", "User/ada")
    assert ran.code == 64 and "called User/ada [UnknownName]\n    did you mean 'User/ada@x.org'?" in ran.err


@pytest.mark.parametrize("command", ["show", "forget"])
def test_the_record_names_who_is_meant_by_a_part_of_a_name(desk: Desk, command: str) -> None:
    for typed, meant in (("ada", "User/ada@x.org"), ("User/adda@x.org", "User/ada@x.org"), ("net", "Group/Net")):
        ran = desk.reconcile("record", command, typed)
        assert (ran.code, ran.out) == (1, "") and f"did you mean {meant!r}?" in ran.err, ran
    assert "an address is User/" in desk.reconcile("record", command, "User/nobody@else.org").err


def test_access_and_reviews_name_who_is_meant_by_a_part_of_a_name(desk: Desk) -> None:
    for option, typed, meant in (("--user", "ada", "ada@x.org"), ("--role", "adm", "Admin"), ("--group", "ne", "Net")):
        ran = desk.reconcile("access", option, typed)
        assert ran.code == 64 and f"no {option[2:]} '{typed}' [UnknownName]\n    did you mean '{meant}'?" in ran.err, ran
