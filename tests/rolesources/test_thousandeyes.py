"""The driver of ThousandEyes against the simulated service: what it reads, what it sends, and what it makes of trouble."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from thousandeyes_sdk.administrative import models

from reconciler.demo.thousandeyes.permissions import (
    ACCOUNT_ADMIN,
    API,
    ASSIGN,
    EDIT_EVERYWHERE,
    EDIT_USERS,
    ORGANIZATION_ADMIN,
    REGULAR_USER,
    VIEW_LOG,
    VIEW_USERS,
)
from reconciler.rolesources.connection import run_test
from reconciler.rolesources.model import EVERYWHERE, Edit, Grant, Holding, Log, Named, Rights
from reconciler.rolesources.source import PAGES, RoleSource
from reconciler.rolesources.thousandeyes import UNHEARD, ThousandEyes
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import AnotherAccount, AuthError, ReadError, ServiceError, UnusableId
from reconciler.scim.profile import PROFILES
from tests.support.thousandeyes import BOSS, TOKEN, Line, Office, unknown

OWNER = "Provisioning (provisioning@example.net)"
NOBODY: frozenset[Grant] = frozenset()


class Desk:
    """A driver, the office that it speaks to, and the line between them."""

    def __init__(self) -> None:
        self.office = Office()
        self.line = Line(self.office.transport())
        clock = self.office.clock
        self.client = ScimClient(
            "http://127.0.0.1/v2", TOKEN, PROFILES["thousandeyes"], transport=self.line, clock=clock, sleep=clock.sleep, workers=1
        )
        self.driver: RoleSource = ThousandEyes(self.client.sender.beside("http://127.0.0.1/v7", TOKEN))

    def allow(self, *labels: str) -> None:
        """What the token may do, and no more."""
        self.office.organisation.owner.everywhere = [self.office.organisation.new_role("Token", labels).id]

    def local(self, place: str, *labels: str) -> None:
        """The same in one account group; in the others the API may be called, and no more."""
        owner, organisation = self.office.organisation.owner, self.office.organisation
        owner.everywhere = [organisation.new_role("Caller", (API,)).id]
        owner.groups = {place: [organisation.new_role("Local", labels).id]}

    def grant(self, role: str, place: str = EVERYWHERE) -> Grant:
        return Grant(place, self.office.role(role))


@pytest.fixture
def desk() -> Desk:
    return Desk()


# Reading


def test_names_are_those_of_all_roles_and_of_the_account_groups_that_the_token_sees(desk: Desk) -> None:
    desk.office.organisation.new_role("Night shift")
    found = desk.driver.catalog()
    assert [role.name for role in found.roles] == [ORGANIZATION_ADMIN, ACCOUNT_ADMIN, REGULAR_USER, "Night shift"]
    assert [role.managing for role in found.roles] == [True, True, False, False]
    assert found.places == (Named(desk.office.production, "Production"), Named(desk.office.staging, "Staging"))
    assert desk.line.requests() == ["GET /v7/roles", "GET /v7/account-groups"]


def test_an_error_of_this_api_names_the_key_of_its_own_address(desk: Desk) -> None:
    def fails(answer: httpx.Response | None) -> ServiceError:
        def told(request: httpx.Request) -> httpx.Response:
            if answer is None:
                raise httpx.ConnectError("refused")
            return answer

        desk.line.before = told
        with pytest.raises(ServiceError) as found:
            desk.driver.people()
        return found.value

    answers = (httpx.Response(404, json={}), httpx.Response(200, text="<html>"), httpx.Response(302), None)
    for remedy in (fails(answer).remedy for answer in answers):
        assert "roles.apiUrl" in remedy and "tenantUrl" not in remedy


def test_people_are_everybody_with_their_days(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org", "Ada")
    ada.last_login = "2026-11-01T08:00:00Z"
    found = {person.email: person for person in desk.driver.people()}
    assert set(found) == {"provisioning@example.net", "boss@example.net", "ada@x.org"}
    assert found["ada@x.org"] == (ada.uid, "ada@x.org", "2026-11-01T08:00:00Z", ada.registered)
    assert found["boss@example.net"].last_login == ""
    assert desk.line.requests() == ["GET /v7/users"]


def test_a_read_is_one_request_and_nobody_is_none(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org")
    ada.groups = {desk.office.staging: [desk.office.role(ACCOUNT_ADMIN)]}
    held = {desk.grant(REGULAR_USER), desk.grant(ACCOUNT_ADMIN, desk.office.staging)}
    assert desk.driver.read(ada.uid) == Holding(frozenset(held), desk.office.production)
    assert desk.line.requests() == [f"GET /v7/users/{ada.uid}"]
    assert desk.driver.read("4711") is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"uid": "1", "email": "a@x.org", "allAccountGroupRoles": []}, ReadError),
        ({"uid": "1", "email": "a@x.org", "accountGroupRoles": []}, ReadError),
        ({"uid": "1", "email": "a@x.org", "accountGroupRoles": [{"roles": []}], "allAccountGroupRoles": []}, ReadError),
        ({"uid": "1", "email": "a@x.org", "accountGroupRoles": [], "allAccountGroupRoles": [{"roleId": 35}]}, ReadError),
        ({"uid": "2", "email": "b@x.org", "accountGroupRoles": [], "allAccountGroupRoles": []}, AnotherAccount),
        (["1"], ReadError),
    ],
)
def test_what_is_not_shown_is_unknown_and_never_empty(desk: Desk, answer: Any, error: type[ServiceError]) -> None:
    desk.line.before = lambda request: httpx.Response(200, json=answer)
    with pytest.raises(error):
        desk.driver.read("1")
    desk.line.requests()
    with pytest.raises(error):
        desk.driver.change("1", NOBODY, frozenset({Grant("9", "9")}))
    assert desk.line.requests() == ["GET /v7/users/1"]


@pytest.mark.parametrize("id", ["", "..", "current"])
def test_an_id_that_would_be_another_path_is_not_asked_for(desk: Desk, id: str) -> None:
    with pytest.raises(UnusableId):
        desk.driver.read(id)
    assert desk.line.requests() == []


# Writing


def test_a_write_is_a_read_a_put_of_all_and_a_read(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org", "Ada")
    gains = frozenset({desk.grant(ACCOUNT_ADMIN, desk.office.staging), desk.grant(REGULAR_USER, desk.office.production)})
    after = desk.driver.change(ada.uid, gains, frozenset({desk.grant(REGULAR_USER)}))
    assert after == Holding(gains, desk.office.production)
    body = json.loads(desk.line.sent[1].content)
    assert desk.line.requests() == [f"GET /v7/users/{ada.uid}", f"PUT /v7/users/{ada.uid}", f"GET /v7/users/{ada.uid}"]
    assert list(unknown(models.UserRequest.from_dict(body))) == []
    assert models.UserRequest.from_dict(body).model_dump(by_alias=True) == body == {
        "name": "Ada",
        "email": "ada@x.org",
        "loginAccountGroupId": desk.office.production,
        "accountGroupRoles": [
            {"accountGroupId": desk.office.production, "roleIds": [desk.office.role(REGULAR_USER)]},
            {"accountGroupId": desk.office.staging, "roleIds": [desk.office.role(ACCOUNT_ADMIN)]},
        ],
        "allAccountGroupRoleIds": [],
    }  # fmt: skip


def test_what_is_held_already_is_not_sent_again(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org")
    held = desk.driver.change(ada.uid, frozenset({desk.grant(REGULAR_USER)}), frozenset({desk.grant(ACCOUNT_ADMIN)}))
    assert held == desk.driver.read(ada.uid)
    assert all(request.startswith("GET") for request in desk.line.requests())


def test_what_another_administrator_did_since_the_plan_stays(desk: Desk) -> None:
    ada, custom = desk.office.hire("ada@x.org"), desk.office.organisation.new_role("Night shift", (API,))
    rows = [{"accountGroupId": desk.office.production, "roleIds": [custom.id]}]
    desk.office.ask("PUT", f"/v7/users/{ada.uid}", {"accountGroupRoles": rows}, BOSS)
    after = desk.driver.change(ada.uid, frozenset({desk.grant(ACCOUNT_ADMIN)}), frozenset({desk.grant(REGULAR_USER)}))
    assert after and after.grants == {Grant(desk.office.production, custom.id), desk.grant(ACCOUNT_ADMIN)}


def test_the_last_role_can_be_taken(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org")
    after = desk.driver.change(ada.uid, NOBODY, frozenset({desk.grant(REGULAR_USER)}))
    assert after == Holding(frozenset(), desk.office.production)


@pytest.mark.parametrize(("role", "expected"), [("own", "production"), ("moved", "staging")])
def test_a_home_is_for_who_has_none_or_is_no_longer_there(desk: Desk, role: str, expected: str) -> None:
    ada, staging = desk.office.hire("ada@x.org"), desk.office.staging
    gains = frozenset({desk.grant(ACCOUNT_ADMIN, staging)})
    losses = frozenset({desk.grant(REGULAR_USER)}) if role == "moved" else NOBODY
    after = desk.driver.change(ada.uid, gains, losses, staging)
    assert after and after.home == getattr(desk.office, expected)


def test_a_member_of_another_organization_is_written_with_a_home(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org")
    ada.elsewhere, ada.login = True, None
    with pytest.raises(ServiceError, match="another organization needs a login account group; say `loginAccountGroup` of one of"):
        desk.driver.change(ada.uid, frozenset({desk.grant(ACCOUNT_ADMIN)}), NOBODY)
    after = desk.driver.change(ada.uid, frozenset({desk.grant(ACCOUNT_ADMIN)}), NOBODY, desk.office.staging)
    assert after and after.home == desk.office.staging


def test_who_is_gone_is_none_also_between_read_and_write(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org")
    assert desk.driver.change("4711", frozenset({desk.grant(ACCOUNT_ADMIN)}), NOBODY) is None

    def leaves(request: httpx.Request) -> None:
        if request.method == "PUT":
            desk.office.ask("DELETE", f"/v2/Users/{ada.scim}")

    desk.line.before = leaves
    assert desk.driver.change(ada.uid, frozenset({desk.grant(ACCOUNT_ADMIN)}), NOBODY) is None


# Trouble


def at_put(what: Callable[[], httpx.Response | None]) -> Callable[[httpx.Request], httpx.Response | None]:
    return lambda request: what() if request.method == "PUT" else None


def lost() -> httpx.Response:
    raise httpx.ReadError("the line is dead")


@pytest.mark.parametrize("when", ["before", "after"])
def test_after_a_lost_answer_the_same_call_finds_out_what_came_of_it(desk: Desk, when: str) -> None:
    ada, gains = desk.office.hire("ada@x.org"), frozenset({desk.grant(ACCOUNT_ADMIN)})
    setattr(desk.line, when, at_put(lost))
    with pytest.raises(ServiceError) as caught:
        desk.driver.change(ada.uid, gains, NOBODY)
    assert caught.value.uncertain
    desk.line.before = desk.line.after = lambda request: None
    desk.line.requests()
    after = desk.driver.change(ada.uid, gains, NOBODY)
    assert after and after.grants == gains | {desk.grant(REGULAR_USER)}
    assert len([request for request in desk.line.requests() if request.startswith("PUT")]) == (when == "before")


def test_an_edit_after_a_lost_answer_stays_too(desk: Desk) -> None:
    ada, gains = desk.office.hire("ada@x.org"), frozenset({desk.grant(ACCOUNT_ADMIN)})
    desk.line.before = at_put(lost)
    with pytest.raises(ServiceError, match="the line is dead"):
        desk.driver.change(ada.uid, gains, NOBODY)
    desk.line.before = lambda request: None
    desk.office.ask("PUT", f"/v7/users/{ada.uid}", {"allAccountGroupRoleIds": []}, BOSS)
    after = desk.driver.change(ada.uid, gains, NOBODY)
    assert after and after.grants == gains


def test_a_read_waits_for_the_organizations_rate_and_a_write_does_not_go_twice(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org")
    refused = {"X-Organization-Rate-Limit-Reset": str(int(desk.office.clock()) + 30)}
    answers = [httpx.Response(429, headers=refused, json={"title": "Too Many Requests"})]
    desk.line.before = lambda request: answers.pop() if answers else None
    assert desk.driver.read(ada.uid) is not None
    assert desk.office.clock.slept >= 29
    desk.line.requests()
    answers.append(httpx.Response(429, headers=refused))
    desk.line.before = lambda request: answers.pop() if answers and request.method == "PUT" else None
    with pytest.raises(ServiceError) as caught:
        desk.driver.change(ada.uid, frozenset({desk.grant(ACCOUNT_ADMIN)}), NOBODY)
    assert (caught.value.status, caught.value.uncertain) == (429, False)
    assert len(desk.line.requests()) == 2


def test_both_apis_count_in_one_rate(desk: Desk) -> None:
    for _ in range(120):
        desk.client.peek("Users")
        desk.driver.people()
    assert desk.client.sender.refused == 0 and desk.client.counts["reads"] == 240
    desk.driver.people()
    assert desk.office.clock.slept >= 60


# Rights


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ((API, VIEW_USERS, EDIT_EVERYWHERE, ASSIGN), Rights(OWNER, managing=())),
        ((API, VIEW_USERS, EDIT_EVERYWHERE), Rights(OWNER, managing=(ASSIGN,))),
        ((API, VIEW_USERS, EDIT_USERS), Rights(OWNER, managing=(ASSIGN,))),
        ((API, EDIT_USERS), Rights(OWNER, (VIEW_USERS,), managing=(ASSIGN,))),
        ((API, VIEW_USERS), Rights(OWNER, (), (EDIT_EVERYWHERE,), managing=(ASSIGN,))),
        ((VIEW_USERS, ASSIGN), Rights("", (API,), (API,))),
    ],
)
def test_what_the_token_lacks_is_named(desk: Desk, labels: tuple[str, ...], expected: Rights) -> None:
    desk.allow(*labels)
    assert desk.driver.rights()._replace(log="") == expected
    assert len(desk.line.requests()) <= 2


def test_edit_users_in_one_account_group_is_for_that_one_alone(desk: Desk) -> None:
    desk.local(desk.office.production, API, VIEW_USERS, EDIT_USERS)
    production = Named(desk.office.production, "Production")
    assert desk.driver.rights() == Rights(OWNER, within=(production,), managing=(ASSIGN,), log=UNHEARD)
    desk.local(desk.office.production, API, VIEW_USERS, EDIT_EVERYWHERE)
    assert desk.driver.rights() == Rights(OWNER, managing=(ASSIGN,), log=UNHEARD)


# In which account group


def test_what_may_be_read_in_another_account_group_alone_is_asked_for_there(desk: Desk) -> None:
    desk.office.hire("ada@x.org")
    desk.local(desk.office.staging, API, VIEW_USERS)
    assert desk.driver.rights().reading == ()
    desk.line.requests()
    assert "ada@x.org" in {person.email for person in desk.driver.people()}
    assert [str(request.url.params) for request in desk.line.sent if request.url.path == "/v7/users"] == [
        "",
        f"aid={desk.office.staging}",
    ]
    desk.line.requests()
    assert desk.driver.people() and desk.line.requests() == ["GET /v7/users"]


def test_what_may_be_read_nowhere_is_refused_as_before(desk: Desk) -> None:
    desk.local(desk.office.staging, API, EDIT_USERS)
    for _ in range(2):
        with pytest.raises(AuthError, match="View all users"):
            desk.driver.people()
    assert desk.line.requests().count("GET /v7/users/current") == 1


def test_who_may_edit_people_in_one_account_group_alone_writes_there_and_nowhere_else(desk: Desk) -> None:
    ada, organisation = desk.office.hire("ada@x.org"), desk.office.organisation
    desk.local(desk.office.staging, API, VIEW_USERS, EDIT_USERS)
    custom = organisation.new_role("Night shift", (API,)).id
    after = desk.driver.change(ada.uid, frozenset({Grant(desk.office.staging, custom)}), NOBODY)
    assert after and Grant(desk.office.staging, custom) in after.grants
    asked = [dict(request.url.params) for request in desk.line.sent if request.method == "PUT"]
    assert asked == [{}, {"aid": desk.office.staging}]
    with pytest.raises(AuthError, match="Edit users in each account group"):
        desk.driver.change(ada.uid, frozenset({Grant(desk.office.production, custom)}), NOBODY)
    with pytest.raises(AuthError, match="Edit users"):
        desk.driver.change(ada.uid, frozenset({Grant(EVERYWHERE, custom)}), NOBODY)


def test_account_groups_are_those_of_the_organization_that_is_asked(desk: Desk) -> None:
    """Whoever belongs to two organizations is shown the account groups of both."""
    rows = [("1", "Production", "7", True), ("2", "Production", "8", False), ("3", "Staging", "7", False)]
    groups = [
        {"aid": aid, "accountGroupName": name, "orgId": organization, "isCurrentAccountGroup": current}
        for aid, name, organization, current in rows
    ]
    answer = httpx.Response(200, json={"accountGroups": groups})
    desk.line.before = lambda request: answer if request.url.path == "/v7/account-groups" else None
    assert desk.driver.catalog().places == (Named("1", "Production"), Named("3", "Staging"))


def test_where_roles_are_not_shown_the_list_of_people_says_what_is_missing(desk: Desk) -> None:
    desk.line.before = lambda request: httpx.Response(403) if request.url.path.startswith("/v7/roles/") else None
    assert desk.driver.rights()._replace(log="") == Rights(OWNER)
    desk.allow(API)
    assert desk.driver.rights()._replace(log="") == Rights(OWNER, (VIEW_USERS,))


def test_a_refused_token_is_an_error(desk: Desk) -> None:
    desk.line.before = lambda request: httpx.Response(401, json={"error": "invalid_token"})
    with pytest.raises(AuthError, match="invalid_token"):
        desk.driver.rights()


def test_a_refused_write_is_said_in_the_services_words(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org")
    desk.allow(API, VIEW_USERS, EDIT_USERS)
    with pytest.raises(AuthError, match="this needs the permission Edit users in all account groups"):
        desk.driver.change(ada.uid, frozenset({desk.grant(ACCOUNT_ADMIN)}), NOBODY)


# The activity log


def test_the_log_tells_who_edited_whom_oldest_first_over_all_pages(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org", "Ada")
    since = desk.office.organisation.now()
    for _ in range(51):
        desk.office.ask("PUT", f"/v7/users/{ada.uid}", {"name": "Ada"}, BOSS)
        desk.office.clock.now += 60
    desk.office.organisation.log(ada, desk.office.production, "Login failed.", "192.0.2.1", ("userEmail", "ada@x.org"))
    found = list(desk.driver.edits(since).edits)
    assert len(found) == 51 and found[0] == Edit("ada@x.org", since, "Boss (boss@example.net)", "127.0.0.1")
    assert found == sorted(found, key=lambda edit: edit.at)
    assert desk.line.requests() == ["GET /v7/users/current", "GET /v7/roles/35"] + ["GET /v7/audit-user-events"] * 2
    assert desk.driver.edits(found[-1].at) == Log(tuple(found[-1:]), OWNER, "", 3)


def test_of_a_long_log_the_first_pages_are_read_and_that_there_is_more_is_said(desk: Desk) -> None:
    ada = desk.office.hire("ada@x.org", "Ada")
    since = desk.office.organisation.now()
    for number in range(1000):
        desk.office.organisation.log(desk.office.boss, desk.office.production, f"Report {number} created.", "192.0.2.1")
    desk.office.ask("PUT", f"/v7/users/{ada.uid}", {"name": "Ada"}, BOSS)
    found = desk.driver.edits(since)
    assert [edit.email for edit in found.edits] == ["ada@x.org"]
    assert found.lacking == f"the log since {since} holds more than the 150 events that were read"
    assert found.asked == len(desk.line.requests()) == 2 + PAGES


def test_a_page_that_leads_to_itself_ends_it_at_once(desk: Desk) -> None:
    page = {"auditEvents": [], "_links": {"next": {"href": "https://api.example.com/v7/audit-user-events?cursor=7"}}}
    desk.line.before = lambda request: httpx.Response(200, json=page) if "audit" in request.url.path else None
    with pytest.raises(ReadError, match="the link to the next page leads to one that was read"):
        desk.driver.edits("2026-01-01T00:00:00Z", 100)
    assert desk.line.requests().count("GET /v7/audit-user-events") == 2


def test_without_the_permission_the_log_is_of_the_owners_own_doing(desk: Desk) -> None:
    """The service says nothing of it: its answer is one without events."""
    ada, since = desk.office.hire("ada@x.org", "Ada"), desk.office.organisation.now()
    desk.office.ask("PUT", f"/v7/users/{ada.uid}", {"name": "Ada"}, BOSS)
    desk.allow(API, VIEW_USERS, EDIT_EVERYWHERE)
    found = desk.driver.edits(since)
    assert found.edits == () and found.lacking == UNHEARD
    desk.local(desk.office.staging, API, VIEW_LOG)
    assert desk.driver.edits(since).lacking == "the log shows the token what others did in Staging alone"
    desk.allow(API, VIEW_LOG)
    assert desk.driver.edits(since).lacking == ""
    desk.line.before = lambda request: httpx.Response(403) if request.url.path.startswith("/v7/roles/") else None
    assert desk.driver.edits(since).lacking == "whether the log shows the token what others did is not known"


def test_a_log_that_does_not_answer_holds_nothing_up_for_long(desk: Desk) -> None:
    desk.line.before = lambda request: httpx.Response(503) if "audit" in request.url.path else None
    with pytest.raises(ServiceError, match="503"):
        desk.driver.edits("2026-01-01T00:00:00Z")
    assert desk.line.requests()[2:] == ["GET /v7/audit-user-events"] * 2


@pytest.mark.parametrize(
    ("event", "resources", "expected"),
    [
        ("User updated.", [("userEmail", "ada@x.org")], ["ada@x.org"]),
        ("User updated.", [("user", "Ada (ada@x.org)"), ("role", "Regular User")], ["ada@x.org"]),
        ("User ada@x.org updated.", [], ["ada@x.org"]),
        ("User updated.", [("userName", "Ada")], ["ada@x.org"]),
        ("User updated.", [("userName", "Twin")], []),
        ("Report created.", [("reportTitle", "My New report")], []),
        ("Logout", [("userEmail", "ada@x.org")], []),
    ],
)
def test_an_event_names_somebody_by_email_or_by_a_name_that_is_theirs_alone(
    desk: Desk, event: str, resources: list[tuple[str, str]], expected: list[str]
) -> None:
    desk.office.hire("ada@x.org", "Ada")
    desk.office.hire("twin1@x.org", "Twin"), desk.office.hire("twin2@x.org", "Twin")
    desk.driver.people()
    desk.office.organisation.log(desk.office.boss, desk.office.production, event, "192.0.2.1", *resources)
    assert [edit.email for edit in desk.driver.edits("2026-01-01T00:00:00Z").edits] == expected


def test_a_link_to_another_page_leads_nowhere_else(desk: Desk) -> None:
    desk.allow(API, VIEW_LOG)
    page = {"auditEvents": [], "_links": {"next": {"href": "https://evil.example.com/v7/users?cursor=7"}}}
    answers = [httpx.Response(200, json=page)]
    desk.line.before = lambda request: answers.pop() if answers and "audit" in request.url.path else None
    assert desk.driver.edits("2026-01-01T00:00:00Z").edits == ()
    assert [str(request.url) for request in desk.line.sent][-1:] == ["http://127.0.0.1/v7/audit-user-events?cursor=7"]


# test-connection


def lines(desk: Desk) -> list[str]:
    steps = run_test(desk.driver, desk.office.organisation.now()).steps
    return [f"{'ok' if step.ok else 'FAILED' if step.needed else 'none'} {step.name}: {step.message}" for step in steps]


def test_the_test_says_what_works(desk: Desk) -> None:
    assert lines(desk) == [
        f"ok ThousandEyes v7, reading roles: the token of {OWNER} may",
        f"ok ThousandEyes v7, writing roles: the token of {OWNER} may",
        "ok ThousandEyes v7, names: 3 roles and 2 account groups seen",
        "ok ThousandEyes v7, activity log: can be read",
    ]
    assert all(request.startswith("GET") for request in desk.line.requests())


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ((VIEW_USERS,), ["reading roles: the token lacks the permission API access", "writing roles: the token lacks"]),
        ((API, EDIT_EVERYWHERE, ASSIGN), ["reading roles: the token lacks the permission View all users", ""]),
        (
            (API, VIEW_USERS, VIEW_LOG),
            ["", "writing roles: the token lacks the permission Edit users in all account groups", "", ""],
        ),
        ((API, VIEW_USERS, EDIT_USERS, ASSIGN, VIEW_LOG), ["", "", "", ""]),
    ],
)
def test_the_test_names_the_permission_that_is_missing(desk: Desk, labels: tuple[str, ...], expected: list[str]) -> None:
    desk.allow(*labels)
    found = lines(desk)
    assert len(found) == len(expected)
    for line, part in zip(found, expected, strict=True):
        assert part in line and line.startswith("FAILED" if part else "ok")


def test_the_test_says_where_alone_the_token_may_write_and_what_it_may_not_give(desk: Desk) -> None:
    desk.local(desk.office.staging, API, VIEW_USERS, EDIT_USERS)
    assert lines(desk)[1:3] == [
        f"ok ThousandEyes v7, writing roles: the token of {OWNER} may, in Staging alone",
        "none ThousandEyes v7, roles that manage others: the token lacks the permission Assign management permissions: "
        "the service may refuse it to give a role by which others are managed",
    ]


def test_the_test_says_that_what_others_edit_is_not_known(desk: Desk) -> None:
    desk.allow(API, VIEW_USERS, EDIT_USERS, ASSIGN)
    assert lines(desk)[-1] == (
        f"none ThousandEyes v7, activity log: others' edits of roles are not known, or not all of them: {UNHEARD}"
    )


def test_the_test_goes_on_without_a_log_and_ends_at_a_refused_token(desk: Desk) -> None:
    desk.line.before = lambda request: httpx.Response(403) if "audit" in request.url.path else None
    assert lines(desk)[-1] == "none ThousandEyes v7, activity log: answered 403 (a plan cannot say who edited roles)"
    desk.line.before = lambda request: httpx.Response(401, json={"error_description": "the access token is invalid"})
    assert lines(desk) == ["FAILED ThousandEyes v7, token: GET /v7/users/current: answered 401: the access token is invalid"]
