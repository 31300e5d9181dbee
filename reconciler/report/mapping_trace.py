"""How a value came about, as text and JSON: expressions call by call, mappings with their inputs. No I/O."""

from __future__ import annotations

import re
from typing import Any

from reconciler.plan.model import REDACTED
from reconciler.report.change_text import value_text
from reconciler.report.safe import plain
from reconciler.resolve.derive import Derived
from reconciler.resolve.expressions.trace import Traced

BETWEEN = re.compile(r'(?P<text>"(?:\\.|[^"\\])*")|\s+', re.DOTALL)
STATES = {"ignored": "left out of the flow", "untaken": "not needed"}


def trace_lines(traced: Traced, indent: int = 0) -> list[str]:
    """One line a call, the calls inside of it below."""
    line = " " * indent + plain(_one_line(traced.text)) + _result(traced)
    return [line, *(text for part in traced.parts for text in trace_lines(part, indent + 2))]


def _one_line(expression: str) -> str:
    """The expression without its line ends and indents; what stands between quotes is left as it is."""
    return BETWEEN.sub(lambda found: found["text"] or " ", expression.strip())


def _result(traced: Traced) -> str:
    match traced.state:
        case "value":
            sample = "  (a sample: each time another)" if traced.generated else ""
            return f" = {value_text(_shown(traced.value, traced.redacted))}{sample}"
        case "error":
            return f" : {plain(str(traced.value))}"
        case other:
            return f" : {STATES[other]}"


def trace_json(traced: Traced) -> dict[str, Any]:
    """A call with what is inside of it; `value` stands where there is one, `reason` where it cannot be used."""
    found: dict[str, Any] = {"text": traced.text, "kind": traced.kind, "state": traced.state}
    found |= _value_json(traced.state, traced.value, traced.redacted)
    for name in ("generated", "redacted"):
        if getattr(traced, name):
            found[name] = True
    return found | {"parts": [trace_json(part) for part in traced.parts]}


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
            return f" = {value_text(_shown(item.value, item.redacted))}"
        case "generated":
            return f" = {value_text(_shown(item.value, item.redacted))}  (a sample: the apply makes the value)"
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
    hidden = item.redacted
    found: dict[str, Any] = {
        "target": item.target,
        "kind": item.kind,
        "text": item.text,
        "apply": item.apply,
        "state": item.state,
        "inputs": [{"name": name, "value": _shown(value, hidden)} for name, value in item.inputs],
        "declared_at": {"file": item.place.file, "line": item.place.line},
    }
    found |= _value_json(item.state, item.value, hidden)
    if item.default is not None:
        found["default"] = item.default
    if hidden:
        found["redacted"] = True
    return found | ({"trace": trace_json(item.traced)} if item.traced is not None else {})


def _value_json(state: str, value: Any, redacted: bool) -> dict[str, Any]:
    if state == "error":
        return {"reason": str(value)}
    return {"value": _shown(value, redacted)} if state in ("value", "generated") else {}


def _shown(value: Any, redacted: bool) -> Any:
    """A value as any output may show it."""
    return value and REDACTED if redacted else value
