"""An access review from its start to its evidence, on a real server."""

from __future__ import annotations

import csv
import json
import zipfile
from hashlib import sha256
from pathlib import Path

from reconciler.declare.yaml.document import parse
from reconciler.declare.yaml.scalars import scalar
from reconciler.plan.access_review.rows import digest_of
from tests.support.servers import Desk, scim_server

PEOPLE = (
    "ada@x.org, displayName: Ada, manager: grace@x.org",
    "grace@x.org, displayName: Grace, manager: grace@x.org",
    "eve@x.org, displayName: 'Eve: #1 *x*', manager: grace@x.org",
)
ASSIGNMENTS = """assignments:
  - {group: Net, role: User}
  - {user: eve@x.org, role: User}
  # Eve looks after the wiki until the move.
  - {user: eve@x.org, role: Admin, reason: NET-7}
"""
START = ("review", "start", "--app", "wiki", "--name", "2026-Q4", "--by", "manager", "--due", "2099-12-15")
CLOSE = ("review", "close", "2026-Q4", "--evidence", "q4.zip")


def desk_of(folder: Path, url: str) -> Desk:
    desk = Desk(folder, url)
    desk.people(*PEOPLE)
    desk.write("apps/wiki/assignments.yaml", ASSIGNMENTS)
    assert desk.reconcile("apply", "--auto-approve").code == 0
    return desk


def started(desk: Desk) -> Path:
    """The folder of a review that begins."""
    assert desk.reconcile(*START, "--otherwise", "boss@x.org").code == 0
    return desk.folder / "desired/reviews/2026-Q4"


def all_kept(desk: Desk) -> Path:
    """The folder of a review that begins, and in which all is kept."""
    folder = started(desk)
    for file in folder.iterdir():
        decide(file)
    return folder


def decide(file: Path, removed: tuple[str, ...] = ()) -> None:
    """What a reviewer fills in: `who: what` is removed, all else is kept."""
    head, *rows = file.read_text().split("  - app:")
    for number, row in enumerate(rows):
        gone = any(
            f"user: {who}\n" in row and f": {what}\n" in row for who, _, what in (text.partition(": ") for text in removed)
        )
        rows[number] = row.replace("decision:\n    reason:\n", f"decision: {'remove' if gone else 'keep'}\n    reason: work\n")
    file.write_text("  - app:".join([head, *rows]))


def test_nobody_who_is_disabled_is_asked_to_decide(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1:9/v2")
    desk.people("ada@x.org", "grace@x.org", "left@x.org, accountEnabled: false")
    refused = desk.reconcile(*START, "--otherwise", "LEFT@x.org")
    assert refused.code == 64 and "--otherwise 'LEFT@x.org' is disabled in the directory" in refused.err, refused


def test_a_review_is_started_decided_followed_and_closed(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = desk_of(tmp_path, f"{url}/t/v2")
        refused = desk.reconcile(*START)
        assert (
            refused.code == 1
            and "nobody decides about grace@x.org: nobody reviews their own access" in refused.err
            and "--otherwise" in refused.err
        )
        assert not (tmp_path / "desired/reviews").exists()
        slip = desk.reconcile(*START, "--role", "Admn")
        assert slip.code == 64 and "no role 'Admn' [UnknownName]\n    did you mean 'Admin'?" in slip.err
        started = desk.reconcile(*START, "--otherwise", "boss@x.org")
        assert started.code == 0, started
        assert started.out.splitlines() == [
            "/desired/reviews/2026-Q4/boss@x.org.yaml boss@x.org",
            "/desired/reviews/2026-Q4/grace@x.org.yaml grace@x.org",
        ]
        folder = tmp_path / "desired/reviews/2026-Q4"
        text = (folder / "grace@x.org.yaml").read_text()
        assert text.count("decision:\n") == 4 and 'why: "desired/apps/wiki/assignments.yaml:5"' in text and "since: " in text
        again = desk.reconcile(*START, "--otherwise", "boss@x.org")
        assert again.code == 1 and "there is a review 2026-Q4" in again.err
        assert desk.reconcile("validate").code == 0
        status = desk.reconcile("review", "status", "2026-Q4", "--detailed-exitcode")
        assert status.code == 2 and "2026-Q4, due 2099-12-15: 0 of 6 rows decided" in status.out
        assert (
            "grace@x.org: 0 to keep, 0 to remove, 4 missing, the first at desired/reviews/2026-Q4/grace@x.org.yaml:12"
            in status.out
        )
        decide(folder / "boss@x.org.yaml")
        decide(folder / "grace@x.org.yaml", removed=("eve@x.org: Admin", "ada@x.org: User"))
        parts = json.loads(desk.reconcile("review", "status", "--format", "json").out)["reviews"][0]["reviewers"]
        assert [(part["keep"], part["remove"], part["missing"]) for part in parts] == [(2, 0, []), (2, 2, [])]
        warned = desk.reconcile("validate")
        assert warned.code == 0 and "assignments.yaml:5:1: warning: eve@x.org was to lose Admin in wiki" in warned.out
        applied = desk.reconcile("review", "apply", "2026-Q4")
        assert applied.code == 5 and "ada@x.org still has User in wiki through group Net" in applied.err
        assert (tmp_path / "desired/apps/wiki/assignments.yaml").read_text() == ASSIGNMENTS.rpartition("  - {")[0]
        early = desk.reconcile(*CLOSE)
        assert early.code == 1 and "ada@x.org was to lose User in wiki" in early.err and not (tmp_path / "q4.zip").exists()
        desk.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")
        desk.write(
            "apps/wiki/assignments.yaml", ASSIGNMENTS.rpartition("  - {")[0] + "  - {user: ada@x.org, role: Default Access}\n"
        )
        before = desk.find("eve@x.org")
        unapplied = desk.reconcile(*CLOSE)
        assert unapplied.code == 1 and "eve@x.org still has Admin in wiki on the service [ReviewOpen]" in unapplied.err
        assert "The review 2026-Q4 stays open: apply, and close it again." in unapplied.err
        assert desk.find("eve@x.org") == before
        assert desk.reconcile("apply", "--auto-approve").code == 0
        closed = desk.reconcile(*CLOSE)
        assert closed.code == 0, closed
        assert evidence_of(tmp_path / "q4.zip") == [("ada@x.org", "User", "gone"), ("eve@x.org", "Admin", "gone")]
        assert sha256((tmp_path / "q4.zip").read_bytes()).hexdigest() in (folder / "closed.yaml").read_text()
        elsewhere = Desk(tmp_path / "elsewhere", url)
        checked = elsewhere.reconcile("access", "--verify", str(tmp_path / "q4.zip"))
        assert checked.code == 0 and "wiki: 6 rows of 3 people, 4 kept and 2 removed by a review" in checked.out, checked
        assert desk.reconcile("record", "verify", "--since", head_in(tmp_path / "q4.zip"), "--app", "wiki").code == 0
        assert desk.reconcile("validate").err == "" and "2026-Q4: closed" in desk.reconcile("review", "status").out
        assert desk.reconcile(*CLOSE).code == 1


def test_what_is_there_under_another_name_is_not_gone(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = desk_of(tmp_path, f"{url}/{tmp_path.name}/v2")
        folder = started(desk)
        decide(folder / "boss@x.org.yaml")
        decide(folder / "grace@x.org.yaml", removed=("eve@x.org: Admin", "ada@x.org: Net"))
        desk.write(
            "directory/groups/a.yaml", "groups: [{displayName: Crew, previously: [Net], members: [ada@x.org, grace@x.org]}]\n"
        )
        roles = tmp_path / "desired/apps/wiki/roles.yaml"
        roles.write_text(roles.read_text().replace("displayName: Admin", "displayName: Chief"))
        desk.write("apps/wiki/assignments.yaml", ASSIGNMENTS.replace("Net,", "Crew,").replace("role: Admin", "role: Chief"))
        assert desk.reconcile("apply", "--auto-approve").code == 0
        # As if by hand: no declaration gives it any more, and nothing was applied since.
        desk.write("directory/groups/a.yaml", "groups: [{displayName: Crew, previously: [Net], members: [grace@x.org]}]\n")
        desk.write("apps/wiki/assignments.yaml", ASSIGNMENTS.replace("Net,", "Crew,").rpartition("  - {")[0])
        refused = desk.reconcile(*CLOSE)
        assert refused.code == 1 and not (tmp_path / "q4.zip").exists()
        assert "eve@x.org still has Admin, which is Chief now, in wiki on the service" in refused.err, refused
        assert "ada@x.org still has group Net, which is Crew now, in wiki on the service" in refused.err


def test_files_that_are_not_those_of_the_start_and_an_end_by_hand_are_told(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = desk_of(tmp_path, f"{url}/{tmp_path.name}/v2")
        folder = all_kept(desk)
        assert desk.reconcile("review", "status").code == 0
        whole = {file.name: file.read_text() for file in folder.iterdir()}
        for changed in (without_last_row(whole), without_a_file(whole), by_another(whole)):
            for file in folder.iterdir():
                file.unlink()
            for name, text in changed.items():
                (folder / name).write_text(text)
            assert desk.reconcile("validate").code == 0  # the digests in the files are right
            for command in (CLOSE, ("review", "status")):
                refused = desk.reconcile(*command)
                assert refused.code == 1 and "are not those with which the review 2026-Q4 was started" in refused.err, refused
        for name, text in whole.items():
            (folder / name).write_text(text)
        (folder / "closed.yaml").write_text(f'closed: "2026-12-01"\nevidence: "sha256:{"0" * 64}"\n')
        by_hand = desk.reconcile("review", "status")
        assert by_hand.code == 1 and "2026-Q4 is closed by a file that the log does not know" in by_hand.err
        assert "closed.yaml:2: " in by_hand.err and "2026-Q4: closed: unconfirmed\n" in by_hand.out
        (review,) = json.loads(desk.reconcile("review", "status", "--format", "json").out)["reviews"]
        assert (review["closed"], review["confirmed"]) == (True, False)
        warned = desk.reconcile("validate")
        assert warned.code == 0 and "0 errors, 1 warning" in warned.out, warned
        assert "2026-Q4/closed.yaml:2:11: " in warned.out and "is closed by a file that the log does not know" in warned.out
        (folder / "grace@x.org.yaml").write_text(whole["grace@x.org.yaml"].replace("    decision: keep", "    decision:", 1))
        open_ = desk.reconcile("validate")
        assert open_.code == 1 and "is said to be closed, and not everything in it is decided" in open_.out, open_
        (folder / "grace@x.org.yaml").write_text(whole["grace@x.org.yaml"])
        (folder / "closed.yaml").unlink()
        assert desk.reconcile(*CLOSE).code == 0 and desk.reconcile("review", "status").code == 0
        (review,) = json.loads(desk.reconcile("review", "status", "--format", "json").out)["reviews"]
        assert (review["closed"], review["confirmed"]) == (True, True) and desk.reconcile("validate").err == ""
        told = desk.reconcile("logs", "--action", "reviewClosed", "--format", "json")
        assert json.loads(told.out)["reconcile"]["details"]["review"] == "2026-Q4"
        (tmp_path / ".reconcile").rename(tmp_path / "away")
        elsewhere = desk.reconcile("review", "status")
        assert elsewhere.code == 1 and "2026-Q4: closed: unconfirmed" in elsewhere.out, elsewhere
        assert desk.reconcile("validate").err == "", "no record is at hand that could deny it"


def test_what_was_decided_when_a_review_was_closed_stays_and_it_is_closed_once(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = desk_of(tmp_path, f"{url}/{tmp_path.name}/v2")
        folder = all_kept(desk)
        assert desk.reconcile(*CLOSE).code == 0
        decided = (folder / "grace@x.org.yaml").read_text()
        (folder / "grace@x.org.yaml").write_text("# A remark decides nothing.\n" + decided)
        assert desk.reconcile("review", "status").code == 0 and desk.reconcile("validate").err == ""
        for changed in (
            decided.replace("  decision: keep", "  decision: remove", 1),
            decided.replace("reason: work", "reason: fun"),
        ):
            (folder / "grace@x.org.yaml").write_text(changed)
            status = desk.reconcile("review", "status")
            assert status.code == 1 and "2026-Q4: closed: unconfirmed" in status.out, status
            assert "are not those with which it was closed at 20" in status.err and "[ReviewChanged]" in status.err
            warned = desk.reconcile("validate")
            assert warned.code == 0 and "1 warning" in warned.out and "[review-changed]" in warned.out, warned
        closed = (folder / "closed.yaml").read_text()
        (folder / "closed.yaml").unlink()
        for command in (CLOSE, ("review", "status")):
            again = desk.reconcile(*command)
            assert again.code == 1 and "the review 2026-Q4 was closed at 20" in again.err and "[ReviewClosed]" in again.err, again
            assert "restore desired/reviews/2026-Q4 from Git" in again.err, again
            assert closed.partition("evidence: ")[2].strip() in again.err
        assert len(desk.reconcile("logs", "--action", "reviewClosed", "--format", "json").out.splitlines()) == 1
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        all_kept(desk)
        assert desk.reconcile(*CLOSE).code == 0, "another one of the same name, which began since"


def test_an_account_that_nobody_declares_is_put_out_by_the_command_that_is_named(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = desk_of(tmp_path, f"{url}/{tmp_path.name}/v2")
        desk.seed("temp@x.org", roles=[{"value": "admin"}, {"value": "user"}])
        (account,) = desk.find("temp@x.org")
        for file in started(desk).iterdir():
            of_nobody, filled = f"    account: {scalar(account['id'])}\n", "    user: none\n"
            file.write_text(file.read_text().replace(of_nobody, filled + of_nobody))
            decide(file, removed=("none: Admin", "none: User"))
            file.write_text(file.read_text().replace(filled, ""))
        command = f"reconcile revoke --app wiki --id {account['id']}"
        applied = desk.reconcile("review", "apply", "2026-Q4")
        assert applied.code == 5 and "2 removals: 0 out of the declarations, 2 left to you" in applied.out, applied
        assert "temp@x.org may still have Admin, User in wiki: nobody declares this account" in applied.err
        assert applied.err.count(f"`{command}`") == 1
        refused = desk.reconcile(*CLOSE)
        assert refused.code == 1 and "temp@x.org still has Admin in wiki on the service; nobody declares" in refused.err
        assert f"`{command}`" in refused.err and "review apply" not in refused.err, refused
        assert desk.reconcile(*command.split()[1:], "--auto-approve").code == 0
        closed = desk.reconcile(*CLOSE)
        assert closed.code == 0, closed


def redigested(text: str) -> str:
    """What somebody does who knows how a digest is made."""
    data = parse(text.encode(), "x.yaml").data
    return text.replace(data["digest"], digest_of(data))


def without_last_row(files: dict[str, str]) -> dict[str, str]:
    return {**files, "grace@x.org.yaml": redigested(files["grace@x.org.yaml"].rpartition("  - app:")[0])}


def without_a_file(files: dict[str, str]) -> dict[str, str]:
    return {"boss@x.org.yaml": redigested(files["boss@x.org.yaml"].replace("files: 2", "files: 1"))}


def by_another(files: dict[str, str]) -> dict[str, str]:
    return {
        **files,
        "boss@x.org.yaml": redigested(files["boss@x.org.yaml"].replace("reviewer: boss@x.org", "reviewer: me@x.org")),
    }


def evidence_of(file: Path) -> list[tuple[str, str, str]]:
    """What was removed, and what was read back, once the sums were checked and both tables agree."""
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    sums = dict(reversed(line.split("  ")) for line in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: sha256(data).hexdigest() for name, data in files.items()}
    counts, heads = json.loads(files["counts.json"])["wiki"], json.loads(files["record.json"])["wiki"]
    rows = list(csv.DictReader(files["access.csv"].decode().splitlines()))
    assert counts["rows"] == len(rows) == 6 and "2026-Q4" in files["README.txt"].decode()
    assert (counts["accounts"], counts["matched"], counts["gaps"]) == (3, 3, []) and counts["logRecords"] > 3
    assert heads["head"].startswith("sha256:") and json.loads(files["versions.json"])["evidence"] == "1.1"
    return [(row["user"], row["role"], row["readBack"]) for row in rows if row["decision"] == "remove"]


def head_in(file: Path) -> str:
    with zipfile.ZipFile(file) as archive:
        return str(json.loads(archive.read("record.json"))["wiki"]["head"])
