"""Somebody is called otherwise, and somebody new is called as they were: whose account the record has under which address."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from reconciler.record.model import Record
from tests.support.world import MAPPINGS, World

BY_MAIL = MAPPINGS.replace("source: userPrincipalName", "source: mail")
NOT_WRITTEN = "userPrincipalName: ada.l@x.org, mail: ada@x.org, id: a"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path)
    world.assign("group: Net, role: User")
    return world


def recorded(world: World) -> dict[str, str]:
    return {a: e["id"] for a, e in (world.store.load() or Record("")).entries.items() if a.startswith("User/")}


def newcomer(world: World, then: str) -> str:
    """Ada is `then` called otherwise, and somebody new is called as she was; returns the id of her account."""
    world.write("apps/wiki/mappings.yaml", BY_MAIL)
    world.users("userPrincipalName: ada@x.org, mail: ada@x.org, id: a")
    world.groups("displayName: Net, members: [ada@x.org]")
    world.converge()
    world.users(then, "userPrincipalName: ada@x.org, mail: new@x.org, id: n")
    world.groups("displayName: Net, members: [ada.l@x.org, ada@x.org]")
    return str(world.find("ada@x.org")["id"])


@pytest.mark.parametrize("then", [NOT_WRITTEN, NOT_WRITTEN + ", jobTitle: Chief"])
def test_a_newcomer_who_takes_an_old_name_takes_no_account(world: World, then: str) -> None:
    ada = newcomer(world, then)
    world.converge()
    assert recorded(world) == {"User/ada.l@x.org": ada, "User/ada@x.org": world.find("new@x.org")["id"]}


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("then", [NOT_WRITTEN, NOT_WRITTEN + ", jobTitle: Chief"])
def test_a_kill_at_any_write_while_a_newcomer_takes_an_old_name_loses_no_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str, answered: bool
) -> None:
    for at in (1, 2, 3):
        folder = tmp_path / str(at)
        folder.mkdir()
        monkeypatch.chdir(folder)
        world = World(folder)
        world.assign("group: Net, role: User")
        ada = newcomer(world, then)
        inner = world.transport.inner
        world.transport.inner = Killing(inner, at, answered)
        with suppress(Killed):
            world.apply()
        world.transport.inner = inner
        world.converge()
        assert recorded(world) == {"User/ada.l@x.org": ada, "User/ada@x.org": world.find("new@x.org")["id"]}


class Killed(BaseException):
    """As SIGKILL: what the process would still have written is not written."""


class Killing(httpx.BaseTransport):
    """The process ends at the write of this number: before the service has it, or after."""

    def __init__(self, inner: httpx.BaseTransport, at: int, after: bool) -> None:
        self.inner, self.left, self.after = inner, at, after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.left -= request.method != "GET"
        ends = request.method != "GET" and self.left == 0
        if not ends or self.after:
            response = self.inner.handle_request(request)
        if ends:
            raise Killed
        return response


def test_a_newcomer_who_could_not_be_created_leaves_whoever_had_the_name_under_the_new_one(world: World) -> None:
    ada = newcomer(world, NOT_WRITTEN)
    inner = world.transport.inner

    class Refusing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(400, json={}) if request.method == "POST" else inner.handle_request(request)

    world.transport.inner = Refusing()
    assert ("User/ada@x.org", "failed") in [(o.change.address, o.status) for o in world.apply().outcomes]
    assert recorded(world) == {"User/ada.l@x.org": ada}
    world.transport.inner = inner
    world.converge()
    assert recorded(world) == {"User/ada.l@x.org": ada, "User/ada@x.org": world.find("new@x.org")["id"]}


@pytest.mark.parametrize("title", ["", ", jobTitle: Chief"])
def test_a_newcomer_at_the_end_of_a_chain_of_renames_takes_no_account(world: World, title: str) -> None:
    """Ada is called as grace was, who is written to where she has a title; somebody new is called as ada was."""
    world.write("apps/wiki/mappings.yaml", BY_MAIL)
    world.users(
        "userPrincipalName: ada@x.org, mail: ada@x.org, id: a", "userPrincipalName: grace@x.org, mail: grace@x.org, id: g"
    )
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.converge()
    world.users(
        "userPrincipalName: grace@x.org, mail: ada@x.org, id: a",
        f"userPrincipalName: g.h@x.org, mail: grace@x.org, id: g{title}",
        "userPrincipalName: ada@x.org, mail: new@x.org, id: n",
    )
    world.groups("displayName: Net, members: [grace@x.org, g.h@x.org, ada@x.org]")
    world.converge()
    ids = {name: world.find(f"{name}@x.org")["id"] for name in ("ada", "grace", "new")}
    assert recorded(world) == {"User/grace@x.org": ids["ada"], "User/g.h@x.org": ids["grace"], "User/ada@x.org": ids["new"]}


def test_a_newcomer_who_is_applied_alone_takes_no_account(world: World) -> None:
    ada = newcomer(world, NOT_WRITTEN)
    world.apply(only=("User/ada@x.org",))
    assert recorded(world) == {"User/ada.l@x.org": ada, "User/ada@x.org": world.find("new@x.org")["id"]}
    world.converge()


def test_whose_name_is_taken_by_somebody_applied_alone_keeps_their_account(world: World) -> None:
    world.write("apps/wiki/mappings.yaml", BY_MAIL)
    world.users(
        "userPrincipalName: ada@x.org, mail: ada@x.org, id: a", "userPrincipalName: grace@x.org, mail: grace@x.org, id: g"
    )
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.converge()
    world.users(
        "userPrincipalName: grace@x.org, mail: ada@x.org, id: a, jobTitle: Chief",
        "userPrincipalName: g.h@x.org, mail: grace@x.org, id: g, jobTitle: Chief",
    )
    world.groups("displayName: Net, members: [grace@x.org, g.h@x.org]")
    world.apply(only=("User/grace@x.org",))
    ids = {name: world.find(f"{name}@x.org")["id"] for name in ("ada", "grace")}
    assert recorded(world) == {"User/grace@x.org": ids["ada"], "User/g.h@x.org": ids["grace"]}
    assert [change.address for change in world.plan().changes] == ["User/g.h@x.org"]
    world.converge()


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_kill_while_the_old_login_passes_to_a_newcomer_loses_no_account(world: World, at: int, answered: bool) -> None:
    world.users("userPrincipalName: ada@x.org, id: a")
    world.groups("displayName: Net, members: [ada@x.org]")
    world.converge()
    ada = world.find("ada@x.org")["id"]
    world.users("userPrincipalName: ada.l@x.org, id: a", "userPrincipalName: ada@x.org, id: n")
    world.groups("displayName: Net, members: [ada.l@x.org, ada@x.org]")
    inner = world.transport.inner
    world.transport.inner = Killing(inner, at, answered)
    with suppress(Killed):
        world.apply()
    world.transport.inner = inner
    world.converge()
    assert recorded(world) == {"User/ada.l@x.org": ada, "User/ada@x.org": world.find("ada@x.org")["id"]}
    assert world.find("ada.l@x.org")["id"] == ada
