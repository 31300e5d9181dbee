"""Links among the declarations: those that stay inside are followed, those that lead out or upward are errors at their place."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from reconciler.adopt.model import ImportRefused
from reconciler.adopt.write import staged
from reconciler.cli.main import run
from reconciler.declare.load import load
from tests.support.world import World


@pytest.fixture(autouse=True)
def here(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(root: str = "desired") -> list[tuple[str, str]]:
    return [(problem.place.file, problem.code) for problem in load(Path(root)).problems]


def link(path: str, to: object) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).symlink_to(str(to))


def moved(path: str, to: str) -> None:
    """What lies at `path` now lies at `to`."""
    Path(to).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, to)


def test_links_that_stay_inside_are_followed() -> None:
    shutil.copytree("desired/apps/wiki", "desired/apps/zoo")
    file = Path("desired/apps/zoo/app.yaml")
    file.write_text(file.read_text().replace("app: wiki", "app: zoo"))
    for name in ("mappings.yaml", "assignments.yaml"):
        Path("desired/apps/zoo", name).unlink()
        link(f"desired/apps/zoo/{name}", f"../wiki/{name}")
    moved("desired/directory/users", "desired/directory/.people")
    link("desired/directory/users", ".people")
    loaded = load(Path("desired"))
    assert loaded.problems == [] and sorted(loaded.declarations.apps) == ["wiki", "zoo"] and len(loaded.declarations.users) == 2
    with staged(Path("desired")) as stage:
        assert (stage / "apps/zoo/mappings.yaml").is_file()


def test_links_above_the_current_folder_are_the_machines_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link("home", tmp_path)
    assert found(str(tmp_path / "home/desired")) == [("home", "link")], "below where we are it may be a pull request's"
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert found(str(tmp_path / "home/desired")) == [] == found("../desired")
    monkeypatch.chdir(tmp_path / "desired")
    assert found(".") == []


@pytest.mark.parametrize("path", ["desired", "teams/iam/desired", "teams"])
def test_declarations_are_read_through_no_link(path: str) -> None:
    moved("desired", "real")
    if path == "teams":
        Path("real/iam").mkdir()
        moved("real", "other/iam/desired")
        link("teams", "other")
    else:
        link(path, Path("real").resolve())
    assert found(path if path != "teams" else "teams/iam/desired") == [(path, "link")]


@pytest.mark.parametrize(
    "path", ["directory", "directory/users/more", "directory/users/b.yaml", "apps/wiki/roles.yaml", "policies"]
)
@pytest.mark.parametrize("target", ["there", "not there"])
def test_a_link_that_leads_out_is_an_error_at_its_place(path: str, target: str) -> None:
    outside = Path("outside", path)
    if (entry := Path("desired", path)).exists():
        moved(str(entry), str(outside))
    elif target == "there":
        outside.parent.mkdir(parents=True)
        outside.write_text("users: []\n") if path.endswith(".yaml") else outside.mkdir()
    if target == "not there":
        shutil.rmtree("outside", ignore_errors=True)
    link(f"desired/{path}", outside.resolve())
    assert (f"desired/{path}", "link-out") in found()
    with pytest.raises(ImportRefused, match=f"desired/{path}: .*leads out"), staged(Path("desired")):
        pass


def test_a_link_to_a_sibling_whose_name_begins_alike_leads_out() -> None:
    Path("desired-old").mkdir()
    link("desired/directory/users/more", Path("desired-old").resolve())
    assert ("desired/directory/users/more", "link-out") in found()


@pytest.mark.parametrize(
    "links",
    [
        {"directory/users/more": "."},
        {"directory/users/more": "../.."},
        {"directory/users/more": "../../directory"},
        {"directory/users/a/more": "../b", "directory/users/b/more": "../a"},
    ],
)
def test_a_link_to_a_folder_above_itself_is_an_error(links: dict[str, str]) -> None:
    for path, to in links.items():
        link(f"desired/{path}", to)
    codes = {code for _, code in found()}
    assert codes == {"link-loop"}
    with pytest.raises(ImportRefused, match="that contains it"), staged(Path("desired")):
        pass


@pytest.mark.parametrize(("levels", "names"), [(30, "ab"), (4, "abcdefgh")])
def test_links_that_make_any_number_of_paths_end_soon(levels: int, names: str) -> None:
    for number in range(levels):
        for name in names:
            link(f"desired/directory/users/{number}/{name}", f"../{number + 1}")
    Path(f"desired/directory/users/{levels}").mkdir()
    began = time.monotonic()
    assert {code for _, code in found()} == {"too-many-links"} and time.monotonic() - began < 5
    with pytest.raises(ImportRefused, match="link"), staged(Path("desired")):
        pass


@pytest.mark.parametrize(
    "command",
    [
        ["validate"],
        ["plan"],
        ["apply", "--auto-approve"],
        ["apps"],
        ["lock"],
        ["unlock", "x"],
        ["explain", "ada@x.org"],
        ["eval", "[mail]", "--user", "ada@x.org"],
        ["test-connection"],
        ["revoke", "ada@x.org", "--auto-approve"],
        ["init"],
        ["record", "show", "User/a"],
        ["record", "prune", "--older-than", "1d"],
        ["github", "plans", "--out", "plans"],
        ["import", "--app", "wiki", "--out", "desired"],
        ["import", "--only", "User/ada@x.org"],
    ],
)
def test_every_command_that_reads_declarations_refuses_a_link(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    moved("desired", "real")
    link("desired", "real")
    assert run(command) == 1
    said = capsys.readouterr()
    assert "desired is a link, and declarations are not read through links" in said.out + said.err or command == ["init"]
    assert sorted(path.name for path in Path("real").iterdir()) == ["apps", "directory"]


def test_a_link_to_nothing_says_so_and_not_that_it_may_not_be_read() -> None:
    link("desired/directory/users/gone.yaml", "elsewhere.yaml")
    (problem,) = load(Path("desired")).problems
    assert problem.code == "unreadable" and problem.place.file == "desired/directory/users/gone.yaml"
    assert problem.remedy == "it is a link to a file that is not there: restore that, or remove the link"
