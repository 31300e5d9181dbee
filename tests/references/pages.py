"""Which pages are made from the code, and by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.references import code_page
from tests.support.servers import ROOT

PAGES = ROOT / "reconciler/docs"
MADE: Mapping[str, Callable[[], str]] = {"codes.md": code_page.page}
