"""What a PATCH removes, and that a PUT leaves the same behind."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.scim.patch import body, member_operations, merge, operations
from reconciler.scim.profile import Patch
from tests.support.world import World

STREET, TOWN = 'addresses[type eq "work"].streetAddress', 'addresses[type eq "work"].locality'
OTHER = 'emails[type eq "other"].value'
HOME = {"type": "home", "locality": "Rome"}
WORK = {"type": "work", "streetAddress": "Strand 1", "locality": "London"}


@pytest.mark.parametrize(
    ("pairs", "removed", "left"),
    [([(STREET, None)], [STREET], [HOME, {"type": "work", "locality": "London"}]),
     ([(STREET, None), (TOWN, None)], ['addresses[type eq "work"]'], [HOME]),
     ([(STREET, None), (TOWN, "Paris")], [STREET], [HOME, {"type": "work", "locality": "Paris"}])],
)  # fmt: skip
def test_an_element_goes_with_the_last_value_in_it(
    world: World, pairs: list[tuple[str, Any]], removed: list[str], left: list[dict[str, str]]
) -> None:
    live = world.client.create("Users", {**body("Users", [("userName", "a@x.org")]), "addresses": [HOME, WORK]})
    sent = operations(pairs, live)
    assert [item["path"] for item in sent if item["op"] == "remove"] == removed
    assert merge(live, pairs)["addresses"] == left
    world.client.patch("Users", live["id"], sent)
    assert (world.client.get("Users", live["id"]) or {})["addresses"] == left


@pytest.mark.parametrize("there", [[], [HOME]])
def test_two_values_of_one_element_that_is_not_there_come_as_one(world: World, there: list[dict[str, str]]) -> None:
    live = world.client.create("Users", {**body("Users", [("userName", "a@x.org")]), "addresses": there})
    pairs = [(STREET, "Strand 1"), ("title", "Countess"), (TOWN, "London")]
    world.client.patch("Users", live["id"], operations(pairs, live))
    assert (world.client.get("Users", live["id"]) or {})["addresses"] == [*there, WORK]


def test_the_shape_that_entra_sends_stays() -> None:
    live = {"emails": [{"type": "other", "value": "a@x.org"}]}
    assert operations([(OTHER, None)], live, Patch(dialect="entra")) == [{"op": "Remove", "path": OTHER}]


def test_a_service_without_filters_in_paths_gets_every_value_of_an_attribute_at_once() -> None:
    pairs = [(OTHER, None), ('emails[type eq "work"].value', "w@x.org"), ('emails[type eq "home"].value', "h@x.org")]
    emails = [{"type": "work", "value": "w@x.org"}, {"type": "home", "value": "h@x.org"}]
    live = {"emails": [{"type": "other", "value": "a@x.org"}]}
    assert operations(pairs, live, Patch(valueFilters=False)) == [{"op": "replace", "path": "emails", "value": emails}]


def test_the_id_of_a_member_is_quoted() -> None:
    ((operation,),) = member_operations([], ['a"b\\c'], 100)
    assert operation["path"] == r'members[value eq "a\"b\\c"]'


@pytest.mark.parametrize("target", ["title", "name.givenName", OTHER, "urn:x:Y:floor"])
def test_a_put_removes_whatever_the_spelling_of_the_service(target: str) -> None:
    live = {"Title": "x", "Name": {"GivenName": "x"}, "Emails": [{"Type": "other", "Value": "x"}], "URN:X:Y": {"Floor": "x"}}
    assert "x" not in str(merge({name: value for name, value in live.items() if name[0].lower() == target[0]}, [(target, None)]))
