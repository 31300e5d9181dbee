"""`python -m tests.benchmarks.report_page [COUNT]`: how fast a report opens and is searched, by default 50,000 records."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from reconciler.report.html.report import Period, render
from tests.benchmarks.logs import record
from tests.support.browser import opened

# The rows that are found are laid out, too: a reader waits for that as well.
SEARCH = """(text) => { const input = document.querySelector("#log input"); const began = performance.now();
  input.value = text; input.dispatchEvent(new Event("input"));
  document.querySelector("#log tbody").getBoundingClientRect(); return performance.now() - began; }"""
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def main(count: int) -> None:
    log = [("Wiki", record(number, count)) for number in range(count)]
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "report.html"
        text = render([], {}, log, Period("2025-06-01", "2026-05-31"))
        file.write_text(text, encoding="utf-8")
        with opened(file) as (page, _):
            loaded, first, searched = page.evaluate(LOADED), page.evaluate(SEARCH, "p"), page.evaluate(SEARCH, "person777@")
    took = f"opens in {loaded:.0f} ms, the first letter of a search takes {first:.0f} ms, a name {searched:.0f} ms"
    print(f"{count:,} records, {len(text) / 2**20:.1f} MiB: {took}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
