"""The schemas are sound, complete for editors, and every plan is valid against its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.declare.load import load
from reconciler.report.jsonform import dumps
from reconciler.report.plan_file import loads
from reconciler.resolve.check import check
from reconciler.resolve.filters import OPERATORS
from tests.support.world import World

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "schemas").glob("*.json"))


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a schema, at whatever depth."""
    if isinstance(schema, dict):
        yield schema
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from parts(value)


def properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    return (item for part in parts(schema) for item in part.get("properties", {}).items())


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_a_schema_is_valid_and_every_property_explains_itself(file: Path) -> None:
    schema = json.loads(file.read_text())
    Draft202012Validator.check_schema(schema)
    for name, found in properties(schema):
        assert {"title", "description", "examples"} <= found.keys(), name


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_what_a_schema_says_of_a_key_is_two_sentences_at_most_and_ends(file: Path) -> None:
    said = [part["description"] for part in parts(json.loads(file.read_text())) if isinstance(part.get("description"), str)]
    described = [text for text in said if text.endswith(".")]
    assert described and [text for text in described if len(re.findall(r"[.!?](?=\s|$)", text)) > 2] == []


def test_the_schema_lists_the_operators_that_there_are() -> None:
    schema = json.loads((ROOT / "schemas/mappings.schema.json").read_text())
    listed = [found["enum"] for name, found in properties(schema) if name == "operator"]
    assert listed == [list(OPERATORS)] * 2


def examples(schema: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every part of a schema that has examples, once with each."""
    for part in parts(schema):
        listed = part.get("examples", ())
        yield from ((part, example) for example in (listed if isinstance(listed, list) else ()))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_an_example_is_valid_by_what_it_is_an_example_of(file: Path) -> None:
    schema = json.loads(file.read_text())
    found = list(examples(schema))
    assert found
    for part, example in found:
        within = Draft202012Validator({**part, "$defs": schema.get("$defs", {})})
        assert [error.message for error in within.iter_errors(example)] == [], example


def test_a_plan_is_valid_and_survives_being_saved(world: World) -> None:
    plan = world.plan()
    text = dumps([plan])
    Draft202012Validator(json.loads((ROOT / "schemas/plan.schema.json").read_text())).validate(json.loads(text))
    assert dumps(loads(text)) == text


def test_the_example_validates() -> None:
    loaded = load(ROOT / "desired")
    assert [*loaded.problems, *check(loaded.declarations)] == []
    assert (len(loaded.declarations.users), len(loaded.declarations.groups)) == (25, 6)
