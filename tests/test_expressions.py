"""The expression language: documented examples and corners of each function."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.resolve.expressions import IGNORE, compile_expression
from reconciler.resolve.paths import extractor, parse_path, place_value
from reconciler.resolve.regex import RegexError, compile_safe

SOURCES: dict[str, Any] = {
    "given": "John", "sur": "Doe", "mail": "john.doe@contoso.com", "empty": "", "null": None, "many": ("a", "b"),
    "roles": ({"id": "1", "value": "admin", "displayName": "Admin"}, {"id": "2", "value": "user", "displayName": "User"}),
    "quoted": 'say "hi" \\ bye', "IsSoftDeleted": "False",
}  # fmt: skip
ROLES = [{"value": "admin", "display": "Admin", "primary": False}, {"value": "user", "display": "User", "primary": False}]
CASES = [
    ('Append([given], "!")', "John!"),
    ('Append([null], "!")', "!"),
    ('Coalesce([null], [empty], "x")', "x"),
    ('IIF([given]="John", "yes", "no")', "yes"),
    ('IIF([given]<>"John", "yes", "no")', "no"),
    ('IIF([null]="John", "yes", "no")', "no"),
    ("IgnoreFlowIfNullOrEmpty([empty])", IGNORE),
    ("IsNull([null])", "True"),
    ("IsNull([empty])", "False"),
    ("IsNullOrEmpty([empty])", "True"),
    ("IsPresent([given])", "True"),
    ("Item([many], 2)", "b"),
    ("Item([many], 3)", None),
    ('Join(", ", "", [sur], [given])', "Doe, John"),
    ('Join("-", [many])', "a-b"),
    ("Left([given], 2)", "Jo"),
    ("Left([given], 0)", ""),
    ("Left([given], -1)", "John"),
    ("Mid([given], 2, 2)", "oh"),
    ("Mid([given], 3, 99)", "hn"),
    ('NormalizeDiacritics("Zoë Köß Łuk")', "Zoe Koss Luk"),
    ('Not("True")', "False"),
    ('PCase("hELLO wORLD")', "Hello World"),
    ('Replace([mail], "contoso.com", , , "example.org", , )', "john.doe@example.org"),
    ('Replace([given], "@", , , , , "@x.org")', "Johnx.org"),
    ('Replace([mail], , "@.*", , "", , )', "john.doe"),
    ('Replace([mail], , "@(?<d>.*)", "d", "x.org", , )', "john.doe@x.org"),
    ('Replace([null], , "(?<n>.*)@", "n", , [mail], )', "john.doe"),
    ("SingleAppRoleAssignment([roles])", "admin"),
    ("AppRoleAssignmentsComplex([roles])", ROLES),
    ("AssertiveAppRoleAssignmentsComplex([roles])", ROLES),
    ('Split("a, b", ",")', ("a", "b")),
    ('StripSpaces(" a b ")', "ab"),
    ('Switch([IsSoftDeleted], , "False", "True", "True", "False")', "True"),
    ('Switch([given], "none", "john", "x")', "none"),
    ('Switch([empty], "none", "", "x")', "x"),
    ("ToLower([given])", "john"),
    ("ToUpper([given])", "JOHN"),
    ('Word("The quick brown", 3, " ")', "brown"),
    ('Word("a", 0, " ")', ""),
    ('Append("\\"a\\\\", [quoted])', '"a\\say "hi" \\ bye'),
    ('ToUpper(Left(Join("", [given], [sur]), 5))', "JOHND"),
]


@pytest.mark.parametrize(("text", "value"), CASES)
def test_a_function_gives_its_documented_value(text: str, value: Any) -> None:
    assert compile_expression(text).evaluate(SOURCES.get) == value


@pytest.mark.parametrize("pattern", ["(?=a)", "(a)\\1", "(?<!a)", "("])
def test_a_pattern_that_could_hang_or_means_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(RegexError):
        compile_safe(pattern)


@pytest.mark.parametrize(
    "target",
    ["userName", "name.givenName", 'emails[type eq "work"].value', 'roles[primary eq "True"].value',
     "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "urn:x:Custom:2.0:User:badge"],
)  # fmt: skip
def test_what_is_placed_is_read_back(target: str) -> None:
    resource: dict[str, Any] = {}
    path = parse_path(target)
    place_value(resource, path, "x")
    assert extractor(path)(resource) == "x"


@pytest.mark.parametrize("wrong", [None, 1, "text", [], [1], {}, [None], {"value": []}])
def test_a_live_value_of_another_shape_is_absent(wrong: Any) -> None:
    assert extractor(parse_path('emails[type eq "work"].value'))({"emails": wrong}) is None
