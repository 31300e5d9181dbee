"""The page of who has what: searched, narrowed, sorted and printed in a real browser, in which every name stays text."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.plan.access.held import Held, Source
from reconciler.report.html.access import render
from reconciler.report.html.listing import STATIC
from reconciler.report.safe import plain
from tests.report.test_markdown import HOSTILE
from tests.support.browser import opened, violations

ADMIN = Held(
    "User/ada@x.org", "ada@x.org", "Ada", "role", "Admin", True, Source.DECLARED, "Net", "a.yaml", 3, "2027-01-31", "NET-1",
    since="2026-06-01T08:00:00Z", confirmed="2026-11-01T08:00:00Z",
)  # fmt: skip
PEOPLE = 600
LINES = "(cell) => { const text = document.createRange(); text.selectNodeContents(cell); return text.getClientRects().length; }"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    users = [
        ADMIN._replace(address=f"User/u{n}@x.org", login=f"u{n}@x.org", name="", what="User", privileged=False)
        for n in range(PEOPLE)
    ]
    stranger = ADMIN._replace(address="#7", login="mallory", name="Mal", source=Source.UNMANAGED, through="", file="", since="")
    made = tmp_path / "access.html"
    made.write_text(render({"Wiki": [ADMIN, stranger, *users]}, "As of now"), encoding="utf-8")
    return made


def test_it_is_searched_narrowed_sorted_and_printed_without_an_error_or_a_request(file: Path) -> None:
    with opened(file, viewport={"width": 320, "height": 600}) as (page, said):
        who = page.locator("#access tbody td:first-child")
        assert page.evaluate("document.documentElement.scrollWidth") == 320 and who.count() == STATIC
        page.fill("#access input", "u77@")
        assert [text.strip() for text in who.all_inner_texts()] == ["u77@x.org"]
        page.fill("#access input", "")
        page.select_option("#access select >> nth=-1", "unmanaged")
        assert [text.strip() for text in who.all_inner_texts()] == ["mallory (Mal, #7)"]
        page.fill("#access input", "#7")  # what `revoke --id` asks for
        assert who.count() == 1
        page.fill("#access input", "")
        page.select_option("#access select >> nth=-1", "")
        page.locator("#access th button >> nth=0").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        assert who.first.inner_text().strip() == f"u{PEOPLE - 1}@x.org"
        page.pdf()
        assert who.count() == PEOPLE + 2  # all that was found, and not the first rows alone
        assert said == []


WORDS = "(label) => {const t = document.createRange(); t.selectNodeContents(label.firstChild); return t.getClientRects().length}"


def test_a_long_choice_neither_widens_a_narrow_page_nor_breaks_its_label(tmp_path: Path) -> None:
    made = tmp_path / "access.html"
    long = ADMIN._replace(what="Administrator of all the networks of the company", shown=False)
    made.write_text(render({"Wiki": [long, *[ADMIN] * 60]}, "As of now"), encoding="utf-8")
    with opened(made, viewport={"width": 320, "height": 600}) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        labels = page.locator("#access label").all()
        assert [label.evaluate(WORDS) for label in labels] == [1] * len(labels) and len(labels) > 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_a_reader_out(file: Path, scheme: str) -> None:
    with opened(file, color_scheme=scheme) as (page, _):
        assert violations(page) == []
        cells = page.locator("#access tbody tr >> nth=0").locator("td")
        told = {cell.get_attribute("data-label"): (cell.text_content() or "").strip() for cell in cells.all()}
        assert (told["Since"], told["Until"], told["Last seen"]) == ("2026-06-01", ADMIN.until, "2026-11-01")
        # Beside each other no word is broken, and nothing sticks out: a table that is too wide moves within the page.
        for width in (1280, 900):
            page.set_viewport_size({"width": width, "height": 600})
            assert page.evaluate("document.documentElement.scrollWidth") == width
            for word in ("declared", "unmanaged", "2026-06-01", "2027-01-31"):
                cell = page.get_by_role("cell", name=word, exact=True).first
                assert cell.evaluate(LINES) == 1, (word, width)


def test_names_stay_text(tmp_path: Path) -> None:
    rows = [ADMIN._replace(address=f"User/{n}", login=n, name=n, what=n, through=n, reason=n) for n in HOSTILE.values()]
    made = tmp_path / "access.html"
    made.write_text(render({name: [row] for name, row in zip(HOSTILE.values(), rows, strict=True)}, "now"), encoding="utf-8")
    with opened(made) as (page, said):
        assert said == [] and page.locator("main img, main a, main b, main h1").count() == 0
        shown = page.locator("#access tbody td:first-child").all_text_contents()
        assert [plain(name) in text for name, text in zip(HOSTILE.values(), shown, strict=True)] == [True] * len(HOSTILE)
