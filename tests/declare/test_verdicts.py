"""The two validators of declarations give one verdict: what the fast one refuses is told, at its place, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.declare.load import load
from reconciler.declare.place import Place
from reconciler.declare.schema import check, schema, sound
from reconciler.declare.yaml.document import Document, parse
from tests.declare.test_wrong_values import FILES, GROUPS, desired, errors, places, put, where

__all__ = ["desired"]
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
EDITS: list[Callable[[str], Any]] = [
    lambda text: text + "\n",
    lambda text: "\n" + text,
    lambda text: text + "\r\n",
    lambda text: text + "\u2028",
    lambda text: text + "\x85",
    lambda text: text.replace("d", "\u0a6ad"),
    lambda text: text.translate(ARABIC),
    lambda text: text + "\u0663",
    lambda text: text + "\ufeff",
    lambda text: text + " ",
    lambda text: text[:-1],
    lambda text: text * 40,
    lambda text: float("nan"),
    lambda text: -0.0,
    lambda text: [text, text],
    lambda text: {text + "\n": text},
]


def examples() -> list[tuple[str, Any]]:
    """Each declaration and each example of a schema's property, in the mapping that holds it."""
    kinds = ("app", "approvals", "assignments", "groups", "mappings", "policies", "profile", "reconciler", "roles", "users")
    own = [
        (kind, {name: item}) for kind in kinds for name, part in schema(kind)["properties"].items() for item in part["examples"]
    ]
    return [*FILES.values(), *own]


def value_at(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


def renamed(data: Any, path: tuple[str | int, ...], name: str) -> Any:
    """The data with another key in the place of the one that a path ends with."""
    holder = {name if key == path[-1] else key: value for key, value in value_at(data, path[:-1]).items()}
    return put(data, path[:-1], holder)


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_what_the_fast_validator_refuses_is_told_and_nothing_else(data: st.DataObject) -> None:
    kind, whole = data.draw(st.sampled_from(examples()))
    path = data.draw(st.sampled_from(list(places(whole))[1:]))
    value, edit = value_at(whole, path), data.draw(st.sampled_from(EDITS))
    if isinstance(path[-1], str) and data.draw(st.booleans()):
        changed = renamed(whole, path, str(edit(path[-1])))
    else:
        changed = put(whole, path, edit(value if isinstance(value, str) else json.dumps(value)))
    assert (check(Document("x.yaml", json.dumps(changed), changed), kind) == []) is sound(kind, changed)


@pytest.mark.parametrize(
    ("file", "path", "value"),
    [
        ("apps/wiki/app.yaml", ("deprovisioning", "deleteAfter"), "30d\n"),
        ("apps/wiki/app.yaml", ("provisioning", "interval"), "٤٠m"),
        ("apps/wiki/app.yaml", ("app",), "wiki\n"),
        ("apps/wiki/app.yaml", ("profile", "headers", "X-A"), "b\n"),
        ("apps/wiki/app.yaml", ("profile", "headers"), {"X-A\n": "b"}),
        ("apps/wiki/roles.yaml", ("roles", 1, "displayName"), "Admin\n"),
        ("apps/wiki/assignments.yaml", ("assignments", 0, "expires"), "٢٠٢٧-01-01"),
        ("apps/wiki/approvals.yaml", ("approvals", 0, "expires"), "2027-01-01\n"),
        ("directory/groups/a.yaml", ("groups", 0, "displayName"), "G\n"),
        ("directory/groups/a.yaml", ("groups", 0, "displayName"), "G\u2028"),
        ("directory/groups/a.yaml", ("groups", 0, "members", 1, "group"), "I\n"),
        ("directory/users/a.yaml", ("users", 1, "userPrincipalName"), "cy@x.org\x85"),
        ("policies/a.yaml", ("policies", 0, "name"), "a\n"),
    ],
)
def test_a_line_break_at_the_end_and_digits_of_another_script_are_errors_at_their_place(
    desired: Path, file: str, path: tuple[str | int, ...], value: Any
) -> None:
    text = json.dumps(put(FILES[file][1], path, value))
    (desired / file).write_text(text)
    assert {(Path(file).name, *place) for place in where(text, path)} & errors(desired).keys()


def test_a_block_scalar_is_told_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "directory/groups").mkdir(parents=True)
    (tmp_path / "directory/groups/a.yaml").write_text("groups:\n  - displayName: |\n      Team\n    members: []\n")
    told = [item for item in load(tmp_path).errors if item.code.startswith("schema")]
    assert [(item.place.line, item.message) for item in told] == [
        (2, "displayName must be text without line breaks and control characters, not 'Team\\n'")
    ]


def test_what_the_fast_validator_alone_refuses_is_told_in_its_words() -> None:
    document = parse(b'policies:\n  - {name: a, remedy: x, domains: ["x\\uFEFF.org"]}\n', "policies.yaml")
    assert not sound("policies", document.data)
    (problem,) = check(document, "policies")
    assert problem.place == Place("policies.yaml", 2, 36) and problem.code.startswith("schema")


def test_the_names_of_groups_may_hold_what_is_no_break() -> None:
    assert sound("groups", {"groups": [{**GROUPS[0], "displayName": "Équipe réseau — 東京 🌍\u200f"}]})
