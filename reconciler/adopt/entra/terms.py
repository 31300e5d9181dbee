"""The words of Entra's synchronization schema: one target, one source or one clause in, ours out. Pure."""

from __future__ import annotations

import re
from typing import Any

from reconciler.declare.mapping_model import Clause
from reconciler.declare.source_attributes import COMPUTED, GROUP_SOURCES, USER_SOURCES, source_problem
from reconciler.declare.wording import plural
from reconciler.declare.yaml.scalars import can_hold
from reconciler.resolve.expressions.language import ExpressionError, compile_expression
from reconciler.resolve.filters import OPERATORS, check_clause
from reconciler.resolve.paths import PathError, parse_path
from reconciler.resolve.targets import OURS

RENAMED = {"objectid": "id", "facsimile-telephonenumber": "facsimileTelephoneNumber", "telephone": "telephoneNumber"}
CUSTOM = re.compile(r"extension(Attribute\d{1,2}|_\w+)\Z", re.IGNORECASE)
# A string of the expression language, or a reference to an attribute.
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[([^\[\]"]+)\]', re.DOTALL)

Json = dict[str, Any]


class Untranslatable(Exception):
    """One part of the schema that has no equivalent; the message says why."""


def target(name: str) -> str:
    """A SCIM path as we write it. Raises Untranslatable."""
    try:
        path = parse_path(name)
    except PathError as error:
        raise Untranslatable(f"its target is not a SCIM path: {error}") from None
    plain = path.urn is None and path.filter is None and path.sub is None and path.attribute.lower()
    return plain if plain in OURS else name


def source(kind: str, item: Json) -> Json:
    """What a mapping takes its value from, as the one key that says so. Raises Untranslatable."""
    expression, name = item.get("expression"), item.get("name")
    match str(item.get("type") or ""):
        case "Attribute":
            attribute = _name(kind, str(name or expression or "").strip("[]"))
            if attribute == "appRoleAssignments":
                raise Untranslatable("appRoleAssignments must go through an expression")
            return {"source": attribute}
        case "Constant":
            return {"constant": _constant(expression, name)}
        case "Function":
            return {"expression": _expression(kind, str(expression or ""))}
        case "":
            if not expression and not name:
                return {"none": True}
            return {"source": _name(kind, str(name or expression).strip("[]"))}
        case other:
            raise Untranslatable(f"its source is of type {other}")


def _constant(expression: Any, name: Any) -> Any:
    """The value: as a string of the expression language where there is one, else as it is."""
    if isinstance(expression, str) and len(expression) > 1 and expression[0] == expression[-1] == '"':
        return re.sub(r"\\(.)", r"\1", expression[1:-1])
    return name if name is not None else expression


def _name(kind: str, name: str) -> str:
    """Our name of an Entra attribute. Raises Untranslatable."""
    known = {item.lower(): item for item in (GROUP_SOURCES if kind == "groups" else (*USER_SOURCES, *COMPUTED))}
    attribute = known.get(RENAMED.get(name.lower(), name).lower())
    if attribute is None and kind == "users" and CUSTOM.match(name):
        return "extensionAttributes." + name
    if attribute is None or source_problem(attribute, kind) is not None:
        raise Untranslatable(f"there is no source attribute {name}")
    return attribute


def _expression(kind: str, text: str) -> str:
    """The same expression over our names. Raises Untranslatable."""
    again = TOKEN.sub(lambda m: f"[{_name(kind, m[1].strip())}]" if m[1] else m[0], text)
    try:
        compile_expression(again)
    except ExpressionError as error:
        raise Untranslatable(f"its expression cannot be used: {error.message}") from None
    return again


def clause(kind: str, item: Json) -> Json:
    """One clause of a scoping filter. Raises Untranslatable."""
    operators = {_letters(name): name for name in OPERATORS}
    operator = operators.get(_letters(str(item.get("operatorName"))))
    if operator is None:
        raise Untranslatable(f"there is no operator {item.get('operatorName')}")
    operand = item.get("targetOperand")
    values = operand.get("values") if isinstance(operand, dict) else None
    given = [value for value in values or [] if value is not None]
    row: Json = {"attribute": _name(kind, str(item.get("sourceOperandName"))), "operator": operator}
    if not OPERATORS[operator].unary:
        if len(given) != 1:
            raise Untranslatable(f"{operator} with {plural(len(given), 'value')}")
        row["value"] = given[0]
    if not can_hold(str(row.get("value"))):
        raise Untranslatable("it holds a character that no YAML file can")
    problem = check_clause(Clause(row["attribute"], operator, row.get("value")))
    if problem:
        raise Untranslatable(problem[0])
    return row


def _letters(name: str) -> str:
    return re.sub(r"[\s_]", "", name).lower()
