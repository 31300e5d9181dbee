"""`python -m tests.references` writes every page that is made from the code."""

from __future__ import annotations

from tests.references.pages import MADE, PAGES

for name in MADE:
    (PAGES / name).write_text(MADE[name](), encoding="utf-8")
