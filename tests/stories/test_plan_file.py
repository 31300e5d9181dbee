"""A saved plan is what was written, all of it: a file that was edited, or that hides a gain, is neither shown nor applied."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from reconciler.report.jsonform import SEAL
from tests.plan_files import resealed
from tests.support.servers import Desk, scim_server

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scim_server() as url:
        yield url


@pytest.fixture
def desk(services: str, tmp_path: Path) -> Desk:
    """A desk where somebody is to become an administrator, with the plan of it in plan.json."""
    found = Desk(tmp_path, f"{services}/{uuid4().hex}/v2")
    found.write("apps/wiki/assignments.yaml", "assignments: [{user: ada@x.org, role: Admin}, {group: Net, role: User}]\n")
    assert found.reconcile("plan", "--out", "plan.json").code == 0
    return found


def edited(desk: Desk, edit: Edit, write: Callable[[dict[str, Any]], str] = json.dumps) -> None:
    file = desk.folder / "plan.json"
    document = json.loads(file.read_text())
    edit(document["plans"][0])
    file.write_text(write(document))


EDITS: dict[str, Edit] = {
    "access": lambda plan: plan["access"].clear(),
    "privileged": lambda plan: plan["access"][0].update(privileged=False),
    "safeguards": lambda plan: plan["safeguards"][0].update(detail="all is well"),
    "reason": lambda plan: plan["changes"][0].update(reason="nothing to see"),
    "place": lambda plan: plan["changes"][0]["declared_at"].update(line=999),
    "name": lambda plan: plan.update(display_name="Another"),
    "commit": lambda plan: plan["config"].update(commit="a" * 40),
    "warnings": lambda plan: plan["warnings"].clear(),
    "cautions": lambda plan: plan["cautions"].append({"code": "X", "text": "x", "declared_at": {"file": "", "line": 0}}),
    "its own digest": lambda plan: plan.update(content_digest="sha256:" + "0" * 64),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_nothing_that_a_plan_shows_can_be_edited(desk: Desk, edit: str) -> None:
    edited(desk, EDITS[edit])
    for arguments in (["show", "plan.json"], ["apply", "plan.json"]):
        ran = desk.reconcile(*arguments)
        assert (ran.code, ran.out) == (1, "") and "plan.json has been edited" in ran.err and "make the plan again" in ran.err
    assert desk.find("ada@x.org") == []


def test_every_command_that_reads_a_plan_refuses_an_edited_one(desk: Desk) -> None:
    (desk.folder / "whole.json").write_text((desk.folder / "plan.json").read_text())
    edited(desk, EDITS["access"])
    for arguments in (
        ["diff", "whole.json", "plan.json"],
        ["github", "comment", "plan.json", "--pull-request", "1"],
        ["github", "waiting", "plan.json"],
        ["github", "issue", "plan.json"],
    ):
        ran = desk.reconcile(*arguments)
        assert ran.code == 1 and "plan.json has been edited" in ran.err, arguments


def test_a_plan_of_an_older_version_is_to_be_made_again(desk: Desk) -> None:
    edited(desk, lambda plan: plan.pop(SEAL))
    ran = desk.reconcile("show", "plan.json")
    assert ran.code == 1 and "an older version of reconcile wrote it" in ran.err and "make the plan again" in ran.err


def test_a_plan_that_was_only_formatted_anew_is_still_whole(desk: Desk) -> None:
    shown = desk.reconcile("show", "plan.json").out
    edited(desk, lambda plan: None, lambda document: json.dumps(document, indent=7, sort_keys=True))
    assert desk.reconcile("show", "plan.json").out == shown != ""


def test_a_redacted_plan_is_sealed_as_it_is_shown(desk: Desk) -> None:
    assert desk.reconcile("plan", "--redact", "--out", "plan.json").code == 0
    assert desk.reconcile("show", "plan.json").code == 0
    edited(desk, EDITS["access"])
    assert desk.reconcile("show", "plan.json").code == 1


@pytest.mark.parametrize("edit", ["access", "privileged"])
def test_a_forged_file_gives_no_privilege_that_it_does_not_show(desk: Desk, edit: str) -> None:
    """Whoever forges all of a file makes its digest fit; what was reviewed is compared with what would be done."""
    whole = (desk.folder / "plan.json").read_text()
    edited(desk, EDITS[edit], resealed)
    ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 4 and "gains the privileged role Admin" in ran.err and "reviewed plan does not show" in ran.err
    assert desk.find("ada@x.org") == []
    (desk.folder / "plan.json").write_text(whole)
    assert desk.reconcile("apply", "plan.json").code == 0
    assert desk.find("ada@x.org")[0]["active"]


def test_a_role_that_became_privileged_after_the_review_is_reviewed_again(desk: Desk) -> None:
    desk.write("apps/wiki/roles.yaml", "roles: [{value: admin, displayName: Admin}, {value: user, displayName: User}]\n")
    assert desk.reconcile("plan", "--out", "plan.json").code == 0
    desk.write(
        "apps/wiki/roles.yaml",
        "roles: [{value: admin, displayName: Admin, privileged: true}, {value: user, displayName: User}]\n",
    )
    assert desk.reconcile("apply", "plan.json").code == 4
    assert desk.find("ada@x.org") == []


def test_a_plan_knows_the_log_that_it_was_made_with(desk: Desk) -> None:
    """A whole folder that is put back, with all that this machine knew of it, has lost what the plan was made with."""
    assert desk.reconcile("apply", "plan.json").code == 0
    old, newest = desk.folder / "old", desk.folder / "newest"
    shutil.copytree(desk.folder / ".reconcile", old)
    for role in ("User", "Admin"):
        desk.write(
            "apps/wiki/assignments.yaml", f"assignments: [{{user: ada@x.org, role: {role}}}, {{group: Net, role: User}}]\n"
        )
        assert desk.reconcile("plan", "--out", "plan.json").code == 0
        if role == "User":
            assert desk.reconcile("apply", "plan.json").code == 0
    made_with = json.loads((desk.folder / "plan.json").read_text())["plans"][0]["record"]
    assert made_with["head"] is None and made_with["number"] > 1
    (desk.folder / ".reconcile").rename(newest)
    old.rename(desk.folder / ".reconcile")
    ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 1 and "RecordLostHistory" in ran.err
    assert f"was made when its log ended with record {made_with['number']}, {made_with['hash']}" in ran.err
    assert "it ends with record" in ran.err
    trust = re.search(r"`reconcile (record trust .*)`", ran.err)
    assert trust and f"--instead-of {made_with['hash']} --app wiki" in trust[1]
    slip = desk.reconcile("record", "trust", "none", "--instead-of", "abc", "--app", "wiki")
    assert slip.code == 64 and "--instead-of 'abc' is not a head" in slip.err
    assert desk.reconcile(*trust[1].split()).code == 0
    ran = desk.reconcile("apply", "plan.json")
    assert "RecordLostHistory" not in ran.err and ran.code in (0, 4), ran
    (told,) = map(json.loads, desk.reconcile("logs", "--action", "recordCommand", "--format", "json").out.splitlines())
    assert told["reconcile"]["details"]["insteadOf"] == [made_with["hash"], *told["reconcile"]["details"]["insteadOf"][1:]]
    shutil.rmtree(desk.folder / ".reconcile")
    newest.rename(desk.folder / ".reconcile")
    assert desk.reconcile("apply", "plan.json").code == 0
