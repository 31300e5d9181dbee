"""The words of our own sentences are those that stand in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from reconciler.report.names import PLACES
from reconciler.report.own_words import OWN
from tests.support.servers import ROOT

FILES = [
    *(ROOT / "reconciler/plan").rglob("*.py"),
    *(ROOT / "reconciler/cycle").rglob("*.py"),
    ROOT / "reconciler/resolve/scope.py",
]


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text but the docstrings."""
    holders = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, holders)]
    docs = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_nearly_every_word_of_a_sentence_is_known() -> None:
    """A few may be missing, so that a new sentence needs no new list: who is called as one of them garbles it."""
    found = [text for file in FILES for text in texts(ast.parse(file.read_text(encoding="utf-8"))) if " " in text]
    words = {word for text in found for word in re.findall("[a-z]+", re.sub("`[^`]*`", "", text).lower())}
    missing = words - OWN
    assert len(missing) < 0.1 * len(words), f"add to reconciler/report/own_words.py: {' '.join(sorted(missing))}"


def test_a_name_stands_after_words_that_a_sentence_has() -> None:
    text = " ".join(text for file in FILES for text in texts(ast.parse(file.read_text(encoding="utf-8"))))
    assert [place for place in PLACES if place not in text and not place.startswith("existing ")] == []
    assert "adopts the existing " in text
