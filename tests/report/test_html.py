"""The page of a plan: one file that a browser shows without asking anybody, in which every name stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from reconciler.plan.change import Action, AttributeChange, Cause, Change
from reconciler.plan.model import Access, Caution, Plan, Skip
from reconciler.report.html import render
from reconciler.report.html.listing import STATIC
from reconciler.report.safe import plain
from tests.report.test_markdown import HOSTILE, plan_of
from tests.support.browser import chromium, opened, violations

PLACE = ("desired/apps/wiki/assignments.yaml", 4)
PEOPLE = 1_200
ANSWER = 50  # rows that a search shows at once, so that no keystroke waits for more of them to be laid out


def update(number: int) -> Change:
    title = AttributeChange("title", "Engineer", f"Lead {number}")
    return Change(f"User/u{number}@example.com", Action.UPDATE, "title differs", (Cause.CONFIG,), *PLACE, "", (title,))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Many updates, one of somebody who gets a privileged role, and one who leaves."""
    leaver = Change("User/bob@example.com", Action.DISABLE, "not assigned", (Cause.CONFIG,), *PLACE, "Bob")
    access = (
        Access("User/ada@example.com", "Ada", True, "role", "Admin", True, "Engineers", *PLACE, "2027-01-31", "NET-1"),
        Access("User/bob@example.com", "Bob", False, "role", "User", False, "", *PLACE, None),
    )
    caution = Caution("privileged", "Ada gains Admin", *PLACE)
    plan = Plan("wiki", "Wiki", "https://x", "generic", (leaver, *map(update, range(PEOPLE))), access, cautions=(caution,))
    return written(tmp_path, render([plan, replace(plan, app="chat", display_name="Chat")]))


def written(folder: Path, text: str) -> Path:
    file = folder / "plan.html"
    file.write_text(text, encoding="utf-8")
    return file


def rows(page: Page, table: str) -> list[str]:
    """The first cell of each row that is shown."""
    return [text.strip() for text in page.locator(f"#{table} tbody td:first-child").all_inner_texts()]


def test_it_is_searched_sorted_and_unfolded_without_an_error_or_a_request(large: Path) -> None:
    with opened(large) as (page, said):
        assert len(rows(page, "app1-changes")) == STATIC
        page.fill("#app1-changes input", "u777@ lead")
        assert rows(page, "app1-changes") == ["User/u777@example.com"]
        page.click("#app1-changes summary")
        assert "Lead 777" in page.inner_text("#app1-changes tbody")
        page.fill("#app1-changes input", "")
        page.select_option("#app1-changes select", "disable")
        assert rows(page, "app1-changes") == ["User/bob@example.com (Bob)"]
        page.select_option("#app1-changes select", "")
        page.click("#app1-changes th button >> nth=0")
        page.click("#app1-changes th button >> nth=0")
        assert rows(page, "app1-changes")[0].startswith(f"User/u{PEOPLE - 1}@")
        assert len(rows(page, "app1-changes")) == ANSWER
        page.click("#app1-changes .more button")
        assert len(rows(page, "app1-changes")) == ANSWER + STATIC
        assert len(rows(page, "app2-changes")) == STATIC
        assert said == []


def test_it_is_used_by_keyboard_alone(large: Path) -> None:
    with opened(large) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.locator("#app1-changes input").focus()
        page.keyboard.type("u777@")
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.tagName") == "SUMMARY":
                break
        page.keyboard.press("Enter")
        assert page.locator("#app1-changes details[open]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_a_reader_out(large: Path, scheme: str) -> None:
    with opened(large, color_scheme=scheme) as (page, _):
        assert violations(page) == []


def test_it_fits_a_narrow_screen_and_prints_all_that_was_found(large: Path) -> None:
    with opened(large, viewport={"width": 320, "height": 600}) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        page.pdf()
        assert len(rows(page, "app1-changes")) == PEOPLE + 1


def test_without_a_script_the_first_rows_are_there(large: Path) -> None:
    with opened(large, java_script_enabled=False) as (page, _):
        assert len(rows(page, "app1-changes")) == STATIC
        assert f"{STATIC} of {PEOPLE + 1:,} rows are shown." in page.inner_text("#app1-changes .more")


def test_names_stay_text_and_the_policy_lets_nothing_else_in(tmp_path: Path) -> None:
    file = written(tmp_path, render([plan_of(name) for name in HOSTILE.values()]))
    with opened(file) as (page, said):
        assert said == []
        assert page.locator("script").count() == 1 + page.locator("script[type='application/json']").count()
        assert page.locator("main img, main a, main b, main h1").count() == 0
        for number, name in enumerate(HOSTILE.values(), start=1):
            shown = page.locator(f"#app{number}-changes tbody td >> nth=0").text_content() or ""
            assert plain(name) in shown
        assert "unsafe" not in page.content().partition("</head>")[0]


def test_where_there_is_no_chromium_a_test_is_skipped_with_what_to_install_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for ci, ends in (("", pytest.skip.Exception), ("true", pytest.fail.Exception)):
        monkeypatch.setenv("CI", ci)
        with pytest.raises(ends, match="install Debian's package `chromium`"):
            chromium()


def test_a_plan_without_changes_has_no_empty_tables() -> None:
    skipped = Skip("User/bob@example.com", "NotAssigned", "not assigned", "assign him")
    text = render([Plan("wiki", "Wiki", "https://x", "generic", skipped=(skipped,))])
    assert re.findall(r'<section class="listing" id="(\S+)"', text) == ["app1-skipped"]
    assert "matches the declaration" in text
