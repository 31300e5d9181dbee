"""Which attributes differ, and by whose doing: values in, changes out."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.declare.mapping_model import AttributeMapping
from reconciler.plan.change import AttributeChange
from reconciler.plan.diff import (
    Alike,
    attribute,
    causes,
    detail,
    differing,
    ignored,
    in_address_space,
    initial_attributes,
    same,
    unsaid,
    unsure,
)
from reconciler.record.entries import Entry
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.several import Several
from tests.plan.literals import mapping

TITLE = AttributeMapping("title", "source", "jobTitle")
ASSERTIVE = AttributeMapping("roles", "expression", "AssertiveAppRoleAssignmentsComplex([appRoleAssignments])")
ADDING = AttributeMapping("roles", "expression", "AppRoleAssignmentsComplex([appRoleAssignments])")
ADMIN, USER = {"value": "admin", "display": "Admin"}, {"value": "user", "display": "User"}


def entry(wanted: Any, **answered: Any) -> Entry:
    return {"id": "1", "wanted": {"title": wanted}, "answered": answered}


@pytest.mark.parametrize(
    ("item", "want", "have", "equal"),
    [
        (TITLE, "Engineer", "Engineer", True),
        (TITLE, "Engineer", "engineer", False),
        (TITLE, None, "Engineer", False),
        (AttributeMapping("userName", "source", "mail"), "Ada@x.org", "ada@X.org", True),
        (AttributeMapping("userName", "source", "mail", caseExact=True), "Ada@x.org", "ada@X.org", False),
        (ASSERTIVE, [ADMIN, USER], [USER, ADMIN], True),
        (ASSERTIVE, [USER], [USER, ADMIN], False),
        (ASSERTIVE, [USER, ADMIN], [USER], False),
        (ASSERTIVE, [USER], None, False),
        (ASSERTIVE, [{**USER, "primary": False}], [USER], True),
        (ASSERTIVE, [{**USER, "primary": True}], [USER], False),
        (ASSERTIVE, [{**USER, "display": "x"}], [USER], False),
        (ADDING, [USER], [USER, ADMIN], True),
        (ADDING, [USER, ADMIN], [USER], False),
    ],
)
def test_case_order_and_what_the_service_leaves_out_make_no_difference(
    item: AttributeMapping, want: Any, have: Any, equal: bool
) -> None:
    assert same(mapping(item).slots[0], want, have) is equal


@pytest.mark.parametrize(
    ("item", "want", "have", "known", "written"),
    [
        (TITLE, "b", "a", None, True),
        (TITLE, "b", "a", entry("b"), True),
        (TITLE, IGNORE, "a", entry("b"), False),
        (TITLE, None, "a", None, False),
        (TITLE, None, "a", entry("a"), True),
        (TITLE._replace(onNull="keep"), None, "a", entry("a"), False),
        (TITLE._replace(default="a"), None, "a", entry("a"), False),
        (TITLE._replace(default="a"), None, "b", entry("b"), True),
        (TITLE._replace(apply="create"), "b", "a", entry("b"), False),
        (TITLE._replace(ignoreDrift=True), "b", "a", entry("b"), False),
        (TITLE._replace(ignoreDrift=True), "b", "a", entry("c"), True),
        (TITLE._replace(ignoreDrift=True), "b", "a", None, False),
        (TITLE, "b", "a", entry("b", title="a"), False),
        (TITLE, "b", "c", entry("b", title="a"), True),
        (TITLE, "d", "a", entry("b", title="a"), True),
        (ASSERTIVE, None, [ADMIN], None, True),
        (ADDING, None, [ADMIN], entry(None), False),
    ],
)
def test_an_update_writes_what_differs_and_is_ours_to_say(
    item: AttributeMapping, want: Any, have: Any, known: Entry | None, written: bool
) -> None:
    assert [change.after for change in differing(mapping(item), (want,), (have,), known)] == ([want] if written else [])


def test_who_says_nothing_of_active_is_active() -> None:
    slot = mapping(AttributeMapping("active", "constant", "True")).slots[0]
    assert unsaid(slot, True, None)
    assert not unsaid(slot, False, None) and not unsaid(slot, True, False) and not unsaid(mapping(TITLE).slots[0], True, None)


def test_a_create_holds_what_is_there_the_default_else_and_nothing_that_is_to_be_left() -> None:
    made = mapping(
        TITLE,
        TITLE._replace(target="nickName", default="none"),
        TITLE._replace(target="locale"),
        AttributeMapping("displayName", "none", True, default="Ada"),
        TITLE._replace(target="userType", default="x"),
    )
    changes = initial_attributes(made, ("Engineer", None, None, IGNORE, IGNORE), Alike())
    assert [(c.path, c.before, c.after) for c in changes] == [
        ("title", None, "Engineer"),
        ("nickName", None, "none"),
        ("displayName", None, "Ada"),
    ]


def test_a_value_that_only_the_apply_makes_is_shown_as_its_expression() -> None:
    (change,) = initial_attributes(
        mapping(AttributeMapping("externalId", "expression", "Guid()", apply="create")), (None,), Alike()
    )
    assert (change.after, change.generated) == (None, "Guid()")


def test_where_a_mapping_only_adds_what_is_there_stays() -> None:
    adds, asserts = mapping(ADDING).slots[0], mapping(ASSERTIVE).slots[0]
    assert attribute(adds, [ADMIN, USER], [USER]).after == [USER, ADMIN]
    assert attribute(asserts, [ADMIN, USER], [USER]).after == [USER]


@pytest.mark.parametrize(
    ("known", "before_expiry", "why"),
    [
        (None, {}, "config"),
        (entry("b"), {}, "drift"),
        (entry("c"), {}, "config"),
        (entry("c"), {"title": "c"}, "time"),
        (entry("c"), {"title": "d"}, "config"),
        ({"id": "1"}, {}, "config"),
    ],
)
def test_the_record_tells_drift_from_time_and_from_the_declaration(
    known: Entry | None, before_expiry: dict[str, Any], why: str
) -> None:
    assert causes((AttributeChange("title", "a", "b"),), known, before_expiry) == [why]


def test_nothing_that_differs_has_no_cause() -> None:
    assert causes((), None, {}) == [] and causes((), entry("b"), {}) == []


@pytest.mark.parametrize(
    ("item", "want", "known", "kept"),
    [
        (TITLE, "b", entry("b", title="a"), [0]),
        (TITLE, "b", entry("b"), []),
        (TITLE, "b", entry("b", title="c"), []),
        (TITLE, "c", entry("b", title="a"), []),
        (TITLE, None, entry(None, title="a"), [0]),
        (TITLE, None, entry(None, title="c"), []),
        (TITLE, None, entry(None), []),
        (TITLE, None, entry("b", title="a"), []),
        (TITLE._replace(onNull="keep"), None, entry(None, title="a"), []),
        (TITLE._replace(default="b"), None, entry(None, title="a"), []),
        (TITLE._replace(ignoreDrift=True), None, entry(None, title="a"), []),
        (TITLE._replace(ignoreDrift=True), "b", entry("b", title="a"), []),
        (TITLE, IGNORE, entry("b", title="a"), []),
        (TITLE, "b", None, []),
    ],
)
def test_what_the_service_was_told_and_keeps_otherwise_is_known(
    item: AttributeMapping, want: Any, known: Entry | None, kept: list[int]
) -> None:
    assert ignored(mapping(item), (want,), ("a",), known) == kept


def test_a_null_that_takes_roles_away_and_is_ignored_is_known() -> None:
    known: Entry = {"id": "1", "wanted": {"roles": None}, "answered": {"roles": [ADMIN]}}
    assert ignored(mapping(ASSERTIVE), (None,), ([ADMIN],), known) == [0]
    assert ignored(mapping(ADDING), (None,), ([ADMIN],), known) == []


def test_a_reference_stands_as_the_address_of_whom_it_points_to() -> None:
    both = mapping(TITLE, AttributeMapping("manager", "source", "manager"))
    assert in_address_space(both, ("b2", "b2"), {"b2": "User/grace@x.org"}) == ("b2", "User/grace@x.org")
    assert in_address_space(both, ("x", "c3"), {"b2": "User/grace@x.org"}) == ("x", "c3")
    assert in_address_space(both, (None, None), {}) == (None, None)


def test_a_list_is_compared_by_its_keys() -> None:
    assert detail("a", "b") == []
    assert [row[:2] for row in detail([USER], [ADMIN])] == [("+", "admin"), ("-", "user")]
    assert detail([USER], [{**USER, "display": "x"}]) == [("~", "user.display", "User", "x")]


# Several values behind one path

WORK = AttributeMapping('emails[type eq "work"].value', "source", "mail")


def several(*values: Any, primary: bool = False) -> Several:
    found = Several(values)
    found.primary = primary
    return found


def told(wanted: Any, answer: str = "") -> Entry:
    return {"id": "1", "wanted": {WORK.target: wanted}, "answered": {WORK.target: answer} if answer else {}}


@pytest.mark.parametrize(
    ("want", "have", "entry", "before"),
    [
        ("B@x.org", several("a@x.org", "b@x.org"), None, None),  # one of them has it already
        ("c", several("a", "b"), told("b"), ["b", "a"]),  # which we have written
        ("c", several("a", "b"), told("x", answer="b"), ["b", "a"]),  # as which it was answered
        ("c", several("a", "b", primary=True), told("b"), ["b", "a"]),
        ("c", several("a", "b", primary=True), None, ["a", "b"]),
        ("c", several("a", None), None, ["a", None]),  # the only one there is
        ("c", several(None, "a", "b", primary=True), None, "unsure"),
        ("c", several(None), None, "unsure"),
        ("c", several("a", "b"), None, "unsure"),
        ("c", several("a", "b"), told("x"), "unsure"),
        (None, several("a", "b"), told("b"), ["b", "a"]),
        (None, several("a", "b"), told(None), None),  # the others were never ours
        (None, several(None), told("b"), None),
    ],
)
def test_of_several_values_the_one_that_is_meant_comes_first(want: Any, have: Several, entry: Entry | None, before: Any) -> None:
    item, values = mapping(WORK), ((want,), (have,))
    changes = [(change.before, change.after) for change in differing(item, *values, entry)]
    assert changes == ([(before, want)] if isinstance(before, list) else [])
    assert unsure(item, *values, entry) == ([WORK.target] if before == "unsure" else [])


def test_one_value_in_place_of_several_is_no_list_of_parts() -> None:
    assert detail(["a", "b"], "c") == []
