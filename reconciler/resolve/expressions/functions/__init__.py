"""The functions of the expression language: one table of name, arity, checks and implementation, by subject. Pure.

Semantics are those of Entra's reference "functions for customizing application data", 43 functions, and
AssertiveAppRoleAssignmentsComplex. null is None; truth is the text "True" or "False".
"""

from __future__ import annotations

from reconciler.resolve.expressions.functions import dates, generated, logic, replace, roles, text
from reconciler.resolve.expressions.functions.base import IGNORE, BadArgument, EvaluationError, Function, Ignored
from reconciler.resolve.expressions.functions.generated import Chance
from reconciler.resolve.expressions.functions.logic import compare

__all__ = ["FUNCTIONS", "IGNORE", "BadArgument", "Chance", "EvaluationError", "Function", "Ignored", "compare"]

_BY_SUBJECT = (text, replace, logic, dates, roles, generated)
_ALL = {name: function for part in _BY_SUBJECT for name, function in part.FUNCTIONS.items()}
FUNCTIONS: dict[str, Function] = {name: _ALL[name] for name in sorted(_ALL)}
