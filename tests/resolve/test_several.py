"""Several elements behind one path: all their values, the primary's first, and one of them as a path of its own."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.resolve.columns import read_columns
from reconciler.resolve.paths import parse_path, place_value, remove_value
from reconciler.resolve.several import Several, addressed, leading

WORK = 'emails[type eq "work"].value'


def work(value: str | None, **more: Any) -> dict[str, Any]:
    return {"type": "work", **({"value": value} if value else {}), **more}


HOME = {"type": "home", "value": "h@x.org"}


@pytest.mark.parametrize(
    ("emails", "found", "primary"),
    [([work("a"), HOME], "a", False),
     ([HOME, work("a"), work("a", display="A")], "a", False),
     ([work("a"), HOME, work("b")], ["a", "b"], False),
     ([work("a"), work("b", primary=True), work("a")], ["b", "a"], True),
     ([work("a"), work("b", primary="True")], ["b", "a"], True),
     ([{"Type": "Work", "Value": "a"}, work("b")], ["a", "b"], False),
     ([work("a"), work(None)], ["a", None], False),
     ([work(None), work(None)], [None], False),
     ([HOME], None, False), ([], None, False), (None, None, False), ("x", None, False), ({"type": "work"}, None, False),
     ([7, work("a"), work("b")], ["a", "b"], False)],
)  # fmt: skip
@pytest.mark.parametrize("others", [[], [{"emails": [{"type": 7}]}]])
def test_what_a_path_with_a_filter_finds(emails: Any, found: Any, primary: bool, others: list[dict[str, Any]]) -> None:
    ((value, *_),) = read_columns([parse_path(WORK)], [{"emails": emails}, *others])
    assert value == found and getattr(value, "primary", False) is primary
    assert isinstance(value, Several) is isinstance(found, list)


def test_one_of_them_leads() -> None:
    assert [leading(value) for value in (Several([None, "a", "b"]), Several([None]), ["a"], "a", None)] == [
        "a",
        None,
        ["a"],
        "a",
        None,
    ]


@pytest.mark.parametrize(
    ("target", "value", "path"),
    [(WORK, "a@x.org", 'emails[type eq "work" and value eq "a@x.org"].value'),
     (WORK, 'a"]\\', r'emails[type eq "work" and value eq "a\"]\\"].value'),
     ('phoneNumbers[type eq "work"].primary', True, 'phoneNumbers[type eq "work" and primary eq true].primary'),
     ('roles[primary eq "True"]', {"value": "admin"}, 'roles[primary eq "True" and value eq "admin"]')],
)  # fmt: skip
def test_one_of_them_has_a_path_of_its_own(target: str, value: Any, path: str) -> None:
    assert addressed(target, parse_path(target), value) == path
    assert parse_path(path).filter is not None


def test_a_put_writes_as_a_patch_does_to_every_element_that_matches() -> None:
    found: dict[str, Any] = {"emails": [work("a"), HOME, work("b")]}
    place_value(found, parse_path(WORK), "c")
    assert found["emails"] == [work("c"), HOME, work("c")]
    place_value(found, parse_path('emails[type eq "home" and value eq "h@x.org"].value'), "i@x.org")
    assert found["emails"][1]["value"] == "i@x.org"


@pytest.mark.parametrize(
    ("before", "after"),
    [([work("a"), HOME, work("b")], [HOME]),
     ([work("a", primary=True, display="A"), HOME], [HOME]),
     ([HOME], [HOME])],
)  # fmt: skip
def test_a_value_goes_with_its_element(before: list[Any], after: list[Any]) -> None:
    found = {"emails": before}
    remove_value(found, parse_path(WORK))
    assert found["emails"] == after
