"""The page of keys: every key of every file that a person writes, from the JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.support.servers import ROOT

FILES = {
    "reconciler": "reconciler.yaml",
    "users": "directory/users/*.yaml",
    "groups": "directory/groups/*.yaml",
    "app": "apps/APP/app.yaml",
    "roles": "apps/APP/roles.yaml",
    "assignments": "apps/APP/assignments.yaml",
    "mappings": "apps/APP/mappings.yaml",
    "approvals": "apps/APP/approvals.yaml",
    "policies": "policies/*.yaml",
    "review": "reviews/NAME/*.yaml",
}
HEAD = """# Every key of every file

`[]` stands for each item of a list, `*` for any key. A key in bold cannot be left out. The same is in `schemas/`, by which an
editor completes and checks while you type; [files](files.md) says what the files are for.
"""


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "anyOf" in schema and "type" not in schema:
        return " or ".join(dict.fromkeys(_kind(choice) for choice in schema["anyOf"]))
    kinds = schema.get("type", "any")
    return " or ".join(kinds if isinstance(kinds, list) else [kinds])


def _rows(schema: dict[str, Any], path: str, required: bool = False, title: str = "") -> Iterator[str]:
    name, text = path, schema.get("description", "") or title
    if name:
        default = f" Default: `{json.dumps(schema['default'])}`." if "default" in schema else ""
        shown = f"**`{name}`**" if required else f"`{name}`"
        yield f"| {shown} | {_kind(schema)} | {' '.join(text.split())}{default} |".replace("||", "\\|\\|")
    for choice in schema.get("anyOf", ()):
        yield from _inside(choice, path)
    yield from _inside(schema, path)


def _inside(schema: dict[str, Any], path: str) -> Iterator[str]:
    for key, part in schema.get("properties", {}).items():
        yield from _rows(part, f"{path}.{key}" if path else key, key in schema.get("required", ()))
    if isinstance(items := schema.get("items"), dict) and ("properties" in items or "anyOf" in items):
        yield from _inside(items, path + "[]")
        for choice in items.get("anyOf", ()):
            yield from _inside(choice, path + "[]")
    if isinstance(more := schema.get("additionalProperties"), dict):
        yield from _rows(more, f"{path}.*")


def page() -> str:
    """The whole page, as Markdown."""
    parts = [HEAD]
    for kind, file in FILES.items():
        schema = json.loads((ROOT / f"schemas/{kind}.schema.json").read_text(encoding="utf-8"))
        rows = "\n".join(dict.fromkeys(_rows(schema, "")))
        parts.append(f"## {file}\n\n| key | value | what it is |\n|---|---|---|\n{rows}\n")
    return "\n".join(parts)
