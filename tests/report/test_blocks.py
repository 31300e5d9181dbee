"""Changes of one cause are one block: how many, where it is said, two of them; JSON holds each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import replace

import pytest

from reconciler.plan.change import Action, AttributeChange, Cause, Change, Precondition
from reconciler.plan.model import Access, Plan
from reconciler.report import jsonform, markdown, plan_file, text
from reconciler.report.markdown.prose import prose
from reconciler.report.names import known

THERE = Precondition("1", None, "sha256:0")
EMPTY = Plan("wiki", "Wiki", "https://wiki.example", "generic")


def title(number: int, path: str = "title", line: int = 12) -> Change:
    """What one line of mappings.yaml does to one person."""
    attribute = AttributeChange(path, "a", f"b{number}", file="mappings.yaml", line=line)
    return change(number, Action.UPDATE, "the declaration changed", (attribute,))


def change(number: int, action: Action, why: str, attributes: tuple[AttributeChange, ...] = ()) -> Change:
    return Change(f"User/u{number}", action, why, (Cause.CONFIG,), "a.yaml", number + 2, "", attributes, precondition=THERE)


def plan(changes: Iterable[Change], access: Iterable[Access] = ()) -> Plan:
    return replace(EMPTY, changes=tuple(changes), access=tuple(access))


def as_text(shown: Plan, few: int = 5) -> str:
    return text.render(shown, lambda line, _: line, few=few)


def test_one_mapping_line_that_changes_59_people_is_one_block() -> None:
    shown = as_text(plan(map(title, range(59))))
    assert "  ~ update 59 accounts\n      because: the declaration changed [config]\n" in shown
    assert "      mapped: title at mappings.yaml:12\n      declared: a.yaml:2 and 58 more lines\n" in shown
    assert shown.count('title: "a" -> "b') == 2 and "      and 57 more: `--full` shows each\n" in shown


def test_the_others_are_folded_in_markdown_and_whole_in_json() -> None:
    comment = markdown.render(plan(map(title, range(59))))
    first, more = comment.split("<details><summary>57 more of these declared changes</summary>")
    assert "<summary>59 declared changes</summary>" in first and "! update 59 accounts\n" in first
    assert "#   title is mapped in mappings.yaml:12\n" in first
    assert first.count("+   title: ") == 2 and more.count("+   title: ") == 57
    saved = json.loads(jsonform.dumps([plan(map(title, range(59)))]))["plans"][0]["changes"]
    assert len(saved) == 59 and saved[0]["attributes"][0]["mapped_at"] == {"file": "mappings.yaml", "line": 12}


@pytest.mark.parametrize("few", [5, sys.maxsize])
def test_a_few_changes_or_all_that_are_asked_for_are_shown_each(few: int) -> None:
    count = 5 if few == 5 else 59
    assert as_text(plan(map(title, range(count))), few).count("  ~ update User/u") == count


def test_another_attribute_cause_or_line_is_another_block() -> None:
    other = [title(number, "nickName", 13) for number in range(10, 20)]
    shown = as_text(plan([*map(title, range(10)), *other]))
    assert shown.count("  ~ update 10 accounts") == 2
    assert "title at mappings.yaml:12" in shown and "nickName at mappings.yaml:13" in shown


def test_equal_disables_are_one_block_and_one_row_of_caution() -> None:
    off = (AttributeChange("active", True, False),)
    shown = plan(change(number, Action.DISABLE, "NotAssigned: not assigned", off) for number in range(13))
    assert "  - disable 13 accounts" in as_text(shown)
    block = markdown.render(shown).partition("> [!CAUTION]\n")[2].partition("\n\n")[0]
    assert block.startswith("> - **disables 13 accounts**: NotAssigned: not assigned: `User/u0`, `User/u1`")
    assert block.endswith("and 3 more")


def joins(number: int, what: str = "Big", place: int = 3) -> Access:
    return Access(f"User/u{number}", "", True, "group", what, False, "", "groups.yaml", place, None)


def test_joiners_of_a_new_group_are_one_line_of_access_one_block_and_one_line_of_members() -> None:
    people = range(600)
    group = Change(
        "Group/Big",
        Action.CREATE,
        "in scope, and no group matches",
        (Cause.CONFIG,),
        "groups.yaml",
        3,
        add=tuple(f"User/u{n}" for n in people),
    )
    made = [replace(change(n, Action.CREATE, "in scope, and no account matches"), precondition=None) for n in people]
    shown = plan([group, *made], map(joins, people))
    lines = as_text(shown).splitlines()
    assert "  600 people: u0, u1 and 598 more" in lines and "      each gains group Big, groups.yaml:3" in lines
    assert "      + 600 members: User/u0, User/u1 and 598 more" in lines and "  + create 600 accounts" in lines
    assert len(lines) < 40
    comment = markdown.render(shown)
    assert "| gains | 600 people: `User/u0`, `User/u1` and 598 more | group `Big` |" in comment
    assert "+   and 598 more members" in comment


def test_each_attribute_and_member_names_its_own_cause_where_there_are_several() -> None:
    both = (Cause.CONFIG, Cause.DRIFT)
    attributes = (AttributeChange("title", "a", "b", cause="config"), AttributeChange("nickName", "x", "y", cause="drift"))
    user = replace(title(1), causes=both, attributes=attributes)
    group = replace(user, address="Group/g", attributes=(), add=("User/a",), member_causes=(("User/a", Cause.DRIFT),))
    shown = as_text(plan([user, group]))
    assert 'title: "a" -> "b"  [config]' in shown and 'nickName: "x" -> "y"  [drift]' in shown
    assert "+ member User/a  [drift]" in shown
    (again,) = plan_file.loads(jsonform.dumps([plan([user, group])]))
    assert again.changes == plan([user, group]).changes
    assert "[config]" not in as_text(plan([title(1)])).replace("changed [config]", "")


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("13 of 60 users lose access; limit 10 or 20 %", "13 of 60 users lose access; limit 10 or 20 %"),
        ("User/ada@x.org holds Admin, desired/a.yaml:3", "`User/ada@x.org` holds Admin, `desired/a.yaml:3`"),
        ("needs `expires` by 2026-08-30", "needs `expires` by 2026-08-30"),
        ("add `previously: [a]`, and go on", "add `previously: [a]`, and go on"),
        ("a part of it (`--only`), or all", "a part of it (`--only`), or all"),
        ("in Net Work, since then", "in `Net Work`, since then"),
        ("see #1 and @all or www.evil.example", "see `#1` and `@all` or `www.evil.example`"),
        ("[x](https://evil) *b* <i>", "`[x](https://evil)` `*b*` `<i>`"),
        ("commit deadbeef of 1", "commit `deadbeef` of 1"),
        ("1. first", "`1.` first"),
    ],
)
def test_a_sentence_is_prose_in_which_names_and_what_markdown_would_take_are_code(sentence: str, shown: str) -> None:
    assert prose(sentence, known(["Net Work"])) == shown
