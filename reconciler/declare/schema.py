"""JSON Schemas of the file kinds: parsed data in, problems with their place out."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.declare.model import Problem
from reconciler.declare.near import hint
from reconciler.declare.yaml import Document

MOST_EXPLAINED = 2_000
TYPES = {"object": "a mapping", "array": "a list", "string": "text", "boolean": "true or false", "integer": "a whole number",
         "number": "a number", "null": "empty"}  # fmt: skip


def folder() -> Path:
    """Where the schemas lie: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "schemas"
    return inside if inside.is_dir() else package.parent / "schemas"


@cache
def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one file kind."""
    found: dict[str, Any] = json.loads((folder() / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return found


@cache
def fingerprint() -> str:
    """Changes whenever a schema does."""
    found = hashlib.sha256()
    for file in sorted(folder().glob("*.schema.json")):
        found.update(file.read_bytes())
    return found.hexdigest()


@cache
def _fast(kind: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(schema(kind))


def fits(kind: str, data: Any) -> bool:
    """Whether data has this shape, keys that a later version added left aside."""
    import jsonschema_rs

    return bool(jsonschema_rs.validator_for(_open(schema(kind))).is_valid(data))


def sound(kind: str, data: Any) -> bool:
    """Whether data has this shape, and no unknown key."""
    return bool(_fast(kind).is_valid(data))


def _open(part: Any) -> Any:
    """A schema that lets unknown keys pass."""
    if isinstance(part, dict):
        return {key: _open(value) for key, value in part.items() if (key, value) != ("additionalProperties", False)}
    return [_open(value) for value in part] if isinstance(part, list) else part


def check(document: Document, kind: str) -> list[Problem]:
    """Every violation of the kind's schema; the fast validator decides, jsonschema explains."""
    if _fast(kind).is_valid(document.data):
        return []
    from jsonschema import Draft202012Validator

    found: list[Problem] = []
    for item, prefix in _failing(document.data, kind):
        validator = Draft202012Validator(item[1])
        for error in validator.iter_errors(item[0]):
            found.extend(_explain(document, error, prefix))
            if len(found) >= MOST_EXPLAINED:
                return found
    return found


def _failing(data: Any, kind: str) -> list[tuple[tuple[Any, dict[str, Any]], tuple[str | int, ...]]]:
    """The failing items of the file's one list, so that sound ones cost nothing; else the whole."""
    import jsonschema_rs

    properties = schema(kind)["properties"]
    key = next(iter(properties))
    if not (isinstance(data, dict) and list(data) == [key] and isinstance(data[key], list)):
        return [((data, schema(kind)), ())]
    items = properties[key]["items"]
    fast = jsonschema_rs.validator_for(items)
    return [((item, items), (key, i)) for i, item in enumerate(data[key]) if not fast.is_valid(item)]


def _explain(document: Document, error: Any, prefix: tuple[str | int, ...]) -> list[Problem]:
    path = (*prefix, *error.absolute_path)
    place = document.locate(path)
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            extra = [key for key in error.instance if key not in known]
            return [_unknown_key(document, (*path, key), key, known) for key in extra]
        case "required":
            missing = error.message.split("'")[1]  # jsonschema reports one key an error
            if not path:
                return [Problem(place, "error", "no-top-level-key", f"the key {missing!r} is missing",
                                f"start the file with `{missing}:`")]  # fmt: skip
            return [Problem(place, "error", "missing-key", f"the key {missing!r} is missing", f"add `{missing}: ...`")]
        case "type":
            want = error.validator_value
            want = " or ".join(TYPES[name] for name in (want if isinstance(want, list) else [want]))
            return [Problem(place, "error", "wrong-type", f"{_at(path)} must be {want}, not {_kind(error.instance)}",
                            _type_remedy(error, path, want, document.written(place)))]  # fmt: skip
        case "enum":
            return [_not_one_of(place, path, error)]
        case "oneOf":
            return [_one_of(place, error)]
        case _:
            return [Problem(place, "error", f"schema-{error.validator}", f"{_at(path)} {_violated(error)}", _example(error))]


def _unknown_key(document: Document, path: tuple[str | int, ...], key: str, known: list[str]) -> Problem:
    remedy = hint(key, known, "remove it; known keys are ", "'")
    return Problem(document.locate(path, key=True), "error", "unknown-key", f"unknown key {key!r}", remedy)


def _not_one_of(place: Any, path: tuple[str | int, ...], error: Any) -> Problem:
    values = [str(v) for v in error.validator_value]
    remedy = hint(str(error.instance), values, "use one of ", "'")
    return Problem(place, "error", "not-one-of", f"{_at(path)} cannot be {error.instance!r}", remedy)


def _one_of(place: Any, error: Any) -> Problem:
    names = [choice["required"][0] for choice in error.validator_value]
    listed = ", ".join(names[:-1]) + " and " + names[-1]
    if any(name in error.instance for name in names):
        return Problem(place, "error", "one-of", f"{listed} exclude one another", "keep one of them")
    return Problem(place, "error", "one-of", f"one of {listed} is missing", f"add `{names[0]}: ...`, or another of them")


def _at(path: tuple[str | int, ...]) -> str:
    names = [str(step) for step in path if isinstance(step, str)]
    if not names:
        return "the file"
    return names[-1] if isinstance(path[-1], str) else f"an item of {names[-1]}"


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    return {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}.get(
        type(value), "a mapping"
    )


def _type_remedy(error: Any, path: tuple[str | int, ...], want: str, written: str) -> str:
    """`written` is the value as it stands in the file: 010 is no 10."""
    value, pattern = error.instance, error.schema.get("pattern")
    if value is None and len(path) == 1:
        return f"give {want}" + (f", `{path[0]}: []` for none" if want == TYPES["array"] else "")
    if value is None:
        return f"give {want}, or leave the key out"
    if "text" not in want or not isinstance(value, (int, float)):
        return f"give {want}"
    return f'write it in quotes: "{written}"' if pattern is None or re.search(pattern, written) else _example(error)


def _violated(error: Any) -> str:
    """What a value breaks, in words: the schema's own for a pattern, which nobody should have to read."""
    words = error.schema.get("$comment") if error.validator == "pattern" else None
    if words:
        return f"must be {words}, not {_short(repr(error.instance))}"
    if error.validator == "minProperties":
        return "lacks one of " + ", ".join(name for name in error.schema.get("properties", {}) if name not in error.instance)
    return "is empty" if error.validator in ("minLength", "minItems") and not error.instance else f": {_short(error.message)}"


def _short(message: str) -> str:
    return message if len(message) < 200 else message[:200] + "..."


def _example(error: Any) -> str:
    if error.validator == "minItems":
        return "give at least one, or remove it" if not error.instance else "give more"
    examples = error.schema.get("examples") if isinstance(error.schema, dict) else None
    return f"for example {examples[0]!r}" if examples else "see the schema's description"
