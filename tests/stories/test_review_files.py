"""The files of a review that cannot be written, whose reviewer has left, or that are gone; on a real server."""

from __future__ import annotations

from pathlib import Path

from tests.stories.test_review import PEOPLE, START, decide, desk_of
from tests.support.servers import Desk, scim_server

CLOSE = ("review", "close", "2026-Q4", "--evidence", "q4.zip")


def started(folder: Path, url: str) -> tuple[Desk, Path]:
    desk = desk_of(folder, url)
    assert desk.reconcile(*START, "--otherwise", "boss@x.org").code == 0
    return desk, folder / "desired/reviews/2026-Q4"


def test_a_review_is_closed_in_files_before_the_log_is_told(tmp_path: Path) -> None:
    with scim_server() as url:
        desk, folder = started(tmp_path, f"{url}/{tmp_path.name}/v2")
        for file in folder.iterdir():
            decide(file)
        folder.chmod(0o555)
        refused = desk.reconcile(*CLOSE, mortal=True)
        assert refused.code == 1 and "2026-Q4/closed.yaml cannot be written: Permission denied [NotWritten]" in refused.err
        assert "stays open: close it again. q4.zip is not its evidence" in refused.err, refused
        folder.chmod(0o755)
        assert desk.reconcile("logs", "--action", "reviewClosed", "--format", "json").out == ""
        record = tmp_path / ".reconcile/wiki"
        shut = [item for item in (record, *record.rglob("*")) if item.is_dir()]
        for item in shut:
            item.chmod(0o555)
        log = [file for file in record.rglob("*.jsonl")]
        for file in log:
            file.chmod(0o444)
        untold = desk.reconcile(*CLOSE, mortal=True)
        assert untold.code == 1 and "[RecordError]" in untold.err and not (folder / "closed.yaml").exists(), untold
        for item in [*shut, *log]:
            item.chmod(0o755)
        assert desk.reconcile(*CLOSE).code == 0 and desk.reconcile("review", "status").code == 0


def test_a_start_that_no_log_knows_leaves_no_files_and_the_other_way_round(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = desk_of(tmp_path, f"{url}/{tmp_path.name}/v2")
        (tmp_path / "desired").chmod(0o555)
        refused = desk.reconcile(*START, "--otherwise", "boss@x.org", mortal=True)
        (tmp_path / "desired").chmod(0o755)
        assert refused.code == 1 and "cannot be written: Permission denied [NotWritten]" in refused.err, refused
        assert desk.reconcile("logs", "--action", "reviewStarted", "--format", "json").out == ""
        assert desk.reconcile(*START, "--otherwise", "boss@x.org").code == 0


def test_a_review_whose_files_are_gone_is_not_over(tmp_path: Path) -> None:
    with scim_server() as url:
        desk, folder = started(tmp_path, f"{url}/{tmp_path.name}/v2")
        whole = {file: file.read_text() for file in folder.iterdir()}
        for file in whole:
            file.unlink()
        for emptied in (True, False):
            if not emptied:
                folder.rmdir()
            for command in (("review", "status"), ("review", "status", "2026-Q4"), ("review", "status", "--app", "wiki")):
                told = desk.reconcile(*command)
                assert told.code == 1 and "Error: the review 2026-Q4 was started at 20" in told.err, (command, told)
                assert "was not closed, and has no files here [ReviewOpen]" in told.err and "restore reviews/2026-Q4" in told.err
        assert desk.reconcile("review", "status", "2026-Q5").code == 64
        folder.mkdir()
        for file, text in whole.items():
            file.write_text(text)
            decide(file)
        assert desk.reconcile("review", "status").code == 0 and desk.reconcile(*CLOSE).code == 0
        (folder.parent / "2026-Q4").rename(tmp_path / "archive")
        archived = desk.reconcile("review", "status")
        assert (archived.code, archived.err) == (0, ""), "it is over"


def test_somebody_decides_in_the_place_of_a_reviewer_who_has_left(tmp_path: Path) -> None:
    with scim_server() as url:
        desk, folder = started(tmp_path, f"{url}/{tmp_path.name}/v2")
        desk.people(PEOPLE[0], "grace@x.org, displayName: Grace, manager: grace@x.org, accountEnabled: false", PEOPLE[2])
        warned = desk.reconcile("validate")
        assert warned.code == 0 and "grace@x.org is disabled in the directory, and decisions are missing" in warned.out, warned
        assert "whoever may change this file decides here in their place, and says so in `reason`" in warned.out
        assert "; the reviewer is disabled in the directory" in desk.reconcile("review", "status").out
        for file in folder.iterdir():
            decide(file, removed=("eve@x.org: Admin",))
            file.write_text(file.read_text().replace("reason: work", "reason: decided by linus@x.org, since Grace has left"))
            file.write_text(file.read_text().replace("remove\n    reason:\n", "remove\n    reason: by linus@x.org\n"))
        checked = desk.reconcile("validate")
        assert checked.code == 0 and "review-reviewer-left" not in checked.out, checked
        assert desk.reconcile("review", "apply", "2026-Q4").code == 0
        assert desk.reconcile("apply", "--auto-approve").code == 0
        closed = desk.reconcile(*CLOSE)
        assert closed.code == 0, closed
        assert desk.reconcile("access", "--verify", "q4.zip").code == 0 and desk.reconcile("review", "status").err == ""


def test_a_review_of_a_reviewer_who_has_left_is_started_again_under_its_name(tmp_path: Path) -> None:
    with scim_server() as url:
        desk, folder = started(tmp_path, f"{url}/{tmp_path.name}/v2")
        desk.people(PEOPLE[0], "grace@x.org, displayName: Grace, manager: grace@x.org, accountEnabled: false", PEOPLE[2])
        assert desk.reconcile(*START, "--otherwise", "boss@x.org").code == 1, "never over what is there"
        for file in folder.iterdir():
            file.unlink()
        assert desk.reconcile(*START, "--otherwise", "boss@x.org").code == 0, "an empty folder is no review"
        assert [file.name for file in folder.iterdir()] == ["boss@x.org.yaml"]
        decide(folder / "boss@x.org.yaml")
        assert desk.reconcile(*CLOSE).code == 0 and desk.reconcile("review", "status").code == 0
