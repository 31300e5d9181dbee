"""The simulated administrative API answers as the vendor's own models read, and keeps the rules that the vendor documents."""

from __future__ import annotations

from typing import Any

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
    VIEW_GROUPS,
    VIEW_LOG,
    VIEW_USERS,
)
from tests.support.thousandeyes import BOSS, Office, unknown


@pytest.fixture
def office() -> Office:
    return Office()


def allowed(office: Office, *labels: str) -> None:
    """What the token of provisioning may do, and no more."""
    role = office.organisation.new_role("Token", labels)
    office.organisation.owner.everywhere = [role.id]


def put(office: Office, uid: str, token: str = "secret", **body: Any) -> Any:
    return office.ask("PUT", f"/v7/users/{uid}", body, token)


# The vendor's models

READ = [
    ("/v7/users", models.Users),
    ("/v7/users/current", models.UserDetail),
    ("/v7/users/{uid}", models.UserDetail),
    ("/v7/roles", models.Roles),
    ("/v7/roles/{role}", models.RoleDetail),
    ("/v7/account-groups", models.AccountGroups),
    ("/v7/account-groups/{group}?expand=user", models.AccountGroupDetail),
    ("/v7/permissions", models.Permissions),
    ("/v7/audit-user-events?window=1d&useAllPermittedAids=true", models.AuditUserEvents),
]


@pytest.mark.parametrize(("path", "model"), READ, ids=[path for path, _ in READ])
def test_the_vendors_models_know_each_field_of_an_answer(office: Office, path: str, model: Any) -> None:
    ada = office.hire("ada@x.org", "Ada")
    admin = office.role(ACCOUNT_ADMIN)
    ada.last_login = office.organisation.now()
    put(office, ada.uid, accountGroupRoles=[{"accountGroupId": office.staging, "roleIds": [admin]}])
    answer = office.ask("GET", path.format(uid=ada.uid, role=admin, group=office.production))
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/hal+json"
    read = model.from_dict(answer.json())
    assert list(unknown(read)) == []
    assert names(answer.json()) == names(read.model_dump(by_alias=True))


def names(value: Any) -> Any:
    """The keys of a value, however deep."""
    if isinstance(value, dict):
        return {key: names(inner) for key, inner in value.items() if inner is not None}
    return [names(inner) for inner in value] if isinstance(value, list) else None


ERRORS = [
    ("GET", "/v7/users/0", None, 404, models.Error),
    ("PUT", "/v7/users/{uid}", {"allAccountGroupRoleIds": ["0"]}, 400, models.ValidationError),
    ("PUT", "/v7/users/{uid}", {"allAccountGroupRoleIds": [37]}, 400, models.ValidationError),
    ("PUT", "/v7/users/{uid}", {"accountGroupRoles": [{"accountGroupId": "0", "roleIds": []}]}, 400, models.ValidationError),
    ("PUT", "/v7/users/{uid}", {"email": "boss@example.net"}, 400, models.ValidationError),
    ("PUT", "/v7/users/{uid}", {"loginAccountGroupId": "0"}, 400, models.ValidationError),
    ("GET", "/v7/users?aid=0", None, 403, models.Error),
    ("GET", "/v7/audit-user-events?window=soon", None, 400, models.Error),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "model"), ERRORS)
def test_an_error_is_a_problem_that_the_vendors_models_know(
    office: Office, method: str, path: str, body: Any, status: int, model: Any
) -> None:
    ada = office.hire("ada@x.org")
    answer = office.ask(method, path.format(uid=ada.uid), body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    assert list(unknown(model.from_dict(answer.json()))) == [] and answer.json()["detail"]


def test_a_token_that_nobody_has_is_refused_in_the_vendors_form(office: Office) -> None:
    answer = office.ask("GET", "/v7/users", token="wrong")
    assert answer.status_code == 401
    assert list(unknown(models.UnauthorizedError.from_dict(answer.json()))) == []


def test_a_body_of_another_api_is_noticed() -> None:
    """What is read is accountGroup.aid and roles, what is written accountGroupId and roleIds: the models keep the wrong ones."""
    wrong = models.UserRequest.from_dict({"accountGroupRoles": [{"accountGroup": {"aid": "1"}, "roles": []}]})
    assert list(unknown(wrong)) == [
        "UserRequest.account_group_roles.accountGroup",
        "UserRequest.account_group_roles.roles",
    ]


# The same accounts as those of SCIM


def test_an_account_made_by_scim_is_a_regular_user_in_all_account_groups_and_goes_with_it(office: Office) -> None:
    ada = office.hire("ada@x.org", "Ada")
    shown = office.ask("GET", f"/v7/users/{ada.uid}").json()
    assert (shown["name"], shown["email"], shown["accountGroupRoles"]) == ("Ada", "ada@x.org", [])
    assert [role["name"] for role in shown["allAccountGroupRoles"]] == [REGULAR_USER]
    assert shown["loginAccountGroup"]["accountGroupName"] == "Production" and "lastLogin" not in shown
    assert office.ask("DELETE", f"/v2/Users/{ada.scim}").status_code == 204
    assert office.ask("GET", f"/v7/users/{ada.uid}").status_code == 404


def test_what_was_in_scim_before_is_there_and_a_new_name_goes_both_ways(office: Office) -> None:
    ada = office.hire("ada@x.org", "Ada")
    operation = {"op": "replace", "path": "displayName", "value": "Ada Byron"}
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
    assert office.ask("PATCH", f"/v2/Users/{ada.scim}", patch).status_code == 204
    assert office.ask("GET", f"/v7/users/{ada.uid}").json()["name"] == "Ada Byron"
    put(office, ada.uid, name="Ada Lovelace")
    assert office.ask("GET", f"/v2/Users/{ada.scim}").json()["displayName"] == "Ada Lovelace"
    another = Office()
    another.service.scim.inner = office.service.scim.inner
    another.ask("GET", "/v7/users/current")
    assert another.organisation.by_email("ada@x.org") is not None


def test_a_list_of_people_holds_no_roles(office: Office) -> None:
    office.hire("ada@x.org")
    assert {key for person in office.ask("GET", "/v7/users").json()["users"] for key in person} == {
        "uid", "name", "email", "dateRegistered", "loginAccountGroup",
    }  # fmt: skip


# Writing


def test_roles_in_a_request_replace_those_that_were_and_what_is_not_in_it_stays(office: Office) -> None:
    ada, admin, user = office.hire("ada@x.org"), office.role(ACCOUNT_ADMIN), office.role(REGULAR_USER)
    put(office, ada.uid, accountGroupRoles=[{"accountGroupId": office.production, "roleIds": [admin]}])
    put(office, ada.uid, accountGroupRoles=[{"accountGroupId": office.staging, "roleIds": [admin, user]}])
    assert (ada.groups, ada.everywhere) == ({office.staging: [admin, user]}, [user])
    put(office, ada.uid, allAccountGroupRoleIds=[])
    assert (ada.groups, ada.everywhere) == ({office.staging: [admin, user]}, [])


def test_a_new_email_waits_for_the_person(office: Office) -> None:
    ada = office.hire("ada@x.org")
    assert put(office, ada.uid, email="ada.lovelace@x.org").json()["email"] == "ada@x.org"
    assert ada.confirming == "ada.lovelace@x.org"


def test_a_member_of_another_organization_needs_a_login_account_group(office: Office) -> None:
    ada = office.hire("ada@x.org")
    ada.elsewhere = True
    answer = put(office, ada.uid, allAccountGroupRoleIds=[])
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == "loginAccountGroupId"
    assert put(office, ada.uid, loginAccountGroupId=office.staging).status_code == 200


# Who may do what

USERS, CURRENT = "/v7/users", "/v7/users/current"


@pytest.mark.parametrize(
    ("labels", "method", "path", "status"),
    [
        ((VIEW_USERS,), "GET", CURRENT, 403),
        ((API,), "GET", CURRENT, 200),
        ((API,), "GET", USERS, 403),
        ((API, VIEW_USERS), "GET", USERS, 200),
        ((API,), "GET", "/v7/roles", 200),
        ((API,), "GET", "/v7/account-groups", 200),
        ((API,), "GET", "/v7/account-groups/{group}?expand=user", 403),
        ((API, VIEW_GROUPS), "GET", "/v7/account-groups/{group}?expand=user", 200),
        ((API,), "GET", "/v7/permissions", 403),
        ((API, ASSIGN), "GET", "/v7/permissions", 200),
        ((API, VIEW_USERS), "PUT", "/v7/users/{uid}", 403),
        ((API, EDIT_USERS), "PUT", "/v7/users/{uid}", 403),
        ((API, EDIT_EVERYWHERE), "PUT", "/v7/users/{uid}", 200),
    ],
)
def test_a_request_needs_its_permission(office: Office, labels: tuple[str, ...], method: str, path: str, status: int) -> None:
    ada = office.hire("ada@x.org")
    allowed(office, *labels)
    body = {"allAccountGroupRoleIds": []} if method == "PUT" else None
    path = path.format(uid=ada.uid, group=office.production)
    assert office.ask(method, path, body).status_code == status


def test_who_may_edit_users_in_one_account_group_may_not_in_another(office: Office) -> None:
    ada, user = office.hire("ada@x.org"), office.role(REGULAR_USER)
    role = office.organisation.new_role("Local", (API, EDIT_USERS))
    office.organisation.owner.everywhere, office.organisation.owner.groups = [], {office.production: [role.id]}
    rows = [{"accountGroupId": aid, "roleIds": [user]} for aid in (office.production, office.staging)]
    assert put(office, ada.uid, accountGroupRoles=rows[:1]).status_code == 200
    assert put(office, ada.uid, accountGroupRoles=rows).status_code == 403
    assert [group["accountGroupName"] for group in office.ask("GET", "/v7/account-groups").json()["accountGroups"]] == [
        "Production"
    ]


def test_a_role_with_management_permissions_is_given_by_who_may_assign_them(office: Office) -> None:
    ada, admin = office.hire("ada@x.org"), office.role(ORGANIZATION_ADMIN)
    allowed(office, API, EDIT_EVERYWHERE)
    assert put(office, ada.uid, allAccountGroupRoleIds=[admin]).status_code == 403
    allowed(office, API, EDIT_EVERYWHERE, ASSIGN)
    assert put(office, ada.uid, allAccountGroupRoleIds=[admin]).status_code == 200


def test_built_in_roles_stay_and_a_deleted_one_is_gone_from_everybody(office: Office) -> None:
    ada, custom = office.hire("ada@x.org"), office.organisation.new_role("Night shift", (API,))
    put(office, ada.uid, allAccountGroupRoleIds=[custom.id])
    assert office.ask("DELETE", f"/v7/roles/{office.role(REGULAR_USER)}").status_code == 403
    assert office.ask("PUT", f"/v7/roles/{custom.id}", {"name": "Nights", "permissions": ["11"]}).json()["name"] == "Nights"
    assert office.ask("DELETE", f"/v7/roles/{custom.id}").status_code == 204
    assert ada.everywhere == []


# The activity log and the rate


def test_the_log_says_who_changed_whom_page_by_page(office: Office) -> None:
    ada = office.hire("ada@x.org", "Ada")
    for _ in range(51):
        assert put(office, ada.uid, BOSS, name="Ada").status_code == 200
        office.clock.now += 60
    path = "/v7/audit-user-events?window=1d"
    first = office.ask("GET", path).json()
    assert len(first["auditEvents"]) == 50 and first["auditEvents"][0]["user"] == "Boss (boss@example.net)"
    assert {"type": "userEmail", "name": "ada@x.org"} in first["auditEvents"][0]["resources"]
    second = office.ask("GET", first["_links"]["next"]["href"]).json()
    assert len(second["auditEvents"]) == 1 and "next" not in second["_links"]
    assert office.ask("GET", "/v7/audit-user-events?window=5m").json()["auditEvents"] == first["auditEvents"][:5]
    assert office.ask("GET", "/v7/audit-user-events?window=1d&startDate=2027-01-01T00:00:00Z").status_code == 400


def test_who_may_not_view_the_log_of_others_sees_their_own_part(office: Office) -> None:
    ada = office.hire("ada@x.org", "Ada")
    put(office, ada.uid, BOSS, name="Ada B")
    put(office, ada.uid, name="Ada C")
    allowed(office, API, VIEW_LOG)
    assert len(office.ask("GET", "/v7/audit-user-events").json()["auditEvents"]) == 2
    allowed(office, API)
    assert [event["user"] for event in office.ask("GET", "/v7/audit-user-events").json()["auditEvents"]] == [
        "Provisioning (provisioning@example.net)"
    ]


def test_both_apis_are_within_one_rate() -> None:
    office = Office(rate={"perMinute": 3, "burst": 3, "retryAfter": False, "headers": {"remaining": "X-Left"}})
    assert [office.ask("GET", path).status_code for path in ("/v2/Users", "/v7/users", "/v2/Users", "/v7/users")] == [
        200, 200, 200, 429,
    ]  # fmt: skip
    refused = office.ask("GET", "/v7/users")
    assert refused.headers["X-Left"] == "0" and refused.headers["Content-Type"] == "application/problem+json"
    assert "Retry-After" not in refused.headers
