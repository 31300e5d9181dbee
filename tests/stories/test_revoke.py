"""The person who must be out now: disabled at once, and kept out until the declaration agrees."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.servers import Answer, Call, Desk, answer, front, page, scim_server
from tests.support.world import APP, MAPPINGS, World

REVOKE = ("revoke", "ADA@x.org", "--reason", "stolen laptop", "--auto-approve")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scim_server() as url:
        yield url


@pytest.fixture
def desk(tmp_path: Path, server: str) -> Desk:
    found = Desk(tmp_path, f"{server}/{tmp_path.name}/v2")
    assert found.reconcile("apply", "--auto-approve").code == 0
    return found


def ada(desk: Desk) -> dict[str, object]:
    (found,) = desk.find("ada@x.org")
    return found


def members(desk: Desk) -> int:
    with desk.client() as client:
        return len(client.find("Groups", "displayName", "Net")[0].get("members", ()))


def test_the_account_is_disabled_and_its_memberships_and_roles_are_out(desk: Desk) -> None:
    ran = desk.reconcile(*REVOKE)
    assert ran.code == 0 and "stolen laptop" in ran.out
    assert ada(desk)["active"] is False and not ada(desk).get("roles") and members(desk) == 1
    (line,) = [
        json.loads(line)
        for line in next((desk.folder / ".reconcile/wiki/log").glob("*.jsonl")).read_text().splitlines()
        if '"occasion":"revoke' in line and '"address":"User/ada@x.org","action"' in line
    ]
    assert line["reconcile"]["occasion"] == "revoke: stolen laptop" and line["provisioningAction"] == "disable"
    asked = desk.reconcile("access", "--at", "0s", "--user", "ada@x.org")
    assert "ada@x.org had nothing any more: taken " in asked.err and "revoked: stolen laptop" in asked.err, asked


def test_what_the_person_loses_is_shown_and_nothing_of_anybody_else(desk: Desk) -> None:
    desk.people("ada@x.org", "grace@x.org, accountEnabled: false", "joan@x.org")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}, {user: joan@x.org, role: User}]\n")
    shown = desk.reconcile(*REVOKE).out
    assert [line for line in shown.splitlines() if "@x.org loses " in line] == [
        "  ada@x.org loses group Net, desired/directory/groups/a.yaml:1; loses User, desired/directory/users/a.yaml:2"
    ]
    assert " gains " not in shown


def test_a_second_revocation_without_a_reason_keeps_the_first_ones(desk: Desk) -> None:
    desk.reconcile(*REVOKE)
    assert desk.reconcile("revoke", "ada@x.org", "--auto-approve").code == 0
    said = desk.reconcile("plan")
    assert "stolen laptop" in said.out and "no reason" not in said.out
    assert "No changes." in said.out and "matches the declaration" not in said.out, "ada is declared, and kept out"
    desk.reconcile("revoke", "ada@x.org", "--auto-approve", "--reason", "NET-7")
    assert "NET-7" in desk.reconcile("plan").out


def test_nothing_lets_the_person_in_again_until_the_declaration_agrees(desk: Desk) -> None:
    desk.reconcile(*REVOKE)
    plan = desk.reconcile("plan", "--detailed-exitcode")
    assert plan.code == 0 and "desired/directory/users/a.yaml:2" in plan.out and "revoked on" in plan.out
    assert desk.reconcile("apply", "--auto-approve").code == 0 and ada(desk)["active"] is False
    with desk.client() as client:
        client.patch("Users", str(ada(desk)["id"]), [{"op": "replace", "path": "active", "value": True}])
    assert "disable User/ada@x.org" in desk.reconcile("plan").out
    assert desk.reconcile("apply", "--auto-approve").code == 0 and ada(desk)["active"] is False


def test_who_waits_for_the_name_of_somebody_who_left_is_revoked_by_the_name_of_the_account(desk: Desk) -> None:
    desk.people("grace@x.org, previously: [ada@x.org]")
    desk.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")
    ran = desk.reconcile("revoke", "grace@x.org", "--auto-approve")
    assert ran.code == 1 and "reconcile revoke ada@x.org" in ran.err and ada(desk)["active"] is True
    assert desk.reconcile(*REVOKE).code == 5 and ada(desk)["active"] is False and members(desk) == 1
    assert desk.reconcile("apply", "--auto-approve").code == 5 and ada(desk)["active"] is False
    (grace,) = desk.find("grace@x.org")
    with desk.client() as client:
        client.delete("Users", str(grace["id"]))
    desk.reconcile("apply", "--auto-approve")
    assert "revoked on" in desk.reconcile("plan").out and ada(desk)["active"] is False


def test_it_is_over_once_the_declaration_has_agreed(desk: Desk) -> None:
    desk.reconcile(*REVOKE)
    desk.people("ada@x.org, accountEnabled: false", "grace@x.org")
    agreed = desk.reconcile("apply", "--auto-approve")
    assert agreed.code == 0 and "revoked on" not in agreed.out
    desk.people("ada@x.org", "grace@x.org")
    back = desk.reconcile("apply", "--auto-approve")
    assert back.code == 0 and "enable User/ada@x.org" in back.out and "stolen laptop" not in back.out
    assert ada(desk)["active"] is True and members(desk) == 2


@pytest.mark.parametrize("renamed", [False, True])
def test_a_revocation_that_somebody_took_out_of_the_record_is_told_by_the_log(desk: Desk, renamed: bool) -> None:
    desk.reconcile(*REVOKE)
    name, row = "ada@x.org", "ada@x.org"
    if renamed:
        name, row = "ada.king@x.org", "ada.king@x.org, previously: [ada@x.org]"
    desk.people(row, "grace@x.org")
    desk.write("directory/groups/a.yaml", f"groups: [{{displayName: Net, members: [{name}, grace@x.org]}}]\n")
    file = desk.folder / ".reconcile/wiki/record.json"
    whole = json.loads(file.read_text())
    file.write_text(json.dumps({**whole, "revoked": {}}))
    said = desk.reconcile("plan").out
    (caution,) = [line.strip() for line in said.splitlines() if "by the provisioning log" in line]
    assert caution.startswith(f"! User/{name} was revoked on ") and "(stolen laptop) by the provisioning log" in caution
    assert "the record no longer says so" in caution
    assert caution.endswith("desired/directory/users/a.yaml:2 [RevokedByLog]")
    desk.people(row + ", accountEnabled: false", "grace@x.org")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    desk.people(row, "grace@x.org")
    assert "by the provisioning log" not in desk.reconcile("plan").out


def revoked(world: World) -> None:
    record = world.store.load()
    assert record is not None
    record.revoked = {"User/ada@x.org": {"at": "2026-06-01T00:00:00Z", "reason": "stolen laptop"}}
    world.store.save(record)


def test_it_is_not_over_while_the_account_is_still_active(tmp_path: Path) -> None:
    """The declaration has agreed, but the service refuses: a policy that retains accounts must not let the person stay."""
    world = World(tmp_path)
    world.write("apps/wiki/app.yaml", APP + "deprovisioning: {removedFromDirectory: retain}\n")
    world.users("userPrincipalName: ada@x.org")
    world.assign("user: ada@x.org, role: User")
    world.converge()
    revoked(world)
    world.users()
    world.assign()
    inner = world.transport.inner
    world.transport.inner = httpx.MockTransport(
        lambda request: inner.handle_request(request) if request.method == "GET" else httpx.Response(403)
    )
    assert [o.status for o in world.apply().outcomes] == ["failed"]
    world.transport.inner = inner
    world.converge()
    kept = world.store.load()
    assert kept is not None and kept.revoked == {} and world.find("ada@x.org")["active"] is False


@pytest.mark.parametrize(
    ("inactive", "said"), [("deletes", "; Generic SCIM service deletes the account, which cannot be undone"), ("keeps", "")]
)
def test_where_a_revoked_account_is_deleted_the_plan_says_so(tmp_path: Path, inactive: str, said: str) -> None:
    world = World(tmp_path, deprovision={"inactive": inactive})
    world.users("userPrincipalName: ada@x.org, displayName: Ada")
    world.assign("user: ada@x.org, role: User")
    world.converge()
    revoked(world)
    (change,) = world.plan().changes
    assert (change.name, change.reason) == ("Ada", "revoked on 2026-06-01: stolen laptop" + said)


def test_a_rename_lets_nobody_in_again(desk: Desk) -> None:
    desk.reconcile(*REVOKE)
    desk.people("ada.l@x.org, previously: [ada@x.org]", "grace@x.org")
    desk.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [ada.l@x.org, grace@x.org]}]\n")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    assert ada(desk)["active"] is False and desk.find("ada.l@x.org") == []


def test_a_group_that_is_yet_to_be_renamed_is_left_to_the_next_apply_and_that_is_said(desk: Desk) -> None:
    desk.write("directory/groups/a.yaml", "groups: [{displayName: Nets, previously: [Net], members: [ada@x.org, grace@x.org]}]\n")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Nets, role: User}]\n")
    ran = desk.reconcile(*REVOKE)
    assert ran.code == 0 and "yet to be renamed" in ran.err and ada(desk)["active"] is False and members(desk) == 2
    assert desk.reconcile("apply", "--auto-approve").code == 0 and desk.reconcile("plan", "--detailed-exitcode").code == 0


def test_everybody_else_is_left_alone(desk: Desk) -> None:
    desk.edit("grace@x.org", "displayName", "Somebody")
    desk.people("ada@x.org, jobTitle: Chief", "grace@x.org, jobTitle: Chief")
    assert desk.reconcile(*REVOKE).code == 0
    (grace,) = desk.find("grace@x.org")
    assert grace["displayName"] == "Somebody" and "title" not in grace
    assert ada(desk)["title"] == "Engineer"


def test_an_app_that_is_to_retain_accounts_disables_them_all_the_same(desk: Desk) -> None:
    desk.write(
        "apps/wiki/app.yaml",
        (desk.folder / "desired/apps/wiki/app.yaml").read_text()
        + "deprovisioning: {outOfScope: retain, removedFromDirectory: retain}\n",
    )
    desk.people("grace@x.org")
    desk.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")
    assert desk.reconcile(*REVOKE).code == 0 and ada(desk)["active"] is False


def test_an_app_that_cannot_disable_says_so(desk: Desk) -> None:
    text = MAPPINGS.replace(next(line for line in MAPPINGS.splitlines() if "target: active" in line) + "\n", "")
    desk.write("apps/wiki/mappings.yaml", text)
    ran = desk.reconcile(*REVOKE)
    assert ran.code == 1 and "disable it on the service" in ran.out and "ada@x.org is still active" in ran.err


def test_a_service_that_ignores_it_leaves_the_person_in_and_that_is_an_error(desk: Desk, server: str) -> None:
    account = ada(desk)
    account["roles"] = []

    def ignore(call: Call) -> Answer | None:
        return answer(200, account) if call.method == "PATCH" and str(account["id"]) in call.path else None

    with front(ignore, behind=server) as proxy:
        there = {"WIKI_URL": desk.url.replace(server, proxy.url), "RECONCILE_ALLOWED_ORIGINS": proxy.url}
        ran = desk.reconcile(*REVOKE, **there)
        assert ran.code == 1 and "ada@x.org is still active in wiki: the service did not disable it" in ran.err
        desk.people("grace@x.org")
        desk.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")
        ran = desk.reconcile(*REVOKE, **there)
    assert ran.code == 1 and "ada@x.org is still active in wiki: the service did not disable it" in ran.err


@pytest.mark.parametrize(("shows", "active", "code"), [
    ("filter", True, 1), ("list", True, 1), ("filter", False, 0), ("list", False, 0), ("nothing", True, 0),
])  # fmt: skip
def test_an_account_without_an_id_is_out_only_where_no_filter_and_no_list_shows_it_as_active(
    desk: Desk, server: str, shows: str, active: bool, code: int
) -> None:
    account, told = {**ada(desk), "roles": []}, list[bool]()

    def vanishes(call: Call) -> Answer | None:
        if call.method == "PATCH" and str(account["id"]) in call.path:
            told.append(True)
            return Answer(204)
        if call.method != "GET" or not told or "Users" not in call.path:
            return None
        if call.path.endswith(str(account["id"])):
            return answer(404, {"detail": "not found"})
        asked = "filter" if "filter=" in call.query else "list"
        return page({**account, "active": active}) if asked == shows else page()

    with front(vanishes, behind=server) as proxy:
        there = {"WIKI_URL": desk.url.replace(server, proxy.url), "RECONCILE_ALLOWED_ORIGINS": proxy.url}
        ran = desk.reconcile(*REVOKE, **there)
    assert ran.code == code, ran
    assert ("still active" in ran.err) is (code == 1)


@pytest.mark.parametrize(("broken", "code"), [("lists", 0), ("filters too", 0), ("everything", 1)])
def test_a_service_whose_lists_cannot_be_read_keeps_nobody_in(desk: Desk, server: str, broken: str, code: int) -> None:
    listed: list[Call] = []

    def breaks(call: Call) -> Answer | None:
        if call.method == "GET" and call.path.endswith("/Users") and "filter=" not in call.query:
            listed.append(call)
        one = call.path.rpartition("/")[2] not in ("Users", "Groups")
        spared = one if broken == "filters too" else one or "filter=" in call.query
        reads = call.method == "GET" and ("Users" in call.path or "Groups" in call.path)
        return answer(500, {"detail": "paging is broken"}) if reads and (broken == "everything" or not spared) else None

    with front(breaks, behind=server) as proxy:
        there = {"WIKI_URL": desk.url.replace(server, proxy.url), "RECONCILE_ALLOWED_ORIGINS": proxy.url}
        ran = desk.reconcile(*REVOKE, **there)
    assert (ran.code, ada(desk)["active"] is False) == (code, code == 0)
    if code:
        assert "User/ada@x.org was not revoked in wiki: disable the account there by hand, now" in ran.err
    else:
        assert members(desk) == 1 and "cannot be read" not in ran.out + ran.err and listed == []


def test_who_is_hidden_by_the_lists_is_revoked_and_who_is_hidden_and_not_ours_is_an_error(desk: Desk, server: str) -> None:
    desk.seed("mal@x.org")

    def hides(call: Call) -> Answer | None:
        return page() if call.method == "GET" and call.path.endswith("/Users") and "filter=" not in call.query else None

    with front(hides, behind=server) as proxy:
        there = {"WIKI_URL": desk.url.replace(server, proxy.url), "RECONCILE_ALLOWED_ORIGINS": proxy.url}
        assert desk.reconcile(*REVOKE, **there).code == 0
        ran = desk.reconcile("revoke", "mal@x.org", "--auto-approve", **there)
    assert ada(desk)["active"] is False
    assert ran.code == 1 and "mal@x.org is still active in wiki: it is not managed here" in ran.err


@pytest.mark.parametrize("declared", ["by userName", "by mail", "not at all"])
def test_an_account_that_is_not_ours_is_left_alone_and_that_is_an_error(desk: Desk, declared: str) -> None:
    desk.seed("m@y.org" if declared == "by mail" else "mal@x.org")
    if declared == "by mail":
        desk.write("apps/wiki/mappings.yaml", MAPPINGS.replace("source: userPrincipalName", "source: mail"))
    people = ["ada@x.org, mail: ada@x.org, jobTitle: Engineer", "grace@x.org, mail: grace@x.org"]
    desk.people(*people, *(["mal@x.org, mail: m@y.org"] if declared != "not at all" else []))
    ran = desk.reconcile("revoke", "mal@x.org", "--auto-approve")
    assert ran.code == 1 and "is still active in wiki: it is not managed here" in ran.err and "by hand, now" in ran.err


def test_the_requests_shown_are_those_of_the_revocation(desk: Desk) -> None:
    desk.people("ada@x.org, jobTitle: Chief", "grace@x.org, jobTitle: Chief")
    assert "about 6 requests, 2 of them writes" in desk.reconcile(*REVOKE).out


def test_a_declaration_in_error_revokes_nobody_and_says_what_to_do(desk: Desk) -> None:
    desk.people("ada@x.org, nonsense: 1")
    ran = desk.reconcile(*REVOKE)
    assert ran.code == 1 and "Nobody was revoked" in ran.err and ada(desk)["active"] is True


def test_a_name_that_nobody_bears_is_a_wrong_use(desk: Desk) -> None:
    ran = desk.reconcile("revoke", "adda@x.org", "--auto-approve")
    assert ran.code == 64 and "did you mean 'ada@x.org'" in ran.err and ada(desk)["active"] is True
    ran = desk.reconcile("revoke", "nobody@x.org", "--auto-approve")
    assert ran.code == 64 and "ada" not in ran.err and "userPrincipalName" in ran.err
    desk.people("ada@x.org, displayName: Countess Lovelace", "grace@x.org")
    ran = desk.reconcile("revoke", "lovelace", "--auto-approve")
    assert ran.code == 64 and "did you mean 'ada@x.org'" in ran.err and ada(desk)["active"] is True


def test_it_asks_and_needs_somebody_to_answer(desk: Desk) -> None:
    assert desk.reconcile("revoke", "ada@x.org").code == 64 and ada(desk)["active"] is True


@pytest.mark.parametrize("rule", ["protected: [ada@x.org]", "lockout: {role: User, minimumActive: 2}"])
def test_nobody_is_revoked_past_protected_and_lockout(desk: Desk, rule: str) -> None:
    app = desk.folder / "desired/apps/wiki/app.yaml"
    app.write_text(app.read_text(encoding="utf-8") + f"safeguards: {{{rule}}}\n", encoding="utf-8")
    ran = desk.reconcile(*REVOKE)
    assert ran.code == 3 and rule.partition(":")[0] in ran.err and ada(desk)["active"] is True and members(desk) == 2


def test_a_revocation_goes_past_the_number_of_deletions(desk: Desk) -> None:
    app = desk.folder / "desired/apps/wiki/app.yaml"
    app.write_text(app.read_text(encoding="utf-8") + "safeguards: {accidentalDeletions: {count: 0}}\n", encoding="utf-8")
    assert desk.reconcile(*REVOKE).code == 0 and ada(desk)["active"] is False


def test_a_revocation_uses_up_nothing_of_the_number_of_deletions(desk: Desk) -> None:
    app = desk.folder / "desired/apps/wiki/app.yaml"
    app.write_text(app.read_text(encoding="utf-8") + "safeguards: {accidentalDeletions: {count: 1}}\n", encoding="utf-8")
    assert desk.reconcile(*REVOKE).code == 0
    desk.people("ada@x.org, accountEnabled: false")
    desk.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [ada@x.org]}]\n")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    (grace,) = desk.find("grace@x.org")
    assert grace["active"] is False


def test_an_app_that_is_declared_no_more_is_named_by_plan_and_revoke(desk: Desk, server: str) -> None:
    desk.zoo(f"{server}/zoo-{desk.folder.name}/v2")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    (desk.folder / "desired/apps/zoo").rename(desk.folder / "zoo")
    for command in ("plan", "apply"):
        ran = desk.reconcile(command, *(["--auto-approve"] if command == "apply" else []))
        assert ran.code == 0 and "zoo is not declared in desired, and its record, .reconcile/zoo, holds 2 accounts" in ran.err
    assert "zoo" not in desk.reconcile("plan", "--app", "wiki").err
    ran = desk.reconcile(*REVOKE)
    assert ran.code == 1 and ada(desk)["active"] is False
    assert "the app zoo is not declared here, and by its record User/ada@x.org may have an active account" in ran.err
    (desk.folder / "zoo").rename(desk.folder / "desired/apps/zoo")
    assert desk.reconcile(*REVOKE).code == 0
    assert "zoo" not in desk.reconcile("plan").err


def test_a_record_that_cannot_be_read_hides_no_other_and_is_no_reason_to_be_calm(desk: Desk) -> None:
    (desk.folder / ".reconcile/aaa").mkdir()
    (desk.folder / ".reconcile/aaa/record.json").write_text("{")
    shutil.copytree(desk.folder / ".reconcile/wiki", desk.folder / ".reconcile/bbb")
    record = desk.folder / ".reconcile/bbb/record.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "app": "bbb"}))
    said = desk.reconcile("plan").err
    assert "the app aaa is not declared in desired, and its record cannot be read" in said and "the app bbb" in said
    ran = desk.reconcile(*REVOKE)
    assert ran.code == 1 and ada(desk)["active"] is False and "the app aaa" in ran.err and "the app bbb" in ran.err


def test_who_is_known_by_another_apps_record_alone_is_put_into_no_record_here(desk: Desk) -> None:
    desk.zoo(desk.url.replace("/v2", "-zoo/v2"))
    desk.people("ada@x.org", "grace@x.org", "eve@x.org")
    desk.write("apps/zoo/assignments.yaml", "assignments: [{user: eve@x.org, role: User}]\n")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    (desk.folder / "desired/apps/zoo").rename(desk.folder / "zoo")
    desk.people("ada@x.org", "grace@x.org")
    ran = desk.reconcile("revoke", "eve@x.org", "--auto-approve")
    assert ran.code == 1 and "the app zoo is not declared here" in ran.err and "Applied" not in ran.out
    assert "eve" not in (desk.folder / ".reconcile/wiki/record.json").read_text()
