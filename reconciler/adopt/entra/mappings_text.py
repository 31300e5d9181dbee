"""Translated mappings in, the text of mappings.yaml out, with what has no equivalent as comments. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reconciler.adopt.entra.schema import Side, Translated
from reconciler.adopt.entra.terms import Json
from reconciler.adopt.yaml_edit.rows import header
from reconciler.declare.yaml.scalars import spelled_code


def text(translated: Translated, path: str) -> str:
    """The text of mappings.yaml."""
    lines = [header("mappings", path), "mappings:\n"]
    for side in (translated.users, translated.groups):
        lines += _lines(side)
    lines += [f"# Not translated: {_comment(line)}\n" for line in translated.left]
    return "".join(lines)


def _lines(side: Side) -> Iterator[str]:
    if side.kind == "groups" and not side.attributes:
        yield "  groups: {enabled: false}\n"
    else:
        yield f"  {side.kind}:\n    enabled: {'true' if side.enabled else 'false'}\n"
        yield f"    targetObjectActions: [{', '.join(side.actions)}]\n"
        yield "    scopingFilters:\n" if side.filters else "    scopingFilters: []\n"
        for item in side.filters:
            yield f"      - name: {_value(item['name'])}\n        clauses:\n"
            yield from (f"          - {_flow(clause)}\n" for clause in item["clauses"])
        yield "    attributes:\n"
        yield from (f"      - {_flow(row)}\n" for row in side.attributes)
    yield from (f"      # Not translated: {_comment(line)}\n" for line in side.left)


def _flow(row: Json) -> str:
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in row.items()) + "}"


def _value(value: Any) -> str:
    return spelled_code(value) if isinstance(value, str) else json.dumps(value)


def _comment(line: str) -> str:
    return "".join(c if c.isprintable() else " " for c in line)
