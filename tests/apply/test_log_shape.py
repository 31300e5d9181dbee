"""One record of the log: facts in, the shape of Graph's provisioningObjectSummary out, and ours beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.apply.log_shape import Export, Facts, Roles, members, properties, record_of, steps_before
from reconciler.apply.origin import Origin, named
from reconciler.plan.change import Action, AttributeChange, Cause, Change, Precondition
from reconciler.plan.model import Access
from tests.support.world import MAPPINGS, World

SCHEMA = Draft202012Validator(json.loads((Path(__file__).parents[2] / "schemas/provisioning-log.schema.json").read_text()))
ADA = "User/ada@x.org"
ROW = Access(ADA, "Ada", True, "role", "Admin", True, "Net", "a.yaml", 3, "2027-01-31", "NET-1432")
APPROVAL = {"safeguard": "accidentalDeletions", "plan": "sha256:1", "reason": "agreed", "file": "approvals.yaml", "line": 2}
PLAN = "sha256:" + 64 * "0"
ORIGIN = Origin(
    "c1", "2026-06-01T08:00:00Z", {"actor": "octocat", "run": "7", "attempt": "1"}, PLAN, "3f2c1ab", False, "Wiki",
    "https://wiki", "generic", (APPROVAL,), {"sha256:d": 12}, (ROW,), "x.org",
)  # fmt: skip
CHANGE = Change(
    ADA, Action.ENABLE, "in scope again", (Cause.CONFIG,), "users.yaml", 4, "Ada",
    (AttributeChange("active", False, True), AttributeChange("title", "old", "new", redacted=True)),
    precondition=Precondition("17", None, "sha256:x"), digest="sha256:d",
)  # fmt: skip
FACTS = Facts(
    "wiki", "apply", ORIGIN, "2026-06-01T08:00:01Z", ADA, "enable", "success", "", "17", name="Ada",
    properties=properties(CHANGE.attributes), before=steps_before(CHANGE, ()),
    exports=(Export("write", "success", "PATCH", 200, 120), Export("members in", "failure", "PATCH", None, 5)),
    read_back="asWritten", roles=Roles(["User"], ["User", "Admin"]), rows=(ROW,), causes=("config",), place=("users.yaml", 4),
    digest="sha256:d",
)  # fmt: skip


def test_a_record_has_graphs_names_and_ours_under_one_key() -> None:
    record = record_of(FACTS)
    assert [*record] == [
        "id", "activityDateTime", "tenantId", "jobId", "cycleId", "changeId", "provisioningAction", "durationInMilliseconds",
        "provisioningStatusInfo", "provisioningSteps", "modifiedProperties", "initiatedBy", "servicePrincipal",
        "sourceIdentity", "sourceSystem", "targetIdentity", "targetSystem", "reconcile",
    ]  # fmt: skip
    assert (record["cycleId"], record["jobId"], record["durationInMilliseconds"]) == ("c1", "wiki", 125)
    assert record["tenantId"] == "x.org"
    assert record["targetSystem"] == {
        "id": "wiki",
        "displayName": "wiki",
        "details": {"baseUrl": "https://wiki", "profile": "generic"},
    }
    assert record["initiatedBy"] == {"id": "octocat", "displayName": "octocat", "initiatorType": "user"}
    assert record["reconcile"] == {
        "kind": "object",
        "address": ADA,
        "action": "enable",
        "occasion": "apply",
        "causes": ["config"],
        "declaredAt": {"file": "users.yaml", "line": 4},
        "commit": "3f2c1ab",
        "planDigest": PLAN,
        "startedBy": {"actor": "octocat", "run": "7", "attempt": "1"},
        "changeDigest": "sha256:d",
        "pullRequest": 12,
        "approvals": [APPROVAL],
        "access": [
            {"address": ADA, "gains": True, "kind": "role", "what": "Admin", "privileged": True, "through": "Net",
             "file": "a.yaml", "line": 3, "expires": "2027-01-31", "reason": "NET-1432"}
        ],
        "roles": ["User", "Admin"],
        "readBack": "asWritten",
    }  # fmt: skip
    assert list(SCHEMA.iter_errors(record)) == []


def test_a_re_enable_is_an_update_to_graph_and_told_as_such_by_us() -> None:
    record = record_of(FACTS)
    assert (record["provisioningAction"], record["reconcile"]["action"]) == ("update", "enable")
    assert {"displayName": "active", "oldValue": False, "newValue": True} in record["modifiedProperties"]


def test_what_redact_covers_stands_nowhere_and_roles_by_their_names() -> None:
    record = record_of(FACTS)
    assert record["modifiedProperties"][1:] == [
        {"displayName": "title", "oldValue": "[Redact]", "newValue": "[Redact]"},
        {"displayName": "appRoleAssignments", "oldValue": ["User"], "newValue": ["User", "Admin"]},
    ]


def test_the_steps_go_from_the_declaration_to_the_answer_of_the_service() -> None:
    said = [(step["provisioningStepType"], step["status"], step["description"]) for step in record_of(FACTS)["provisioningSteps"]]
    assert said == [
        ("import", "success", "declared"),
        ("scoping", "success", "in scope"),
        ("matching", "success", "matched 17"),
        ("processing", "success", "enable: in scope again"),
        ("export", "success", "PATCH was answered 200"),
        ("export", "failure", "PATCH was not answered"),
    ]


def test_references_are_a_step_of_their_own() -> None:
    linked = replace(CHANGE, attributes=(AttributeChange("manager", None, "User/grace@x.org", True),), add=("User/b",))
    (step,) = [s for s in steps_before(linked, ()) if s["provisioningStepType"] == "referenceResolution"]
    assert step["description"] == "manager, members"


def test_of_members_the_old_value_is_who_was_taken_out_and_the_new_one_who_was_put_in() -> None:
    group = replace(CHANGE, add=("User/b",), remove=("User/a",))
    assert members(group) == ({"displayName": "members", "oldValue": ["User/a"], "newValue": ["User/b"]},)
    assert members(CHANGE) == ()


def test_the_ids_are_the_same_for_the_same_and_differ_for_what_differs() -> None:
    record, rest = record_of(FACTS), record_of(replace(FACTS, part="rest"))
    assert record["id"] == record_of(replace(FACTS, at="2026-06-01T09:00:00Z"))["id"]
    assert record["changeId"] == rest["changeId"] and record["id"] != rest["id"]
    assert record["changeId"] != record_of(replace(FACTS, address="User/b"))["changeId"]
    assert (named("a", "b"), named("a", "b")[14]) == (named("a", "b"), "8") and named("a", "b") != named("ab")


def logged(world: World, address: str) -> list[dict[str, Any]]:
    return [line for line in world.store.read_log() if line["sourceIdentity"]["displayName"] == address]


def test_an_apply_writes_records_that_fit_the_schema(world: World) -> None:
    world.seed("grace@x.org", displayName="Grace")
    world.converge()
    world.groups("displayName: Net, members: [grace@x.org]")
    world.assign("user: grace@x.org, role: Admin, reason: NET-7, expires: 2026-12-31", "group: Net, role: User")
    world.converge()
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User", "group: Net, role: User")
    world.converge()
    for line in world.store.read_log():
        assert list(SCHEMA.iter_errors(line)) == [], line
    disabled, enabled = logged(world, ADA)[-2:]
    assert [line["reconcile"]["action"] for line in (disabled, enabled)] == ["disable", "enable"]
    assert (disabled["reconcile"].get("roles"), enabled["reconcile"]["roles"]) == ([], ["User"])
    assert {"displayName": "appRoleAssignments", "oldValue": [], "newValue": ["User"]} in enabled["modifiedProperties"]
    lost = logged(world, "User/grace@x.org")[-1]["reconcile"]["access"]
    assert [(row["what"], row["gains"]) for row in lost] == [("Admin", False)]
    exports = [s["details"]["HttpStatus"] for s in enabled["provisioningSteps"] if "HttpStatus" in s.get("details", {})]
    assert exports and set(exports) <= {"200", "204"}
    assert len({line["cycleId"] for line in world.store.read_log()}) == 3


def test_who_came_into_the_record_unchanged_is_in_the_log_with_roles_and_members(world: World) -> None:
    world.converge()
    world.store.record_file.unlink()
    world.converge()
    adopted = {line["reconcile"]["address"]: line for line in world.store.read_log() if line["reconcile"]["action"] == "adopt"}
    assert adopted and all(line["provisioningStatusInfo"]["status"] == "success" for line in adopted.values())
    assert all(line["reconcile"]["roles"] for address, line in adopted.items() if address.startswith("User/"))


def kinds(line: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["provisioningStepType"], step["status"]) for step in line["provisioningSteps"]]


def test_records_of_what_was_not_written_have_the_steps_that_took_place(world: World) -> None:
    world.converge()
    world.store.record_file.unlink()
    world.users(
        "userPrincipalName: ada@x.org",
        "userPrincipalName: grace@x.org",
        "userPrincipalName: bea@x.org, accountEnabled: false",
        "userPrincipalName: cy@x.org",
    )
    world.assign("user: ada@x.org, role: User", "user: bea@x.org, role: User", "user: cy@x.org, role: Default Access")
    world.converge()
    unwritten = [("import", "success"), ("scoping", "success"), ("matching", "success"), ("processing", "success")]
    adopted = logged(world, ADA)[-1]
    assert adopted["reconcile"]["action"] == "adopt" and kinds(adopted) == unwritten
    assert adopted["targetSystem"]["details"]["baseUrl"].startswith("http")
    for address in ("User/bea@x.org", "User/cy@x.org"):
        skipped = logged(world, address)[-1]
        assert kinds(skipped) == [("import", "success"), ("scoping", "skipped"), ("export", "skipped")], skipped
    assert all(list(SCHEMA.iter_errors(line)) == [] for line in world.store.read_log())


@pytest.mark.parametrize("hidden", ["Redact([jobTitle])", "RandomString(12, 1, 0, 1, 1)"])
def test_no_secret_is_in_the_log(tmp_path: Path, hidden: str) -> None:
    world = World(tmp_path)
    create = ", apply: create" if "Random" in hidden else ""
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("title, source: jobTitle", f"title, expression: '{hidden}'{create}"))
    world.users("userPrincipalName: ada@x.org, jobTitle: hunter2")
    world.groups()
    world.assign("user: ada@x.org, role: User")
    world.apply()
    title = world.find("ada@x.org")["title"]
    text = json.dumps(world.store.read_log())
    assert title and title not in text and "[Redact]" in text
