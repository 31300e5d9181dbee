"""What a service was told to take and left is no success: the apply says so, and every plan, until it is so or said to be so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from reconciler.plan.model import Plan
from reconciler.report import jsonform, markdown, plan_file, text
from tests.support.keeping import ADDING, SINGLE, Says, keeping, town, without
from tests.support.servers import Answer, Call, Desk, front, scim_server
from tests.support.warned import texts
from tests.support.world import APP, MAPPINGS, World


def leave(world: World) -> None:
    world.groups("displayName: Net, members: [grace@x.org]")
    world.assign("user: grace@x.org, role: User", "group: Net, role: User")


def says(plan: Plan, code: str, *words: str) -> None:
    """A plan without changes that is none of a service as declared, in every form."""
    (caution,) = plan.cautions
    assert (plan.changes, plan.outstanding, caution.code) == ((), 1, code)
    assert all(word in caution.text for word in words), caution.text
    assert plan_file.loads(jsonform.dumps([plan])) == [plan]
    as_text, as_markdown = text.render(plan, lambda line, _: line), markdown.render(plan)
    assert words[0] in as_text and re.sub(r"((?:User|Group)/\S+)", r"`\1`", words[0]) in as_markdown
    for shown in (as_text, as_markdown):
        assert "1 outstanding" in shown and "matches the declaration" not in shown


@pytest.mark.parametrize(("status", "shows"), [
    (204, dict), (200, dict), (200, lambda shown: {**shown, "active": False}), (200, without("active")),
])  # fmt: skip
def test_a_leaver_who_stays_active_is_outstanding_and_told_once(tmp_path: Path, status: int, shows: Says) -> None:
    world = town(tmp_path)
    leave(world)
    service = keeping(world, "/Users/", status, says=shows)
    result = world.apply()
    assert [(o.change.address, o.status) for o in result.outcomes] == [("Group/Net", "done"), ("User/ada@x.org", "outstanding")]
    assert not result.complete and result.ended
    record = world.store.load()
    assert record is not None and "disabledAt" not in record.entries["User/ada@x.org"]
    for _ in range(2):
        says(world.plan(), "StillActive", "User/ada@x.org is still active", "deprovision: {inactive: deletes}")
        world.apply()
    assert len(service.sent) == 1


def test_it_is_told_again_when_somebody_has_switched_it_off_and_on(tmp_path: Path) -> None:
    world = town(tmp_path)
    leave(world)
    inner = world.transport.inner
    keeping(world, "/Users/")
    world.apply()
    world.transport.inner = inner
    world.edit("ada@x.org", "active", False)
    assert (world.plan().changes, world.plan().outstanding) == ((), 0)
    world.converge()
    world.edit("ada@x.org", "active", True)
    assert [change.action for change in world.plan().changes] == ["disable"]
    world.converge()
    assert world.find("ada@x.org")["active"] is False


def test_a_profile_that_says_what_the_service_does_ends_it(tmp_path: Path) -> None:
    world = town(tmp_path)
    leave(world)
    keeping(world, "/Users/")
    world.apply()
    world.profile("generic", deprovision={"inactive": "ignored"})
    plan = world.plan()
    assert (plan.changes, plan.outstanding, plan.cautions) == ((), 0, ())
    world.profile("generic", deprovision={"inactive": "deletes"})
    assert [change.action for change in world.plan().changes] == ["delete"]


def test_a_leaver_who_comes_back_is_no_longer_outstanding(tmp_path: Path) -> None:
    world = town(tmp_path)
    leave(world)
    inner = world.transport.inner
    keeping(world, "/Users/")
    world.apply()
    world.transport.inner = inner
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.assign("user: ada@x.org, role: Admin", "user: grace@x.org, role: User", "group: Net, role: User")
    world.converge()
    assert world.plan().outstanding == 0 and world.find("ada@x.org")["active"] is True


def test_a_service_that_never_says_who_is_active_is_not_called_a_liar(tmp_path: Path) -> None:
    world = town(tmp_path)
    leave(world)
    inner = world.transport.inner

    class Silent(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = inner.handle_request(request)
            if not response.read():
                return response
            data = response.json()
            for item in data.get("Resources", [data]):
                item.pop("active", None)
            return httpx.Response(response.status_code, json=data)

    world.transport.inner = Silent()
    assert {outcome.status for outcome in world.apply().outcomes} == {"done", "ignored"}
    plan = world.plan()
    assert plan.outstanding == 0 and any("does not show what came of" in warning for warning in texts(plan.warnings))


def test_a_leaver_whom_the_list_alone_calls_active_is_outstanding(tmp_path: Path) -> None:
    world = town(tmp_path)
    leave(world)
    inner = world.transport.inner

    class OneByOne(httpx.BaseTransport):
        """Shows of nobody whether they are active where it is asked for one, and disables nobody."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if "/Users/" not in request.url.path:
                return inner.handle_request(request)
            response = inner.handle_request(httpx.Request("GET", request.url))
            response.read()
            return httpx.Response(200, json=without("active")(response.json()))

    world.transport.inner = OneByOne()
    world.apply()
    says(world.plan(), "StillActive", "User/ada@x.org is still active")


class Gone(httpx.BaseTransport):
    """Disables nobody, and says of everybody who was to be disabled that there is no such id; it lists and filters them.

    `filters` says whether it knows filters, `shown` what it lists of who was to be disabled.
    """

    def __init__(self, inner: httpx.BaseTransport, shown: bool, filters: int) -> None:
        self.inner, self.shown, self.filters, self.gone = inner, shown, filters, set[str]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and "/Users/" in request.url.path:
            self.gone.add(request.url.path)
            return httpx.Response(204)
        if request.url.path in self.gone:
            return httpx.Response(404)
        if "filter" in request.url.params and self.filters != 200:
            return httpx.Response(self.filters)
        response = self.inner.handle_request(request)
        data = json.loads(response.read() or b"{}")
        for item in data.get("Resources", ()):
            item.update({} if not any(item["id"] in path for path in self.gone) else {"active": self.shown})
        return httpx.Response(response.status_code, json=data)


@pytest.mark.parametrize("filters", [200, 400, 501])
def test_a_leaver_whose_id_is_gone_and_who_is_listed_as_active_is_outstanding(tmp_path: Path, filters: int) -> None:
    world = town(tmp_path)
    leave(world)
    world.transport.inner = Gone(world.transport.inner, True, filters)
    assert {o.change.address: o.status for o in world.apply().outcomes}["User/ada@x.org"] == "outstanding"
    for _ in range(2):
        says(world.plan(), "StillActive", "User/ada@x.org is still active")
        world.apply()


def test_a_leaver_whose_id_is_gone_and_who_is_listed_as_inactive_is_out(tmp_path: Path) -> None:
    world = town(tmp_path)
    leave(world)
    world.transport.inner = Gone(world.transport.inner, False, 200)
    assert world.apply().complete
    record = world.store.load()
    assert record is not None and record.entries["User/ada@x.org"]["disabledAt"] == world.now
    assert (world.plan().changes, world.plan().outstanding) == ((), 0)


def test_a_leaver_of_whom_nobody_can_tell_is_no_success(tmp_path: Path) -> None:
    world = town(tmp_path)
    leave(world)
    world.transport.inner = Gone(world.transport.inner, False, 403)
    assert {o.change.address: o.status for o in world.apply().outcomes}["User/ada@x.org"] == "failed"
    record = world.store.load()
    assert record is not None and "User/ada@x.org" in record.entries


def test_what_takes_nothing_is_not_read_back(tmp_path: Path) -> None:
    world = town(tmp_path)
    world.users("userPrincipalName: ada@x.org, jobTitle: Countess", "userPrincipalName: grace@x.org")
    service = keeping(world, "/Users/", 200, says=lambda shown: {**shown, "title": "Countess"})
    service.reads.clear()
    (outcome,) = world.apply().outcomes
    assert outcome.status == "done" and len(service.sent) == 1
    assert len([path for path in service.reads if path.count("/") == 3]) == 1  # before the write, and none after it


def revoke_role(world: World) -> None:
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User", "group: Net, role: User")


@pytest.mark.parametrize("mappings", [MAPPINGS, SINGLE])
@pytest.mark.parametrize(("status", "shows"), [
    (204, dict), (200, dict), (200, without("roles")),
    (200, lambda shown: {**shown, "roles": [{"value": "user", "primary": True}]}),
])  # fmt: skip
def test_a_role_that_was_taken_and_stays_is_outstanding(tmp_path: Path, mappings: str, status: int, shows: Says) -> None:
    world = town(tmp_path, mappings)
    revoke_role(world)
    service = keeping(world, "/Users/", status, says=shows)
    (outcome,) = world.apply().outcomes
    assert outcome.status == "outstanding" and "the role admin stayed" in outcome.message
    for _ in range(2):
        says(world.plan(), "RoleKept", "User/ada@x.org (admin) still has what was taken away", "ignoreDrift")
        world.apply()
    assert len(service.sent) == 1


def give_role(world: World) -> None:
    world.assign(
        "user: ada@x.org, role: Admin",
        "user: grace@x.org, role: User",
        "user: grace@x.org, role: Admin",
        "group: Net, role: User",
    )


ADMIN = {"value": "admin", "display": "Admin", "primary": False}


@pytest.mark.parametrize("mappings", [MAPPINGS, ADDING])
@pytest.mark.parametrize(("status", "shows"), [
    (204, dict), (200, dict), (200, without("roles")), (200, lambda shown: {**shown, "roles": [*shown["roles"], ADMIN]}),
])  # fmt: skip
def test_a_role_that_was_given_and_is_not_there_is_outstanding(tmp_path: Path, mappings: str, status: int, shows: Says) -> None:
    world = town(tmp_path, mappings)
    give_role(world)
    service = keeping(world, "/Users/", status, says=shows)
    (outcome,) = world.apply().outcomes
    assert (outcome.change.address, outcome.status) == ("User/grace@x.org", "outstanding")
    assert "the role admin is not shown" in outcome.message
    for _ in range(2):
        says(world.plan(), "RoleMissing", "User/grace@x.org (admin) is not shown with what was given", "ignoreDrift")
        (caution,) = world.plan().cautions
        assert (caution.file.endswith("apps/wiki/mappings.yaml"), caution.line) == (True, line_of(mappings, "roles"))
        world.apply()
    assert len(service.sent) == 1


def line_of(mappings: str, word: str) -> int:
    return next(number for number, line in enumerate(mappings.splitlines(), 1) if word in line)


def test_a_role_that_was_given_is_no_longer_outstanding_once_it_is_there_or_said_not_to_be(tmp_path: Path) -> None:
    world = town(tmp_path)
    give_role(world)
    service = keeping(world, "/Users/")
    world.apply()
    world.write(
        "apps/wiki/mappings.yaml", MAPPINGS.replace("([appRoleAssignments])'", "([appRoleAssignments])', ignoreDrift: true")
    )
    assert (world.plan().changes, world.plan().outstanding, world.plan().ignored) == ((), 0, 0)
    world.write("apps/wiki/mappings.yaml", MAPPINGS)
    assert world.plan().outstanding == 1
    world.transport.inner = service.inner
    world.edit("grace@x.org", "roles", [{"value": "user", "display": "User", "primary": False}, ADMIN])
    assert (world.plan().changes, world.plan().outstanding) == ((), 0)


class Hiding(httpx.BaseTransport):
    """Shows one attribute of nobody."""

    def __init__(self, inner: httpx.BaseTransport, name: str) -> None:
        self.inner, self.name = inner, name

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        data = json.loads(response.read() or b"{}")
        for item in data.get("Resources", [data]):
            item.pop(self.name, None)
        return httpx.Response(response.status_code, json=data)


def test_roles_that_a_service_shows_of_nobody_are_unknown(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("apps/wiki/mappings.yaml", MAPPINGS)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: grace@x.org")
    world.groups("displayName: Net, members: [ada@x.org]")
    world.transport.inner = Hiding(world.transport.inner, "roles")
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User", "group: Net, role: User")
    world.apply()
    give_role(world)
    assert [outcome.status for outcome in world.apply().outcomes] == ["ignored", "ignored"]
    plan = world.plan()
    assert (plan.changes, plan.ignored, plan.outstanding, plan.cautions) == ((), 2, 0, ())


def test_a_new_account_whose_answer_leaves_out_its_roles_has_them_all_the_same(tmp_path: Path) -> None:
    world = town(tmp_path)
    newcomer(world)
    world.transport.inner = Creating(world.transport.inner, keeps=True)
    assert [outcome.status for outcome in world.apply().outcomes] == ["done"]
    assert (world.plan().changes, world.plan().outstanding) == ((), 0)


def test_a_new_account_without_its_roles_is_outstanding(tmp_path: Path) -> None:
    world = town(tmp_path)
    newcomer(world)
    world.transport.inner = Creating(world.transport.inner, keeps=False)
    (outcome,) = world.apply().outcomes
    assert outcome.status == "outstanding" and "the role admin is not shown" in outcome.message
    says(world.plan(), "RoleMissing", "User/hedy@x.org (admin) is not shown with what was given")


def newcomer(world: World) -> None:
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: grace@x.org", "userPrincipalName: hedy@x.org")
    world.assign(
        "user: ada@x.org, role: Admin",
        "user: grace@x.org, role: User",
        "user: hedy@x.org, role: Admin",
        "group: Net, role: User",
    )


class Creating(httpx.BaseTransport):
    """Answers to a create without roles, which it `keeps` or not."""

    def __init__(self, inner: httpx.BaseTransport, keeps: bool) -> None:
        self.inner, self.keeps = inner, keeps

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return self.inner.handle_request(request)
        body = json.loads(request.content)
        if not self.keeps:
            body.pop("roles", None)
        response = self.inner.handle_request(
            httpx.Request("POST", request.url, headers={"Content-Type": "application/scim+json"}, json=body)
        )
        response.read()
        return httpx.Response(response.status_code, json=without("roles")(response.json()))


@pytest.mark.parametrize(("status", "shows"), [
    (204, dict), (200, dict), (200, lambda shown: {**shown, "active": True}), (200, without("active")),
])  # fmt: skip
def test_an_account_that_was_enabled_and_stays_inactive_is_outstanding_and_told_once(
    tmp_path: Path, status: int, shows: Says
) -> None:
    world = town(tmp_path)
    world.edit("ada@x.org", "active", False)
    service = keeping(world, "/Users/", status, says=shows)
    (outcome,) = world.apply().outcomes
    assert (outcome.change.action, outcome.status) == ("enable", "outstanding")
    assert "the account is still inactive" in outcome.message
    for _ in range(2):
        says(world.plan(), "StillInactive", "User/ada@x.org is still inactive", "deprovision: {inactive: ignored}")
        world.apply()
    assert len(service.sent) == 1
    world.profile("generic", deprovision={"inactive": "ignored"})
    assert (world.plan().changes, world.plan().outstanding, world.plan().cautions) == ((), 0, ())


@pytest.mark.parametrize(("status", "shows"), [
    (204, dict), (200, dict), (200, lambda shown: {**shown, "members": shown["members"][1:]}), (200, without("members")),
])  # fmt: skip
def test_a_member_who_was_taken_out_and_stays_is_outstanding(tmp_path: Path, status: int, shows: Says) -> None:
    world = town(tmp_path)
    world.groups("displayName: Net, members: [grace@x.org]")
    service = keeping(world, "/Groups/", status, says=shows)
    (outcome,) = [found for found in world.apply().outcomes if found.change.address == "Group/Net"]
    assert outcome.status == "outstanding" and "did not take out User/ada@x.org" in outcome.message
    for _ in range(2):
        says(world.plan(), "MemberKept", "User/ada@x.org is still in Group/Net")
        world.apply()
    assert len(service.sent) == 1
    world.transport.inner = service.inner
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.converge()
    world.groups("displayName: Net, members: [grace@x.org]")
    world.converge()  # told again, since somebody wanted her in between
    assert len(world.group("Net")["members"]) == 1


def test_a_member_whom_somebody_takes_out_by_hand_is_forgotten(tmp_path: Path) -> None:
    world = town(tmp_path)
    world.groups("displayName: Net, members: [grace@x.org]")
    service = keeping(world, "/Groups/")
    world.apply()
    world.transport.inner = service.inner
    group, ada = world.group("Net")["id"], world.find("ada@x.org")["id"]
    world.client.patch("Groups", group, [{"op": "remove", "path": f'members[value eq "{ada}"]'}])
    assert world.plan().outstanding == 0
    world.converge()
    record = world.store.load()
    assert record is not None and "kept" not in record.entries["Group/Net"]


@pytest.mark.parametrize(
    ("status", "words"), [(200, "did not delete it"), (204, "did not delete it"), (404, "answered 404"), (405, "answered 405")]
)
def test_an_account_that_is_still_there_is_not_deleted(tmp_path: Path, status: int, words: str) -> None:
    world = town(tmp_path)
    world.write("apps/wiki/app.yaml", APP + "deprovisioning: {outOfScope: delete}\n")
    leave(world)
    service = keeping(world, "/Users/", status, "DELETE")
    found = {o.change.address: o for o in world.apply().outcomes}
    assert found["User/ada@x.org"].status == "failed" and words in found["User/ada@x.org"].message
    record = world.store.load()
    assert record is not None and "User/ada@x.org" in record.entries
    assert [change.action for change in world.plan().changes] == ["delete"]
    world.transport.inner = service.inner
    world.converge()


def test_commands_end_in_5_and_2_until_it_is_so(tmp_path: Path) -> None:
    kept = [True]

    def decide(call: Call) -> Answer | None:
        return Answer(204) if kept[0] and call.method == "PATCH" and "/Users/" in call.path else None

    with scim_server() as scim, front(decide, scim) as service:
        desk = Desk(tmp_path, service.url + "/kept")
        desk.write("directory/groups/a.yaml", "groups: []\n")
        desk.write("apps/wiki/assignments.yaml", both("ada", "grace"))
        assert desk.reconcile("apply", "--auto-approve").code == 0
        desk.write("apps/wiki/assignments.yaml", both("grace"))
        assert desk.reconcile("plan", "--out", "plan.json").code == 0
        for arguments, code in WHILE_IT_IS_LEFT:
            ran = desk.reconcile(*arguments)
            assert ran.code == code, (arguments, ran)
        assert len([call for call in service.writes if call.method == "PATCH"]) == 1
        assert "still active" in desk.reconcile("plan").out
        assert desk.reconcile("revoke", "ada@x.org", "--auto-approve").code == 1  # told again, in vain
        kept[0] = False
        assert desk.reconcile("revoke", "ada@x.org", "--auto-approve").code == 0
        assert desk.reconcile("plan", "--detailed-exitcode").code == 0


def both(*names: str) -> str:
    return "assignments:\n" + "".join(f"  - {{user: {name}@x.org, role: User}}\n" for name in names)


WHILE_IT_IS_LEFT = [
    (("apply", "plan.json"), 5), (("apply", "plan.json"), 5), (("apply", "--auto-approve"), 5), (("plan",), 0),
    (("plan", "--detailed-exitcode"), 2), (("plan", "--detailed-exitcode", "--only", "User/grace@x.org"), 0),
]  # fmt: skip
