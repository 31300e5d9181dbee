"""What a reader sees of a name is what is there: the unseen and the misplaced are escaped, every script stays readable."""

from __future__ import annotations

import json
import time

import pytest

from reconciler.cli.main import run
from reconciler.declare.escapes import visible
from reconciler.declare.place import Place, Problem
from reconciler.declare.yaml.document import parse
from reconciler.declare.yaml.scalars import portable, spelled
from reconciler.report.problems import as_github, as_json, as_text
from reconciler.report.safe import cell, code, inert, plain
from reconciler.report.sarif import as_sarif

READABLE = {
    "Greek": "Ελένη Παπαδοπούλου", "Cyrillic": "Юлия Соловьёва", "Cyrillic in parts": "и\u0306", "Han": "李明 辻",
    "Hangul": "김철수",    "Hangul in parts": "\u1100\u1161\u11a8", "Kana": "か\u3099 ヴー",
    "Latin": "Łódź Ünï", "Latin in parts": "Jose\u0301",
    "Vietnamese in parts": "Nguye\u0302\u0303n", "Arabic": "محمد", "Arabic with vowels": "مُحَمَّد", "Persian": "می\u200cخواهم",
    "Hebrew": "שלום", "Hebrew with points": "בְּרֵאשִׁ֖ית", "Devanagari": "क्षि", "Devanagari joined": "क्\u200dष", "apart": "क्\u200cष",
    "Bengali": "র\u200d্য", "Sinhala": "ශ්\u200dරී", "Tamil": "தமிழ்", "Thai": "ที่ บัติ", "Tibetan": "བསྒྲུབས", "Khmer": "ខ្មែរ",
    "Burmese": "ကြည်", "Georgian": "ვახტანგ", "family": "👩\u200d👩\u200d👧", "skin": "👩🏽\u200d💻", "flags": "🏳️\u200d🌈 🇩🇪",
    "keycap": "1️⃣", "heart": "❤️", "spaces": "山田　太郎", "apostrophe": "O’Brien", "path": "C:\\x [a](b)",
}  # fmt: skip
UNSEEN = {
    "zero width": "a\u200bb", "joiner": "ad\u200dmin", "non-joiner": "ad\u200cmin", "joiner at the end": "क\u094d\u200c",
    "emoji joined to nothing": "👩\u200d", "override": "a\u202eb", "isolate": "\u2066a", "mark of direction": "\u200fa",
    "soft hyphen": "a\u00adb", "Hangul filler": "\u3164", "jamo filler": "\u115f", "halfwidth filler": "\uffa0",
    "CGJ": "a\u034fb",   
    "selector": "a\ufe0f", "Han selector": "辻\U000e0100", "tag": "a\U000e0041", "invisible times": "a\u2062b", "BOM": "\ufeffa",
    "Mongolian": "\u180e", "line": "a\u2028b", "NUL": "a\0", "escape": "\x1b[31m", "C1": "\x9b", "surrogate": "\ud800",
    "private": "\ue000", "leading mark": "\u0301a", "mark on a space": "a \u0301", "mark on a digit": "1\u0301",
    "mark twice": "a\u0301\u0301", "stack": "a\u0301\u0302\u0303\u0304\u0305", "enclosing mark": "\u20dd",
    "mark on a filler": "\u3164\u0301", "Braille without a dot": "\u2800",
}  # fmt: skip
FORMS = {
    "terminal": plain, "code span": code, "cell": cell, "fence": inert, "text": lambda text: as_text([_problem(text)]),
    "workflow command": lambda text: as_github([_problem(text)]),
    "JSON of problems": lambda text: as_json([_problem(text)]),
    "SARIF": lambda text: json.loads(as_sarif([_problem(text)]))["runs"][0]["results"][0]["message"]["text"],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(UNSEEN.keys() - {"NUL", "surrogate"}))
def test_what_is_written_into_files_holds_nothing_that_is_not_seen(name: str) -> None:
    for written in (portable(UNSEEN[name]), spelled(UNSEEN[name])):
        assert visible(written) == written and parse(f"a: {written}".encode(), "a.yaml").data == {"a": UNSEEN[name]}


@pytest.mark.parametrize("name", [name for name, text in READABLE.items() if not {*"\u200c\u200d\u3000\\"} & {*text}])
def test_what_can_be_read_is_written_as_it_is(name: str) -> None:
    assert READABLE[name] in portable(READABLE[name])


def _problem(text: str) -> Problem:
    return Problem(Place("a.yaml", 1), "error", "unknown-user", f"no user {text} is declared", "declare the user")


@pytest.mark.parametrize("name", READABLE)
def test_each_script_is_shown_as_it_is(name: str) -> None:
    assert visible(READABLE[name]) == READABLE[name] and READABLE[name] in code(READABLE[name])


@pytest.mark.parametrize("name", UNSEEN)
@pytest.mark.parametrize("form", FORMS)
def test_what_a_reader_would_not_see_is_escaped_in_every_form(name: str, form: str) -> None:
    hidden = [c for c in UNSEEN[name] if visible(c) != c]
    assert hidden
    found = FORMS[form](UNSEEN[name])
    assert UNSEEN[name] not in found and _written(hidden[-1], form) in found


def _written(character: str, form: str) -> str:
    if form == "JSON of problems":
        return json.dumps(character)[1:-1]
    return f"{ord(character):04x}"


def test_an_escape_can_be_read_back() -> None:
    assert visible("a\U000e0041\u200b\n") == "a\\U000e0041\\u200b\\n"


@pytest.mark.parametrize(
    "text", ["a" + "\u0301" * 100_000, "म" + "\u094d\u200d" * 50_000, "م" + "\u064b\u200c" * 50_000, "👩\u200d" * 50_000]
)
def test_a_text_of_marks_and_joiners_takes_no_longer_than_it_is_long(text: str) -> None:
    before = time.process_time()
    visible(text)
    assert time.process_time() - before < 3


def test_a_wrong_use_shows_no_unseen_character_either(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--app", "wi\u0301\u0301\u3164ki", "--desired", "desired"]) == 64
    said = capsys.readouterr().err
    assert "\u3164" not in said and "\\u3164" in said
