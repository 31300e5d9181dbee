"""Hashes for personal values: stable, the same in every format, and never written to a service."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reconciler.cli.main import run
from reconciler.declare.load import load
from reconciler.declare.warned import Warned
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.model import Access, Plan, Unmanaged
from reconciler.report import markdown, text
from reconciler.report.jsonform import dumps
from reconciler.report.plan_file import loads
from reconciler.report.redact import Known, known_of, redact
from tests.support.servers import Desk, scim_server
from tests.support.warned import texts
from tests.support.world import APP, World

SCHEMA = json.loads((Path(__file__).parent.parent.parent / "schemas/plan.schema.json").read_text())
NAMES = ("ada.l", "grace", "Ada Byron", "Net Work", "Engineer", "stranger", "Admiral", "x.org", "Countess")


@pytest.fixture
def plan(world: World) -> Plan:
    """A plan with every kind of row, each with names in it."""
    world.seed("stranger@x.org")
    rest = (
        "userPrincipalName: grace@x.org, displayName: Grace",
        "userPrincipalName: grace.two@x.org",
        "userPrincipalName: hopper@x.org",
    )
    world.users("userPrincipalName: ada@x.org, displayName: Ada Byron, jobTitle: Engineer, manager: grace@x.org", *rest)
    world.groups("displayName: Net Work, members: [ada@x.org, grace@x.org, hopper@x.org]")
    world.assign("group: Net Work, role: User", "user: grace@x.org, role: Admin", "user: hopper@x.org, role: User")
    world.converge()
    world.edit("grace@x.org", "displayName", "Admiral")
    world.users("userPrincipalName: ada.l@x.org, previously: [ada@x.org], displayName: Countess, manager: grace@x.org", *rest)
    world.groups("displayName: Net Work, members: [ada.l@x.org, grace@x.org]")
    world.seed("grace.two@x.org")
    found = world.plan()
    assert found.changes and found.skipped and found.unmanaged and texts(found.warnings) and found.access
    return found


def every_form(plan: Plan) -> str:
    return text.render(plan, lambda text, code: text) + dumps([plan]) + markdown.render(plan)


def test_no_format_shows_a_personal_value(plan: Plan) -> None:
    shown, hidden = every_form(plan), every_form(redact(plan, "key"))
    assert [name for name in NAMES if name.lower() in shown.lower()] == list(NAMES)
    assert [name for name in NAMES if name.lower() in hidden.lower()] == []


def test_what_a_reviewer_needs_stays(plan: Plan) -> None:
    hidden = redact(plan, "key")
    assert hidden.digest == plan.digest
    assert [(c.action, c.causes, c.file, c.line) for c in hidden.changes] == [
        (c.action, c.causes, c.file, c.line) for c in plan.changes
    ]
    assert [a.path for c in hidden.changes for a in c.attributes] == [a.path for c in plan.changes for a in c.attributes]
    assert text.last_line(hidden) == text.last_line(plan)
    assert [row.what for row in hidden.access if row.kind == "role"] == [row.what for row in plan.access if row.kind == "role"]


def test_the_class_of_an_account_that_is_not_ours_stays(plan: Plan) -> None:
    classes = ("local", "unassigned", "assigned")
    hidden = redact(
        replace(
            plan,
            unmanaged=tuple(Unmanaged("7", "x@x.org", kind) for kind in classes),
            warnings=(Warned("LeftOut", "of these 2 local"),),
        ),
        "key",
    )
    assert tuple(account.kind for account in hidden.unmanaged) == classes
    assert texts(hidden.warnings) == ("of these 2 local",), "a class names nobody"


def test_a_hash_is_stable_and_belongs_to_one_app_and_key(plan: Plan) -> None:
    first, again = redact(plan, "key"), redact(plan, "key")
    assert first == again
    other = {redact(plan, "other").changes[0].address, redact(Plan("b", "", "", "", plan.changes), "key").changes[0].address}
    assert len(other | {first.changes[0].address}) == 3


def test_one_person_has_one_hash_wherever_she_is_named(plan: Plan) -> None:
    hidden = redact(plan, "key")
    (group,) = (change for change in hidden.changes if change.address.startswith("Group/"))
    (left,) = group.remove
    assert len(left) == len("User/~") + 12
    assert left in {row.address for row in hidden.access if not row.gains}
    assert any(change.reason.startswith("renamed from ~") for change in hidden.changes)


def test_digests_that_would_confirm_a_guess_are_hidden(plan: Plan) -> None:
    hidden = dumps([redact(plan, "key")])
    for change in plan.changes:
        assert change.digest not in hidden
        assert change.precondition is None or change.precondition.digest not in hidden


def test_a_redacted_plan_is_a_valid_plan_and_survives_being_saved(plan: Plan) -> None:
    saved = dumps([redact(plan, "key")])
    Draft202012Validator(SCHEMA).validate(json.loads(saved))
    assert dumps(loads(saved)) == saved and loads(saved)[0].redacted


def test_what_safeguards_counted_stays_and_whom_they_name_does_not(world: World) -> None:
    people = [f"userPrincipalName: p{number}@x.org, displayName: '{number}'" for number in range(12)]
    world.write("apps/wiki/app.yaml", APP + "safeguards: {protected: [p11@x.org]}\n")
    world.users(*people)
    world.groups()
    world.assign(*(f"user: p{number}@x.org, role: User" for number in range(12)))
    world.converge()
    world.assign("user: p0@x.org, role: User")
    plan = world.plan()
    hidden = {item["name"]: item for item in redact(plan, "key").safeguards}
    open_ = {item["name"]: item for item in plan.safeguards}
    assert hidden["accidentalDeletions"] == open_["accidentalDeletions"]
    assert "11 of 12 users lose access" in hidden["accidentalDeletions"]["detail"]
    assert hidden["accidentalDeletions"]["approval"]["plan"] == plan.digest
    assert re.sub("~[0-9a-f]{12}", "~", hidden["protected"]["detail"]) == "User/~ would be disabled"
    assert hidden["protected"]["remedy"] == open_["protected"]["remedy"]


@pytest.mark.parametrize(
    ("sentence", "hidden"),
    [("two accounts match: ada (7), bob b. (8)", "two accounts match: ~ (7), ~ (8)"), ("for User/who@ever: x", "for User/~: x"),
     ("in 'Net Work'.", "in '~'."), ("Group/Net Work is empty", "Group/~ is empty"), ("nobody here", "nobody here")],
)  # fmt: skip
def test_names_in_sentences_are_hashes_too(sentence: str, hidden: str) -> None:
    plan = redact(
        Plan("a", "A", "u", "p", warnings=(Warned("LeftOut", sentence, "User/ada"),)), "key", Known(("ada", "Bob B.", "Net Work"))
    )
    assert re.sub("~[0-9a-f]{12}", "~", texts(plan.warnings)[0]) == hidden
    assert [(item.code, item.about) for item in plan.warnings] == [("LeftOut", "")], "the code is kept, and names nobody"


PROSE = "no member leaves a group; 1 of 2 members loses access as a member"
GIVEN = Access("User/ada", "", True, "role", "member", False, "", "roles.yaml", 1, None)


@pytest.mark.parametrize(
    ("names", "sentence", "hidden"),
    [(["member"], PROSE, PROSE), (["ada"], PROSE, PROSE),
     (["member"], "Group/member has no member", "Group/~ has no member"),
     (["member"], "in 'member': a member", "in '~': a member"),
     (["ada"], "ada gains the role member", "~ gains the role member"), (["ada"], "the role 'member'", "the role 'member'")],
)  # fmt: skip
def test_a_role_or_a_group_that_is_called_member_garbles_no_prose(names: list[str], sentence: str, hidden: str) -> None:
    """A group is a hash where a name stands, and a role, which is no secret, nowhere."""
    values = (AttributeChange("title", None, "member"), AttributeChange("roles", None, [{"value": "member"}]))
    change = Change("User/ada", Action.UPDATE, "", (), "users.yaml", 1, attributes=values)
    plan = redact(
        Plan("a", "A", "u", "p", (change,), access=(GIVEN,), warnings=(Warned("LeftOut", sentence, "User/ada"),)),
        "key",
        Known(tuple(names)),
    )
    assert (re.sub("~[0-9a-f]{12}", "~", texts(plan.warnings)[0]), plan.access[0].what) == (hidden, "member")


def test_a_redacted_plan_file_cannot_be_applied_and_says_so(
    plan: Plan, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(world.folder)
    Path("plan.json").write_text(dumps([redact(plan, "key")]))
    writes = world.transport.writes
    assert run(["apply", "plan.json"]) == 1
    error = capsys.readouterr().err
    assert "is redacted" in error and f"reconcile apply --app wiki --digest {plan.digest}" in error
    assert world.transport.writes == writes
    assert run(["show", "plan.json"]) == 0 and "~" in capsys.readouterr().out


def test_the_command_redacts_what_it_shows_and_what_it_saves(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/redact/v2")
        shown = desk.reconcile("plan", "--redact", "--out", "plan.json", RECONCILE_REDACT_KEY="k")
        again = desk.reconcile("plan", "--redact", "--format", "json", RECONCILE_REDACT_KEY="k").out
        other = desk.reconcile("plan", "--redact", "--format", "json", RECONCILE_REDACT_KEY="l").out
        digest = loads(desk.reconcile("plan", "--format", "json").out)[0].digest
    saved = (tmp_path / "plan.json").read_text()
    assert shown.code == 0 and saved == again and saved != other
    for output in (shown.out, saved, again):
        assert not any(name in output for name in ("x.org", "Engineer", "Net"))
    assert loads(saved)[0].digest == digest == loads(other)[0].digest


ORDINARY = {"1": "0q", "Access": "Abcess", "Team": "Tqam", "User": "Uqer", "member": "mqmber", "role": "rqle"}  # the same order


@pytest.mark.parametrize("step", ["given", "taken", "renamed"])
def test_names_that_are_ordinary_words_garble_nothing(tmp_path: Path, step: str) -> None:
    """Of two worlds that differ in names alone the redacted plans differ in hashes alone, in every form."""
    shown = [
        re.sub(
            "~[0-9a-f]{12}|sha256:[0-9a-f]{64}", "~", every_form(redact(_of_names(tmp_path / str(n), names, step), "key"))
        ).replace(str(tmp_path / str(n)), "")
        for n, names in enumerate((list(ORDINARY), list(ORDINARY.values())))
    ]
    assert shown[0] == shown[1]
    assert not re.search("mqmber|Tqam|Abcess|rqle|Uqer|0q", shown[1])


def _of_names(folder: Path, names: list[str], step: str) -> Plan:
    folder.mkdir()
    world = World(folder)
    people = [f"userPrincipalName: p{n}@x.org, displayName: '{name}'" for n, name in enumerate(names)]
    world.users(*people)
    world.groups(*(f"displayName: '{name}', members: [p{n}@x.org, p0@x.org]" for n, name in enumerate(names)))
    world.assign(*(f"group: '{name}', role: {'Admin' if n % 2 else 'User'}" for n, name in enumerate(names)))
    if step == "given":
        return world.plan()
    world.converge()
    if step == "taken":
        world.groups(*(f"displayName: '{name}', members: [p0@x.org]" for name in names))
        world.users(*people[:3])
        return world.plan()
    world.groups(*(f"displayName: 'New {name}', previously: ['{name}'], members: [p0@x.org]" for name in names))
    world.assign(*(f"group: 'New {name}', role: User" for name in names))
    return world.plan()


def test_a_role_stays_as_it_is_wherever_it_stands_and_hides_nothing_else(world: World) -> None:
    world.write("apps/wiki/roles.yaml", "roles: [{value: member, displayName: Team Member}, {value: user, displayName: User}]\n")
    world.users("userPrincipalName: ada@x.org, jobTitle: member, displayName: User")
    world.groups()
    world.assign("user: ada@x.org, role: Team Member, reason: ada asked")
    plan = world.plan()
    declared = load(world.folder / "desired").declarations
    hidden = redact(plan, "key", known_of(declared, declared.apps["wiki"]))
    values = {attribute.path: attribute.after for attribute in hidden.changes[0].attributes}
    assert values["roles"] == [{"display": "Team Member", "primary": False, "value": "member"}]
    assert values["title"].startswith("~") and values["displayName"].startswith("~")
    assert hidden.access[0].what == "Team Member"
    assert hidden.access[0].reason.startswith("~") and "ada asked" not in every_form(hidden)


def test_what_somebody_typed_as_a_reason_is_a_hash_in_headline_and_sentence() -> None:
    lifted = {"name": "policies", "status": "approved", "detail": "fine", "reasons": ["ada is on leave"]}
    change = Change("User/ada", Action.DISABLE, "revoked on 2026-06-01: stole the red lamp", (), "users.yaml", 1)
    plan = Plan(
        "a",
        "A",
        "u",
        "p",
        (change,),
        safeguards=(lifted,),
        warnings=(Warned("cannot-disable", "User/ada was revoked on 2026-06-01: stole the red lamp, but", "User/ada"),),
    )
    hidden = every_form(redact(plan, "key", Known(free=("stole the red lamp",))))
    assert "1 safeguard overridden: " in hidden and "leave" not in hidden and "lamp" not in hidden
    assert re.search("revoked on 2026-06-01: `?~[0-9a-f]{12}", hidden) and re.search("~[0-9a-f]{12}`?, but", hidden)


@pytest.mark.parametrize(
    ("name", "sentence", "hidden"),
    [("Will", "adopts the existing account Will, matched by userName", "adopts the existing account ~, matched by userName"),
     ("Mark", "mark one as primary there", "mark one as primary there"),
     ("1", "User/ada has 1 of 2 (1)", "User/~ has 1 of 2 (~)"),
     ("is empty", "Group/is empty is empty", "Group/~ is empty")],
)  # fmt: skip
def test_a_name_that_is_a_word_of_ours_is_hidden_where_names_stand(name: str, sentence: str, hidden: str) -> None:
    plan = redact(Plan("a", "A", "u", "p", warnings=(Warned("LeftOut", sentence, "User/ada"),)), "key", Known((name,)))
    assert re.sub("~[0-9a-f]{12}", "~", texts(plan.warnings)[0]) == hidden
    assert [(item.code, item.about) for item in plan.warnings] == [("LeftOut", "")], "the code is kept, and names nobody"
