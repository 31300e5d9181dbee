"""budget: requests, minutes and cost of one apply, told in the plan, and a block beyond them that an approval lifts."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.declare.model import Safeguards
from reconciler.declare.settings import Budget, Cost
from reconciler.plan.change import Action, Change
from reconciler.plan.safeguards.budget import budget
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.weakened import limits
from reconciler.report.text import render
from reconciler.resolve.capabilities import Limits
from tests.plan.test_safeguards_of_values import facts
from tests.support.world import World

USD = Cost(0.002, "USD", 5.0)
NAMES = [f"user{number}@x.org" for number in range(6)]


def creates(count: int) -> tuple[Change, ...]:
    return tuple(Change(f"User/u{number}@x.org", Action.CREATE, "", ("config",), "a.yaml", 1) for number in range(count))


def judged(count: int, limits: Budget, rate: int | None = 240) -> tuple[str, str]:
    found = budget(Facts(None, None, creates(count), (), (), "", limits=Limits(per_minute=rate)), limits)  # type: ignore[arg-type]
    return found.status, found.detail


@pytest.mark.parametrize(
    ("count", "limits", "status", "words"),
    [
        (100, Budget(requests=100), "ok", "about 100 requests of 100 at most"),
        (101, Budget(requests=100), "blocked", "about 101 requests of 100 at most"),
        (2400, Budget(minutes=10), "ok", "about 10 min at the service's rate of 10 at most"),
        (2401, Budget(minutes=10), "blocked", "about 11 min at the service's rate of 10 at most"),
        (2500, Budget(cost=USD), "ok", "about 5.00 USD for 2,500 requests of 5.00 at most"),
        (2600, Budget(cost=USD), "blocked", "about 5.20 USD for 2,600 requests of 5.00 at most"),
        (9, Budget(9, 0, USD), "blocked", "about 9 requests of 9 at most; about 1 min at the service's rate of 0 at most; "
         "about 0.02 USD for 9 requests of 5.00 at most"),
    ],
)  # fmt: skip
def test_each_limit_that_is_set_is_told_and_blocks_beyond_it(count: int, limits: Budget, status: str, words: str) -> None:
    assert judged(count, limits) == (status, words)


def test_minutes_of_a_service_without_a_rate_are_not_known_and_block_nothing() -> None:
    status, words = judged(10_000, Budget(minutes=1), rate=None)
    assert status == "ok" and "is not known" in words and "`rate: {perMinute: N}`" in words


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    app = world.folder / "desired/apps/wiki/app.yaml"
    app.write_text(app.read_text() + "safeguards: {budget: {requests: 4, cost: {perRequest: 0.5, currency: EUR, most: 9}}}\n")
    world.groups("[]")
    assigned(world, *NAMES[:4])
    world.converge()
    return world


def assigned(world: World, *names: str, disabled: tuple[str, ...] = ()) -> None:
    world.users(*(f"userPrincipalName: {name}, accountEnabled: {str(name not in disabled).lower()}" for name in names))
    world.assign(*(f"user: {name}, role: User" for name in names))


def test_a_plan_says_what_it_costs_and_is_blocked_beyond_its_budget_until_it_is_approved(world: World) -> None:
    assigned(world, *NAMES, *(f"more{number}@x.org" for number in range(3)))
    session = world.session()
    assert [found.name for found in session.guarded.blocking] == ["budget"]
    (verdict,) = [item for item in session.planned.plan.safeguards if item["name"] == "budget"]
    assert verdict["detail"] == "about 5 requests of 4 at most; about 2.50 EUR for 5 requests of 9.00 at most"
    assert verdict["numbers"] == {"requests": 5, "costInHundredths": 250}
    assert "blocked  budget: about 5 requests of 4 at most" in render(session.planned.plan, lambda text, name: text)
    entry = f'{{plan: "{session.planned.plan.digest}", safeguard: budget, reason: NET-7, expires: 2099-12-31}}'
    world.write("apps/wiki/approvals.yaml", f"approvals: [{entry}]\n")
    world.converge()


def test_who_leaves_does_not_wait_for_the_budget(world: World) -> None:
    more = [f"more{number}@x.org" for number in range(5)]
    assigned(world, *NAMES[:4], *more, disabled=(NAMES[0],))
    session = world.session()
    assert [found.name for found in session.guarded.blocking] == ["budget"]
    assert [change.address for change in session.guarded.passing] == [f"User/{NAMES[0]}"]


def test_a_budget_that_grows_or_goes_is_told() -> None:
    found = facts(Safeguards(budget=Budget(10, 5, USD)))
    names = {name: limit for name, limit in limits(found.context).items() if name.startswith("budget")}
    assert names == {"budget.requests": 10, "budget.minutes": 5, "budget.cost": 5000}
    assert not any(name.startswith("budget") for name in limits(facts(Safeguards()).context))
