"""When what failed is tried again: values in, values out."""

from __future__ import annotations

import pytest

from reconciler.service.clocks import between, later
from reconciler.service.escrow import after, failed, released, retry, waits
from reconciler.service.result import Failure

START = "2026-11-01T00:00:00Z"
HOUR, DAY = 3600, 86400
CONFLICT = Failure("User/ada@x.org", "create", "Conflict", 409, "answered 409", "correct it")


def test_the_schedule_is_6_12_and_24_hours_then_daily_to_28_days() -> None:
    """Hours after the first failure at which it is tried, if every try fails at once."""
    tries, now = [], START
    while now := retry(START, now):
        tries.append(between(START, now) / HOUR)
    assert tries == [6, 12, *(24.0 * day for day in range(1, 29))]


@pytest.mark.parametrize(("hours", "expected"), [(0, 6), (5, 6), (6, 12), (13, 24), (24, 48), (30, 48), (27 * 24 + 1, 28 * 24)])
def test_a_try_that_comes_late_moves_no_other(hours: int, expected: int) -> None:
    assert retry(START, later(START, hours * HOUR)) == later(START, expected * HOUR)


def test_after_28_days_it_is_given_up() -> None:
    first = failed(None, CONFLICT, "sha256:a", START)
    last = failed(first, CONFLICT, "sha256:a", later(START, 28 * DAY))
    assert (last["tries"], last["next"]) == (2, "")
    assert waits(last, "sha256:a", later(START, 400 * DAY))


def test_what_is_declared_otherwise_leaves_at_once() -> None:
    escrow = failed(None, CONFLICT, "sha256:a", START)
    assert waits(escrow, "sha256:a", later(START, 6 * HOUR - 1))
    assert not waits(escrow, "sha256:a", later(START, 6 * HOUR))
    assert not waits(escrow, "sha256:b", START)
    again = failed(escrow, CONFLICT, "sha256:b", later(START, DAY))
    assert (again["since"], again["tries"]) == (later(START, DAY), 1)


def test_released_is_due_at_once_and_has_28_days_anew() -> None:
    old = {"User/ada@x.org": {**failed(None, CONFLICT, "sha256:a", START), "next": ""}}
    now = later(START, 30 * DAY)
    found = released(old, now)["User/ada@x.org"]
    assert not waits(found, "sha256:a", now) and failed(found, CONFLICT, "sha256:a", now)["next"] == later(now, 6 * HOUR)


def test_what_is_no_longer_to_be_done_is_no_longer_in_escrow() -> None:
    escrow = failed(None, CONFLICT, "sha256:a", START)
    before = {"User/ada@x.org": escrow, "User/bob@x.org": escrow}
    assert after(before, ["User/bob@x.org"], {"User/eve@x.org": escrow}).keys() == {"User/bob@x.org", "User/eve@x.org"}


def test_what_failed_by_a_clock_that_was_ahead_is_tried_now_and_begins_anew() -> None:
    ahead = failed(None, CONFLICT, "sha256:a", later(START, 365 * DAY))
    assert not waits(ahead, "sha256:a", START)
    again = failed(ahead, CONFLICT, "sha256:a", START)
    assert (again["since"], again["next"]) == (START, later(START, 6 * HOUR))
