"""The corpus: worlds that show each feature once, and all that the program said, asked and kept there, byte by byte.

`REWRITE_GOLDEN=1 pytest tests/corpus` writes the golden files anew; what changed is then reviewed as a diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.corpus.runner import HERE, World

REWRITE = bool(os.environ.get("REWRITE_GOLDEN"))
WORLDS = sorted(file.parent.name for file in HERE.glob("*/world.yaml"))


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_says_asks_and_keeps_what_it_always_has(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = World(HERE / name, tmp_path, monkeypatch).play()
    golden = HERE / name / "golden"
    if REWRITE:
        golden.mkdir(exist_ok=True)
        for file, text in texts.items():
            (golden / file).write_text(text, encoding="utf-8")
    for file, text in texts.items():
        assert text.splitlines() == (golden / file).read_text(encoding="utf-8").splitlines(), f"{name}/{file}"
        assert text == (golden / file).read_text(encoding="utf-8")
