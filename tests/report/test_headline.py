"""The first line of a plan says in words what it does; what was so before comes last."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reconciler.declare.warned import Warned
from reconciler.plan.change import Action, AttributeChange, Cause, Change
from reconciler.plan.model import Access, Kept, LooksRenamed, Plan, Skip
from reconciler.report import jsonform, markdown, plan_file, text
from reconciler.report.address import address_words
from reconciler.report.headline import headline
from reconciler.report.redact import redact
from tests.support.warned import texts
from tests.support.world import APP, World

PLAN = Plan("wiki", "Wiki", "https://wiki.example", "generic")
PLACE = ("desired/users.yaml", 2)


def change(name: str, action: Action = Action.UPDATE, *attributes: AttributeChange) -> Change:
    return Change(name, action, "why", (Cause.CONFIG,), *PLACE, attributes=attributes)


def row(name: str, gains: bool, what: str = "User", privileged: bool = False, kind: str = "role", keeps: str = "") -> Access:
    return Access(f"User/{name}", "", gains, kind, what, privileged, "", *PLACE, None, keeps=keeps)


def words(changes: tuple[Change, ...] = (change("User/a"),), access: tuple[Access, ...] = (), **more: object) -> str:
    return headline(replace(PLAN, changes=changes, access=access, **more), str)  # type: ignore[arg-type]


LOGIN = AttributeChange("userName", "a@x.org", "a@y.org")
TITLE = AttributeChange("title", "a", "b")


@pytest.mark.parametrize(
    ("access", "said"),
    [
        ((row("a", True),), "1 person gains access"),
        ((row("a", False),), "1 person loses access"),
        ((row("a", False, kind="group", keeps="access by apps.yaml:3"),), "1 person has less access than before"),
        (
            (
                row("a", False),
                row("b", False, "Net", kind="group", keeps="User by apps.yaml:3"),
                row("b", False, "Web", kind="group"),
            ),
            "2 people lose access",
        ),
        ((row("a", False, "Admin", True, keeps="access by apps.yaml:3"),), "1 person loses a privileged role (Admin)"),
        ((row("a", True), row("b", True), row("c", False)), "2 people gain access, 1 loses it"),
        ((row("a", True), row("b", False), row("c", False)), "1 person gains access, 2 lose it"),
        ((row("a", True, "Admin"), row("a", False)), "1 person has other access than before"),
        (
            (row("a", True, "Admin", True), row("b", False, "Admin", True)),
            "1 person gains a privileged role (Admin), 1 person loses a privileged role (Admin)",
        ),
        ((row("a", True, "Admin", True),), "1 person gains a privileged role (Admin)"),
        ((row("a", True, "Admin", True), row("a", True)), "1 person gains access and a privileged role (Admin)"),
        ((row("a", True, "Admin", True), row("b", True)), "2 people gain access, 1 of them a privileged role (Admin)"),
        ((row("a", True, "Admin", True), row("b", True, "Admin", True)), "2 people gain a privileged role (Admin)"),
        (
            tuple(row(who, True, what, True) for who, what in zip("abcde", ("A", "B", "C", "D", "E"), strict=True)),
            "5 people gain privileged roles (A, B, C, 2 more)",
        ),
        ((row("a", False, "Admin", True), row("a", False)), "1 person loses access and a privileged role (Admin)"),
        ((row("a", False, "Admin", True), row("a", True)), "1 person loses a privileged role (Admin)"),
        ((row("a", False, "Ops", True, "group"),), "1 person loses a privileged group (Ops)"),
        ((row("a", True, "Ops", True, "group"), row("a", True, "Admin", True)), "1 person gains a privileged role (Admin)"),
        (
            (row("a", True, "Ops", True, "group"), row("b", True, "Admin", True)),
            "2 people gain privileged groups and roles (Ops, Admin)",
        ),
    ],
)
def test_people_are_counted_by_what_becomes_of_their_access(access: tuple[Access, ...], said: str) -> None:
    changes = tuple(change(item.address) for item in access)
    assert words(changes, access) == said


def test_who_looks_renamed_is_nobody_who_comes_or_goes_but_gains_what_the_old_name_had_not() -> None:
    pairs = (LooksRenamed("User/new", "User/old", "the same e-mail"), LooksRenamed("Group/N", "Group/O", "the same members"))
    rows = (row("new", True), row("old", False), row("c", True, "N", kind="group"), row("c", False, "O", kind="group"))
    changes = (
        *(change(name, Action.CREATE) for name in ("User/new", "Group/N")),
        *(change(name, Action.DELETE) for name in ("User/old", "Group/O")),
    )
    first = "1 login looks renamed without `previously`, 1 group looks renamed without `previously`, "
    assert words(changes, rows, looks_renamed=pairs) == first + "nobody else's access changes"
    more = (*rows, row("new", True, "Admin", True), row("d", True, "N", kind="group"))
    assert words(changes, more, looks_renamed=pairs) == first + "2 people gain access, 1 of them a privileged role (Admin)"
    (again,) = plan_file.loads(jsonform.dumps([replace(PLAN, looks_renamed=pairs)]))
    assert again.looks_renamed == pairs


def test_a_plan_that_moves_no_access_says_so_and_what_it_does() -> None:
    logins = tuple(change(f"User/{n}", Action.UPDATE, LOGIN) for n in range(58))
    assert words((*logins, change("User/t", Action.UPDATE, TITLE))) == (
        "nobody's access changes, 58 logins renamed, 1 account updated"
    )
    assert words((change("User/a", Action.DELETE), change("Group/a", Action.CREATE), change("Group/b", Action.DELETE))) == (
        "nobody's access changes, 1 account deleted, 1 group created, 1 group deleted"
    )


def test_an_overridden_safeguard_stands_there_with_its_reason() -> None:
    lifted = {"name": "accidentalDeletions", "status": "approved", "detail": "d", "reasons": ["site closes"]}
    assert words(safeguards=(lifted,)).endswith("1 safeguard overridden: site closes")
    plan = replace(PLAN, changes=(change("User/a"),), safeguards=({**lifted, "reasons": ["ada@x.org asked"]},))
    assert "1 safeguard overridden: `ada@x.org asked`" in markdown.render(plan).splitlines()[1]
    assert "ada@" not in text.render(redact(plan, "key"), lambda line, _: line)


def test_the_first_line_of_text_says_what_stands_in_the_way() -> None:
    blocked = replace(PLAN, changes=(change("User/a"),), safeguards=({"name": "x", "status": "blocked", "detail": "d"},))
    assert text.first_line(blocked) == "Wiki: blocked by a safeguard: nobody's access changes, 1 account updated"
    assert text.first_line(PLAN) == "Wiki: no changes"


def test_standing_warnings_come_last_and_folded_and_are_all_in_the_json() -> None:
    old = tuple(Warned("ApprovalSpent", f"old {n}") for n in range(7))
    plan = replace(PLAN, changes=(change("User/a"),), warnings=(*old, Warned("LeftOut", "new")), standing=old)
    lines = text.render(plan, lambda line, _: line).splitlines()
    assert lines.index("Warning: new [LeftOut]") < lines.index("Standing warnings (7):")
    assert (
        "  old 4 [ApprovalSpent]" in lines
        and "  old 5 [ApprovalSpent]" not in lines
        and "  and 2 more, in the JSON and the Markdown" in lines
    )
    comment = markdown.render(plan)
    at = [
        comment.index(part)
        for part in ("- new `[LeftOut]`\n", "<details><summary>7 standing warnings</summary>", "- old 0 `[ApprovalSpent]`")
    ]
    assert at == sorted(at)
    (again,) = plan_file.loads(jsonform.dumps([plan]))
    assert (again.warnings, again.standing) == (plan.warnings, old)


def test_warnings_are_texts_in_json_as_ever_with_their_codes_beside_them_and_a_file_from_before_has_none() -> None:
    plan = replace(
        PLAN, warnings=(Warned("LeftOut", "new"), Warned("ApprovalSpent", "old")), standing=(Warned("ApprovalSpent", "old"),)
    )
    document = json.loads(jsonform.dumps([plan]))
    (told,) = document["plans"]
    assert (told["warnings"], told["warning_codes"], told["standing"]) == (["new", "old"], ["LeftOut", "ApprovalSpent"], ["old"])
    del told["warning_codes"]
    (before,) = plan_file.loads(json.dumps(document))
    assert before.warnings == (Warned("", "new"), Warned("", "old")) and before.standing == (Warned("", "old"),)
    assert "Warning: new\n" in text.render(before, lambda line, _: line)
    assert "warning_codes" not in json.loads(jsonform.dumps([before]))["plans"][0]


def test_who_leaves_by_this_plan_is_not_skipped_with_advice_to_come_back() -> None:
    leaver = Skip("User/a", "AccountDisabled", "disabled", "set accountEnabled to true")
    before = Skip("User/b", "AccountDisabled", "disabled", "set accountEnabled to true")
    plan = replace(PLAN, changes=(change("User/a", Action.DISABLE),), skipped=(leaver, before))
    for shown in (text.render(plan, lambda line, _: line), markdown.render(plan)):
        assert "1 skipped" in shown and "set accountEnabled" not in shown
        assert "AccountDisabled (1): disabled in the directory, so nothing is to be done" in shown
    assert len(jsonform.to_json(plan)["skipped"]) == 2


def test_another_matching_value_is_counted_beside_the_logins_and_who_keeps_something_unmanaged_is_said() -> None:
    renamed = (change("User/a", Action.UPDATE, LOGIN), change("User/b"), change("User/c"))
    rows = tuple(row(name, True, "emails b@y.org, before b@x.org", kind="identity") for name in "abc")
    assert words(renamed, rows) == ("nobody's access changes, 1 login renamed, 2 accounts get another e-mail or matching value")
    kept = (Kept("User/a", "roles", "Admin", True), Kept("User/a", "roles", "User", False))
    assert words((), (), kept=kept) == "1 person keeps access unmanaged"


@pytest.mark.parametrize("setting", ["outOfScope", "removedFromDirectory"])
def test_a_leaver_who_is_retained_is_warned_of_once_and_not_told_to_come_back(world: World, setting: str) -> None:
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: bob@x.org")
    world.groups()
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    world.write("apps/wiki/app.yaml", APP + f"deprovisioning: {{{setting}: retain}}\n")
    world.users("userPrincipalName: ada@x.org", *(["userPrincipalName: bob@x.org"] if setting == "outOfScope" else []))
    world.assign("user: ada@x.org, role: User")
    shown = text.render(world.plan(), lambda line, _: line)
    assert "Warning: User/bob@x.org: no longer in " in shown
    assert f", and the account stays active with all that it may do, since {setting} is `retain`" in shown
    assert "assign the user" not in shown and "enable" not in shown
    world.apply()
    again = text.render(world.plan(), lambda line, _: line)
    assert "Warning" not in again and "assign the user" not in again


def test_who_holds_a_privileged_role_and_is_nobodys_is_a_warning_in_no_fold(world: World) -> None:
    world.users("userPrincipalName: ada@x.org")
    world.groups()
    world.assign("user: ada@x.org, role: User")
    world.seed("stranger@x.org", roles=[{"value": "admin"}])
    world.converge()
    plan = world.plan()
    (said,) = texts(plan.fresh)
    assert said.startswith("an active account holds Admin (privileged)") and "`revoke --id ID`" in said
    assert f"Warning: {said}" in text.render(plan, lambda line, _: line)
    assert "holds Admin (privileged)" in markdown.render(plan).partition("<details>")[0]


def test_an_address_that_hides_what_a_variable_holds_says_so() -> None:
    hidden = "https://a.example/${env:WIKI_URL}#4f0c1a2b3d5e"
    said = f"{hidden} (the digits stand for the whole of it)"
    assert said in text.render(replace(PLAN, base_url=hidden), lambda words, code: words)
    assert address_words("https://a.example/#top") == "https://a.example/#top"
