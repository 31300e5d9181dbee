"""Functions that decide and compare: conditions, null tests, choices. Truth is the text "True" or "False". Pure."""

from __future__ import annotations

import operator as op
from collections.abc import Callable
from typing import Any

from reconciler.resolve.dotnet.ticks import parse_printed
from reconciler.resolve.expressions.functions.base import (
    IGNORE,
    Arguments,
    BadArgument,
    EvaluationError,
    Function,
    empty,
    items,
    known,
    number,
    text,
    truth,
    whole,
    whole_at,
)

Run = Callable[[Any], Any]
ORDERS: dict[str, Callable[[Any, Any], bool]] = {"<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}
UNIQUE = (
    "SelectUniqueValue is not for SCIM apps: Entra supports it for provisioning from Workday, SuccessFactors "
    "and its API to Active Directory alone"
)


def compare(left: Any, operator: str, right: Any) -> bool:
    """A condition of IIF or CBool; it fails, whatever the operator, where the left side is null or empty.

    Two texts are equal by their letters; a number is equal to text that spells it. Numbers, and dates as CDate
    prints them, are ordered as such, anything else as text.
    """
    if empty(left):
        return False
    if operator in ("=", "<>"):
        return _equal(left, right) is (operator == "=")
    if empty(right):
        return False
    return bool(ORDERS[operator](*_ordered(left, right)))


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    a, b = number(left), number(right)
    return a == b if a is not None and b is not None else text(left) == text(right)


def _ordered(left: Any, right: Any) -> tuple[Any, Any]:
    for read in (number, parse_printed):
        a, b = read(left), read(right)
        if a is not None and b is not None:
            return a, b
    return text(left), text(right)


def _iif(get: Any, condition: Run, then: Run, otherwise: Run) -> Any:
    outcome = condition(get)
    return then(get) if outcome is True or text(outcome).lower() == "true" else otherwise(get)


def _c_bool(value: Any) -> str:
    if isinstance(value, bool):
        return truth(value)
    amount = number(value)
    if amount is not None:
        return truth(amount != 0)
    word = text(value).lower()
    if word not in ("", "true", "false"):
        raise EvaluationError(f"{value!r} is neither a number nor True or False")
    return truth(word == "true")


def _switch(get: Any, source: Run, default: Run, *pairs: Run) -> Any:
    wanted = text(source(get))
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        if text(key(get)) == wanted:
            return value(get)
    return default(get)


def _check_switch(arguments: Arguments) -> None:
    if len(arguments) % 2:
        raise BadArgument(len(arguments) - 1, "a key of Switch has no value", "keys and values come in pairs after the default")


def _coalesce(get: Any, *values: Run) -> Any:
    """The first that is not null; an empty text is not null, a multi-valued attribute without values is."""
    for run in values:
        value = run(get)
        if value is not None and value != () and value != []:
            return value
    return None


def _item(source: Any, index: Any) -> Any:
    listed = items(source)
    return listed[whole(index) - 1] if 1 <= whole(index) <= len(listed) else None


def _unique(source: Any) -> Any:
    if source is None:
        return None
    distinct: list[Any] = []
    for item in items(source):
        if item not in distinct:
            distinct.append(item)
    return tuple(distinct)


def _is_string(value: Any) -> str:
    """Whether CStr would give text."""
    return truth(value is not None and not isinstance(value, (list, tuple, dict)))


def _refuse(*_: Any) -> Any:
    raise EvaluationError(UNIQUE)


def _check_item(arguments: Arguments) -> None:
    whole_at(1, 1, "the first item is 1")(arguments)
    if known(arguments, 0) and isinstance(arguments[0], (str, int, float)):  # what Split gives may be known, too
        raise BadArgument(0, "a text has no items", "give a multi-valued attribute, or Split(...)")


FUNCTIONS: dict[str, Function] = {
    "CBool": Function(1, 1, _c_bool, "CBool(expression)", condition=True),
    "Coalesce": Function(1, None, _coalesce, "Coalesce(source1, source2, ..., default)", lazy=True, many=True),
    "Count": Function(1, 1, lambda v: 0 if empty(v) else len(items(v)), "Count(attribute)", many=True),
    "IIF": Function(
        3, 3, _iif, "IIF(condition, valueIfTrue, valueIfFalse)", optional=(1, 2), lazy=True, many=True, condition=True
    ),
    "IgnoreFlowIfNullOrEmpty": Function(
        1, 1, lambda v: IGNORE if empty(v) else v, "IgnoreFlowIfNullOrEmpty(expression)", many=True
    ),
    "IsNull": Function(1, 1, lambda v: truth(v is None), "IsNull(expression)", many=True),
    "IsNullOrEmpty": Function(1, 1, lambda v: truth(empty(v)), "IsNullOrEmpty(expression)", many=True),
    "IsPresent": Function(1, 1, lambda v: truth(not empty(v)), "IsPresent(expression)", many=True),
    "IsString": Function(1, 1, _is_string, "IsString(expression)", many=True),
    "Item": Function(2, 2, _item, "Item(attribute, index)", _check_item, many=True),
    "Not": Function(1, 1, lambda v: truth(text(v).lower() != "true"), "Not(source)", condition=True),
    "Redact": Function(1, 1, lambda v: v, "Redact(value)", many=True, redacts=True),
    "RemoveDuplicates": Function(1, 1, _unique, "RemoveDuplicates(attribute)", many=True),
    "SelectUniqueValue": Function(2, None, _refuse, "SelectUniqueValue(rule1, rule2, ...)", refused=UNIQUE),
    "Switch": Function(
        4, None, _switch, "Switch(source, default, key1, value1, ...)", _check_switch,
        optional=range(1, 10_000), lazy=True, many=True,
    ),
}  # fmt: skip
