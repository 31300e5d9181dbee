"""Exit code 3 in every command that writes, before anything is written, and in plan."""

from __future__ import annotations

import json
import os
import pty
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.plan.test_safeguards import names
from tests.support.servers import APP, Desk, ended, scim_server

PEOPLE = names(10)


@pytest.fixture(scope="module")
def services() -> Iterator[str]:
    with scim_server() as url:
        yield url


@pytest.fixture
def desk(tmp_path: Path, services: str) -> Desk:
    """Ten people applied, of whom three then leave the declaration."""
    found = Desk(tmp_path, f"{services}/{uuid4().hex}/v2")
    declare(found, PEOPLE)
    assert found.reconcile("apply", "--auto-approve").code == 0
    declare(found, PEOPLE[3:])
    return found


def declare(desk: Desk, people: list[str]) -> None:
    desk.people(*people)
    desk.write("directory/groups/a.yaml", "groups: []\n")
    rows = ", ".join(f"{{user: {name}, role: User}}" for name in people)
    desk.write("apps/wiki/assignments.yaml", f"assignments: [{rows}]\n")


def inactive(desk: Desk) -> int:
    return sum(1 for name in PEOPLE if not desk.find(name)[0]["active"])


def approve(desk: Desk, digest: str) -> None:
    entry = f'{{plan: "{digest}", safeguard: accidentalDeletions, reason: NET-1, expires: 2099-12-31}}'
    desk.write("apps/wiki/approvals.yaml", f"approvals: [{entry}]\n")


def test_a_blocked_plan_is_printed_whole_saved_and_exits_3(desk: Desk) -> None:
    for form in ("text", "markdown", "json"):
        ran = desk.reconcile("plan", "--format", form, "--out", "plan.json", "--detailed-exitcode")
        assert ran.code == 3 and "disable" in ran.out and "accidentalDeletions" in ran.out and "expires" in ran.out
    assert desk.reconcile("show", "plan.json").out == desk.reconcile("plan").out


@pytest.mark.parametrize("how", ["auto", "digest", "file", "terminal"])
def test_no_way_of_applying_writes_a_blocked_plan_and_each_writes_an_approved_one(desk: Desk, how: str) -> None:
    desk.reconcile("plan", "--out", "plan.json")
    digest = json.loads((desk.folder / "plan.json").read_text(encoding="utf-8"))["plans"][0]["digest"]
    arguments = {"auto": ["--auto-approve"], "digest": ["--digest", digest], "file": ["plan.json"], "terminal": []}[how]

    def run() -> tuple[int, str]:
        typed, terminal = pty.openpty()
        os.write(typed, b"y\n")
        ran = ended(desk.start("apply", *arguments, stdin=terminal))
        os.close(typed)
        os.close(terminal)
        return ran.code, ran.err

    code, err = run()
    assert code == 3 and inactive(desk) == 0 and digest in err and "nothing was written" in err
    approve(desk, digest)
    assert run()[0] == 0 and inactive(desk) == 3


@pytest.mark.parametrize("part", [["--cause", "time"], [f"--only=User/{name}" for name in PEOPLE[:3]]], ids=["cause", "only"])
def test_a_part_of_a_plan_is_blocked_and_approved_like_the_whole(desk: Desk, part: list[str]) -> None:
    declare(desk, PEOPLE)
    rows = "".join(f"  - {{user: {name}, role: User{', expires: 2020-01-01' * (name in PEOPLE[:3])}}}\n" for name in PEOPLE)
    desk.write("apps/wiki/assignments.yaml", f"assignments:\n{rows}")
    assert desk.reconcile("apply", "--auto-approve", *part).code == 3 and inactive(desk) == 0
    approve(desk, json.loads(desk.reconcile("plan", "--format", "json", *part).out)["plans"][0]["digest"])
    assert desk.reconcile("apply", "--auto-approve", *part).code == 0 and inactive(desk) == 3


def test_an_approved_file_goes_through_beside_later_changes(desk: Desk) -> None:
    desk.reconcile("plan", "--out", "plan.json")
    approve(desk, json.loads((desk.folder / "plan.json").read_text(encoding="utf-8"))["plans"][0]["digest"])
    declare(desk, PEOPLE[4:])
    assert desk.reconcile("apply", "--auto-approve").code == 3
    ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 0 and inactive(desk) == 3 and "another plan" not in ran.err


def test_an_edited_file_is_not_what_was_approved(desk: Desk) -> None:
    desk.reconcile("plan", "--out", "approved.json", "--only", f"User/{PEOPLE[0]}")
    digest = json.loads((desk.folder / "approved.json").read_text(encoding="utf-8"))["plans"][0]["digest"]
    approve(desk, digest)
    desk.reconcile("plan", "--out", "plan.json")
    document = json.loads((desk.folder / "plan.json").read_text(encoding="utf-8"))
    document["plans"][0]["digest"] = digest
    (desk.folder / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 1 and "has been edited" in ran.err and inactive(desk) == 0


def test_one_blocked_app_keeps_every_app_of_the_files_unwritten(desk: Desk, services: str) -> None:
    desk.zoo(f"{services}/{uuid4().hex}/v2")
    desk.write("apps/zoo/app.yaml", APP.replace("wiki", "zoo").replace("WIKI_URL", "ZOO_URL"))
    assert desk.reconcile("plan", "--out", "plan.json").code == 3
    assert desk.reconcile("apply", "plan.json").code == 3
    document = json.loads(desk.reconcile("plan", "--app", "zoo", "--format", "json").out)
    assert {change["action"] for change in document["plans"][0]["changes"]} == {"create"}


def test_validate_reports_policies_with_file_and_line(desk: Desk) -> None:
    desk.write("policies/ours.yaml", "policies:\n  - {name: Ours, domains: [y.org], remedy: use another}\n")
    ran = desk.reconcile("validate", "--format", "github")
    assert ran.code == 0 and "file=desired/directory/users/a.yaml,line=2" in ran.out and "policy Ours" in ran.out


def test_okta_6847_turning_provisioning_off_deactivates_nobody(desk: Desk) -> None:
    declare(desk, PEOPLE[9:])
    desk.write("apps/wiki/app.yaml", APP + "provisioning: {status: off}\n")
    ran = desk.reconcile("apply", "--auto-approve")
    assert ran.code == 0 and "is off" in ran.err and inactive(desk) == 0
