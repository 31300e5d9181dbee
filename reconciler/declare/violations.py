"""What jsonschema finds wrong with a document, in words: an error in, problems with their place and remedy out. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from reconciler.declare.place import Place, Problem
from reconciler.declare.shape import Path, right_type
from reconciler.declare.wording import SURE, hint, likely, plural
from reconciler.declare.yaml.document import Document

NOWHERE: Mapping[str, str] = {}
MOST_OF_ONE = 2_000  # keys of one mapping: beyond, they are counted
TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "empty",
}


def explain(document: Document, error: Any, prefix: Path, homes: Mapping[str, str] = NOWHERE) -> list[Problem]:
    """What one error comes to; nothing where another error of the same value says it all.

    `prefix` is where the data stand, `homes` the file in which each key of a file's top level may be.
    """
    if error.validator != "type" and not right_type(error.instance, error.schema):
        return []
    path = (*prefix, *error.absolute_path)
    place = document.locate(path)
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            extra = [key for key in error.instance if key not in known]
            return [_unknown_key(document, (*path, key), key, known, homes) for key in extra[:MOST_OF_ONE]]
        case "required":
            return _missing(place, path, error)
        case "type":
            return [_wrong_type(document, place, path, error, _types(error.schema))]
        case "enum":
            return [_not_one_of(place, path, error)]
        case "oneOf":
            return _one_of(place, error)
        case "anyOf":
            return _any_of(document, place, path, error, prefix)
        case _:
            message, remedy = _violated(error)
            return [Problem(place, "error", f"schema-{error.validator}", f"{_at(path)} {message}", remedy)]


def _unknown_key(document: Document, path: Path, key: str, known: list[str], homes: Mapping[str, str]) -> Problem:
    remedy = hint(key, known, "remove it; known keys are ")
    if len(path) == 1 and key in homes:
        remedy = f"it belongs into {homes[key]}"
    return Problem(document.locate_key(path), "error", "unknown-key", f"unknown key {key!r}", remedy)


def _missing(place: Place, path: Path, error: Any) -> list[Problem]:
    missing = error.message.split("'")[1]  # jsonschema reports one key an error
    if slips(error.instance, error.schema, missing):
        return []
    code, remedy = ("missing-key", f"add `{missing}: ...`") if path else ("no-top-level-key", f"start the file with `{missing}:`")
    return [Problem(place, "error", code, f"the key {missing!r} is missing", remedy)]


def slips(instance: dict[str, Any], schema: dict[str, Any], missing: str) -> bool:
    """Whether an unknown key looks like a slip of the missing one: that is said there, and nothing else needs to be."""
    known = tuple(schema.get("properties", ()))
    return any(_likely(key, known) == missing for key in instance if key not in known)


@lru_cache(10_000)
def _likely(key: str, known: tuple[str, ...]) -> str | None:
    return likely(key, known)  # rows of one file have one slip, over and over


def _types(schema: dict[str, Any]) -> list[str]:
    want = schema["type"]
    return want if isinstance(want, list) else [want]


def _wrong_type(document: Document, place: Place, path: Path, error: Any, types: list[str]) -> Problem:
    want = " or ".join(TYPES[name] for name in types)
    remedy = _type_remedy(error, path, want, document.written(place) or str(error.instance))
    return Problem(place, "error", "wrong-type", f"{_at(path)} must be {want}, not {_kind(error.instance)}", remedy)


def _not_one_of(place: Place, path: Path, error: Any) -> Problem:
    values = [str(v) for v in error.validator_value]
    remedy = hint(str(error.instance), values, "use one of ", SURE)
    return Problem(place, "error", "not-one-of", f"{_at(path)} cannot be {_short(repr(error.instance))}", remedy)


def _one_of(place: Place, error: Any) -> list[Problem]:
    names = [choice["required"][0] for choice in error.validator_value]
    listed = ", ".join(names[:-1]) + " and " + names[-1]
    if any(name in error.instance for name in names):
        return [Problem(place, "error", "one-of", f"{listed} exclude one another", "keep one of them")]
    if any(slips(error.instance, error.schema, name) for name in names):
        return []
    return [Problem(place, "error", "one-of", f"one of {listed} is missing", f"add `{names[0]}: ...`, or another of them")]


def _any_of(document: Document, place: Place, path: Path, error: Any, prefix: Path) -> list[Problem]:
    """What is wrong by the alternative that has the value's type; where none has, that."""
    choices = error.validator_value
    number = next((i for i, choice in enumerate(choices) if right_type(error.instance, choice)), None)
    if number is None:
        return [_wrong_type(document, place, path, error, [name for choice in choices for name in _types(choice)])]
    inner = [part for part in error.context if part.schema_path[0] == number]
    return [problem for part in inner for problem in explain(document, part, prefix)]


def _at(path: Path) -> str:
    names = [str(step) for step in path if isinstance(step, str)]
    if not names:
        return "the file"
    return names[-1] if isinstance(path[-1], str) else f"an item of {names[-1]}"


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    return {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}.get(type(value), "a mapping")


def _type_remedy(error: Any, path: Path, want: str, written: str) -> str:
    """`written` is the value as it stands in the file: 010 is no 10."""
    value, pattern = error.instance, error.schema.get("pattern")
    if value is None and len(path) == 1:
        return f"give {want}" + (f", `{path[0]}: []` for none" if want == TYPES["array"] else "")
    if value is None:
        return f"give {want}, or " + ("remove the dash" if isinstance(path[-1], int) else "leave the key out")
    if "enum" in error.schema:
        return "use one of " + ", ".join(map(str, error.schema["enum"]))
    if "text" not in want or not isinstance(value, (int, float)):
        return f"give {want}"
    return f'write it in quotes: "{written}"' if pattern is None or ecma(pattern).search(written) else _example(error)


def _violated(error: Any) -> tuple[str, str]:
    """What a value breaks, in words, and what to do; of a pattern the schema's own words, since nobody should have to read it."""
    value, schema, limit = error.instance, error.schema, error.validator_value
    match error.validator:
        case "pattern" if "$comment" in schema:
            return f"must be {schema['$comment']}, not {_short(repr(value))}", _example(error)
        case "minProperties":
            lacking = [name for name in schema.get("properties", {}) if name not in value]
            return "lacks one of " + ", ".join(lacking), _example(error)
        case "minimum" | "maximum":
            return f"must be {_range(schema)}, not {_short(str(value))}", f"give a whole number, {_range(schema)}"
        case "minLength" | "minItems" if not value:
            return "is empty", _example(error)
        case "minItems":
            return f"has {plural(len(value), 'item')}, and needs at least {limit}", "give more"
        case "uniqueItems":
            return "has an item twice", "keep one of the two"
        case "const":
            only = json.dumps(limit)
            return f"can only be {only}, not {_short(json.dumps(value))}", f"write {only}, or leave the key out"
        case _:
            return f"does not fit: {_short(error.message)}", _example(error)


def unexplained(document: Document, path: Path, message: str) -> Problem:
    """What the fast validator says of a value that jsonschema has nothing against."""
    return Problem(
        document.locate(path), "error", "schema", f"{_at(path)} does not fit: {_short(message)}", "see the schema's description"
    )


@cache
def ecma(pattern: str) -> re.Pattern[str]:
    """A pattern as JSON Schema means it: `$` is the end and never before a line break, `\\d` a digit of ASCII (ECMA 262)."""
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern).replace(r"\d", "[0-9]"))


def _range(schema: dict[str, Any]) -> str:
    if "maximum" in schema and "minimum" in schema:
        return f"from {schema['minimum']} to {schema['maximum']}"
    return f"at least {schema['minimum']}" if "minimum" in schema else f"at most {schema['maximum']}"


def _short(message: str) -> str:
    return message if len(message) < 200 else message[:200] + "..."


def _example(error: Any) -> str:
    if error.validator == "minItems":
        return "give at least one, or remove it"
    examples = error.schema.get("examples") if isinstance(error.schema, dict) else None
    return f"for example {examples[0]!r}" if examples else "see the schema's description"


def count(items: Iterable[Any], schema: dict[str, Any]) -> int:
    """Of every item what is wrong in it, an unknown key being one."""
    import jsonschema_rs

    fast = jsonschema_rs.validator_for(schema)
    return sum(_told(list(fast.iter_errors(item)), schema) for item in items)


def _told(errors: list[Any], schema: dict[str, Any]) -> int:
    """A value of a wrong type has that flaw alone, and a value that breaks several rules is reported once."""
    wrong = {tuple(error.instance_path) for error in errors if error.kind.name == "type"}
    count, rules = 0, set()
    for error in errors:
        path, part = tuple(error.instance_path), _part(schema, error.schema_path[:-1])
        match error.kind.name:
            case "type":
                count += 1
            case _ if path in wrong:
                pass
            case "additionalProperties":
                count += len(error.kind.unexpected)
            case "required":
                count += not slips(error.instance, part, error.kind.property)
            case "oneOf":
                names = [choice["required"][0] for choice in part["oneOf"]]
                count += any(name in error.instance for name in names) or not any(
                    slips(error.instance, part, name) for name in names
                )
            case "anyOf":
                count += _alternative(error, part, schema)
            case "enum":
                count += 1
            case _:
                rules.add(path)
    return count + len(rules)


def _alternative(error: Any, part: dict[str, Any], schema: dict[str, Any]) -> int:
    number = next((i for i, choice in enumerate(part["anyOf"]) if right_type(error.instance, choice)), None)
    return 1 if number is None else _told(error.kind.context[number], schema)


def _part(schema: Any, path: Iterable[str | int]) -> dict[str, Any]:
    for step in path:
        schema = schema[step]
    part: dict[str, Any] = schema
    return part
