"""How many problems a file's items come to, without a word of any: items and their schema in, a number out. Pure.

The explanations of `violations`, counted by the fast validator, for the errors that are not listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.declare.shape import right_type
from reconciler.declare.violations import slips


def count(items: Iterable[Any], schema: dict[str, Any]) -> int:
    """Of every item what is wrong in it, an unknown key being one."""
    import jsonschema_rs

    fast = jsonschema_rs.validator_for(schema)
    return sum(_told(list(fast.iter_errors(item)), schema) for item in items)


def _told(errors: list[Any], schema: dict[str, Any]) -> int:
    """A value of a wrong type has that flaw alone, and a value that breaks several rules is reported once."""
    wrong = {tuple(error.instance_path) for error in errors if error.kind.name == "type"}
    found, rules = 0, set()
    for error in errors:
        path, part = tuple(error.instance_path), _part(schema, error.schema_path[:-1])
        match error.kind.name:
            case "type":
                found += 1
            case _ if path in wrong:
                pass
            case "additionalProperties":
                found += len(error.kind.unexpected)
            case "required":
                found += not slips(error.instance, part, error.kind.property)
            case "oneOf":
                names = [choice["required"][0] for choice in part["oneOf"]]
                found += any(name in error.instance for name in names) or not any(
                    slips(error.instance, part, name) for name in names)  # fmt: skip
            case "anyOf":
                found += _alternative(error, part, schema)
            case "enum":
                found += 1
            case _:
                rules.add(path)
    return found + len(rules)


def _alternative(error: Any, part: dict[str, Any], schema: dict[str, Any]) -> int:
    number = next((i for i, choice in enumerate(part["anyOf"]) if right_type(error.instance, choice)), None)
    return 1 if number is None else _told(error.kind.context[number], schema)


def _part(schema: Any, path: Iterable[str | int]) -> dict[str, Any]:
    for step in path:
        schema = schema[step]
    found: dict[str, Any] = schema
    return found
