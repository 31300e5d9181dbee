"""The laws hold whatever filters, mappings and profiles say: an apply converges, order means nothing, strangers stay."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.stories import test_laws
from tests.support.budget import examples
from tests.support.laws import converge_as_planned, deal
from tests.support.world import SWITCH, World

NAMES = [f"u{i}@x.org" for i in range(4)]
VALUES = st.sampled_from(["Net", "net", "1", "12", "Ünï", "a b"])
ATTRIBUTES = ("displayName", "jobTitle", "department", "employeeId", "mail")
TARGETS = (
    "displayName",
    "title",
    "nickName",
    "userType",
    "name.givenName",
    'emails[type eq "work"].value',
    'phoneNumbers[type eq "work"].value',
    'addresses[type eq "work"].streetAddress',
    'addresses[type eq "work"].locality',
)
EXPRESSIONS = (
    "ToUpper([jobTitle])", 'Join("-", [department], [employeeId])', 'IIF([department] = "Net", "in", "out")',
    "IgnoreFlowIfNullOrEmpty([jobTitle])", 'Switch([employeeId], , "1", "one", "12", "dozen")', 'Coalesce([mail], "none")',
    "Left([displayName], 1)", 'Append("u-", Left(Guid(), 4))',
)  # fmt: skip
EXTRAS = st.fixed_dictionaries({}, optional={
    "apply": st.sampled_from(["always", "create"]), "default": st.sampled_from(["Staff", "Net"]),
    "onNull": st.sampled_from(["clear", "keep"]), "caseExact": st.booleans(),
})  # fmt: skip
KINDS = st.one_of(
    st.sampled_from(ATTRIBUTES).map(lambda name: {"source": name}),
    st.sampled_from(["employee", "Net"]).map(lambda value: {"constant": value}),
    st.sampled_from(EXPRESSIONS).map(lambda text: {"expression": text}),
    st.just({"none": True}),
)
MAPPINGS = st.dictionaries(st.sampled_from(TARGETS), st.builds(lambda kind, extra: {**extra, **kind}, KINDS, EXTRAS))
CLAUSES = st.builds(
    lambda name, operator, value: {"attribute": name, "operator": operator} | ({} if " NULL" in operator else {"value": value}),
    st.sampled_from(ATTRIBUTES),
    st.sampled_from(["EQUALS", "NOT EQUALS", "Includes", "ENDS_WITH", "IS NULL", "IS NOT NULL", "REGEX MATCH", "&", "!&"]),
    st.sampled_from(["Net", "1", "2"]),
)
FILTERS = st.lists(st.lists(CLAUSES, min_size=1, max_size=2), max_size=2)
PEOPLE = st.dictionaries(
    st.sampled_from(NAMES), st.fixed_dictionaries({}, optional=dict.fromkeys(ATTRIBUTES, VALUES)), min_size=1
)
STATES = st.lists(st.tuples(PEOPLE, MAPPINGS, FILTERS), min_size=1, max_size=3)
State = tuple[dict[str, dict[str, str]], dict[str, dict[str, Any]], list[list[dict[str, Any]]]]


def declare(world: World, state: State, random: Random | None = None) -> None:
    people, mappings, filters = state
    order = -1 if random is not None else 1
    users: list[dict[str, Any]] = [{"userPrincipalName": name, **values} for name, values in sorted(people.items())]
    rows: list[dict[str, Any]] = [{"target": target, **row} for target, row in sorted(mappings.items())]
    for row in rows:
        if "Guid" in row.get("expression", ""):
            row["apply"] = "create"
    fixed = [
        {"target": "userName", "source": "userPrincipalName", "matchingPrecedence": 1},
        {"target": "active", "expression": SWITCH.strip("'")},
    ]
    scoping = [{"name": f"f{i}", "clauses": clauses[::order]} for i, clauses in enumerate(filters)][::order]
    deal(world, "directory/users", "users", users, random)
    mapping = {"users": {"scopingFilters": scoping, "attributes": [*fixed, *rows][::order]}, "groups": {"enabled": False}}
    world.write("apps/wiki/mappings.yaml", json.dumps({"mappings": mapping}))
    assigned = [{"user": user["userPrincipalName"], "role": "User"} for user in users]
    deal(world, "apps/wiki/assignments", "assignments", assigned, random)


@settings(max_examples=examples(6), phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))
@given(STATES, st.sets(st.sampled_from(NAMES)), st.randoms(use_true_random=False))
def test_any_filters_and_mappings_converge_in_any_order_and_leave_strangers_alone(
    states: list[State], existing: set[str], random: Random
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        for name in sorted(existing):
            world.seed(name, title="Intern", nickName="net")
        strange = world.seed("stranger@x.org", title="Net")
        untouched = {**(world.client.get("Users", strange) or {}), "meta": None}
        for state in states:
            declare(world, state, random)
            digest = world.plan().digest
            declare(world, state)
            assert world.plan().digest == digest
            converge_as_planned(world)
        assert {**(world.client.get("Users", strange) or {}), "meta": None} == untouched


def _can_change_members(profile: dict[str, Any]) -> bool:
    """Whom a PUT would throw out of a group nobody knows, where the service does not support PATCH and does not show them."""
    return bool(profile.get("patch", {}).get("supported", True) or profile.get("groups", {}).get("membersReadable", True))


STORED = ("displayName", "title", "nickName", "userType", "name", "emails", "phoneNumbers", "roles", "externalId", "addresses")
PROFILES = st.fixed_dictionaries({}, optional={
    "paging": st.fixed_dictionaries({"count": st.integers(1, 3), "most": st.integers(1, 3)}),
    "filter": st.fixed_dictionaries({"attributes": st.sampled_from([["userName"], ["externalId"]])}),
    "patch": st.fixed_dictionaries({"supported": st.booleans(), "dialect": st.sampled_from(["rfc", "entra-aadoptscim"]),
                                    "valueFilters": st.booleans()}),
    "users": st.fixed_dictionaries({}, optional={
        "stored": st.sets(st.sampled_from(STORED)).map(lambda names: ["userName", "active", *sorted(names)]),
        "modifiable": st.sets(st.sampled_from(STORED)).map(lambda names: ["active", *sorted(names)]),
        "single": st.just(["emails", "phoneNumbers"])}),
    "groups": st.fixed_dictionaries({"supported": st.booleans(), "membersPerPatch": st.integers(1, 3),
                                     "membersReadable": st.booleans()}),
    "deprovision": st.fixed_dictionaries({"inactive": st.sampled_from(["keeps", "deletes", "ignored"]),
                                          "delete": st.sampled_from(["removes", "deactivates"])}),
    "discovery": st.booleans(),
    "rate": st.fixed_dictionaries({"perMinute": st.integers(30, 90), "burst": st.integers(1, 9),
                                   "counts": st.sampled_from(["all", "writes"]), "retryAfter": st.booleans()}),
}).filter(_can_change_members)  # fmt: skip


@settings(max_examples=examples(3), phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))
@given(PROFILES, STATES, test_laws.STATES, st.randoms(use_true_random=False))
def test_the_laws_hold_on_any_service(
    profile: dict[str, Any], states: list[State], others: list[tuple[dict[str, str], set[str], set[str]]], random: Random
) -> None:
    """Filters and mappings of all kinds first, then groups and roles, each on a service of that kind."""
    for declare_one, found in ((declare, states), (test_laws.declare, others)):
        with tempfile.TemporaryDirectory() as folder:
            world = World(Path(folder), "generic", **profile)
            strange = world.seed("stranger@x.org", title="Net")
            for state in found:
                declare_one(world, state, random)  # type: ignore[operator]
                before, digest = world.transport.writes, world.plan().digest
                declare_one(world, state)  # type: ignore[operator]
                assert (world.plan().digest, world.transport.writes) == (digest, before)
                converge_as_planned(world)
            kept = world.client.get("Users", strange)
            assert kept is not None and kept["userName"] == "stranger@x.org"


@settings(max_examples=examples(6), phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))
@given(STATES, st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
def test_parts_one_after_another_come_to_the_same_as_the_whole(states: list[State], order: list[str]) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        whole, parts = World(Path(one)), World(Path(other))
        for state in states:
            for world in (whole, parts):
                declare(world, state)
            converge_as_planned(whole)
            for name in [*order, *(name for name in NAMES if name not in order)]:
                assert parts.apply(only=(f"User/{name}",)).complete
            assert parts.plan().changes == ()
        assert accounts(parts) == accounts(whole)


def accounts(world: World) -> dict[str, Any]:
    """What each account holds, but for ids, times and generated values."""
    found = world.client.read_all("Users", lambda page: page)
    return {user["userName"]: {name: value for name, value in user.items() if _comparable(name, value)} for user in found}


def _comparable(name: str, value: Any) -> bool:
    return name not in ("id", "meta") and "u-" not in json.dumps(value)
