"""The page of a report: each day counted, each cycle once, the log searched, one person followed by keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.plan.access.held import Held, Source
from reconciler.report.html.by_day import bars
from reconciler.report.html.log_rows import row
from reconciler.report.html.report import Period, render
from tests.report.test_markdown import HOSTILE
from tests.support.browser import opened, violations

PERIOD = Period("2026-06-01T00:00:00Z", "2026-06-30T12:00:00Z")
HOLDS = Held("User/ada@x.org", "ada@x.org", "Ada", "role", "Admin", True, Source.DECLARED, "Net")
STATUS: dict[str, Any] = {
    "app": "wiki", "displayName": "Wiki", "health": "blocked", "provisioning": "on", "lastSuccess": "2026-06-30T08:00:00Z",
    "nextCycle": None, "counts": {"in_scope": 1200}, "quarantine": None,
    "approvals": [{"safeguard": "accidentalDeletions", "plan": "sha256:0f", "file": "desired/apps/wiki/approvals.yaml"}],
}  # fmt: skip


def record(name: str, day: int = 1, status: str = "success", **more: Any) -> dict[str, Any]:
    action = more.pop("action", "update")
    ours = {"kind": "object", "address": f"User/{name}", "action": action, "occasion": "apply", **more.pop("ours", {})}
    return {
        "activityDateTime": f"2026-06-{day:02}T08:00:00Z", "cycleId": f"cycle-{day}", "provisioningAction": action,
        "provisioningStatusInfo": {"status": status, "errorInformation": {"reason": "409" if status == "failure" else ""}},
        "initiatedBy": {"displayName": "octocat"}, **more, "reconcile": ours,
    }  # fmt: skip


GAIN = {"address": "User/ada@x.org", "gains": True, "kind": "role", "what": "Admin", "privileged": True, "through": "Net"}
LOG = [
    record("ada@x.org", 1, action="create", ours={"access": [GAIN]}),
    record("bob@x.org", 1, status="failure"),
    {**record("", 2), "modifiedProperties": [{"displayName": "members", "oldValue": ["User/ada@x.org"], "newValue": []}],
     "reconcile": {"kind": "object", "address": "Group/Net", "action": "update"}},
    record("ada@x.org.uk", 3),
    record("ada@x.org", 3, action="disable"),
]  # fmt: skip


def page(log: list[dict[str, Any]]) -> str:
    return render([STATUS], {"Wiki": [HOLDS, HOLDS._replace(login="eve", privileged=False)]}, [("Wiki", r) for r in log], PERIOD)


def written(folder: Path, text: str) -> Path:
    file = folder / "report.html"
    file.write_text(text, encoding="utf-8")
    return file


def test_each_day_is_counted_and_a_year_by_months() -> None:
    days = bars(LOG, PERIOD.since, PERIOD.until)
    assert len(days) == 30 and days[3].words == "2026-06-04: nothing"
    assert days[0].words == "2026-06-01: 1 created, 1 failed"
    assert [(part.kind, part.y, part.height) for part in days[0].parts] == [("created", 50.0, 50.0), ("failed", 0.0, 50.0)]
    months = bars(LOG, "2025-07-01", "2026-06-30")
    assert len(months) == 12 and months[-1].words == "2026-06: 1 created, 2 updated, 1 ended, 1 failed"
    assert bars([], PERIOD.since, PERIOD.since)[0].words == "2026-06-01: nothing"


def test_a_row_unfolds_what_changed_and_who_gained_what() -> None:
    lines = [f"{sign} {text}" for sign, text in row("Wiki", LOG[0]).lines]
    assert "+ User/ada@x.org: role Admin (privileged) through Net" in lines
    assert [f"{sign} {text}" for sign, text in row("Wiki", LOG[2]).lines][0] == "- members: User/ada@x.org"
    assert row("Wiki", LOG[1]).mark == "failed"


def test_it_is_searched_and_one_person_is_followed_by_keyboard_alone(tmp_path: Path) -> None:
    with opened(written(tmp_path, page(LOG))) as (shown, said):
        assert shown.locator("#cycles tbody tr").count() == 3
        assert shown.inner_text("#privileged tbody tr td >> nth=0").strip() == "ada@x.org (Ada)"
        assert "accidentalDeletions" in shown.inner_text("#approvals tbody")
        assert shown.locator("#days svg").count() == 30
        shown.locator("#log tbody tr:first-child td button").focus()
        shown.keyboard.press("Enter")
        assert shown.evaluate("document.activeElement.id") == "timeline-title"
        told = shown.locator("#timeline ol > li p").all_inner_texts()
        assert [text.split(" · ")[2] for text in told] == ["disable", "update", "create"]  # his own, and the group that he left
        shown.keyboard.press("Tab")
        shown.keyboard.press("Control+a")
        shown.keyboard.type("bob@")
        assert shown.locator("#timeline ol > li.failed").count() == 1
        assert said == []


def test_the_log_is_sorted_by_any_column_and_back_by_keyboard_alone(tmp_path: Path) -> None:
    with opened(written(tmp_path, page(LOG))) as (shown, said):
        for name in ("Object", "Action"):
            number = shown.locator("#log th").all_inner_texts().index(name) + 1
            cells, header = shown.locator(f"#log tbody tr td:nth-child({number})"), shown.locator(f"#log th:nth-child({number})")
            before = sorted(text.strip() for text in cells.all_inner_texts())
            header.locator("button").focus()
            for order, wanted in (("ascending", before), ("descending", before[::-1])):
                shown.keyboard.press("Enter")
                assert [text.strip() for text in cells.all_inner_texts()] == wanted
                assert header.get_attribute("aria-sort") == order
        assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_a_reader_out(tmp_path: Path, scheme: str) -> None:
    file = written(tmp_path, page(LOG * 3))
    with opened(file, color_scheme=scheme, viewport={"width": 320, "height": 600}) as (shown, _):
        assert shown.evaluate("document.documentElement.scrollWidth") == 320
        assert violations(shown) == []
        shown.fill("#log input", "bob@")
        shown.pdf()
        assert shown.locator("#log tbody tr").count() == 3  # what was found is what is printed, unfolded
        assert shown.locator("#log tbody details:not([open])").count() == 0


def test_names_stay_text(tmp_path: Path) -> None:
    log = [record(name, ours={"address": name}, initiatedBy={"displayName": name}) for name in HOSTILE.values()]
    with opened(written(tmp_path, page(log))) as (shown, said):
        shown.locator("#log tbody tr:first-child td button").click()
        assert said == [] and shown.locator("main img, main b, main h1").count() == 0
