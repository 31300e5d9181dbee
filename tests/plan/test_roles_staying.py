"""A role that stays on the service under a mapping that only adds: outstanding where it is privileged, or where it expired."""

from __future__ import annotations

import pytest

from reconciler.plan.model import Plan
from reconciler.plan.outstanding import STAYS
from reconciler.plan.safeguards.loosened import loosened
from tests.plan.test_roles import ADDING
from tests.support.warned import texts
from tests.support.world import MAPPINGS, World

USER = "user: ada@x.org, role: User"
ADMIN = "user: ada@x.org, role: Admin"


@pytest.fixture
def ada(world: World) -> World:
    """Ada has both roles, by a mapping that only adds."""
    world.groups()
    world.users("userPrincipalName: ada@x.org, displayName: Ada")
    world.write("apps/wiki/mappings.yaml", ADDING)
    world.assign(USER, ADMIN)
    world.converge()
    return world


def stays(plan: Plan) -> list[str]:
    return [item.text.partition(" has ")[0] for item in plan.cautions if item.code == STAYS]


def test_a_privileged_role_that_nothing_assigns_any_more_is_outstanding_until_it_is_gone(ada: World) -> None:
    ada.assign(USER)
    for _ in range(2):  # an apply makes nothing of it
        plan = ada.plan()
        assert stays(plan) == ["User/ada@x.org (admin: privileged)"] and (plan.outstanding, plan.changes) == (1, ())
        assert not any("only adds" in text for text in texts(plan.warnings))
        ada.apply()
    ada.edit("ada@x.org", "roles", [{"value": "user", "display": "User"}])
    assert stays(ada.plan()) == [] and ada.plan().outstanding == 0


def test_an_everyday_role_is_outstanding_where_it_expired_and_a_warning_where_it_went(ada: World) -> None:
    ada.assign(ADMIN, f"{USER}, expires: 2026-05-31")
    assert stays(ada.plan()) == ["User/ada@x.org (user: its assignment expired)"]
    ada.assign(ADMIN)
    assert stays(ada.plan()) == [] and any("only adds" in text for text in texts(ada.plan().warnings))


def test_ignore_drift_says_that_it_is_meant_so(ada: World) -> None:
    ada.assign(USER)
    ada.write(
        "apps/wiki/mappings.yaml", ADDING.replace("([appRoleAssignments])'}", "([appRoleAssignments])', ignoreDrift: true}")
    )
    assert stays(ada.plan()) == [] and any("only adds" in text for text in texts(ada.plan().warnings))


def test_a_leaver_who_returns_and_an_account_that_is_adopted_bring_a_role_along(ada: World) -> None:
    ada.assign()
    ada.converge()
    ada.assign(USER)
    assert stays(ada.plan()) == ["User/ada@x.org (admin: privileged; enabled by this plan)"]
    ada.seed("grace@x.org", roles=[{"value": "admin"}])
    ada.users("userPrincipalName: grace@x.org, displayName: Grace", "userPrincipalName: ada@x.org, displayName: Ada")
    ada.assign("user: grace@x.org, role: User")
    assert stays(ada.plan()) == ["User/grace@x.org (admin: privileged; adopted by this plan)"]


def test_the_last_day_of_such_a_role_says_that_it_stays(ada: World) -> None:
    ada.commit()
    ada.assign(USER, f"{ADMIN}, expires: 2027-01-31")
    assert [row.then for row in ada.plan().ends] == ["keeps it: AppRoleAssignmentsComplex only adds"]


def test_a_mapping_that_takes_nothing_away_any_more_is_under_caution(world: World) -> None:
    world.converge()
    assert [item.words for item in loosened(world.session().app)] == []
    world.write("apps/wiki/mappings.yaml", ADDING)
    told = [item.text for item in world.session().planned.plan.cautions if item.code == "SafeguardWeakened"]
    assert told == [
        "roles is mapped with AppRoleAssignmentsComplex: a role that is taken away here stays on the service; "
        "it was not like this when last applied"
    ]
    world.write("apps/wiki/mappings.yaml", MAPPINGS)
    assert world.session().planned.plan.cautions == ()
