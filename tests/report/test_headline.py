"""The first line of a plan says in words what it does; what was so before comes last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plan.model import Access, Action, AttributeChange, Cause, Change, Kept, Plan, Skip
from reconciler.report import jsonform, markdown, text
from reconciler.report.headline import headline
from reconciler.report.redact import redact

PLAN = Plan("wiki", "Wiki", "https://wiki.example", "generic")
PLACE = ("desired/users.yaml", 2)


def change(name: str, action: Action = Action.UPDATE, *attributes: AttributeChange) -> Change:
    return Change(name, action, "why", (Cause.CONFIG,), *PLACE, attributes=attributes)


def row(name: str, gains: bool, what: str = "User", privileged: bool = False, kind: str = "role") -> Access:
    return Access(f"User/{name}", "", gains, kind, what, privileged, "", *PLACE, None)


def words(changes: tuple[Change, ...] = (change("User/a"),), access: tuple[Access, ...] = (), **more: object) -> str:
    return headline(replace(PLAN, changes=changes, access=access, **more), str)  # type: ignore[arg-type]


LOGIN = AttributeChange("userName", "a@x.org", "a@y.org")
TITLE = AttributeChange("title", "a", "b")


@pytest.mark.parametrize(
    ("access", "said"),
    [
        ((row("a", True),), "1 person gains access"),
        ((row("a", False),), "1 person loses access"),
        ((row("a", True), row("b", True), row("c", False)), "2 people gain access, 1 loses it"),
        ((row("a", True), row("b", False), row("c", False)), "1 person gains access, 2 lose it"),
        ((row("a", True, "Admin"), row("a", False)), "1 person has other access than before"),
        (
            (row("a", True, "Admin", True), row("b", False, "Admin", True)),
            "1 person gains access, 1 loses it, 1 privileged role moves",
        ),
        ((row("a", True, "Admin", True),), "1 person gains access, 1 privileged role is given"),
        ((row("a", False, "Ops", True, "group"),), "1 person loses access, 1 privileged group is taken away"),
    ],
)
def test_people_are_counted_by_what_becomes_of_their_access(access: tuple[Access, ...], said: str) -> None:
    changes = tuple(change(item.address) for item in access)
    assert words(changes, access) == said


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
    old = tuple(f"old {n}" for n in range(7))
    plan = replace(PLAN, changes=(change("User/a"),), warnings=(*old, "new"), standing=old)
    lines = text.render(plan, lambda line, _: line).splitlines()
    assert lines.index("Warning: new") < lines.index("Standing warnings (7):")
    assert "  old 4" in lines and "  old 5" not in lines and "  and 2 more, in the JSON and the Markdown" in lines
    comment = markdown.render(plan)
    at = [comment.index(part) for part in ("- new\n", "<details><summary>7 standing warnings</summary>", "- old 0")]
    assert at == sorted(at)
    (again,) = jsonform.loads(jsonform.dumps([plan]))
    assert (again.warnings, again.standing) == (plan.warnings, old)


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
