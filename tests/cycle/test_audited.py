"""What the log tells beside objects: plans, approvals, safeguards, revocations, settings that changed, commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.cycle.configuration import changed, configuration
from reconciler.declare.load import load
from reconciler.declare.place import Place
from reconciler.record.local import LocalStore
from reconciler.record.log.audit import Kind
from reconciler.record.log.read import records_of
from tests.support.servers import Desk, scim_server

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/provisioning-log.schema.json").read_text())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with scim_server() as url:
        yield Desk(tmp_path, f"{url}/{tmp_path.name}/v2")


def told(desk: Desk) -> list[dict[str, Any]]:
    """All that is no object, each valid by the schema."""
    store = LocalStore(desk.folder / ".reconcile", "wiki")
    rows = [row for row in records_of(store.log_blocks()) if row["reconcile"]["kind"] != "object"]
    for row in rows:
        Draft202012Validator(SCHEMA).validate(row)
    return rows


def only_grace(desk: Desk) -> None:
    desk.people("grace@x.org")
    desk.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")


def kinds(rows: list[dict[str, Any]]) -> list[str]:
    return [row["reconcile"]["kind"] for row in rows]


def test_the_schema_knows_every_kind() -> None:
    assert SCHEMA["properties"]["reconcile"]["properties"]["kind"]["enum"] == ["object", *Kind]


def test_an_apply_tells_what_it_came_to_and_which_settings_are_others_than_before(desk: Desk) -> None:
    desk.reconcile("apply", "--auto-approve")
    assert kinds(told(desk)) == ["planApplied"]
    (row,) = told(desk)
    ours = row["reconcile"]
    assert (
        row["cycleId"] and row["result"] == "success" and ours["planDigest"].startswith("sha256:") and ours["startedBy"]["user"]
    )
    assert ours["details"]["outcomes"] == {"done": 3} and ours["details"]["occasion"] == "apply"
    desk.reconcile("apply", "--auto-approve")
    assert kinds(told(desk)) == ["planApplied"]
    desk.write("apps/wiki/roles.yaml", "roles: [{value: user, displayName: User}, {value: a, displayName: Admin}]")
    desk.reconcile("apply", "--auto-approve")
    row = told(desk)[-1]
    assert row["reconcile"]["kind"] == "configurationChanged" and "roles.Admin" in row["reconcile"]["details"]["keys"]
    ran = desk.reconcile("logs", "--action", "configurationChanged")
    assert ran.code == 0 and len(ran.out.splitlines()) == 2


def test_a_revocation_and_its_lifting_are_told_with_the_person(desk: Desk) -> None:
    desk.reconcile("apply", "--auto-approve")
    desk.reconcile("revoke", "ada@x.org", "--reason", "stolen laptop", "--auto-approve")
    (row,) = (row for row in told(desk) if row["reconcile"]["kind"] == "revoked")
    assert row["reconcile"]["details"] == {"address": "User/ada@x.org", "reason": "stolen laptop"}
    only_grace(desk)
    desk.reconcile("apply", "--auto-approve")
    (row,) = (row for row in told(desk) if row["reconcile"]["kind"] == "revocationLifted")
    assert row["reconcile"]["details"] == {"address": "User/ada@x.org"}


def test_commands_on_the_record_and_a_blocked_plan_are_told(desk: Desk) -> None:
    desk.reconcile("apply", "--auto-approve")
    desk.reconcile("record", "forget", "User/grace@x.org")
    row = told(desk)[-1]
    assert row["reconcile"]["kind"] == "recordCommand" and row["reconcile"]["details"]["command"] == "forget"
    app = (desk.folder / "desired/apps/wiki/app.yaml").read_text()
    desk.write("apps/wiki/app.yaml", app + "\nsafeguards: {accidentalDeletions: {count: 0, percent: 0, minimumExisting: 0}}\n")
    only_grace(desk)
    assert desk.reconcile("apply", "--auto-approve").code == 3
    row = told(desk)[-1]
    assert (row["result"], row["reconcile"]["kind"]) == ("failure", "safeguardBlocked")
    assert {row["reconcile"]["details"]["safeguard"] for row in told(desk)[-2:]} == {"accidentalDeletions", "empty"}


def shown(desk: Desk, kind: str) -> list[dict[str, Any]]:
    """What `reconcile logs` finds by the kind: the same records as the log has of it."""
    ran = desk.reconcile("logs", "--action", kind, "--format", "json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0 and found == [row for row in told(desk) if row["reconcile"]["kind"] == kind], ran
    return found


def approve(desk: Desk, digest: str, expires: str) -> None:
    entry = f'plan: "{digest}"\n    safeguard: accidentalDeletions\n    reason: NET-1\n    expires: {expires}\n'
    desk.write("apps/wiki/approvals.yaml", f"approvals:\n  - {entry}")


def test_an_approval_is_told_with_its_line_and_why_it_did_nothing_or_that_it_let_a_plan_through(desk: Desk) -> None:
    desk.people("ada@x.org", "grace@x.org", "joan@x.org")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{user: joan@x.org, role: User}, {group: Net, role: User}]\n")
    app = (desk.folder / "desired/apps/wiki/app.yaml").read_text()
    desk.write("apps/wiki/app.yaml", app + "\nsafeguards: {accidentalDeletions: {count: 0, percent: 0, minimumExisting: 0}}\n")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}]\n")
    (plan,) = json.loads(desk.reconcile("plan", "--format", "json").out)["plans"]
    for digest, expires in ((plan["digest"], "2020-01-01"), (f"sha256:{'0' * 64}", "2099-12-31")):
        approve(desk, digest, expires)
        assert desk.reconcile("apply", "--auto-approve").code == 3
    refused = shown(desk, "approvalRefused")
    assert [row["result"] for row in refused] == ["failure", "failure"] and shown(desk, "approvalUsed") == []
    place = {"file": "desired/apps/wiki/approvals.yaml", "line": 2}
    assert [row["reconcile"]["details"] for row in refused] == [
        {"safeguard": "accidentalDeletions", "plan": plan["digest"], "reason": "NET-1",
         "why": "it expired on 2020-01-01", **place},
        {"safeguard": "accidentalDeletions", "plan": f"sha256:{'0' * 64}", "reason": "NET-1",
         "why": "it is for another plan, or not for all of this one", **place},
    ]  # fmt: skip
    approve(desk, plan["digest"], "2099-12-31")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    (used,) = shown(desk, "approvalUsed")
    ours = used["reconcile"]
    assert (used["result"], ours["planDigest"]) == ("success", plan["digest"]) and len(shown(desk, "approvalRefused")) == 2
    assert ours["details"].items() >= {"safeguard": "accidentalDeletions", "reason": "NET-1", **place}.items()


def test_a_cycle_that_wrote_is_told_and_so_is_a_restart_that_ended_something(desk: Desk) -> None:
    assert desk.reconcile("run", "--once").code == 0
    (cycle,) = shown(desk, "cycle")
    assert cycle["result"] == "success" and cycle["cycleId"]
    assert cycle["reconcile"]["details"] == {"kind": "initial", "result": "success", "written": {"create": 3}}
    (applied,) = shown(desk, "planApplied")
    assert applied["cycleId"] == cycle["cycleId"] and shown(desk, "restarted") == []
    assert desk.reconcile("restart", "--scope", "quarantine").code == 0 and shown(desk, "restarted") == []
    assert desk.reconcile("restart").code == 0
    (restarted,) = shown(desk, "restarted")
    details = restarted["reconcile"]["details"]
    assert restarted["result"] == "success" and details["scope"] == "full" and len(details["ended"]) == 1
    assert restarted["resultReason"] == details["ended"][0]
    assert desk.reconcile("run", "--once").code == 0
    again = shown(desk, "cycle")[1:]
    assert [item["reconcile"]["details"]["kind"] for item in again] == ["initial"], "a restart begins from the beginning"
    assert desk.reconcile("run", "--once").code == 0
    assert len(shown(desk, "cycle")) == 2, "nothing was to be done"
    assert desk.reconcile("run", "--once", WIKI_TOKEN="").code != 0
    assert [row["result"] for row in shown(desk, "cycle")] == ["success", "success", "failure"]


def test_a_lock_that_a_dead_process_left_is_told_by_who_takes_it_over(desk: Desk) -> None:
    desk.reconcile("apply", "--auto-approve")
    assert shown(desk, "lockBroken") == []
    left = {"id": "0" * 32, "user": "joan", "host": "desk", "pid": 1, "command": "reconcile apply", "since": "noon"}
    (desk.folder / ".reconcile/wiki/lock").write_text(json.dumps(left))
    desk.reconcile("apply", "--auto-approve")
    (broken,) = shown(desk, "lockBroken")
    assert broken["result"] == "success" and "joan@desk" in broken["resultReason"]


def test_each_setting_that_decides_who_gets_what_has_a_key_and_where_it_stands_is_none(desk: Desk) -> None:
    app = load(desk.folder / "desired").declarations.apps["wiki"]
    before = configuration(app)
    assert {"roles.User", "mappings.users.attributes.userName"} <= before.keys()
    assert "provisioning.scope" not in before, "what a newer version sets by default has not changed"
    moved = replace(app, safeguards=replace(app.safeguards, places={"protected": Place("elsewhere", 9)}))
    assert changed(before, configuration(moved)) == [] == changed({}, before)
    scoped = replace(
        app, provisioning=replace(app.provisioning, scope="all"), safeguards=replace(app.safeguards, protected=("x",))
    )
    assert changed(before, configuration(scoped)) == ["provisioning.scope", "safeguards.protected"]
    title = replace(app.users, attributes=tuple(row._replace(default="Staff") for row in app.users.attributes[:1]))
    assert (
        changed(before, configuration(replace(app, users=title)))[0]
        == f"mappings.users.attributes.{app.users.attributes[1].target}"
    )
