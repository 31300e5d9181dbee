"""Incremental cycles of an app too large to be read whole each time: what they ask for, do and find."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from reconciler.scim.profile import PROFILES, Paging, Rate
from reconciler.service import looked_after
from reconciler.service.looked_after import costs_little, turn
from reconciler.service.order import Postponed
from reconciler.service.result import CycleResult
from tests.support.gitworld import git
from tests.support.rounds import Rounds, declare, staff
from tests.support.servers import Call, answer

GENERIC, INTERVAL, DAY = PROFILES["generic"], 2400, 86400
ROLES = "roles: [{value: admin, displayName: Admin, privileged: true}, {value: user, displayName: User}]\n"


def committed(service: Rounds) -> None:
    git(service.folder, "add", "desired")
    git(service.folder, "commit", "--quiet", "--allow-empty", "-m", "a change")


@pytest.fixture
def large(service: Rounds, monkeypatch: pytest.MonkeyPatch) -> Rounds:
    """Twelve people of whom one is an administrator, in a repository; everything was applied, and nothing is read whole again."""
    git(service.folder, "init", "--quiet", "--initial-branch=main")
    (service.folder / ".git/info/exclude").write_text(".reconcile\n")
    declare(service, staff(12))
    service.write("apps/wiki/roles.yaml", ROLES)
    service.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}, {user: p00@x.org, role: Admin}]\n")
    committed(service)
    assert service.cycle().result == "success"
    monkeypatch.setattr(looked_after, "MOST_PAGES", 0)
    service.later(minutes=40)
    service.front.calls.clear()
    return service


def lists(calls: list[Call], *of: str) -> list[Call]:
    """Requests for lists."""
    return [call for call in calls if call.path.endswith(of or ("/Users", "/Groups")) and "startIndex" in call.query]


@pytest.mark.parametrize(("objects", "profile", "expected"), [
    (99_000, replace(GENERIC, paging=Paging(1000, 1000)), True), (100_001, replace(GENERIC, paging=Paging(1000, 1000)), False),
    (100_000, replace(GENERIC, paging=Paging(100, 100)), False), (9_000, replace(GENERIC, paging=Paging(100, 100)), True),
    (9_000, replace(GENERIC, paging=Paging(100, 100), rate=Rate(10)), False),
    (3_000, replace(GENERIC, paging=Paging(100, 100), rate=Rate(10)), True),
])  # fmt: skip
def test_whether_reading_all_costs_little_by_pages_and_by_the_profile_s_rate(
    objects: int, profile: object, expected: bool
) -> None:
    assert costs_little(objects, profile, INTERVAL) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(("number", "refresh"), [(1, DAY), (36, DAY), (97, DAY), (7_000, DAY), (12, INTERVAL), (0, DAY)])
def test_everybody_has_a_turn_within_a_full_refresh_and_only_one(number: int, refresh: int) -> None:
    every = [f"User/{n}" for n in range(number)]
    seen = Counter(a for n in range(refresh // INTERVAL) for a in turn(every, n * INTERVAL + 5.0, INTERVAL, refresh))
    assert seen == Counter(every)


def test_a_turn_never_asks_for_more_than_a_few_hundred() -> None:
    every = [f"User/{n}" for n in range(100_000)]
    assert max(len(turn(every, n * INTERVAL, INTERVAL, DAY)) for n in range(36)) == looked_after.MOST_OBJECTS


def test_where_nothing_changed_only_the_privileged_and_those_whose_turn_it_is_are_asked_for(large: Rounds) -> None:
    result = large.cycle()
    assert (result.kind, result.result, result.written) == ("incremental", "success", {})
    assert not lists(large.front.calls) and large.front.writes == []
    one_by_one = [call for call in large.front.calls if call.path.rpartition("/")[0].endswith(("/Users", "/Groups"))]
    assert one_by_one, "what drifts is looked after"
    assert len([call for call in one_by_one if "/Users/" in call.path]) <= 3
    beside = [call for call in large.front.calls if call not in one_by_one]
    assert len(beside) <= 1, f"beside the drift budget: {beside}"
    assert result.counts.in_scope == 13 and result.counts.provisioned == 13


def test_a_leaver_is_out_a_joiner_is_in_and_nobody_else_is_read(large: Rounds) -> None:
    declare(large, [*staff(11), "new@x.org"])
    committed(large)
    result = large.cycle()
    assert result.result == "success" and result.written == {"create": 1, "disable": 1, "update": 1}
    assert not lists(large.front.calls, "/Users") and large.find("p11@x.org")[0]["active"] is False and result.read_back
    large.later(minutes=40)
    assert large.cycle().written == {}


def test_a_privileged_account_that_somebody_changed_is_found_in_the_next_cycle_and_others_in_their_turn(large: Rounds) -> None:
    for name in ("p00@x.org", "p07@x.org"):
        with large.client() as client:
            found = client.find("Users", "userName", name)[0]
            client.patch("Users", found["id"], [{"op": "replace", "path": "active", "value": False}])
    found_after: dict[str, int] = {}
    for number in range(1, 37):
        if large.service["watermark"]["initial"] < large.now()[:11] and "User/p07@x.org" in found_after:
            break
        for item in large.cycle().drift:
            found_after.setdefault(item.address, number)
        large.later(minutes=40)
    assert found_after["User/p00@x.org"] == 1 and 1 <= found_after["User/p07@x.org"] < 36
    assert large.service["drift"].keys() == {"User/p00@x.org", "User/p07@x.org"}, "what was found is known until it is gone"


def test_a_group_that_gives_a_privileged_role_is_asked_for_in_every_cycle(large: Rounds) -> None:
    """Also where nobody is in it, and so nobody is asked for because of it: until somebody puts themselves there."""
    (large.folder / "desired/directory/groups/b.yaml").write_text("groups: [{displayName: Ops, members: []}]\n")
    rows = "{group: Net, role: User}, {user: p00@x.org, role: Admin}, {group: Ops, role: Admin}"
    large.write("apps/wiki/assignments.yaml", f"assignments: [{rows}]\n")
    committed(large)
    assert large.cycle().result == "success"
    with large.client() as client:
        group, account = client.find("Groups", "displayName", "Ops")[0]["id"], large.find("p07@x.org")[0]["id"]
    for _ in range(3):
        large.later(minutes=40)
        large.front.calls.clear()
        assert large.cycle().drift == () and [call for call in large.front.calls if call.path.endswith(group)]
    with large.client() as client:
        client.patch("Groups", group, [{"op": "add", "path": "members", "value": [{"value": account}]}])
    large.later(minutes=40)
    assert [item.address for item in large.cycle().drift] == ["Group/Ops"]


def test_an_assignment_whose_last_day_is_over_is_taken_by_the_next_cycle_although_nothing_was_declared(large: Rounds) -> None:
    large.people(*staff(12), "guest@x.org")
    rows = "{group: Net, role: User}, {user: p00@x.org, role: Admin}, {user: guest@x.org, role: User, expires: 2026-11-02}"
    large.write("apps/wiki/assignments.yaml", f"assignments: [{rows}]\n")
    committed(large)
    assert large.cycle().written["create"] == 1
    large.later(hours=20)
    result = large.cycle()
    assert (result.kind, result.in_part, result.written) == ("incremental", True, {"disable": 1})


def test_who_waits_in_escrow_is_asked_for_and_tried_again_although_others_have_their_turn(
    large: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four whom somebody has changed at the service, of whom a turn has one: no commit tells of them."""
    large.app("provisioning: {drift: repair}\n")
    large.people(*[f"{name}, jobTitle: Engineer" for name in staff(12)])
    committed(large)
    large.cycle()
    for name in (names := staff(7)[3:]):
        large.edit(name, "title", "Boss")
    large.refuse = lambda call: answer(409, {"status": "409"}) if call.method == "PATCH" else None
    with monkeypatch.context() as patch:
        patch.setattr(looked_after, "MOST_PAGES", 100)
        assert large.cycle().counts.escrowed == 4
    large.later(hours=7)
    large.refuse = lambda call: None
    result = large.cycle()
    assert (result.kind, result.in_part, result.written) == ("incremental", True, {"update": 4})
    assert {large.find(name)[0]["title"] for name in names} == {"Engineer"}


def test_what_is_blocked_is_judged_on_everything_and_approved_by_the_digest_that_plan_shows(large: Rounds) -> None:
    declare(large, staff(1))
    committed(large)
    result = large.cycle()
    assert result.result == "blocked" and lists(large.front.calls) and large.front.writes == []
    shown = large.reconcile("plan", "--format", "json")
    assert json.loads(shown.out)["plans"][0]["digest"] == result.approvals_needed[0].digest


def titled(large: Rounds, names: list[str]) -> None:
    """These people, each with a title, which somebody may edit."""
    declare(large, names)
    large.people(*(f"{name}, jobTitle: Engineer" for name in names))
    committed(large)


def test_a_cycle_for_a_merge_asks_for_what_that_touches_and_the_app_s_clock_goes_on_beside_it(
    large: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of an app that is small enough to be read whole, and on the day on which everything is looked at again."""
    monkeypatch.setattr(looked_after, "MOST_PAGES", 100)
    titled(large, staff(12))
    large.cycle()
    before = large.service["cycle"]["started"]
    large.edit("p05@x.org", "title", "Boss")
    titled(large, staff(11))
    large.later(hours=30)
    large.front.calls.clear()
    result = large.end(forced=True, urgent=True)
    assert isinstance(result, CycleResult) and (result.kind, result.result) == ("incremental", "success")
    assert result.written.get("disable") == 1 and large.find("p11@x.org")[0]["active"] is False and result.read_back
    assert not lists(large.front.calls) and result.drift == (), "nobody waits for drift"
    assert large.service["clock"] == before, "the clock's own cycle is due as if there had been no other"
    large.later(minutes=1)
    due = large.end(forced=False)
    assert isinstance(due, CycleResult) and due.kind == "initial" and [item.address for item in due.drift] == ["User/p05@x.org"]
    assert "clock" not in large.service


def test_what_a_cycle_had_left_that_ended_for_a_merge_is_done_by_the_one_after_it(
    large: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    large.app("provisioning: {drift: repair}\n")
    titled(large, staff(12))
    large.cycle()
    for name in staff(11):
        large.edit(name, "title", "Boss")
    monkeypatch.setattr(looked_after, "MOST_PAGES", 100)
    large.later(minutes=40)
    large.stopped = lambda: True
    cut = large.cycle()
    assert cut.interrupted and cut.written == {}
    large.stopped = lambda: False
    titled(large, staff(11))
    urgent = large.end(forced=True, urgent=True)
    assert isinstance(urgent, CycleResult) and urgent.written.get("disable") == 1
    rest = large.end(forced=False)
    assert isinstance(rest, CycleResult) and rest.written == {"update": 11} and rest.result == "success"
    assert {large.find(name)[0]["title"] for name in staff(11)} == {"Engineer"}
    assert isinstance(large.end(forced=False), Postponed)
