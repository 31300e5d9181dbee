"""When a cycle is due and of which kind it is: values in, values out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.declare.load import load
from reconciler.record.service import Service
from reconciler.service.clocks import begins, kind_of, later, mapped, next_cycle, seconds, spelled
from reconciler.service.turns import Turn
from tests.support.world import World

NOW, HOUR = "2026-11-01T08:00:00Z", 3600


@pytest.mark.parametrize(("text", "number"), [("40m", 2400), ("1s", 1), ("24h", 86400), ("2d", 172800), ("0s", 1)])
def test_a_time_as_it_is_declared(text: str, number: int) -> None:
    assert seconds(text) == number


@pytest.mark.parametrize(("number", "text"), [(2400, "40m"), (86400, "1d"), (90, "90s"), (7200, "2h"), (1, "1s")])
def test_a_time_as_it_would_be_declared(number: int, text: str) -> None:
    assert spelled(number) == text


def test_the_first_cycle_is_initial_and_so_is_one_after_24_hours_or_another_mapping() -> None:
    mark = {"initial": NOW, "mapped": "a"}
    assert kind_of({}, "a", NOW, 24 * HOUR) == "initial"
    assert kind_of(mark, "a", later(NOW, 24 * HOUR - 1), 24 * HOUR) == "incremental"
    assert kind_of(mark, "a", later(NOW, 24 * HOUR), 24 * HOUR) == "initial"
    assert kind_of(mark, "b", NOW, 24 * HOUR) == "initial"


def test_the_next_cycle_comes_an_interval_after_the_last_one_began() -> None:
    service: Service = {"cycle": {"started": NOW, "declared": "a"}}
    assert next_cycle(service, 2400, NOW) == later(NOW, 2400) and next_cycle({}, 2400, NOW) == NOW
    assert not begins(service, 2400, "a", later(NOW, 1200))
    assert begins(service, 2400, "a", later(NOW, 2300)), "clocks of two machines differ a little"
    assert not begins(service, 5, "a", later(NOW, 3)) and begins(service, 5, "a", later(NOW, 4)), "moments are whole seconds"
    assert begins(service, 2400, "b", later(NOW, 1)), "the declaration has changed"


def test_a_cycle_that_leaves_what_is_declared_to_its_review_begins_no_earlier_for_it() -> None:
    """But it goes on at once with one that was stopped, as any does."""
    service: Service = {"cycle": {"started": NOW, "declared": "a"}}
    assert not begins(service, 2400, "b", later(NOW, 1), in_review=True)
    assert begins(service, 2400, "b", later(NOW, 2400), in_review=True)
    held: Service = {**service, "quarantine": {"next": later(NOW, HOUR)}}
    assert not begins(held, 60, "b", later(NOW, HOUR - 1), in_review=True)
    assert begins({"cycle": {"started": NOW, "declared": ""}}, 2400, "b", later(NOW, 1), in_review=True)


def test_in_quarantine_it_comes_with_the_next_attempt_or_with_another_declaration() -> None:
    service: Service = {"cycle": {"started": NOW, "declared": "a"}, "quarantine": {"next": later(NOW, HOUR)}}
    assert not begins(service, 60, "a", later(NOW, HOUR - 1))
    assert begins(service, 60, "a", later(NOW, HOUR)) and begins(service, 60, "b", NOW)
    off: Service = {**service, "quarantine": {"next": ""}}
    assert not begins(off, 60, "b", later(NOW, 1000 * HOUR)) and next_cycle(off, 60, NOW) == ""


def test_what_makes_the_next_cycle_an_initial_one(world: World) -> None:
    """Mappings, filters, roles, scope and the profile; neither assignments nor people, nor where a line stands."""
    app = load(world.folder / "desired").declarations.apps["wiki"]
    before = mapped(app)
    provisioning = replace(app.provisioning, scope="all")
    users = replace(app.users, targetObjectActions=frozenset({"create"}))
    fewer = replace(app.users, attributes=app.users.attributes[:-1])
    first, *rest = app.users.attributes
    changed = [first._replace(default="x"), first._replace(caseExact=True)]
    others = [
        *(replace(app, users=replace(app.users, attributes=(one, *rest))) for one in changed),
        replace(app, provisioning=provisioning),
        replace(app, users=users),
        replace(app, users=fewer),
        replace(app, roles={}),
    ]
    others += [replace(app, profile="slack")]
    (key, role), *_ = app.roles.items()
    others += [replace(app, roles={**app.roles, key: role._replace(privileged=not role.privileged)})]
    others += [replace(app, roles={**app.roles, key: role._replace(allowedMemberTypes=("User",))})]
    assert before not in {mapped(other) for other in others} and len({mapped(other) for other in others}) == 9
    world.write("apps/wiki/mappings.yaml", "# a line more\n" + (world.folder / "desired/apps/wiki/mappings.yaml").read_text())
    world.assign("user: ada@x.org, role: Admin")
    assert mapped(load(world.folder / "desired").declarations.apps["wiki"]) == before


def test_moments_that_are_ahead_of_the_clock_are_not_waited_for() -> None:
    """A clock that was a year ahead once would stop all cycles for a year."""
    ahead = later(NOW, 365 * 24 * HOUR)
    service: Service = {"cycle": {"started": ahead, "declared": "a"}}
    assert next_cycle(service, 2400, NOW) == NOW and begins(service, 2400, "a", NOW)
    held: Service = {**service, "quarantine": {"next": ahead}}
    assert next_cycle(held, 2400, NOW) == NOW and begins(held, 2400, "a", NOW)
    assert not begins({"quarantine": {"next": later(NOW, 24 * HOUR)}, "cycle": {"declared": "a"}}, 2400, "a", NOW)
    assert kind_of({"initial": ahead, "mapped": "a"}, "a", NOW, 24 * HOUR) == "initial"
    assert Turn(ahead, 2400).is_due(NOW) and not Turn(later(NOW, 2400), 2400).is_due(NOW)
