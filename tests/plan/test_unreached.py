"""A setting that newly keeps plans from taking something: who keeps what is said, told in the digest, and counted."""

from __future__ import annotations

import pytest

from reconciler.plan.model import Plan
from reconciler.report.headline import headline
from tests.support.world import APP, MAPPINGS, World

NET, ADMIN = "group: Net, role: User", "user: grace@x.org, role: Admin"
NO_ACTIVE = "".join(row for row in MAPPINGS.splitlines(keepends=True) if "target: active" not in row)


def actions(kind: str, *names: str) -> str:
    return MAPPINGS.replace(f"  {kind}:\n", f"  {kind}:\n    targetObjectActions: [{', '.join(names)}]\n")


def kept(plan: Plan) -> list[tuple[str, str, str, bool]]:
    return [(item.address.partition("/")[2], item.target, item.what, item.privileged) for item in plan.kept]


def told(plan: Plan) -> list[str]:
    return [item.text.partition(";")[0] for item in plan.cautions if item.code == "NoLongerTaken"]


@pytest.fixture
def three(world: World) -> World:
    """Ada and Grace are in Net, Grace is an administrator besides; nobody is protected by a share of few accounts."""
    world.converge()
    return world


@pytest.mark.parametrize("mappings", [NO_ACTIVE, actions("users", "create", "delete")])
def test_who_has_to_go_and_keeps_the_account(three: World, mappings: str) -> None:
    three.groups("displayName: Net, members: [ada@x.org]")
    three.assign(NET)
    three.write("apps/wiki/mappings.yaml", mappings)
    plan = three.plan()
    assert ("grace@x.org", "account", "an account", True) in kept(plan) and len(told(plan)) == 1
    assert "person keeps access unmanaged" in headline(plan, str)
    assert three.session().guarded.facts.kept == plan.kept, "safeguards count it"
    three.apply()
    assert three.plan().kept == () and told(three.plan()) == [], "a warning from then on"


def test_roles_that_no_update_takes(three: World) -> None:
    three.assign(NET)
    three.write("apps/wiki/mappings.yaml", actions("users", "create", "delete"))
    plan = three.plan()
    assert kept(plan) == [("grace@x.org", "roles", "admin", True)] and plan.changes == ()
    assert told(plan) == [
        "targetObjectActions of users lacks update: changes, and accounts that are to be disabled, are left as they are"
    ]
    text = next(item.text for item in plan.cautions if item.code == "NoLongerTaken")
    assert "1 account keeps what it gave: User/grace@x.org (admin, privileged)" in text


def test_members_whom_no_update_takes_out(three: World) -> None:
    three.assign(NET, ADMIN, "user: ada@x.org, role: User")
    three.groups("displayName: Net, members: [grace@x.org]")
    three.write("apps/wiki/mappings.yaml", actions("groups", "create", "delete"))
    assert kept(three.plan()) == [("ada@x.org", "members", "Net", False)]


def test_a_group_that_no_delete_takes(three: World) -> None:
    three.assign("user: ada@x.org, role: User", ADMIN)
    three.groups()
    three.write("apps/wiki/mappings.yaml", actions("groups", "create", "update"))
    assert kept(three.plan()) == [("ada@x.org", "members", "Net", False), ("grace@x.org", "members", "Net", False)]


def test_an_account_that_no_delete_takes(three: World) -> None:
    three.write("apps/wiki/app.yaml", APP + "deprovisioning: {outOfScope: delete}\n")
    three.apply()
    three.groups("displayName: Net, members: [ada@x.org]")
    three.assign(NET)
    three.write("apps/wiki/mappings.yaml", actions("users", "create", "update"))
    assert kept(three.plan()) == [("grace@x.org", "account", "an account", True)]


def test_a_group_that_a_scoping_filter_leaves_out_and_that_stays(three: World) -> None:
    three.write("apps/wiki/app.yaml", APP + "deprovisioning: {outOfScope: retain}\n")
    three.apply()
    filters = "    scopingFilters: [{name: f, clauses: [{attribute: displayName, operator: EQUALS, value: Other}]}]\n"
    three.write("apps/wiki/mappings.yaml", MAPPINGS.replace("  groups:\n", "  groups:\n" + filters))
    plan = three.plan()
    assert kept(plan) == [("ada@x.org", "members", "Net", False), ("grace@x.org", "members", "Net", False)]
    assert told(plan) == ["the scoping filter leaves out Group/Net, which stays on the service"]
    three.apply()
    assert three.plan().kept == ()


def test_where_nobody_has_to_go_a_setting_keeps_nothing(three: World) -> None:
    three.write("apps/wiki/mappings.yaml", actions("users", "create"))
    assert three.plan().kept == () and told(three.plan()) == []
