"""Scoping filters: Entra's 14 operators with their null and case rules. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from reconciler.declare.mapping_model import Clause, ScopingFilter
from reconciler.declare.wording import hint
from reconciler.resolve.dotnet.regex import RegexError, compile_safe

Get = Callable[[str], Any]
INTEGER = re.compile(r"-?[0-9]{1,1000}\Z")
REFUSED = frozenset({"members", "appRoleAssignments", "userType", "manager", "otherMails", "proxyAddresses", "employeeHireDate"})


class Operator(NamedTuple):
    """`test` gets the attribute as text (never null) and the clause's value."""

    test: Callable[[str, Any], bool]
    unary: bool = False
    integer: bool = False
    regex: bool = False


def _bits(have: str, want: Any) -> bool:
    """Entra's `&`: a bit test where both are integers, else whether the attribute exists in the input string."""
    if INTEGER.match(have) and INTEGER.match(str(want)):
        return int(have) & int(want) != 0
    return have in str(want)


def _integers(compare: Callable[[int, int], bool]) -> Callable[[str, Any], bool]:
    return lambda have, want: bool(INTEGER.match(have)) and compare(int(have), int(want))


def _found(have: str, want: Any) -> bool:
    return compile_safe(str(want)).search(have) is not None


OPERATORS: dict[str, Operator] = {
    "&": Operator(_bits),
    "!&": Operator(lambda have, want: not _bits(have, want)),
    "ENDS_WITH": Operator(lambda have, want: have.endswith(str(want))),
    "EQUALS": Operator(lambda have, want: have == str(want)),
    "Greater_Than": Operator(_integers(lambda a, b: a > b), integer=True),
    "Greater_Than_OR_EQUALS": Operator(_integers(lambda a, b: a >= b), integer=True),
    "Includes": Operator(lambda have, want: str(want) in have),
    "IS FALSE": Operator(lambda have, _: have.lower() == "false", unary=True),
    "IS NOT NULL": Operator(lambda have, _: True, unary=True),
    "IS NULL": Operator(lambda have, _: False, unary=True),
    "IS TRUE": Operator(lambda have, _: have.lower() == "true", unary=True),
    "NOT EQUALS": Operator(lambda have, want: have != str(want)),
    "NOT REGEX MATCH": Operator(lambda have, want: not _found(have, want), regex=True),
    "REGEX MATCH": Operator(_found, regex=True),
}


def holds(clause: Clause, value: Any) -> bool:
    """A null or empty attribute passes IS NULL alone, whatever the operator."""
    if value is None or value == "" or value == []:
        return clause.operator == "IS NULL"
    return OPERATORS[clause.operator].test(str(value), clause.value)


def passing(filters: tuple[ScopingFilter, ...], source: Callable[[str], list[Any]], count: int) -> list[bool]:
    """Which of `count` objects get through: filters OR together, clauses AND; no filter lets everybody through."""
    if not filters:
        return [True] * count
    verdicts = [_all([_clause(clause, source) for clause in item.clauses], count) for item in filters]
    return [any(row) for row in zip(*verdicts, strict=True)]


def _clause(clause: Clause, source: Callable[[str], list[Any]]) -> list[bool]:
    return [holds(clause, value) for value in source(clause.attribute)]


def _all(columns: list[list[bool]], count: int) -> list[bool]:
    return [all(row) for row in zip(*columns, strict=True)] if columns else [True] * count


class Finding(NamedTuple):
    """What is wrong with a clause, what to do, and at which of its keys."""

    message: str
    remedy: str
    key: str


def check_clause(clause: Clause) -> Finding | None:
    """What is wrong with a clause, or None."""
    if clause.attribute in REFUSED:
        return Finding(
            f"{clause.attribute} cannot be used in a scoping filter", "filter on a single-valued text attribute", "attribute"
        )
    operator = OPERATORS.get(clause.operator)
    if operator is None:
        return Finding(f"unknown operator {clause.operator}", hint(clause.operator, list(OPERATORS)), "operator")
    if clause.value is None:
        return None if operator.unary else Finding(f"{clause.operator} needs a value", "add `value`", "operator")
    return _check_value(clause, operator)


def _check_value(clause: Clause, operator: Operator) -> Finding | None:
    if operator.unary:
        return Finding(f"{clause.operator} takes no value", "leave `value` out", "value")
    if operator.integer and not INTEGER.match(str(clause.value)):
        return Finding(f"{clause.operator} compares integers, not {clause.value!r}", "give an integer", "value")
    if operator.regex:
        try:
            compile_safe(str(clause.value))
        except RegexError as error:
            return Finding(str(error), "rewrite the pattern", "value")
    return None
