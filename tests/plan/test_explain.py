"""reconcile explain: five steps with every verdict, exactly the change that a plan shows, and what would bring a user in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.cli.main import run
from reconciler.cycle.randomness import SystemChance
from reconciler.plan.explain.model import ExplainedStep, Explanation
from reconciler.plan.explain.steps import explain, offline
from reconciler.report.explain import dumps, render
from reconciler.resolve.one_object import find
from tests.stories.test_story import ADA, GRACE
from tests.support.servers import Answer, Desk, front
from tests.support.warned import texts
from tests.support.world import APP, MAPPINGS, World

ONE = "User/ada@x.org"
SCHEMA = Path(__file__).parent.parent.parent / "schemas/explain.schema.json"
FILTERED = """    scopingFilters:
      - {name: Boss, clauses: [{attribute: jobTitle, operator: EQUALS, value: Boss}, {attribute: mail, operator: IS NOT NULL}]}
      - {name: Guest, clauses: [{attribute: department, operator: Includes, value: Gu}]}
    attributes:
"""


def explained(world: World, address: str, online: bool = True) -> Explanation:
    found = world.session()
    context = found.planned.context
    context = context if online else offline(context.app, context.resolution, found.record)
    connection = ExplainedStep("connection", "success" if online else "skipped", "x")
    explanation = explain(context, address, connection, found.planned if online else None, SystemChance())
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(dumps([explanation], [[]])))
    return explanation


def step(found: Explanation, name: str) -> ExplainedStep:
    return next(step for step in found.steps if step.name == name)


def failing(found: Explanation) -> list[str]:
    return [check.name for check in step(found, "scope").checks if check.passed is False]


def mapped(world: World, *replaced: tuple[str, str]) -> None:
    text = MAPPINGS
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    world.write("apps/wiki/mappings.yaml", text)


@dataclass
class Case:
    """How Ada comes to be skipped, the code, and the edits: what each says, its file and line, and the same by hand."""

    code: str
    arrange: Callable[[World], None]
    edits: list[tuple[str, str, int]]
    mend: Callable[[World], None]


def users(*rows: str) -> Callable[[World], None]:
    return lambda world: world.users(*rows)


def assign(*rows: str) -> Callable[[World], None]:
    return lambda world: world.assign(*rows)


def both(*parts: Callable[[World], None]) -> Callable[[World], None]:
    return lambda world: [part(world) for part in parts] and None


ROLES = "roles: [{value: admin, displayName: Admin, privileged: true}, {value: user, displayName: User, enabled: false}]\n"
ONE_ROLE = "roles:\n  - {value: user, displayName: User, enabled: false}\n"
CASES = [
    Case("AccountDisabled", users(ADA + ", accountEnabled: false", GRACE), [("accountEnabled: true", "users/a.yaml", 2)],
         users(ADA, GRACE)),
    Case("NotAssigned", assign("user: grace@x.org, role: Admin"),
         [("- {user: ada@x.org, role: User}", "assignments.yaml", 2)],
         assign("user: grace@x.org, role: Admin", "user: ada@x.org, role: User")),
    Case("AssignmentExpired", assign("user: grace@x.org, role: Admin", "user: ada@x.org, role: User, expires: 2026-01-31"),
         [("later `expires`", "assignments.yaml", 3)], assign("user: ada@x.org, role: User, expires: 2026-12-31")),
    Case("AssignmentExpired", assign("group: Net, role: User, expires: 2026-01-31"),
         [("- {user: ada@x.org, role: User}", "assignments.yaml", 2)],
         assign("group: Net, role: User, expires: 2026-01-31", "user: ada@x.org, role: User")),
    Case("RoleDisabled", both(lambda w: w.write("apps/wiki/roles.yaml", ROLES), assign("user: ada@x.org, role: User")),
         [("role: Admin", "assignments.yaml", 2)], assign("user: ada@x.org, role: Admin")),
    Case("RoleDisabled", both(lambda w: w.write("apps/wiki/roles.yaml", ONE_ROLE), assign("user: ada@x.org, role: User")),
         [("enabled: true", "roles.yaml", 2)],
         lambda w: w.write("apps/wiki/roles.yaml", ONE_ROLE.replace("false", "true"))),
    Case("AssignmentExpired", both(lambda w: w.write("apps/wiki/roles.yaml", ROLES),
                                   assign("user: ada@x.org, role: User, expires: 2026-01-31")),
         [("- {user: ada@x.org, role: Admin}", "assignments.yaml", 2)], assign("user: ada@x.org, role: Admin")),
    Case("DefaultAccessRole", assign("user: ada@x.org, role: Default Access"), [("role: User", "assignments.yaml", 2)],
         assign("user: ada@x.org, role: User")),
    Case("OutOfScopingFilter", lambda w: mapped(w, ("    attributes:\n", FILTERED)),
         [("department Includes Gu", "users/a.yaml", 2)], users(ADA + ", department: Guild", GRACE)),
    Case("MatchingAttributeEmpty", lambda w: mapped(w, ("source: userPrincipalName", "source: mail")),
         [("give `mail` a value", "users/a.yaml", 2)], users(ADA + ", mail: ada@x.org", GRACE)),
    Case("DuplicateSource", both(lambda w: mapped(w, ("source: userPrincipalName", "source: mail")),
                                 users(ADA + ", mail: m@x.org", GRACE + ", mail: M@x.org")),
         [("User/grace@x.org has the same userName", "users/a.yaml", 2)],
         users(ADA + ", mail: a@x.org", GRACE + ", mail: M@x.org")),
    Case("AccountDisabled", both(users(ADA + ", accountEnabled: false", GRACE), assign()),
         [("accountEnabled: true", "users/a.yaml", 2), ("- {user: ada@x.org, role: User}", "apps/wiki/assignments.yaml", 1)],
         both(users(ADA, GRACE), assign("user: ada@x.org, role: User"))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_skipped_user_is_told_the_code_and_the_edits_that_bring_him_in(world: World, case: Case) -> None:
    case.arrange(world)
    found = explained(world, ONE)
    assert (found.code, found.in_scope, step(found, "scope").status) == (case.code, False, "failure")
    assert failing(found) and case.code in step(found, "scope").description
    assert len(found.edits) == len(case.edits)
    for edit, (text, file, line) in zip(found.edits, case.edits, strict=True):
        assert text in edit.text and edit.place.file.endswith(file) and edit.place.line == line
    case.mend(world)
    mended = explained(world, ONE)
    assert (mended.in_scope, mended.code, mended.edits, failing(mended)) == (True, None, (), [])


def test_two_users_who_match_one_account_are_told_which_and_by_what(world: World) -> None:
    """Neither wants what the other wants: that it is the same account is known only where the service was asked."""
    by_number = "      - {target: externalId, source: employeeId, matchingPrecedence: 2}\n"
    mapped(world, ("      - {target: active", by_number + "      - {target: active"))
    world.users(ADA, GRACE + ', employeeId: "7"')
    id = world.seed("ada@x.org", externalId="7")
    found = explained(world, ONE)
    (alike,) = [check for check in step(found, "scope").checks if check.name.startswith("Nobody else wants")]
    assert (alike.name, alike.passed) == ("Nobody else wants the same userName", True)
    assert step(found, "match").status == "failure" and step(found, "match").description == (
        f"DuplicateSource: User/ada@x.org by userName and User/grace@x.org by externalId match the same account, ada@x.org ({id})"
    )


def test_every_skip_code_has_its_case() -> None:
    from reconciler.resolve.scope import REMEDIES

    assert {case.code for case in CASES} == set(REMEDIES)


def test_a_role_that_is_proposed_is_no_privileged_one_while_there_is_another(world: World) -> None:
    world.assign()
    assert "role: User" in explained(world, ONE).edits[0].text


def test_every_check_has_its_verdict_even_where_another_failed(world: World) -> None:
    world.users(ADA + ", accountEnabled: false", GRACE)
    mapped(world, ("    attributes:\n", FILTERED))
    assert failing(explained(world, ONE)) == ["Active in the directory", "Passes a scoping filter"]


def test_each_clause_shows_the_value_that_it_saw_and_its_place(world: World) -> None:
    mapped(world, ("    attributes:\n", FILTERED))
    boss, guest = explained(world, ONE).filters
    assert [(c.attribute, c.operator, c.value, c.seen, c.holds) for c in boss.clauses] == [
        ("jobTitle", "EQUALS", "Boss", "Engineer", False),
        ("mail", "IS NOT NULL", None, None, False),
    ]
    assert not guest.passes and guest.clauses[0].place.line == 5


def test_a_role_names_its_assignment_and_the_nested_groups_on_the_way(world: World) -> None:
    world.groups(
        "displayName: Outer, members: [{group: Middle}]",
        "displayName: Middle, members: [{group: Inner}]",
        "displayName: Inner, members: [ada@x.org]",
        "displayName: Net, members: [grace@x.org]",
    )
    world.assign(
        "user: grace@x.org, role: Admin", "group: Outer, role: User", "user: ada@x.org, role: Admin, expires: 2026-01-31"
    )
    through, lapsed = explained(world, ONE).grants
    assert [(name, place.line) for name, place in through.through] == [("Outer", 2), ("Middle", 3), ("Inner", 4)]
    assert (through.role, through.effective, through.place.line) == ("User", True, 3)
    assert (lapsed.role, lapsed.effective, lapsed.reason, lapsed.through) == ("Admin", False, "expired on 2026-01-31", ())
    world.write("apps/wiki/app.yaml", APP + "provisioning: {nestedGroups: ignore}\n")
    assert [grant.role for grant in explained(world, ONE).grants] == ["Admin"]


def test_an_assignment_is_explained_with_the_reason_that_somebody_gave(world: World) -> None:
    world.assign("user: ada@x.org, role: Admin, reason: NET-1432", "group: Net, role: User", "user: grace@x.org, role: Admin")
    found = explained(world, ONE)
    assert {grant.role: grant.said for grant in found.grants} == {"Admin": "NET-1432", "User": ""}
    shown = render(found, lambda words, _: words)
    assert "Role Admin: assigned at" in shown and ", reason: NET-1432" in shown and shown.count("reason:") == 1
    grants = json.loads(dumps([found], [[]]))["explanations"][0]["roles"]
    assert {grant["role"]: grant.get("assignment_reason") for grant in grants} == {"Admin": "NET-1432", "User": None}


def test_every_mapping_shows_its_inputs_and_result(world: World) -> None:
    found = {item.target: item for item in explained(world, ONE).mappings}
    assert (found["title"].inputs, found["title"].value) == ((("jobTitle", "Engineer"),), "Engineer")
    assert (found["active"].inputs, found["active"].value) == ((("IsSoftDeleted", "False"),), True)
    assert "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager" in found
    world.assign()
    assert {item.target: item.value for item in explained(world, ONE).mappings}["active"] is False


def test_the_change_is_exactly_what_the_plan_says_of_this_user(world: World) -> None:
    def check() -> Explanation:
        found = explained(world, ONE)
        assert found.changes == world.plan(ONE).changes
        return found

    whole = {change.address: change for change in world.plan().changes}
    group, own = explained(world, ONE).changes
    assert own == whole[ONE] and (group.action, group.add, group.reason) == ("create", (ONE,), whole["Group/Net"].reason)
    world.converge()
    assert check().changes == ()
    world.edit("ada@x.org", "title", "Intern")
    assert step(check(), "action").description == "update: edited on the service since the last apply"
    world.groups("displayName: Net, members: [grace@x.org]")
    assert [c.address for c in check().changes] == ["Group/Net", ONE]
    world.users(ADA + ", accountEnabled: false", GRACE)
    assert [c.action for c in check().changes] == ["update", "disable"]


def test_what_only_a_plan_of_this_user_alone_would_leave_out_is_in(world: World) -> None:
    found = explained(world, ONE)
    assert {"Group/Net", ONE} == {change.address for change in found.changes}
    assert any(a.reference and a.after == "User/grace@x.org" for change in found.changes for a in change.attributes)
    assert "left out" not in " ".join(check.detail for check in step(found, "action").checks)


def test_warnings_that_name_few_of_many_are_told_to_each_whom_they_concern(tmp_path: Path) -> None:
    world = World(tmp_path, users={"modifiable": ["displayName", "active"]})
    names = [f"p{number:02}@x.org" for number in range(14)]
    world.users(*(f"userPrincipalName: {name}, displayName: P, jobTitle: Clerk" for name in names))
    world.assign(*(f"user: {name}, role: User" for name in names))
    world.converge()
    world.users(
        *(f"userPrincipalName: {name}, displayName: P, jobTitle: {'Clerk' if name == names[0] else 'Head'}" for name in names)
    )
    assert not any(names[-1] in warning for warning in texts(world.plan().warnings))
    said = {
        name: [c.detail for c in step(explained(world, f"User/{name}"), "action").checks if "title" in c.detail]
        for name in (names[0], names[-1])
    }
    assert said[names[0]] == [] and len(said[names[-1]]) == 1
    assert said[names[-1]][0].endswith(f"it differs for User/{names[-1]}")


def test_whoever_is_retained_among_many_is_told_why(world: World) -> None:
    world.converge()
    mapped(world, ("  users:\n", "  users:\n    targetObjectActions: [create]\n"))
    world.users(ADA + ", accountEnabled: false", GRACE + ", accountEnabled: false")
    world.groups("displayName: Net, members: []")
    notes = [c.detail for c in step(explained(world, "User/grace@x.org"), "action").checks if c.name == "Note"]
    assert notes == ["User/grace@x.org: retained, since the mapping does not update"]


def test_what_concerns_one_object_among_many_is_told_by_its_code_whatever_its_words(world: World) -> None:
    world.converge()
    world.write("apps/wiki/app.yaml", APP + "deprovisioning: {outOfScope: retain}\n")
    world.assign()
    (warning,) = world.plan().warnings
    assert warning.code == "AccountRetained" and warning.text.startswith("User/ada@x.org, User/grace@x.org: no longer in scope")
    for name in ("User/ada@x.org", "User/grace@x.org"):
        notes = [c for c in step(explained(world, name), "action").checks if c.name == "Note"]
        assert [(c.code, c.detail.partition(":")[0]) for c in notes] == [("AccountRetained", name)]


def test_a_safeguard_that_blocks_the_plan_is_a_verdict_of_the_action(world: World) -> None:
    world.write("apps/wiki/app.yaml", APP + "safeguards: {protected: [ada@x.org]}\n")
    world.converge()
    world.users(ADA + ", accountEnabled: false", GRACE)
    found = [c for c in step(explained(world, ONE), "action").checks if c.name == "Safeguard protected"]
    assert [c.passed for c in found] == [False] and "User/ada@x.org would be disabled" in found[0].detail


def test_the_account_is_found_by_the_record_or_by_a_matching_attribute_or_an_earlier_name(world: World) -> None:
    world.users(ADA + ", previously: [byron@x.org]", GRACE)
    assert explained(world, ONE).account is None
    world.seed("byron@x.org", title="Poet")
    found = explained(world, ONE).account
    assert found is not None and (found.name, found.by) == ("byron@x.org", "userName of an earlier name")
    world.seed("ADA@x.org")
    found = explained(world, ONE).account
    assert found is not None and (found.name, found.by) == ("ADA@x.org", "userName")
    assert explained(world, ONE).candidates[0].found == ((found.id, "ADA@x.org"),)
    world.converge()
    found = explained(world, ONE).account
    assert found is not None and found.by == "the record" and dict(found.attributes)["title"] == "Engineer"


def test_matching_attributes_are_shown_in_order_with_what_each_finds(world: World) -> None:
    mapped(
        world,
        ("source: jobTitle", "source: jobTitle, matchingPrecedence: 2"),
        ("source: displayName", "source: displayName, matchingPrecedence: 3"),
    )
    world.seed("other@x.org", title="Engineer", displayName="Ada")
    found = explained(world, ONE)
    assert [(c.target, len(c.found)) for c in found.candidates] == [("userName", 0), ("title", 1), ("displayName", 1)]
    assert [check.passed for check in step(found, "match").checks] == [None, False, True, None]
    world.seed("another@x.org", title="Engineer")
    found = explained(world, ONE)
    assert step(found, "match").status == "failure" and "DuplicateTargetEntries" in step(found, "match").description
    assert step(found, "action").status == "failure"


def test_a_user_whom_nobody_declares_any_more_is_explained_from_the_record(world: World) -> None:
    world.converge()
    world.users(GRACE)
    world.groups("displayName: Net, members: [grace@x.org]")
    found = explained(world, ONE)
    assert [s.status for s in found.steps] == ["success", "failure", "failure", "success", "success"]
    assert found.changes == world.plan(ONE).changes and [c.action for c in found.changes] == ["update", "disable"]
    assert "declare `- userPrincipalName: ada@x.org` again" in found.edits[0].text and len(found.edits) == 2
    world.converge()
    assert step(explained(world, ONE), "action").description == "nothing: its account is disabled already"


def test_a_skipped_user_under_an_earlier_name_is_still_the_recorded_one(world: World) -> None:
    world.converge()
    world.users(ADA.replace("ada@x.org", "ada.l@x.org") + ", previously: [ada@x.org], accountEnabled: false", GRACE)
    world.groups("displayName: Net, members: [grace@x.org]")
    found = explained(world, "User/ada.l@x.org")
    assert found.account is not None and found.account.by == "the record"
    assert ("disable", ONE) in [(c.action, c.address) for c in found.changes]


def test_without_the_service_everything_up_to_the_match_is_the_same(world: World) -> None:
    world.converge()
    with_it, without = explained(world, ONE), explained(world, ONE, online=False)
    assert [s.status for s in without.steps] == ["skipped", "success", "success", "skipped", "skipped"]
    assert (with_it.steps[1:3], with_it.mappings, with_it.grants) == (without.steps[1:3], without.mappings, without.grants)
    assert without.changes == () and "Known to the record" in [check.name for check in step(without, "match").checks]


def test_a_group_is_explained_too(world: World) -> None:
    found = explained(world, "Group/Net")
    assert found.in_scope and [c.action for c in found.changes] == ["create"]
    assert found.changes == tuple(change for change in world.plan().changes if change.address == "Group/Net")
    world.assign("user: ada@x.org, role: User")
    found = explained(world, "Group/Net")
    assert (found.code, found.edits[0].text) == ("NotAssigned", "add `- {group: Net, role: User}`")
    mapped(world, ("  groups:\n", "  groups:\n    enabled: false\n"))
    assert "mapping of groups is off" in step(explained(world, "Group/Net"), "scope").description


def test_explaining_writes_nothing(world: World) -> None:
    world.converge()
    before, record = world.transport.writes, world.store.record_file.read_bytes()
    world.edit("ada@x.org", "title", "Intern")
    explained(world, ONE)
    assert (world.transport.writes, world.store.record_file.read_bytes()) == (before + 1, record)


def test_a_value_under_redact_is_shown_in_no_step(world: World) -> None:
    mapped(
        world, ("source: jobTitle", "expression: 'Redact([jobTitle])', matchingPrecedence: 2"), ("    attributes:\n", FILTERED)
    )
    for _ in range(2):
        found = explained(world, ONE)
        for text in (render(found, lambda text, code: text), dumps([found], [[]])):
            assert "Engineer" not in text and "[Redact]" in text
        mapped(world, ("source: jobTitle", "expression: 'Redact([jobTitle])'"))
        world.converge()


def test_text_and_json_say_the_same(world: World) -> None:
    world.assign("user: ada@x.org, role: Default Access")
    mapped(world, ("    attributes:\n", FILTERED))
    found = explained(world, ONE)
    text, data = render(found, lambda text, code: text), json.loads(dumps([found], [[]]))["explanations"][0]
    said = [s["description"] for s in data["steps"]] + [c["detail"] for s in data["steps"] for c in s["checks"]]
    said += [e["text"] for e in data["edits"]] + [m["target"] for m in data["mappings"]] + [f["name"] for f in data["filters"]]
    assert len(said) > 20 and [words for words in said if words not in text] == []


def test_text_from_outside_cannot_command_the_terminal(world: World) -> None:
    world.users('userPrincipalName: ada@x.org, displayName: "\\e[31mred", jobTitle: "\\u202e"', GRACE)
    assert not {"\x1b", "\u202e"} & set(render(explained(world, ONE), lambda text, code: text))


def test_a_matching_value_is_shown_in_its_own_script(world: World) -> None:
    world.users("userPrincipalName: łucja@x.org")
    world.groups()
    world.assign("user: łucja@x.org, role: User")
    said = render(explained(world, "User/łucja@x.org"), lambda text, code: text)
    assert said.count('userName is "łucja@x.org"') == 2


@pytest.mark.parametrize(
    ("text", "address"),
    [("ada@x.org", ONE), ("ADA@X.ORG", ONE), ("User/Ada@x.org", ONE), ("user/ada@x.org", ONE), ("byron@x.org", ONE),
     ("Group/net", "Group/Net"), ("net", None), ("User/", None), ("nobody", None)],
)  # fmt: skip
def test_a_user_is_found_by_any_of_his_names(world: World, text: str, address: str | None) -> None:
    world.users(ADA + ", previously: [byron@x.org]", GRACE)
    assert find(world.session().planned.context.resolution.declarations, text) == address


# The command


def explain_offline(world: World, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = run(["explain", "--offline", "--desired", str(world.folder / "desired"), *arguments])
    return code, capsys.readouterr()


def test_the_command_explains_without_the_service(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.folder)
    code, said = explain_offline(world, capsys, "ADA@x.org")
    assert code == 0 and "1. Connection: not asked" in said.out and "3. Scope: ok" in said.out
    code, said = explain_offline(world, capsys, "ada@x.org", "--format", "json")
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(said.out))


def test_what_has_no_value_is_shown_only_where_all_is_asked_for(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.folder)
    world.users("userPrincipalName: ada@x.org, displayName: Ada", GRACE)
    _, few = explain_offline(world, capsys, "ada@x.org")
    _, every = explain_offline(world, capsys, "ada@x.org", "--all")
    assert "null" not in few.out and "jobTitle" not in few.out and '[displayName] = "Ada"' in few.out
    assert "[jobTitle] = null" in every.out and "title = null" in every.out


def test_a_name_that_nobody_bears_is_answered_with_the_nearest(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.folder)
    code, said = explain_offline(world, capsys, "adda@x.org")
    assert (code, said.out) == (64, "") and "did you mean 'User/ada@x.org'" in said.err
    code, said = explain_offline(world, capsys, "Group/Nett")
    assert code == 64 and "Group/Net" in said.err
    told = {
        "Group/Zoologists": "declare the group first",
        "zzz": "declare the user first",
        "Role/Chief Admin": "who has it: `reconcile access --role 'Chief Admin'`",
    }
    for name, words in told.items():
        code, said = explain_offline(world, capsys, name)
        assert code == 64 and said.err.splitlines()[-1] == f"    {words}"


def test_a_name_that_nobody_bears_is_an_error_in_json(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.folder)
    code, said = explain_offline(world, capsys, "adda@x.org", "--format", "json")
    document = json.loads(said.out)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert (
        code == 64
        and document["explanations"] == []
        and document["error"]
        == {
            "code": "UnknownName",
            "message": "nothing that is declared or recorded is called 'adda@x.org'",
            "remedy": "did you mean 'User/ada@x.org'?",
        }
    )


def test_the_account_of_somebody_who_is_declared_no_more_is_found_as_the_plan_finds_it(world: World) -> None:
    mapped(world, ("userName, source: userPrincipalName", "userName, source: mail"))
    world.groups()
    for name, id in (("a", "one"), ("b", "two")):
        world.users(f"userPrincipalName: {name}@x.org, mail: desk@x.org, id: {id}")
        world.assign(f"user: {name}@x.org, role: User")
        if name == "a":
            world.converge()
    found = explained(world, "User/b@x.org")
    assert "IdentityChanged" in step(found, "match").description
    assert [candidate.found for candidate in found.candidates if candidate.value == "desk@x.org"] == [
        ((world.find("desk@x.org")["id"], "desk@x.org"),)
    ]


def test_a_service_that_is_not_there_is_the_first_verdict_and_the_rest_is_shown(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1:9/v2")
    ran = desk.reconcile("explain", "ada@x.org")
    assert ran.code == 1
    assert "1. Connection: NO" in ran.out and "3. Scope: ok" in ran.out and "5. Action: not asked" in ran.out


def test_a_token_that_is_not_set_has_its_code_in_the_first_step(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1:9/v2")
    said = desk.reconcile("explain", "ada@x.org", WIKI_TOKEN="").out
    assert "is not set, desired/apps/wiki/app.yaml:2:63 [SecretMissing]\n" in said
    document = json.loads(desk.reconcile("explain", "ada@x.org", "--format", "json", WIKI_TOKEN="").out)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert [step.get("code") for step in document["explanations"][0]["steps"]] == ["SecretMissing", *[None] * 4]


def test_a_service_that_refuses_the_token_is_the_first_step_in_json(tmp_path: Path) -> None:
    with front(lambda call: Answer(401)) as service:
        desk = Desk(tmp_path, service.url)
        data = json.loads(desk.reconcile("explain", "ada@x.org", "--format", "json").out)["explanations"][0]
    assert data["steps"][0]["status"] == "failure" and data["steps"][0]["description"]


def test_a_revoked_user_is_told_that_and_by_whom(world: World) -> None:
    world.converge()
    record = world.store.load()
    assert record is not None
    record.revoked[ONE] = {"at": "2026-05-31T00:00:00Z", "reason": "left the firm"}
    world.store.save(record)
    for online in (True, False):
        found = explained(world, ONE, online)
        assert not found.in_scope and step(found, "scope").description == "revoked on 2026-05-31: left the firm"
        assert failing(found) == ["Not revoked by hand"]
    assert explained(world, ONE).changes == world.plan(ONE).changes and len(world.plan(ONE).changes) == 2
