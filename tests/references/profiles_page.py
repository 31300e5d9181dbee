"""The page of profiles: what each kind of service can and cannot do, from the profiles and their JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reconciler.declare.profiles import DEFAULT, names, settings
from tests.support.servers import ROOT

HEAD = """# Every profile, value by value

What `profile: NAME` in app.yaml stands for. A profile has the values of `generic` but for those that are shown; a value of your
own goes beside it, `profile: {base: NAME, rate: {perMinute: 120}}`. [profiles](profiles.md) says what follows from them,
[keys](keys.md) which values each key takes. Where each line comes from stands in the file, `reconciler/scim/profiles/NAME.yaml`.
"""


def _described(schema: dict[str, Any], path: str = "") -> dict[str, str]:
    """Every key by its path -> what it is."""
    found: dict[str, str] = {}
    for name, part in schema.get("properties", {}).items():
        found[path + name] = part.get("description", "")
        found |= _described(part, f"{path}{name}.")
    return found


def _values(data: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _values(value, f"{path}{name}.")
        else:
            yield path + name, value


def _section(name: str, described: dict[str, str]) -> str:
    base = dict(_values(settings(DEFAULT))) if name != DEFAULT else {}
    rows = [(path, value) for path, value in _values(settings(name)) if base.get(path, ...) != value and path != "description"]
    lines = [f"| `{path}` | {_shown(value)} | {described.get(path, '')} |" for path, value in rows]
    return (
        f"## {name}\n\n{settings(name)['description']}.\n\n| key | value | what it is |\n|---|---|---|\n"
        + "\n".join(lines)
        + "\n"
    )


def _shown(value: Any) -> str:
    texts = value if isinstance(value, list) else [value]
    return ", ".join(f"`{text if isinstance(text, str) else json.dumps(text)}`" for text in texts) or "none"


def page() -> str:
    """The whole page, as Markdown."""
    described = _described(json.loads((ROOT / "schemas/profile.schema.json").read_text(encoding="utf-8")))
    return "\n".join((HEAD, *(_section(name, described) for name in sorted(names(), key=lambda name: (name != DEFAULT, name)))))
