"""What the service's own log says of a cycle: results in, lines out."""

from __future__ import annotations

from dataclasses import replace

from reconciler.service.events import as_notice, as_text, of_result
from reconciler.service.result import AppError, Counts, CycleResult, Failure

NOW = "2026-06-01T00:00:00Z"
GOOD = CycleResult("wiki", "generic", "c1", "incremental", NOW, "2026-06-01T00:00:03Z", "success", counts=Counts(30, 30))


def lines(result: CycleResult) -> list[str]:
    return [as_text(event).removeprefix("2026-06-01T00:00:03Z ") for event in of_result(result)]


def people(number: int) -> tuple[str, ...]:
    return tuple(f"User/p{n:02}@x.org" for n in range(number))


def failed(address: str, message: str = "taken") -> Failure:
    return Failure(address, "create", "Conflict", 409, message, "find out")


def test_who_waits_in_escrow_is_named_five_and_how_many_more_also_as_a_notice() -> None:
    """But for those that fail in this very cycle, who are named with why."""
    result = replace(GOOD, result="partial", failures=(failed("User/p00@x.org"),), escrowed=people(9))
    _, waiting, _ = of_result(result)
    named = ", ".join(people(6)[1:])
    assert as_notice(waiting) == f"::warning title=wiki::in escrow, each until its next try: {named} and 3 more"
    assert lines(replace(GOOD, escrowed=people(1)))[0].endswith("in escrow, each until its next try: User/p00@x.org")
    assert len(lines(GOOD)) == 1


def test_who_is_given_up_is_said_to_be_and_waits_for_no_next_try() -> None:
    """Also in the cycle that tried for the last time."""
    given, waiting = people(1), people(2)[1:]
    result = replace(GOOD, result="partial", failures=(failed(given[0]),), escrowed=people(2), given_up=given)
    found = {event.kind: event for event in of_result(result)}
    assert found["givenUp"].message == f"given up: `reconcile restart --app wiki --scope escrows` tries again: {given[0]}"
    assert found["escrowed"].data["addresses"] == list(waiting) and found["givenUp"].data["total"] == 1


def test_of_many_failures_five_are_named_and_how_many_there_are_besides() -> None:
    found = lines(replace(GOOD, result="partial", failures=tuple(map(failed, people(12)))))
    assert len([line for line in found if "failed (Conflict)" in line]) == 5
    assert "warning: wiki: and 7 more failed: `reconcile status`" in found


def test_where_all_that_was_to_be_written_failed_or_is_held_back_there_was_something_to_write() -> None:
    assert ": nothing to write; " in lines(GOOD)[-1]
    five = replace(GOOD, result="partial", counts=Counts(30, 25, failed=5))
    assert ": nothing written, 5 failed; " in lines(five)[-1]
    assert ": nothing written; " in lines(replace(GOOD, result="blocked", held=people(2)))[-1]


def test_a_cycle_that_was_stopped_says_how_many_changes_are_left() -> None:
    stopped = replace(GOOD, result="partial", interrupted=True, left=18, written={"create": 12})
    assert lines(stopped) == [
        "warning: wiki: incremental cycle was stopped after 3 s: 12 created; 30 of 30 in scope provisioned; "
        "18 changes left to the next one"
    ]
    assert of_result(stopped)[-1].data["left"] == 18


def test_an_app_that_is_off_is_said_to_be_off() -> None:
    assert lines(replace(GOOD, result="off")) == ["wiki: provisioning is off in app.yaml: no cycle reads or writes"]


def test_a_text_of_the_service_of_any_length_leaves_room_for_what_to_do() -> None:
    found = lines(replace(GOOD, result="failed", error=AppError("ServiceUnavailable", 503, "x" * 9_000, "wait")))
    assert found[0].endswith("xx… (9,000 characters: `reconcile status --format json` has all); wait") and len(found[0]) < 500
    assert len(lines(replace(GOOD, failures=(failed("User/a@x.org", "y" * 9_000),)))[0]) < 500
