"""How a value came about, as text and JSON: expressions call by call, mappings with their inputs. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.plan.change import REDACTED
from reconciler.report.change_text import value_text
from reconciler.report.safe import plain
from reconciler.resolve.derive import Derived
from reconciler.resolve.expressions.trace import Traced

FORMAT_VERSION = "1.0"
BETWEEN = re.compile(r'(?P<text>"(?:\\.|[^"\\])*")|\s+', re.DOTALL)
STATES = {"ignored": "left out of the flow", "untaken": "not needed"}


def trace_lines(traced: Traced, indent: int = 0) -> list[str]:
    """One line a call, the calls inside of it below."""
    line = " " * indent + plain(_one_line(traced.text)) + _result(traced)
    return [line, *(text for part in traced.parts for text in trace_lines(part, indent + 2))]


def _one_line(expression: str) -> str:
    """The expression without its line ends and indents; what stands between quotes is left as it is."""
    return BETWEEN.sub(lambda match: match["text"] or " ", expression.strip())


def _result(traced: Traced) -> str:
    match traced.state:
        case "value":
            sample = "  (a sample: each time another)" if traced.generated else ""
            return f" = {value_text(_visible(traced, traced.value))}{sample}"
        case "error":
            return f" : {plain(str(traced.value))}"
        case other:
            return f" : {STATES[other]}"


def trace_json(traced: Traced) -> dict[str, Any]:
    """A call with what is inside of it; `value` stands where there is one, `reason` where it cannot be used."""
    call: dict[str, Any] = {"text": traced.text, "kind": traced.kind, "state": traced.state}
    call |= _value_json(traced)
    for name in ("generated", "redacted"):
        if getattr(traced, name):
            call[name] = True
    return call | {"parts": [trace_json(part) for part in traced.parts]}


def mapping_lines(item: Derived) -> list[str]:
    """A mapping's result in one line, then where it came from."""
    lines = [f"{plain(item.target)}{_outcome(item)}{_when(item)}"]
    if item.traced is not None:
        return lines + ["    " + line for line in trace_lines(item.traced)]
    if item.kind == "source":
        return lines + [f"    from [{plain(name)}] = {value_text(value)}" for name, value in item.inputs]
    return [*lines, *(["    a constant"] if item.kind == "constant" else [])]


def _outcome(item: Derived) -> str:
    match item.state:
        case "value" if item.value is None:
            return " = null" + _null(item)
        case "value":
            return f" = {value_text(_visible(item, item.value))}"
        case "generated":
            return f" = {value_text(_visible(item, item.value))}  (a sample: the apply makes the value)"
        case "error":
            return f" : left as it is, since {plain(str(item.value))}"
        case "ignored":
            return " : left out of the flow"
        case _:
            return " : left as it is" + (f", and {value_text(item.default)} in a new account" if item.default is not None else "")


def _null(item: Derived) -> str:
    words = "a value that we set is " + ("cleared" if item.onNull == "clear" else "kept")
    return f"  ({words}" + (f", a new account gets {value_text(item.default)})" if item.default is not None else ")")


def _when(item: Derived) -> str:
    return "  [at creation alone]" if item.apply == "create" else ""


def mapping_json(item: Derived) -> dict[str, Any]:
    """A mapping with its inputs and result."""
    mapping: dict[str, Any] = {
        "target": item.target,
        "kind": item.kind,
        "text": item.text,
        "apply": item.apply,
        "state": item.state,
        "inputs": [{"name": name, "value": _visible(item, value)} for name, value in item.inputs],
        "declared_at": {"file": item.place.file, "line": item.place.line},
    }
    mapping |= _value_json(item)
    if item.default is not None:
        mapping["default"] = item.default
    if item.redacted:
        mapping["redacted"] = True
    return mapping | ({"trace": trace_json(item.traced)} if item.traced is not None else {})


def _value_json(item: Traced | Derived) -> dict[str, Any]:
    if item.state == "error":
        return {"reason": str(item.value)}
    return {"value": _visible(item, item.value)} if item.state in ("value", "generated") else {}


def _visible(item: Traced | Derived, value: Any) -> Any:
    """A value of a call or a mapping as any output may show it."""
    return value and REDACTED if item.redacted else value


def expressions_text(traces: Mapping[str | None, Traced]) -> str:
    """Traces of one expression by app; None stands for no app."""
    return "\n".join(line for app, item in traces.items() for line in ([f"{app}:"] if app else []) + trace_lines(item)) + "\n"


def expressions_json(traces: Mapping[str | None, Traced], address: str | None) -> str:
    """The same as JSON, with the user whom they are of."""
    rows = [{"app": app, "address": address, "trace": trace_json(item)} for app, item in traces.items()]
    return _dumps({"format_version": FORMAT_VERSION, "expressions": rows})


def mappings_text(derived: Iterable[tuple[str | None, list[Derived]]], address: str | None) -> str:
    """(app, its mappings): an app's indented under its name, an empty line after them."""
    return "".join(f"{line}\n" for app, items in derived for line in _of_app(app, items, address))


def _of_app(app: str | None, items: list[Derived], address: str | None) -> list[str]:
    lines = [line for item in items for line in mapping_lines(item)]
    return [plain(f"{app}: {address}"), *("  " + line for line in lines), ""] if app else lines


def mappings_json(derived: Iterable[tuple[str | None, list[Derived]]], address: str | None) -> str:
    """The same as JSON, with the user whom they are of."""
    rows = [{"app": app, "address": address, "mappings": list(map(mapping_json, items))} for app, items in derived]
    return _dumps({"format_version": FORMAT_VERSION, "mappings": rows})


def _dumps(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
