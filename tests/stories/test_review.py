"""An access review from its start to its evidence, on a real server."""

from __future__ import annotations

import json
from pathlib import Path

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


def desk_of(folder: Path, url: str) -> Desk:
    desk = Desk(folder, url)
    desk.people(*PEOPLE)
    desk.write("apps/wiki/assignments.yaml", ASSIGNMENTS)
    assert desk.reconcile("apply", "--auto-approve").code == 0
    return desk


def decide(file: Path, removed: tuple[str, ...] = ()) -> None:
    """What a reviewer fills in: `who: what` is removed, all else is kept."""
    head, *rows = file.read_text().split("  - app:")
    for number, row in enumerate(rows):
        gone = any(
            f"user: {who}\n" in row and f": {what}\n" in row for who, _, what in (text.partition(": ") for text in removed)
        )
        rows[number] = row.replace("decision:\n    reason:\n", f"decision: {'remove' if gone else 'keep'}\n    reason: work\n")
    file.write_text("  - app:".join([head, *rows]))


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
            "grace@x.org: 0 to keep, 0 to remove, 4 missing, the first at desired/reviews/2026-Q4/grace@x.org.yaml:11"
            in status.out
        )
        decide(folder / "boss@x.org.yaml")
        decide(folder / "grace@x.org.yaml", removed=("eve@x.org: Admin", "ada@x.org: User"))
        parts = json.loads(desk.reconcile("review", "status", "--format", "json").out)["reviews"][0]["reviewers"]
        assert [(part["keep"], part["remove"], part["missing"]) for part in parts] == [(2, 0, []), (2, 2, [])]
