"""A real headless Chromium for pages: where there is none, tests that need one are skipped, and fail where `CI` is set."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium is on the PATH: install Debian's package `chromium`"
AXE = files("axe_playwright_python") / "axe.min.js"
GRAVE = ("serious", "critical")


def chromium() -> str:
    """Where the program is; skips the test where there is none, or fails it in CI."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    return found


@contextmanager
def opened(file: Path, **options: object) -> Iterator[tuple[Page, list[str]]]:
    """A page from a file, without any network, and all that its console, its errors and its requests said by now."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(**options)  # type: ignore[arg-type]
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: None if request.url == file.as_uri() else said.append(request.url))
        page.goto(file.as_uri())
        yield page, said
        browser.close()


def violations(page: Page) -> list[str]:
    """What axe-core calls serious or critical, with the elements that it means."""
    # The policy of the page lets no script in, and this one comes from the debugger, which it does not bind.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run()")
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in result["violations"] if v["impact"] in GRAVE]
