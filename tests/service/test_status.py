"""Synchronisation details: values in, values out; what is printed is what the schema describes."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest
from jsonschema import Draft202012Validator

from reconciler.cli.status import EVERY, status
from reconciler.cycle.listener import SILENT
from reconciler.record.service import Service
from reconciler.report.colours import uncoloured
from reconciler.service import progress
from reconciler.service.clocks import later
from reconciler.service.restart import restarted
from reconciler.service.status import details, document, health, is_bad
from reconciler.service.status_text import as_text
from tests.support.rounds import Rounds

SCHEMA = Draft202012Validator(json.loads((Path(__file__).parent.parent.parent / "schemas/status.schema.json").read_text()))
NOW, INTERVAL, DAY = "2026-11-01T08:00:00Z", 2400, 86400
CYCLE: Any = {"id": "c1", "kind": "incremental", "started": NOW, "ended": NOW, "result": "success", "counts": {"in_scope": 3},
              "skipped": {"NotAssigned": 2}, "written": {"create": 2}}  # fmt: skip
WELL: Service = {"interval": INTERVAL, "cycle": CYCLE, "lastSuccess": NOW, "steadySince": NOW}
FULL: Service = {
    **WELL, "quarantine": {"reason": "TooManyDeletes", "message": "12 of 97", "since": NOW, "next": later(NOW, DAY), "tries": 2},
    "watermark": {"initial": NOW},
    "escrows": {
        "User/a\x1b[31m@x.org": {"action": "create", "code": "Conflict", "since": NOW, "tries": 1, "next": "", "message": "##["},
        "User/b@x.org": {"action": "update", "code": "Timeout", "since": NOW, "tries": 3, "next": later(NOW, DAY), "status": 500,
                         "remedy": "ask the vendor"},
    },
    "approvals": [{"safeguard": "accidentalDeletions", "plan": "sha256:1", "file": "a.yaml"}], "held": {"User/c@x.org": "x"},
    "drift": {"User/d@x.org": 'title is "Boss"'},
}  # fmt: skip


def shown(service: Service, now: str = NOW) -> dict[str, Any]:
    return details("wiki", "Wiki", service, INTERVAL, now, "", "")


@pytest.mark.parametrize(("service", "after", "expected", "bad"), [
    ({}, 0, "notRun", False), (WELL, 0, "healthy", False), (WELL, 3 * INTERVAL, "healthy", False),
    (WELL, 3 * INTERVAL + 1, "overdue", True), (FULL, 0, "quarantined", True),
    ({**FULL, "quarantine": {"next": ""}}, 0, "off", True),
    ({**WELL, "cycle": {**CYCLE, "result": "partial"}}, 0, "degraded", False),
    ({**WELL, "cycle": {**CYCLE, "result": "blocked"}}, 0, "blocked", False),
    ({**WELL, "cycle": {**CYCLE, "result": "failed"}}, 0, "failing", False),
    ({"cycle": {**CYCLE, "result": "failed"}}, 3 * INTERVAL + 1, "overdue", True),
    ({"begun": later(NOW, -3 * INTERVAL - 1), "cycle": {**CYCLE, "result": "failed"}}, 0, "overdue", True),
    ({**WELL, "lastSuccess": later(NOW, 365 * DAY), "begun": later(NOW, -DAY)}, 0, "overdue", True),
])  # fmt: skip
def test_health_is_the_worst_that_holds(service: Service, after: int, expected: str, bad: bool) -> None:
    now = later(NOW, after)
    assert health(service, INTERVAL, now) == expected and is_bad(shown(service, now)) is bad


@pytest.mark.parametrize("service", [{}, WELL, FULL])
def test_what_is_printed_fits_the_schema(service: Service) -> None:
    SCHEMA.validate(document([shown(service)], NOW))


def test_before_any_cycle_came_as_far_as_a_plan_no_number_is_shown() -> None:
    """A service that refused the first read is not one of nobody."""
    zeros = {"in_scope": 0, "provisioned": 0, "failed": 0, "escrowed": 0, "unmanaged": 0, "drifted": 0}
    failed = {**CYCLE, "result": "failed", "counts": zeros, "skipped": {}, "written": {}}
    first = shown({"interval": INTERVAL, "cycle": failed})
    text = as_text([first], uncoloured)
    assert "no cycle came as far as a plan" in text and "0 in scope" not in text
    SCHEMA.validate(document([first], NOW))
    later_on = as_text([shown({**WELL, "cycle": failed})], uncoloured)
    assert "0 in scope, 0 provisioned" in later_on


def test_a_clock_that_was_ahead_is_said() -> None:
    assert shown(WELL)["ahead"] is None
    ahead: Service = {**WELL, "cycle": {**CYCLE, "started": later(NOW, 365 * DAY), "ended": later(NOW, 365 * DAY)}}
    assert shown(ahead)["ahead"] == later(NOW, 365 * DAY) and shown(ahead)["nextCycle"] == NOW
    assert "a clock was ahead" in as_text([shown(ahead)], uncoloured)
    SCHEMA.validate(document([shown(ahead)], NOW))


def test_a_record_that_cannot_be_used_is_bad_whatever_it_says_itself() -> None:
    trouble = {"code": "RecordError", "message": "no space left", "remedy": "make room", "since": NOW, "holds": False}
    assert is_bad({**shown(WELL), "troubles": [trouble]}) and not is_bad({**shown(WELL), "troubles": []})


def test_a_person_reads_what_happened_why_and_what_to_type() -> None:
    text = as_text([shown(FULL)], uncoloured)
    for words in (
        "Wiki: quarantined", "incremental, success", "2 created", "3 in scope", "2 NotAssigned",
        "in quarantine since 2026-11-01T08:00:00Z (TooManyDeletes): 12 of 97", "next attempt: 2026-11-02T08:00:00Z",
        "`reconcile restart --app wiki --scope quarantine`", "failed once since", "failed 3 times since", "ask the vendor",
        "waits for an approval (accidentalDeletions): 1 change held back", "add to a.yaml, under `approvals:`",
        '- {plan: "sha256:1", safeguard: accidentalDeletions, reason: say why, expires: YYYY-MM-DD}',
        'drift: User/d@x.org: title is "Boss"', "`reconcile apply --app wiki --cause drift`",
    ):  # fmt: skip
        assert words in text, words
    assert "\x1b" not in text and "##[" not in text
    assert "no cycle yet" in as_text([shown({})], uncoloured)


@pytest.mark.parametrize(("scope", "gone"), [
    ("escrows", set()), ("quarantine", {"quarantine"}), ("watermark", {"watermark"}), ("full", {"quarantine", "watermark"}),
])  # fmt: skip
def test_restart_ends_what_it_is_told_to_and_nothing_else(scope: str, gone: set[str]) -> None:
    after, words = restarted(FULL, scope, later(NOW, 60))
    assert FULL.keys() - after.keys() == gone and words
    due = {escrow["next"] for escrow in after["escrows"].values()} == {later(NOW, 60)}
    assert due is (scope != "watermark"), "whoever ends a quarantine wants what it held tried"
    without = {name: value for name, value in FULL.items() if name != "quarantine"}
    assert restarted(without, "quarantine", later(NOW, 60)) == (without, []), "no quarantine held what waits"  # type: ignore[arg-type]
    assert restarted({}, scope, NOW) == ({}, [])


def test_restart_says_so_where_there_is_nothing_to_do() -> None:
    from reconciler.cli.restart import NOTHING
    from reconciler.service.restart import SCOPES

    assert NOTHING.keys() == {*SCOPES, "full"} and all(words.startswith("nothing to do: ") for words in NOTHING.values())


def test_an_app_that_is_off_is_said_to_be_off_and_is_nobody_s_fault_however_long() -> None:
    off = details("wiki", "Wiki", WELL, INTERVAL, later(NOW, 90 * DAY), "", "off")
    SCHEMA.validate(document([off], NOW))
    assert (off["health"], off["nextCycle"], is_bad(off)) == ("off", None, False)
    text = as_text([off], uncoloured)
    assert text.startswith("Wiki: provisioning is off in app.yaml, no cycle reads or writes\n")
    assert "next cycle: none until app.yaml says `provisioning: {status: on}`" in text and "every" not in text
    waiting = details("wiki", "Wiki", {**WELL, "escrows": FULL["escrows"]}, INTERVAL, NOW, "", "off")
    assert as_text([waiting], uncoloured).count("tried again once provisioning is on") == 2


def test_a_cycle_that_was_stopped_says_so_and_what_is_left() -> None:
    stopped = shown({**WELL, "cycle": {**CYCLE, "result": "partial", "left": 18}})
    SCHEMA.validate(document([stopped], NOW))
    assert "last cycle: incremental, stopped," in as_text([stopped], uncoloured)
    assert "2 created; 18 changes left to the next cycle" in as_text([stopped], uncoloured)


def test_a_long_text_of_the_service_is_cut_and_that_is_said() -> None:
    long = shown({**WELL, "cycle": {**CYCLE, "result": "failed", "error": "ServiceUnavailable", "message": "x" * 4_000}})
    line = next(line for line in as_text([long], uncoloured).splitlines() if "ServiceUnavailable" in line)
    assert line.endswith("xxx… (4,000 characters: `reconcile status --format json` has all)") and len(line) < 400


def test_what_is_wrong_with_the_service_on_this_machine_is_shown() -> None:
    trouble = {"code": "NotMerged", "message": "the checkout has changes", "remedy": "undo them", "since": NOW, "holds": True}
    app = {**shown(WELL), "troubles": [trouble]}
    SCHEMA.validate(document([app], NOW))
    assert f"    NotMerged since {NOW}, no cycle begins: the checkout has changes\n      undo them" in as_text([app], uncoloured)


def test_watch_shows_it_again_every_few_seconds_until_somebody_interrupts(
    service: Rounds, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what a cycle came to in between."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt
        service.cycle()
        service.later(minutes=40)

    monkeypatch.setattr("reconciler.cli.status.time", SimpleNamespace(sleep=sleep))
    with pytest.raises((KeyboardInterrupt, click.Abort)):
        status.main(["--watch"], standalone_mode=False)
    said = capsys.readouterr().out
    assert slept == [EVERY] * 3 and said.count("last cycle: ") == 2, said
    assert said.index("last cycle: initial") < said.index("last cycle: incremental")


def test_in_quarantine_what_is_in_escrow_waits_for_its_next_attempt_and_is_said_to(tmp_path: Path) -> None:
    """Which tries all of it, whenever it was due; of an app that is off nothing is tried."""
    text = as_text([shown(FULL)], uncoloured)
    assert text.count(later(NOW, DAY)) == 3 and "given up" not in text
    assert {escrow["nextTry"] for escrow in shown(FULL)["escrows"]} == {later(NOW, DAY)}
    off: Service = {**FULL, "quarantine": {**FULL["quarantine"], "next": ""}}
    assert as_text([shown(off)], uncoloured).count("given up: `reconcile restart --app wiki --scope quarantine`") == 2
    well: Service = {**FULL, "escrows": FULL["escrows"]}
    del well["quarantine"]
    assert [escrow["nextTry"] for escrow in shown(well)["escrows"]] == [None, later(NOW, DAY)]
    assert "given up: `reconcile restart --app wiki --scope escrows`" in as_text([shown(well)], uncoloured)


def test_progress_counts_pages_of_those_that_the_service_claims_and_writes_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that shows fewer at a time than it is asked for, or more than it claims, is counted as it shows itself."""
    monkeypatch.setattr(progress, "EVERY", 0.0)
    one = progress.Progress(tmp_path, "c1", lambda: NOW)
    told = one.hears(SILENT)

    def said() -> str:
        reached = progress.reached(tmp_path, NOW)
        app = {**shown(WELL), "runningSince": NOW, "progress": reached}
        assert not list(SCHEMA.iter_errors(document([app], NOW)))
        return next(line for line in as_text([app], uncoloured).splitlines() if "running" in line).partition(NOW)[2]

    told.answered("GET", 200)
    assert said() == ": reading, 1 answer so far"
    told.paged("Users", 100, 1_000)
    told.paged("Groups", 7, 7)
    assert said() == ": reading, 2 of 11 pages read"
    told.paged("Groups", 1, 7)
    assert said() == ": reading, 3 of 12 pages read"
    one.begin(40)
    one.tells(lambda outcome: None)(cast(Any, None))
    assert said() == ": 1 of 40 changes written"
