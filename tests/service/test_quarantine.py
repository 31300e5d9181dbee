"""When a whole app is held apart, and for how long: values in, values out."""

from __future__ import annotations

import pytest

from reconciler.record.service import Escrow
from reconciler.service.clocks import between, later
from reconciler.service.figures import Work, tally
from reconciler.service.quarantine import BASE, PROPORTION, REFUSED, TOO_MANY_DELETES, TOTAL, Tally, judged, reason_for
from reconciler.service.result import AppError, Block, Failure

NOW, INTERVAL, DAY = "2026-11-01T00:00:00Z", 2400, 86400
NOTHING = Tally(0, 0, 100)
WHY = (REFUSED, "answered 401")


@pytest.mark.parametrize(("code", "reason"), [
    ("Unauthorized", REFUSED), ("ServiceIncompatible", REFUSED), ("ServiceUnavailable", None), ("RecordError", None),
])  # fmt: skip
def test_refused_credentials_and_what_is_not_scim_count_at_once(code: str, reason: str | None) -> None:
    found = reason_for(AppError(code, None, "no", ""), (), NOTHING)
    assert (found and found[0]) == reason


def test_too_many_deletes_count_at_once_and_other_safeguards_do_not() -> None:
    blocks = [Block(name, "12 of 97", "sha256:1") for name in ("lockout", "accidentalDeletions")]
    assert reason_for(None, (blocks[0],), NOTHING) is None
    assert reason_for(None, tuple(blocks), NOTHING) == (TOO_MANY_DELETES, "12 of 97")


@pytest.mark.parametrize(("tally", "reason"), [
    (Tally(4_999, 5_000, 1_000_000), None), (Tally(5_000, 5_000, 1_000_000), PROPORTION),
    (Tally(5_000, 12_500, 1_000_000), None), (Tally(5_001, 12_500, 1_000_000), PROPORTION),
    (Tally(40_000, 1_000_000, 1_000_000), None), (Tally(40_001, 1_000_000, 1_000_000), BASE),
    (Tally(40_000, 1_000_000, 1_000_000, 20_000), None), (Tally(40_000, 1_000_000, 1_000_000, 20_001), TOTAL),
    (Tally(10, 10, 10), PROPORTION), (Tally(4, 10, 10), None), (Tally(5, 10, 10), PROPORTION),
    (Tally(2, 2, 2), None), (Tally(3, 3, 3), PROPORTION), (Tally(1, 1, 10_000), None), (Tally(3, 3, 100), None),
    (Tally(40, 40, 100), PROPORTION), (Tally(0, 0, 0), None),
])  # fmt: skip
def test_the_documented_proportions_scaled_for_small_apps(tally: Tally, reason: str | None) -> None:
    found = reason_for(None, (), tally)
    assert (found and found[0]) == reason


def test_whom_a_group_that_is_there_could_not_link_counts_for_the_greatest_limit_alone() -> None:
    """Whether it failed in this cycle or waits for its retry; a group that could not be made is an object that failed."""

    def failure(address: str, action: str) -> Failure:
        return Failure(address, action, "Conflict", 409, "taken", "")

    links = tuple(failure(f"Group/g{number}", "update") for number in range(3))
    waiting: dict[str, Escrow] = {"Group/late": {"action": "update"}, "User/late": {"action": "create"}}
    work = Work(failures=(*links, failure("Group/new", "create"), failure("User/ada", "update")))
    found = tally(work, waiting, 100)
    assert (found.failed, found.references, found.in_scope) == (3, 4, 100)
    assert tally(Work(), waiting, 100) == Tally(1, 1, 100, 1)
    many: dict[str, Escrow] = {f"Group/{number}": {"action": "update"} for number in range(60_001)}
    assert (why := reason_for(None, (), tally(Work(), many, 60_001))) is not None and why[0] == TOTAL
    assert why[1].startswith("60,001 ")


def test_it_backs_off_to_once_a_day_and_is_off_after_four_weeks() -> None:
    state, now, pauses = judged(None, WHY, False, NOW, INTERVAL), NOW, []
    while state is not None and state["next"]:
        pauses.append(between(now, state["next"]))
        now = state["next"]
        state = judged(state, WHY, False, now, INTERVAL)
    assert pauses[:7] == [4800, 9600, 19200, 38400, 76800, DAY, DAY] and set(pauses[6:]) == {DAY}
    assert state is not None and state["since"] == NOW and 28 * DAY <= between(NOW, now) < 29 * DAY


def test_one_success_ends_it() -> None:
    state = judged(None, WHY, False, NOW, INTERVAL)
    assert judged(state, None, True, later(NOW, 4800), INTERVAL) is None


def test_a_service_that_is_down_neither_begins_nor_ends_it() -> None:
    assert judged(None, None, False, NOW, INTERVAL) is None
    state = judged(None, WHY, False, NOW, INTERVAL)
    again = judged(state, None, False, later(NOW, 4800), INTERVAL)
    assert again is not None and (again["reason"], again["tries"]) == (REFUSED, 2)


def test_another_reason_keeps_its_beginning() -> None:
    state = judged(judged(None, WHY, False, NOW, INTERVAL), (TOO_MANY_DELETES, "12 of 97"), True, later(NOW, 4800), INTERVAL)
    assert state is not None and (state["reason"], state["since"]) == (TOO_MANY_DELETES, NOW)


def test_an_interval_longer_than_a_day_is_kept() -> None:
    state = judged(judged(None, WHY, False, NOW, 3 * DAY), WHY, False, NOW, 3 * DAY)
    assert state is not None and between(NOW, state["next"]) == 3 * DAY


def test_one_that_began_by_a_clock_that_was_ahead_is_counted_from_now() -> None:
    ahead = judged(None, WHY, False, later(NOW, 365 * DAY), INTERVAL)
    again = judged(ahead, WHY, False, NOW, INTERVAL)
    assert again is not None and again["since"] == NOW and between(NOW, again["next"]) <= DAY
