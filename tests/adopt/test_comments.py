"""Rows go out of lists as people write them, and every comment stays with the row that it stands on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adopt.yaml_edit.edit import revise
from reconciler.declare.yaml.document import parse
from tests.support.budget import examples

MARK = re.compile(r"#c\d+|\bu\d+")  # a comment, or the end of a row
Lines = list[list[str]]


@st.composite
def lists(draw: st.DrawFn, element: str) -> str:
    """The rows u0, u1, ... in brackets, several on a line or one on several, or each behind a dash."""
    count, flow, numbers = draw(st.integers(1, 5)), draw(st.booleans()), iter(range(100))

    def behind() -> str:
        return draw(st.sampled_from(["", "  #c{}, [x], y"])).format(next(numbers))

    def above() -> str:
        return "".join(f"      {behind().strip()}\n" for _ in range(draw(st.sampled_from([0, 0, 1, 2]))))

    text = draw(st.sampled_from([" [", " [\n", f" [{behind()}\n"])) if flow else behind() + "\n"
    for number in range(count):
        row = element.format(number)
        text += above() + "      " if text.endswith("\n") else ""
        if flow:
            row = row.replace(", ", draw(st.sampled_from([", ", ",\n        "])))
            row += "" if number == count - 1 and draw(st.booleans()) else draw(st.sampled_from([",", " ,"]))
        else:
            row = "- " + (row if draw(st.booleans()) else row.strip("{}").replace(", ", "\n        "))
        text += row + (behind() + "\n" if not flow or draw(st.booleans()) else " ")
    return text + above() * text.endswith("\n") + "    ]" * flow


def marks(text: str) -> Lines:
    return [MARK.findall(line) for line in text.splitlines()]


def kept(text: str, gone: set[int]) -> Lines:
    """What stays of each line: with the last row of a line goes the comment behind it."""
    left, out = [], {f"u{number}" for number in gone}
    for line in marks(text):
        rows = {mark for mark in line if mark.startswith("u")}
        left.append([] if rows and rows <= out else [mark for mark in line if mark not in out])
    return left


def check(text: str, gone: set[int], again: str) -> None:
    """All that stays stays in its order, and behind a row that stays is the comment that was there."""
    left = kept(text, gone)
    assert sum(marks(again), []) == sum(left, []), again
    found = [line[-2:] for line in marks(again)]
    assert [line for line in left if line and line[-1].startswith("#") and line[-2:] not in found] == [], again


GONE = st.sets(st.integers(0, 4))


@settings(max_examples=examples(100))
@given(lists("{{role: R, user: u{}}}"), GONE, st.sampled_from(["\n", "\r\n"]), st.sampled_from([None, "new", "zed"]))
def test_of_a_list_of_rows(written: str, gone: set[int], end: str, added: str | None) -> None:
    text = f"# top\nassignments:{written}\n# end\n".replace("\n", end)
    rows = parse(text.encode(), "x").data["assignments"]
    fresh = [{"user": added, "role": "R"}] if added else []
    left = [row for n, row in enumerate(rows) if n not in gone]
    again = revise("assignments", text, "x.yaml", {}, fresh, gone & set(range(len(rows))))
    assert parse(again.encode(), "x").data["assignments"] == (fresh + left if added == "new" else left + fresh)
    check(written, gone, again)


@settings(max_examples=examples(100))
@given(lists("u{}"), GONE, st.booleans())
def test_of_members_also_where_none_is_left_or_others_come(written: str, gone: set[int], come: bool) -> None:
    text = f"groups:\n  - displayName: Team\n    members:{written}\n    description: x\n  - displayName: All\n"
    groups: list[dict[str, Any]] = parse(text.encode(), "x").data["groups"]
    gone &= set(range(len(groups[0]["members"])))
    # One for one would be a rename, whose comment stays.
    left = [name for n, name in enumerate(groups[0]["members"]) if n not in gone] + ["new"] * (come and len(gone) != 1)
    again = revise("groups", text, "x.yaml", {0: {**groups[0], "members": left}})
    assert parse(again.encode(), "x").data["groups"] == [{**groups[0], "members": left}, groups[1]]
    check(written, gone, again)


@pytest.mark.parametrize(("listed", "gone", "left"), [
    ("[\n  {user: a}, # NET-8\n  {user: b} # NET-7, bye\n]", [1], "[\n  {user: a} # NET-8\n]"),
    ("[\n  {user: a}, # NET-8\n  # next\n  {user: b}, # NET-7\n]", [0], "[\n  # next\n  {user: b}, # NET-7\n]"),
    ("[{user: a}, {user: b}] # both", [1], "[{user: a}] # both"),
    ("[{user: a}, # one\n  {user: b}] # all", [1], "[{user: a} # one\n  ] # all"),
    ("[{user: a},\n  {user: b}]", [1], "[{user: a}]"),
    ("[\n  {user: a} # one\n  , {user: b} # two\n]", [0], "[\n   {user: b} # two\n]"),
    ("&x [ # who\n  {user: a}, # one\n]", [0], "&x [ # who\n]"),
])  # fmt: skip
def test_what_goes_and_what_stays(listed: str, gone: list[int], left: str) -> None:
    assert revise("assignments", f"assignments: {listed}\n", "x.yaml", {}, removed=gone) == f"assignments: {left}\n"
