"""The checkout that `run --pull` applies: the remote's main branch and nothing else."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from reconciler.record.store import RecordError
from reconciler.service import pull
from reconciler.service.ends import Unanswered
from reconciler.service.events import Event
from reconciler.service.follow import Follow
from reconciler.service.loop import Loop
from reconciler.service.pull import HistoryRewritten, Main, NotMerged, Pulled, RemoteUnreachable
from reconciler.service.turns import Settings, Turn
from tests.support.gitworld import git

FILE = "desired/people.yaml"


def commit(folder: Path, text: str) -> None:
    (folder / FILE).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", text)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
    git(tmp_path, "clone", "--quiet", "remote.git", "here")
    folder = tmp_path / "here"
    (folder / "desired").mkdir()
    git(folder, "checkout", "--quiet", "-B", "main")
    commit(folder, "one")
    git(folder, "push", "--quiet", "origin", "main")
    monkeypatch.chdir(folder)
    return folder


def pulled(main: Main) -> Pulled | None:
    return main.take(main.look())


def edited(folder: Path) -> None:
    (folder / FILE).write_text("another")


def added(folder: Path) -> None:
    (folder / "desired/more.yaml").write_text("another")


def ignored(folder: Path) -> None:
    (folder / ".git/info/exclude").write_text("hidden.yaml\n")
    (folder / "desired/hidden.yaml").write_text("another")


def hidden(folder: Path) -> None:
    git(folder, "update-index", "--assume-unchanged", FILE)
    edited(folder)


def ahead(folder: Path) -> None:
    commit(folder, "two")


def elsewhere(folder: Path) -> None:
    git(folder, "switch", "--quiet", "-c", "mine")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edited, f"changes that are not committed: {FILE}"),
        (added, "not committed: desired/more.yaml"),
        (ignored, "not committed: desired/hidden.yaml"),
        (hidden, f"not committed: {FILE}"),
        (ahead, "commits that main at the remote has not"),
        (elsewhere, "on the branch mine, not on main"),
    ],
)
def test_what_nobody_has_merged_is_refused_also_where_the_remote_has_nothing_new(
    here: Path, change: Callable[[Path], None], words: str
) -> None:
    main = Main(Path("desired"))
    assert pulled(main) is None
    change(here)
    with pytest.raises(NotMerged, match=words):
        pulled(main)


def test_a_file_beside_the_declarations_is_nobodys_business(here: Path) -> None:
    (here / "notes.txt").write_text("mine")
    assert pulled(Main(Path("desired"))) is None


def rewritten(folder: Path) -> None:
    """By somebody else, who pushes by force."""
    git(folder.parent, "clone", "--quiet", "remote.git", "there")
    git(folder.parent / "there", "commit", "--quiet", "--amend", "-m", "another one")
    git(folder.parent / "there", "push", "--quiet", "--force", "origin", "main")


def set_back(folder: Path) -> None:
    """The same, to a commit before the one that was pulled last."""
    git(folder.parent / "remote.git", "update-ref", "refs/heads/main", "main~1")


@pytest.mark.parametrize("change", [rewritten, set_back])
def test_a_history_that_was_rewritten_is_told_from_commits_that_nobody_pushed(here: Path, change: Callable[[Path], None]) -> None:
    commit(here, "two")
    git(here, "push", "--quiet", "origin", "main")
    main = Main(Path("desired"))
    assert pulled(main) is None
    change(here)
    with pytest.raises(HistoryRewritten, match="does not go on from"):
        pulled(main)


def test_a_remote_that_does_not_answer_is_no_fault_of_the_checkout(here: Path) -> None:
    main = Main(Path("desired"))
    (here.parent / "remote.git").rename(here.parent / "gone.git")
    with pytest.raises(RemoteUnreachable):
        pulled(main)
    edited(here)
    with pytest.raises(NotMerged):
        pulled(main)
    (here / FILE).write_text("one")
    (here.parent / "gone.git").rename(here.parent / "remote.git")
    assert pulled(main) is None


def test_without_an_origin_there_is_nothing_to_follow_and_the_advice_is_to_add_it(here: Path) -> None:
    git(here, "remote", "rename", "origin", "upstream")
    with pytest.raises(RecordError, match="no remote 'origin' to pull from") as error:
        Main(Path("desired"))
    assert error.value.remedy == "git remote add origin <address>"


def test_outside_of_a_clone_the_advice_is_to_be_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecordError, match="not a Git repository") as error:
        Main(Path("desired"))
    assert error.value.remedy == "run this in a checkout of the repository"


def looked(loop: Loop) -> None:
    """Once, by a process of its own."""
    loop._pull()
    while loop.seen is None:
        loop._wait(60)
    loop._pull()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a host that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/remote.git"


def test_a_remote_that_hangs_is_given_up_and_the_message_names_what_was_asked(
    here: Path, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(here, "remote", "set-url", "origin", silent)
    monkeypatch.setattr(pull, "SECONDS", 0.3)
    seen = Main(Path("desired")).look()
    assert isinstance(seen, Unanswered) and seen.message.startswith("`git ls-remote` has not answered for ")


def test_while_a_remote_hangs_the_loop_goes_on_and_an_end_ends_the_look(here: Path, silent: str) -> None:
    git(here, "remote", "set-url", "origin", silent)
    loop = Loop(Settings(Path("desired"), grace=60), lambda event: None, follow=Follow(Main(Path("desired")), 60))
    loop._pull()
    child = loop.looks
    assert child is not None and loop.follow.is_new and not loop._may_begin(), "the first cycle waits for the first look"
    loop.follow.take(Unanswered("nobody answers", "wait"), "2026-01-01T00:00:00Z")
    assert loop._may_begin(), "later ones wait for none"
    loop._stop()
    assert child.is_over and loop.looks is None


def test_the_next_look_comes_so_long_after_the_end_of_the_last_also_where_the_clock_was_ahead(here: Path) -> None:
    follow = Follow(Main(Path("desired")), 60)
    follow.take(Unanswered("nobody answers", "wait"), "2026-06-01T00:00:00Z")
    assert follow.trouble is not None and follow.trouble.since == "2026-06-01T00:00:00Z"
    assert follow.wait("2026-06-01T00:00:20Z") == 40 and follow.wait("2026-06-01T00:02:00Z") == 0
    assert follow.wait("2025-06-01T00:00:00Z") == 60


def test_a_head_that_names_a_branch_which_does_not_exist_is_told_from_an_empty_remote(here: Path) -> None:
    git(here.parent / "remote.git", "symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(RemoteUnreachable, match="HEAD names a branch that does not exist; it has main") as error:
        pulled(Main(Path("desired")))
    assert "git symbolic-ref HEAD refs/heads/main" in error.value.remedy
    git(here.parent / "remote.git", "update-ref", "-d", "refs/heads/main")
    with pytest.raises(RemoteUnreachable, match="no branch yet"):
        pulled(Main(Path("desired")))


def test_no_cycle_begins_until_the_checkout_is_as_merged(here: Path) -> None:
    said: list[Event] = []
    loop = Loop(Settings(Path("desired"), once=True), said.append, follow=Follow(Main(Path("desired")), 0))
    loop.turns = cast(Any, {"wiki": Turn("2000-01-01T00:00:00Z", 60)})
    edited(here)
    looked(loop)
    loop._begin()
    assert loop._is_done() and "no cycle begins" in said[0].message and "[NotMerged]" in said[0].message
    (here / FILE).write_text("one")
    looked(loop)
    assert not loop.follow.holds and [event.kind for event in said] == ["notPulled", "held", "pulledAgain"]
