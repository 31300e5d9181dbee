"""Public incidents of provisioning (facts, part 3, items 1, 2 and 6) replayed: none of them happens here."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.plan.test_safeguards import Town, town
from tests.support.world import APP, MAPPINGS


def untouched(found: Town) -> bool:
    """Nothing was written, and everybody is still active."""
    return all(found.find(f"u{number:02}@x.org")["active"] for number in range(12))


# 1. No preview before writes


def test_authentik_19295_an_edited_filter_and_delete_not_found_delete_all_users(tmp_path: Path) -> None:
    found = town(tmp_path, 12)
    found.write("apps/wiki/app.yaml", APP + "deprovisioning: {outOfScope: delete, removedFromDirectory: delete}\n")
    found.write(
        "apps/wiki/mappings.yaml",
        MAPPINGS.replace(
            "  users:\n",
            "  users:\n    scopingFilters: [{clauses: [{attribute: department, operator: EQUALS, value: Netwroks}]}]\n",
        ),
    )
    before = found.transport.writes
    plan = found.plan()
    assert plan.count("delete") == 12 and found.blocking() == ["accidentalDeletions", "empty"]
    assert found.transport.writes == before and untouched(found)


def test_defguard_2970_and_icinga_director_1754_what_would_be_touched_is_told_before(tmp_path: Path) -> None:
    found = town(tmp_path, 12)
    found.users(
        *(f"userPrincipalName: {name}, displayName: N" for name in found.people[:1]),
        *(f"userPrincipalName: {name}" for name in found.people[1:]),
    )
    before = found.transport.writes
    (change,) = found.plan().changes
    assert [(a.path, a.before, a.after) for a in change.attributes] == [("displayName", None, "N")]
    assert found.transport.writes == before


def test_entra_qa_1540874_one_user_is_tested_and_fifteen_thousand_are_created(tmp_path: Path) -> None:
    found = Town(tmp_path, 40)
    assert found.apply(only=("User/u07@x.org",)).complete
    assert found.transport.writes == 1 and len(found.client.find("Users", "userName", "u07@x.org")) == 1
    assert found.client.find("Users", "userName", "u08@x.org") == []


# 2. Accidental mass disable or removal


def test_entra_saving_a_scoping_filter_disables_everybody_out_of_it(tmp_path: Path) -> None:
    found = town(tmp_path, 12)
    found.write(
        "apps/wiki/mappings.yaml",
        MAPPINGS.replace(
            "  users:\n",
            "  users:\n    scopingFilters: [{clauses: "
            "[{attribute: userPrincipalName, operator: ENDS_WITH, value: '1@x.org'}]}]\n",
        ),
    )
    assert found.plan().count("disable") == 10 and found.blocking() == ["accidentalDeletions", "empty"] and untouched(found)


def test_defguard_2833_enabling_sync_empties_every_group_admins_too(tmp_path: Path) -> None:
    found = Town(tmp_path, 12, "lockout: {role: Admin, minimumActive: 1}")
    found.inside = {"Admins": found.people[:4], "Net": found.people}
    found.declare()
    found.converge()
    members = {name: len(found.group(name)["members"]) for name in found.inside}
    found.inside = {"Admins": [], "Net": []}
    found.declare()
    before = found.transport.writes
    assert found.blocking() == ["accidentalDeletions", "groupMembership", "lockout"]
    assert found.transport.writes == before and {n: len(found.group(n)["members"]) for n in found.inside} == members


@pytest.mark.parametrize(("gone", "blocked"), [(2, False), (3, True)])
def test_ionos_dim_90_and_okta_safeguards_a_fifth_of_the_assignments_is_the_limit(
    tmp_path: Path, gone: int, blocked: bool
) -> None:
    found = town(tmp_path, 12)
    found.assign(*(f"user: {name}, role: User" for name in found.people[gone:]))
    assert (found.blocking() == ["accidentalDeletions"]) == blocked


def test_okta_33917_a_reorganisation_empties_teams_in_small_steps_that_a_fixed_threshold_lets_pass(tmp_path: Path) -> None:
    found = Town(tmp_path, 12)
    found.inside["Team"] = found.people[:6]
    found.declare()
    found.converge()
    steps = 0
    while not found.without(1).blocking():
        found.converge()
        steps += 1
    assert steps == 2 and found.blocking() == ["accidentalDeletions"]


def test_an_outage_that_reads_as_an_empty_source_is_no_reason_to_create_everybody_again(tmp_path: Path) -> None:
    found = town(tmp_path, 12)
    inner = found.transport.inner

    class Emptied(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method != "GET":
                return inner.handle_request(request)
            listed = request.url.path.endswith(("/Users", "/Groups"))
            return httpx.Response(200, json={"totalResults": 0, "Resources": []}) if listed else httpx.Response(404)

    found.transport.inner = Emptied()
    assert found.plan().count("create") == 12 and found.blocking() == ["empty"]
    found.transport.inner = inner
    assert found.plan().changes == ()


# 6. Deprovision surprises


def test_azure_docs_30269_a_user_unassigned_first_and_deleted_later_is_still_removed(tmp_path: Path) -> None:
    found = town(tmp_path, 3)
    found.assign(*(f"user: {name}, role: User" for name in found.people[1:]))
    found.converge()
    assert found.find("u00@x.org")["active"] is False
    found.write("apps/wiki/app.yaml", APP + "deprovisioning: {removedFromDirectory: delete}\n")
    found.users(*(f"userPrincipalName: {name}" for name in found.people[1:]))
    assert [(c.action, c.address) for c in found.plan().changes] == [("delete", "User/u00@x.org")]
    found.converge()
    assert found.client.find("Users", "userName", "u00@x.org") == []


@pytest.mark.parametrize(("policy", "action"), [("disable", "disable"), ("delete", "delete"), ("retain", None)])
def test_azure_docs_112845_what_becomes_of_a_removed_user_is_said_in_the_declaration(
    tmp_path: Path, policy: str, action: str | None
) -> None:
    found = town(tmp_path, 3)
    found.without(1).write("apps/wiki/app.yaml", APP + f"deprovisioning: {{removedFromDirectory: {policy}}}\n")
    assert [c.action for c in found.plan().changes] == ([action] if action else [])
    found.converge()
    left = found.client.find("Users", "userName", "u00@x.org")
    assert [account["active"] for account in left] == {"disable": [False], "delete": [], "retain": [True]}[policy]


def test_azure_docs_22948_an_unassignment_is_a_write(tmp_path: Path) -> None:
    found = town(tmp_path, 3)
    before = found.transport.writes
    found.assign(*(f"user: {name}, role: User" for name in found.people[1:]))
    found.converge()
    assert found.transport.writes == before + 1 and found.find("u00@x.org")["active"] is False


def test_entra_qa_5746233_a_deprovisioning_that_the_service_refuses_is_told_and_tried_again(tmp_path: Path) -> None:
    found = town(tmp_path, 3)
    inner = found.transport.inner

    class Refusing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method != "GET":
                return httpx.Response(400, json={"status": "400", "scimType": "invalidSyntax", "detail": "ServiceIncompatible"})
            return inner.handle_request(request)

    found.without(1)
    found.transport.inner = Refusing()
    (outcome,) = found.apply().outcomes
    assert outcome.status == "failed" and "ServiceIncompatible" in outcome.message
    record = found.store.load()
    assert record is not None and record.removals == []  # what did not happen does not count
    found.transport.inner = inner
    assert [c.action for c in found.plan().changes] == ["disable"]
    found.converge()


def test_a_disable_that_the_service_answers_and_ignores_is_told(tmp_path: Path) -> None:
    found = town(tmp_path, 3)
    inner = found.transport.inner

    class Ignoring(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "PATCH":
                return httpx.Response(204)
            return inner.handle_request(request)

    found.without(1)
    found.transport.inner = Ignoring()
    (outcome,) = found.apply().outcomes
    assert outcome.status == "outstanding" and "still active" in outcome.message
