"""The page of functions: those of the expression language, from its table."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.resolve.expressions.functions import FUNCTIONS
from reconciler.resolve.expressions.functions.base import Function

HEAD = """# Functions of expressions

A mapping's `expression` calls them, with Entra's meaning. `[name]` is an attribute of the user, a text stands in double quotes,
an argument left empty is null. `reconcile eval EXPRESSION --user USER` shows what each call gives.

| function | remarks |
|---|---|
"""


def _remarks(function: Function) -> Iterator[str]:
    if function.generated:
        yield "another value each time: only with `apply: create`"
    if function.redacts:
        yield "the value is `[Redact]` in every output"
    if function.only:
        yield f"takes `[{function.only}]` alone"
    if function.many:
        yield "takes attributes with several values as they are"
    if function.condition:
        yield "the first argument may be a condition"


def page() -> str:
    """The whole page, as Markdown."""
    rows = (f"| `{item.signature}` | {'; '.join(_remarks(item))} |\n" for item in FUNCTIONS.values())
    return HEAD + "".join(rows)
