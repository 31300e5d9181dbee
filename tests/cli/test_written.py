"""Files that a command writes: the owner's alone, through no link, over nothing that Git tracks."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from reconciler.cli import output_files
from tests.support.gitworld import git


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that tracks a plan, a report, and a link to a folder outside."""
    folder, outside = tmp_path / "checkout", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    git(folder, "init", "--quiet")
    (folder / "tracked.json").write_text("theirs")
    (folder / "away").symlink_to(outside)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "x")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("link.json", "it is a link"),
        ("folder", "it is a folder"),
        ("tracked.json", "Git tracks tracked.json"),
        ("away/plan.json", "Git tracks away"),
        ("absent/plan.json", "no such folder"),
    ],
)
@pytest.mark.parametrize("how", ["clear", "write", "append"])
def test_what_a_pull_request_could_bring_is_not_written_to(checkout: Path, how: str, name: str, why: str) -> None:
    (checkout / "target").write_text("mine")
    (checkout / "link.json").symlink_to("target")
    (checkout / "folder").mkdir()
    with pytest.raises(click.ClickException, match=why):
        output_files.clear(Path(name)) if how == "clear" else getattr(output_files, how)(Path(name), "plan")
    assert ((checkout / "target").read_text(), (checkout / "tracked.json").read_text()) == ("mine", "theirs")
    assert os.listdir(checkout.parent / "outside") == []


@pytest.mark.parametrize("name", ["plan.json", "../outside/plan.json", "own/plan.json"])
def test_a_file_of_ones_own_is_written_for_its_owner_alone(checkout: Path, name: str) -> None:
    (checkout / "own").symlink_to(checkout.parent / "outside")  # the person's own, which Git does not track
    file, before = Path(name), os.umask(0)
    try:
        output_files.write(file, "one", output_files.clear(file))
        assert file.stat().st_mode & 0o777 == 0o600
        output_files.append(file, " two")
        report = file.with_name("report.md")
        output_files.append(report, "x")
        assert (file.read_text(), report.stat().st_mode & 0o777) == ("one two", 0o600)
    finally:
        os.umask(before)


def test_a_mode_that_a_person_gave_is_kept(checkout: Path) -> None:
    file = checkout / "plan.json"
    file.touch()
    file.chmod(0o640)
    output_files.write(file, "new", output_files.clear(file))
    assert (file.stat().st_mode & 0o777, file.read_text()) == (0o640, "new")
    output_files.append(file, " more")
    assert file.stat().st_mode & 0o777 == 0o640


def test_an_older_plan_is_gone_before_the_new_one_is_made(checkout: Path) -> None:
    (checkout / "plan.json").write_text("old")
    output_files.clear(Path("plan.json"))
    assert not (checkout / "plan.json").exists()


def test_a_device_is_written_to_as_it_is(checkout: Path) -> None:
    output_files.write(Path("/dev/null"), "x", output_files.clear(Path("/dev/null")))
    assert not Path("/dev/null").is_file()
