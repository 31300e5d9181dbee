"""One change in other forms than its path, value in, value out: what RFC 7644 §3.5 lets a client send."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.scim.attribute_forms import PUT, alternatives, is_of_every_value, is_of_form, is_refusal
from reconciler.scim.errors import PatchUnsupported, ServiceError
from reconciler.scim.patch import PATH, VALUE, WHOLE, operations
from reconciler.scim.profile import Patch

WORK = 'emails[type eq "work"].value'
FLOOR = "urn:x:Y:floor"
LIVE: dict[str, Any] = {
    "active": True,
    "title": "Boss",
    "name": {"givenName": "Ada", "familyName": "Byron"},
    "emails": [{"type": "work", "value": "w@x.org"}, {"type": "home", "value": "h@x.org"}],
    "urn:x:Y": {"floor": "1", "desk": "2"},
}
HOME = {"type": "home", "value": "h@x.org"}


@pytest.mark.parametrize(
    ("target", "value", "form", "operation"),
    [("title", "Chief", PATH, {"op": "replace", "path": "title", "value": "Chief"}),
     ("title", "Chief", VALUE, {"op": "replace", "value": {"title": "Chief"}}),
     ("title", None, VALUE, {"op": "replace", "value": {"title": None}}),
     ("active", False, VALUE, {"op": "replace", "value": {"active": False}}),
     ("name.givenName", "A", PATH, {"op": "replace", "path": "name.givenName", "value": "A"}),
     ("name.givenName", "A", WHOLE, {"op": "replace", "path": "name", "value": {"givenName": "A", "familyName": "Byron"}}),
     ("name.givenName", "A", VALUE, {"op": "replace", "value": {"name": {"givenName": "A", "familyName": "Byron"}}}),
     ("name.givenName", None, WHOLE, {"op": "replace", "path": "name", "value": {"familyName": "Byron"}}),
     ("name.givenName", None, VALUE, {"op": "replace", "value": {"name": {"givenName": None, "familyName": "Byron"}}}),
     (WORK, "a@x.org", WHOLE, {"op": "replace", "path": "emails", "value": [{"type": "work", "value": "a@x.org"}, HOME]}),
     (WORK, "a@x.org", VALUE, {"op": "replace", "value": {"emails": [{"type": "work", "value": "a@x.org"}, HOME]}}),
     (WORK, None, WHOLE, {"op": "replace", "path": "emails", "value": [HOME]}),
     (WORK, None, VALUE, {"op": "replace", "value": {"emails": [HOME]}}),
     (FLOOR, "3", VALUE, {"op": "replace", "value": {"urn:x:Y": {"floor": "3", "desk": "2"}}}),
     (FLOOR, None, VALUE, {"op": "replace", "value": {"urn:x:Y": {"floor": None, "desk": "2"}}})],
)  # fmt: skip
def test_a_change_in_each_form(target: str, value: Any, form: str, operation: dict[str, Any]) -> None:
    assert operations([(target, value)], LIVE, forms={target: form}) == [operation]


def test_the_last_of_several_values_goes_as_an_empty_list() -> None:
    live = {"emails": [{"type": "work", "value": "w@x.org"}]}
    assert operations([(WORK, None)], live, forms={WORK: VALUE}) == [{"op": "replace", "value": {"emails": []}}]


def test_forms_may_differ_within_one_request() -> None:
    found = operations([("title", "Chief"), (WORK, "a@x.org")], LIVE, forms={WORK: VALUE})
    assert [item.get("path") for item in found] == ["title", None]


def test_the_dialects_say_it_their_way() -> None:
    assert operations([("active", False)], LIVE, Patch(dialect="entra"), forms={"active": VALUE}) == [
        {"op": "Replace", "value": {"active": "False"}}
    ]
    assert operations([("title", "x"), (FLOOR, "3")], LIVE, Patch(dialect="entra-aadoptscim"), forms={FLOOR: VALUE}) == [
        {"op": "replace", "value": {"urn:x:Y": {"floor": "3", "desk": "2"}}},
        {"op": "replace", "value": {"title": "x"}},
    ]


@pytest.mark.parametrize(
    ("target", "patch", "forms"),
    [("title", Patch(), [PATH, VALUE, PUT]),
     ("name.givenName", Patch(), [PATH, WHOLE, VALUE, PUT]),
     (WORK, Patch(), [PATH, WHOLE, VALUE, PUT]),
     (WORK, Patch(valueFilters=False), [PATH, VALUE, PUT]),
     ("title", Patch(dialect="entra-aadoptscim"), [PATH, PUT]),
     ("title", Patch(supported=False), [PUT])],
)  # fmt: skip
def test_only_forms_whose_requests_differ_are_tried(target: str, patch: Patch, forms: list[str]) -> None:
    assert alternatives(target, "x", LIVE, patch) == forms


def refused(status: int, scim_type: str | None = None) -> ServiceError:
    return ServiceError("no", "PATCH /Users/1", status, scim_type)


@pytest.mark.parametrize(
    ("error", "refusal", "of_form", "of_every_value"),
    [(refused(400), True, True, False),
     (refused(400, "invalidPath"), True, True, True),
     (refused(400, "noTarget"), True, True, False),
     (refused(400, "mutability"), True, False, True),
     (refused(400, "invalidValue"), True, False, False),
     (refused(409, "uniqueness"), True, False, False),
     (refused(403), False, False, False),
     (refused(403, "mutability"), True, False, True),
     (refused(500), False, False, False),
     (refused(404), False, False, False),
     (PatchUnsupported("no", status=501), False, True, False)],
)  # fmt: skip
def test_what_a_refusal_is_about(error: ServiceError, refusal: bool, of_form: bool, of_every_value: bool) -> None:
    assert (is_refusal(error), is_of_form(error, PATH), is_of_every_value(error)) == (refusal, of_form, of_every_value)


def test_a_put_that_is_not_there_is_a_form_that_is_not_taken() -> None:
    assert [is_of_form(refused(status), PUT) for status in (404, 405, 501, 400, 409)] == [True, True, True, True, False]
