"""The cache of parsed files: the same declarations with and without it, and never the cause of a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.declare.build import build_app
from reconciler.declare.cache import Cache, user_cache
from reconciler.declare.load import load
from reconciler.declare.table import Rows
from tests.support.world import World

ROWS = Rows({"role": ["User"]}, [2], [0])
CONTENT = b"#" * 32


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("RECONCILE_CACHE_DIR", str(tmp_path / "cache"))
    world = World(tmp_path)
    world.users(*(f'userPrincipalName: u{i}@x.org, displayName: "Ünï {i}", otherMails: [a@x.org]' for i in range(400)))
    world.assign(*(f"user: u{i}@x.org, role: User" for i in range(400)))
    return world


def people(world: World) -> list[object]:
    found = load(world.folder / "desired")
    assert found.errors == []
    return [list(found.declarations.users.values()), list(found.declarations.apps["wiki"].assignments)]


def test_a_second_load_is_the_same_and_comes_from_the_cache(many: World) -> None:
    first = people(many)
    kept = sorted(file.name for file in (many.folder / "cache").iterdir())
    assert len(kept) == 2 and people(many) == first
    assert sorted(file.name for file in (many.folder / "cache").iterdir()) == kept


def test_what_refers_to_other_files_is_checked_again(many: World) -> None:
    people(many)
    many.users(*(f"userPrincipalName: u{i}@x.org" for i in range(1, 400)))
    assert [p.code for p in load(many.folder / "desired").errors] == ["unknown-user"]


def test_what_is_wrong_with_a_known_file_is_told_with_its_place(many: World) -> None:
    people(many)
    many.users(*(f"userPrincipalName: u{i}@x.org" for i in range(1, 400)))
    (wrong,) = load(many.folder / "desired").errors
    assert (wrong.place.line, wrong.place.column > 1, "u0@x.org" in wrong.message) == (2, True, True)


def test_a_known_file_that_changes_while_it_is_read_has_no_places(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    people(many)
    many.users(*(f"userPrincipalName: u{i}@x.org" for i in range(1, 400)))
    file = many.folder / "desired/apps/wiki/assignments.yaml"

    monkeypatch.setattr("reconciler.declare.load.build_app", _after(file.unlink))
    (wrong,) = load(many.folder / "desired").errors
    assert (wrong.place.line, wrong.code, "u0@x.org" in wrong.message) == (1, "unknown-user", True)


def _after(act: Callable[[], None]) -> Callable[..., object]:
    def build(*arguments: Any) -> object:
        act()
        return build_app(*arguments)

    return build


def test_a_file_with_an_error_is_not_kept(many: World) -> None:
    many.users(*(f"userPrincipalName: u{i}@x.org, displayNam: x" for i in range(400)))
    assert len(load(many.folder / "desired").errors) == 400
    assert len(load(many.folder / "desired").errors) == 400


@pytest.mark.parametrize(
    "torn",
    [
        b"",
        b"[",
        b"[1, 2, 3]",
        b'[{"role": []}, [2], [0]]',
        b"{}",
        b'[{"role": [["User"], [1]]}, [2], [0]]',
        b'[{"role": [{}, [0]]}, [2], [0]]',
        b'[{"role": [["a", "b"], null]}, [2], [0]]',
    ],
)
def test_a_torn_entry_is_as_good_as_none(tmp_path: Path, torn: bytes) -> None:
    cache = Cache(tmp_path, "salt")
    cache.put("assignments", CONTENT, ROWS)
    assert cache.get("assignments", CONTENT) == ROWS
    next(tmp_path.iterdir()).write_bytes(torn)
    assert cache.get("assignments", CONTENT) is None


def test_another_schema_or_kind_or_content_is_another_entry(tmp_path: Path) -> None:
    Cache(tmp_path, "salt").put("assignments", CONTENT, ROWS)
    assert Cache(tmp_path, "pepper").get("assignments", CONTENT) is None
    assert Cache(tmp_path, "salt").get("users", CONTENT) is None
    assert Cache(tmp_path, "salt").get("assignments", CONTENT + b"#") is None


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "below", "salt")
    cache.put("assignments", CONTENT, ROWS)
    assert cache.get("assignments", CONTENT) is None


def test_what_is_kept_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "new", "salt")
    cache.put("assignments", CONTENT, ROWS)
    assert [(f.stat().st_mode & 0o077) for f in ((tmp_path / "new"), *(tmp_path / "new").iterdir())] == [0, 0]


@pytest.mark.parametrize(("mode", "used"), [(0o700, True), (0o755, True), (0o775, False), (0o1777, False)])
def test_a_folder_that_others_can_write_to_is_not_read_from(many: World, mode: int, used: bool) -> None:
    folder = many.folder / "cache"
    folder.mkdir()
    folder.chmod(mode)
    first = people(many)
    assert any(folder.iterdir()) == used and people(many) == first


def test_what_a_change_could_bring_is_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkout/.git").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "checkout/.cache")
    monkeypatch.chdir(tmp_path)
    for name in (".cache", " ", "", str(tmp_path / "checkout/.cache"), str(tmp_path / "link"), str(tmp_path / "checkout")):
        monkeypatch.setenv("RECONCILE_CACHE_DIR", name)
        assert user_cache() is None, name
    for name in (tmp_path / "cache", tmp_path / "not/there/yet"):
        monkeypatch.setenv("RECONCILE_CACHE_DIR", str(name))
        assert user_cache() == name
