"""The expressions of GitHub's workflows, as many as ours use: paths, literals, == != && || !, and a few functions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

TOKENS = re.compile(r"\s*('(?:[^']|'')*'|\d+|[A-Za-z_][\w.-]*|==|!=|&&|\|\||[!(),])")
WHOLE = re.compile(r"\$\{\{(.*?)\}\}", re.S)
Functions = dict[str, Callable[..., Any]]


def interpolate(value: Any, context: dict[str, Any], functions: Functions) -> Any:
    """A value of a workflow file with its expressions worked out; one that is a whole value keeps its type."""
    if isinstance(value, dict):
        return {key: interpolate(item, context, functions) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    alone = WHOLE.fullmatch(value.strip())
    if alone and value.count("${{") == 1:
        return evaluate(alone[1], context, functions)
    return WHOLE.sub(lambda found: as_text(evaluate(found[1], context, functions)), value)


def as_text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def evaluate(text: str, context: dict[str, Any], functions: Functions) -> Any:
    found = _Parser(text, context, functions)
    value = found.either()
    assert not found.tokens, f"{text}: {found.tokens}"
    return value


class _Parser:
    def __init__(self, text: str, context: dict[str, Any], functions: Functions) -> None:
        self.tokens = TOKENS.findall(text)
        assert "".join(self.tokens) == re.sub(r"\s+(?=([^']*'[^']*')*[^']*$)", "", text), text
        self.context = context
        self.functions = {"format": lambda text, *values: text.format(*values), "fromJSON": json.loads} | functions

    def take(self, *wanted: str) -> str | None:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else None

    def either(self) -> Any:
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value or other
        return value

    def both(self) -> Any:
        value = self.equal()
        while self.take("&&"):
            other = self.equal()
            value = value and other
        return value

    def equal(self) -> Any:
        value = self.single()
        while sign := self.take("==", "!="):
            value = (as_text(value) == as_text(self.single())) == (sign == "==")
        return value

    def single(self) -> Any:
        if self.take("!"):
            return not self.single()
        if self.take("("):
            value = self.either()
            assert self.take(")")
            return value
        token = self.tokens.pop(0)
        if token[0] == "'":
            return token[1:-1].replace("''", "'")
        if token.isdigit():
            return int(token)
        return self.call(token) if self.take("(") else self.path(token)

    def call(self, name: str) -> Any:
        values: list[Any] = []
        while not self.take(")"):
            values.append(self.either())
            self.take(",")
        return self.functions[name](*values)

    def path(self, name: str) -> Any:
        """What is not there is empty, but for the first step: a context that we forgot is our mistake."""
        first, *rest = name.split(".")
        value = self.context[first]
        for step in rest:
            value = value.get(step) if isinstance(value, dict) else None
        return value
