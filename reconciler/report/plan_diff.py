"""What moved between two plans as text, Markdown and JSON. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable

from reconciler.plan.reviewed.compare import Moved
from reconciler.report.safe import cell, code, plain

NOTHING = "The plans ask for the same."


def render(form: str, by_app: dict[str, list[Moved]]) -> str:
    """`found` is by app; `form` is text, markdown or json."""
    match form:
        case "json":
            rows = [{"app": app, "moved": [_json(item) for item in moved]} for app, moved in by_app.items()]
            return json.dumps({"format_version": "1.0", "differences": rows}, indent=2, ensure_ascii=False) + "\n"
        case "markdown":
            return "\n".join(_markdown(app, moved) for app, moved in by_app.items())
        case _:
            return "\n".join(f"{plain(app)}: {as_text(moved)}" for app, moved in by_app.items())


def as_text(moved: Iterable[Moved]) -> str:
    """A block an address: who moved, and how."""
    lines = [line for item in moved for line in (f"  {_head(item)}", *(f"      {plain(how)}" for how in item.how))]
    return "\n".join(["what moved:", *lines]) + "\n" if lines else NOTHING + "\n"


def _head(item: Moved) -> str:
    actions = f"{item.before or 'nothing'} -> {item.after or 'nothing'}"
    return f"{plain(item.address)}  {actions}: the {' and the '.join(item.by)} moved"


def _json(item: Moved) -> dict[str, object]:
    return {"address": item.address, "before": item.before, "after": item.after, "by": list(item.by), "how": list(item.how)}


def _markdown(app: str, moved: list[Moved]) -> str:
    if not moved:
        return f"{code(app)}: {NOTHING}\n"
    rows = "".join(
        f"| {cell(i.address)} | {i.before or 'nothing'} | {i.after or 'nothing'} | {' and '.join(i.by)} "
        f"| {'<br>'.join(map(cell, i.how))} |\n"
        for i in moved
    )
    return f"{code(app)}\n\n| object | reviewed | now | moved | how |\n|---|---|---|---|---|\n{rows}"
