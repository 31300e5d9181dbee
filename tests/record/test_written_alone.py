"""The record is written by the room `record` alone, and what is left of a plan is kept there in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from reconciler.plan.change import AttributeChange, Change, Precondition
from reconciler.record.model import Record
from reconciler.record.unfinished import Unfinished

ROOT = Path(__file__).parents[2] / "reconciler"
KEYS = {field.name for field in fields(Record)}


def written(tree: ast.AST) -> Iterator[str]:
    """Keys of a `record` that are assigned to, whole or an item of them."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [getattr(node, "target", None)]
        for target in targets:
            place = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(place, ast.Attribute) and ast.unparse(place.value).split(".")[-1] == "record" and place.attr in KEYS:
                yield ast.unparse(place)


def test_nobody_else_assigns_to_a_record() -> None:
    files = [file for file in ROOT.rglob("*.py") if not file.is_relative_to(ROOT / "record")]
    assert {file.name: found for file in files if (found := list(written(ast.parse(file.read_text(encoding="utf-8")))))} == {}


def update(address: str, *paths: str) -> Change:
    attributes = tuple(AttributeChange(path, None, "x") for path in paths)
    return Change(
        address,
        "update",
        "",
        ("config",),
        "",
        0,
        "",
        attributes,
        precondition=Precondition("1", None, ""),
        digest=f"{address} {paths}",
    )


def test_the_rest_of_a_plan_is_some_of_its_things_and_nothing_else() -> None:
    unfinished, whole = Unfinished(Record("wiki")), update("User/ada", "title", "nickName")
    unfinished.ask("sha256:1", (), (), [whole])
    assert unfinished.is_rest("sha256:1", (), (), [update("User/ada", "title")])
    assert not unfinished.is_rest("sha256:1", (), (), [update("User/ada", "locale")])
    unfinished.end([whole], [whole])
    assert unfinished.is_rest("sha256:1", (), (), []) and not unfinished.is_rest("sha256:1", (), (), [whole])


def test_an_approval_lasts_as_long_as_something_of_its_plan_is_left() -> None:
    record, ada, bob = Record("wiki"), update("User/ada", "title"), update("User/bob", "title")
    unfinished = Unfinished(record)
    unfinished.approve(["sha256:1"], [ada, bob], {"sha256:1"})
    unfinished.end([ada, bob], [ada])
    assert record.approved == {"sha256:1": bob.things()}
    unfinished.end([bob], [bob])
    assert record.approved == {}


def test_a_change_that_was_torn_stays_under_way_while_something_is_undone() -> None:
    record, ada, bob = Record("wiki"), update("User/ada", "title"), update("User/bob", "title")
    unfinished = Unfinished(record)
    unfinished.begin([ada, bob])
    unfinished.stop([ada, bob], [ada])
    assert record.under_way == [ada.digest] and Unfinished(record).is_begun(ada) and not Unfinished(record).is_begun(bob)
    unfinished.stop([], [])
    assert record.under_way == []
