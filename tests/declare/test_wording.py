"""Numbers agree with their nouns, also in all that the worlds of the corpus say."""

from __future__ import annotations

import re

import pytest

from reconciler.declare.wording import plural
from tests.support.servers import ROOT

ONE_OF_MANY = re.compile(
    r"(?<![\d.,:/%-])1 (?:\w+ )?(?:changes|entries|requests|users|groups|roles|accounts|members|records|warnings|policies"
    r"|objects|assignments|commits|people|rows|safeguards)\b"
)


@pytest.mark.parametrize(
    ("number", "nouns", "said"),
    [
        (0, ("change",), "0 changes"),
        (1, ("change",), "1 change"),
        (2_000, ("change",), "2,000 changes"),
        (1, ("entry", "entries"), "1 entry"),
        (2, ("entry", "entries"), "2 entries"),
    ],
)
def test_a_number_agrees_with_its_noun(number: int, nouns: tuple[str, ...], said: str) -> None:
    assert plural(number, *nouns) == said


def test_no_world_of_the_corpus_says_1_of_several() -> None:
    files = sorted((ROOT / "tests/corpus").glob("*/golden/*.txt"))
    found = [
        f"{file.parent.parent.name}: {hit[0]}" for file in files for hit in ONE_OF_MANY.finditer(file.read_text(encoding="utf-8"))
    ]
    assert files and found == []
