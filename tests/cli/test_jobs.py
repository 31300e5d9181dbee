"""Several apps side by side: each says its words whole, in the order of the declarations, and fails alone."""

from __future__ import annotations

from functools import partial
from threading import Barrier, Event, Lock
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from reconciler.cli.common import guarded
from reconciler.cli.jobs import side_by_side, under_locks
from reconciler.cli.output import say
from reconciler.cli.turns import Turn
from reconciler.scim.errors import ServiceError

APPS: list[Any] = [SimpleNamespace(name=name, tenantUrl=name) for name in ("a", "b", "c")]


@pytest.mark.parametrize("jobs", [1, 3, 9])
def test_words_and_codes_come_in_the_order_of_the_apps_however_they_end(jobs: int) -> None:
    together, codes = Barrier(3 if jobs > 1 else 1), list[int]()
    last = Barrier(2)  # with several at a time the last app ends before the first one

    def work(app: Any) -> int:
        together.wait(30)
        say(f"{app.name} begins", err=False)
        if jobs > 1 and app.name == "a":
            last.wait(30)
        if app.name == "b":
            raise ServiceError("no", "GET /Users", remedy="wait")
        say(f"{app.name} ends", err=False)
        if jobs > 1 and app.name == "c":
            last.wait(30)
        return 0

    @click.command()
    def command() -> None:
        codes.extend(side_by_side(APPS, lambda app: guarded(partial(work, app)), jobs))

    ran = CliRunner().invoke(command)
    assert ran.output.splitlines() == [
        "a begins",
        "a ends",
        "b begins",
        "Error: GET /Users: no [ServiceUnavailable]",
        "    wait",
        "c begins",
        "c ends",
    ]
    assert codes == [0, 1, 0]


def test_whose_turn_it_is_speaks_as_it_goes_and_the_next_one_after_it() -> None:
    first, second, said = Turn(), Turn(), list[str]()
    second.speak(lambda: said.append("second"))
    first.begin()
    first.speak(lambda: said.append("first"))
    assert said == ["first"]
    second.begin()
    assert said == ["first", "second"]


def test_what_nobody_foresaw_in_one_app_lets_the_other_end_first() -> None:
    begun, ended = Event(), list[str]()

    def slow() -> int:
        begun.set()
        Event().wait(0.05)
        ended.append("b")
        return 0

    def broken() -> int:
        begun.wait(30)
        raise ZeroDivisionError

    @click.command()
    def command() -> None:
        under_locks([(APPS[0], broken), (APPS[1], slow)], 2)

    assert isinstance(CliRunner().invoke(command).exception, ZeroDivisionError) and ended == ["b"]


def test_apps_of_one_service_go_one_after_another_in_their_order() -> None:
    busy, order = Lock(), list[str]()

    def work(name: str) -> int:
        assert busy.acquire(blocking=False)
        order.append(name)
        Event().wait(0.01)
        busy.release()
        return 0

    @click.command()
    def command() -> None:
        apps = [SimpleNamespace(name=name, tenantUrl="https://one/v2") for name in "abcd"]
        assert under_locks([(app, partial(work, app.name)) for app in apps], 4) == [0] * 4  # type: ignore[misc]

    assert CliRunner().invoke(command).exception is None and order == list("abcd")
