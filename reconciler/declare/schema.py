"""JSON Schemas of the file kinds: parsed data in, problems with their place out."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from reconciler.declare.place import Place, Problem
from reconciler.declare.shape import Path, misfits, without
from reconciler.declare.violations import count, ecma, explain, unexplained
from reconciler.declare.yaml.document import Document

MOST_EXPLAINED = 2_000
HOMES = {
    "users": "a file below directory/users",
    "groups": "a file below directory/groups",
    **{kind: f"apps/APP/{kind}.yaml" for kind in ("assignments", "roles", "mappings", "approvals", "app")},
    "policies": "a file below policies",
    "reconciler": "reconciler.yaml",
}
Failing = tuple[Any, dict[str, Any], Path]  # a value, its schema, where it stands


def folder() -> pathlib.Path:
    """Where the schemas lie: inside the installed package, or beside it in a checkout."""
    package = pathlib.Path(__file__).resolve().parent.parent
    inside = package / "schemas"
    return inside if inside.is_dir() else package.parent / "schemas"


@cache
def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one file kind."""
    content: dict[str, Any] = json.loads((folder() / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return content


@cache
def fingerprint() -> str:
    """Changes whenever a schema does."""
    digest = hashlib.sha256()
    for file in sorted(folder().glob("*.schema.json")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


@cache
def _homes() -> dict[str, str]:
    """Key -> the file at whose top level it stands."""
    return {key: file for kind, file in HOMES.items() for key in schema(kind)["properties"]}


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


def narrow(document: Document, kind: str) -> None:
    """Leave out what has another type than the schema says: `check` has reported it, and nothing else looks at it."""
    document.dropped = frozenset(misfits(document.data, schema(kind)))
    document.data = without(document.data, document.dropped)


def check(document: Document, kind: str) -> list[Problem]:
    """Every violation of the kind's schema; the fast validator decides, jsonschema explains the first 2,000.

    Where the fast one alone refuses a value, its own words are told: what it refuses is never taken for right.
    """
    if _fast(kind).is_valid(document.data):
        return []
    problems: list[Problem] = []
    items = _failing(document.data, kind)
    explained: set[Path] = set()
    for error, prefix in _errors(items):
        problems += explain(document, error, prefix, _homes())
        explained.add((*prefix, *error.absolute_path))
        if len(problems) >= MOST_EXPLAINED:
            listed = once(problems[:MOST_EXPLAINED])
            left = count((item for item, *_ in items), items[0][1]) - len(listed)
            return [*listed, *([_more(document, left)] if left > 0 else [])]
    for path, message in _refusals(items):
        if not problems or path not in explained:
            problems.append(unexplained(document, path, message))
    return problems


def once(problems: Iterable[Problem]) -> list[Problem]:
    """Sorted, of one value the first flaw alone."""
    kept: list[Problem] = []
    for problem in sorted(set(problems), key=lambda p: (p.place, p.code.startswith("schema-"), p.code, p.message)):
        if not (kept and kept[-1].place == problem.place and problem.code.startswith("schema-")):
            kept.append(problem)
    return kept


def _errors(items: list[Failing]) -> Iterator[tuple[Any, Path]]:
    for item, part, prefix in items:
        for error in _explaining()(part).iter_errors(item):
            yield error, prefix


def _refusals(items: list[Failing]) -> Iterator[tuple[Path, str]]:
    """What the fast validator has against the items: where, and in its words."""
    import jsonschema_rs

    for item, part, prefix in items:
        for error in jsonschema_rs.validator_for(part).iter_errors(item):
            yield (*prefix, *error.instance_path), error.message


@cache
def _explaining() -> Any:
    """jsonschema, with patterns that mean what they mean to the fast validator and to editors."""
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not ecma(pattern).search(instance):
            yield ValidationError(f"{instance!r} does not match {pattern!r}")

    return extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]


def _more(document: Document, left: int) -> Problem:
    """What is said at the file's end of errors that nobody would read any more."""
    what = "1 more error is" if left == 1 else f"{left:,} more errors are"
    lines = document.text.split("\n")
    return Problem(
        Place(document.file, len(lines), len(lines[-1]) + 1),
        "error",
        "more-errors",
        f"{what} not listed",
        "fix those that are, and validate again",
        left,
    )


def _failing(data: Any, kind: str) -> list[Failing]:
    """The failing items of the file's one list, so that sound ones cost nothing; else the whole."""
    import jsonschema_rs

    properties = schema(kind)["properties"]
    key = next(iter(properties))
    if not (isinstance(data, dict) and list(data) == [key] and isinstance(data[key], list) and "items" in properties[key]):
        return [(data, schema(kind), ())]
    items = properties[key]["items"]
    fast = jsonschema_rs.validator_for(items)
    return [(item, items, (key, i)) for i, item in enumerate(data[key]) if not fast.is_valid(item)]
