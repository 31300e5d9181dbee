"""A plan for which only what the declaration's change can touch was read: a checkout and a real service in, plans out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cycle.minimal import minimal_if_large, minimal_read
from reconciler.cycle.read import read_live
from reconciler.plan.model import PartRead, Plan
from reconciler.plan.selection import Selection
from tests.support.gitworld import git
from tests.support.warned import texts
from tests.support.world import MAPPINGS, World

PEOPLE = tuple(f"p{number}@x.org" for number in range(12))
NET, OPS = "displayName: Net, members: [%s]", "displayName: Ops, members: [p7@x.org, p8@x.org]"
OTHERS = ("group: Ops, role: User", *(f"user: {name}, role: User" for name in PEOPLE))


class Asked(httpx.BaseTransport):
    """What the service is asked for: `asked` are the paths of requests, without host."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner, self.asked = inner, list[str]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
        return self.inner.handle_request(request)


class Town(World):
    """Twelve people, of whom three are in Net and two in Ops: applied, and committed."""

    def __init__(self, folder: Path, *assignments: str, **overrides: Any) -> None:
        super().__init__(folder, **overrides)
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.titles: dict[str, str] = {}
        self.people()
        self.net("p0@x.org", "p1@x.org", "p2@x.org")
        self.assign(*assignments or ("group: Net, role: Admin", *OTHERS))
        self.save()
        self.converge()
        self.wire = self.transport.inner = Asked(self.transport.inner)

    def people(self, *names: str, **titles: str) -> None:
        self.titles |= titles
        rows = [(name, self.titles.get(name.partition("@")[0], "Staff")) for name in names or PEOPLE]
        self.users(*(f"userPrincipalName: {name}, jobTitle: {title}" for name, title in rows))

    def net(self, *members: str) -> None:
        self.groups(NET % ", ".join(members), OPS)

    def save(self) -> None:
        """All files in a commit, which is the one that is applied from now on."""
        git(self.folder, "add", "desired")
        git(self.folder, "commit", "--quiet", "--allow-empty", "-m", "change")
        self.head = git(self.folder, "rev-parse", "HEAD").strip()

    def minimal(self, *only: str, also: tuple[str, ...] = ()) -> Plan:
        self.wire.asked.clear()
        self.read = minimal_read(only, also)
        try:
            return self.session(Selection(only)).planned.plan
        finally:
            self.read = read_live


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.chdir(tmp_path)
    return Town(tmp_path)


def done(plan: Plan) -> list[tuple[str, str]]:
    return [(change.address, str(change.action)) for change in plan.changes]


def same_changes(one: Plan, other: Plan) -> bool:
    return [change.digest for change in one.changes] == [change.digest for change in other.changes]


def test_nothing_is_asked_for_where_nothing_changed(town: Town) -> None:
    town.edit("p5@x.org", "title", "Drifted")
    plan = town.minimal()
    assert (done(plan), plan.part) == ([], PartRead(town.head or "", 0, 0))
    assert [path for path in town.wire.asked if "/Users" in path or "/Groups" in path] == []
    assert done(town.plan()) == [("User/p5@x.org", "update")], "the nightly run sees everything"


def test_one_line_reads_one_account(town: Town) -> None:
    town.people(p5="Boss")
    plan = town.minimal()
    assert done(plan) == [("User/p5@x.org", "update")]
    assert plan.part == PartRead(town.head or "", 1, 0)
    assert len([path for path in town.wire.asked if "/Users" in path]) == 1
    assert same_changes(plan, town.plan())
    assert plan.digest != town.plan().digest, "it says less than a plan of everything"


@pytest.mark.parametrize(("over", "part"), [(13, True), (14, False), (None, False)])
def test_an_app_is_read_so_in_a_review_when_its_record_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, over: int | None, part: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    town = Town(tmp_path)
    file = tmp_path / "desired/apps/wiki/app.yaml"
    if over is not None:
        file.write_text(file.read_text() + f"provisioning: {{minimalOver: {over}}}\n")
    town.save()
    town.converge()
    town.people(p5="Boss")
    town.read = minimal_if_large()
    plan = town.session(Selection()).planned.plan
    assert done(plan) == [("User/p5@x.org", "update")]
    assert (plan.part is not None) is part


def test_somebody_new_is_looked_for_by_name_and_adopted(town: Town) -> None:
    town.seed("new@x.org")
    town.people(*PEOPLE, "new@x.org", "newer@x.org")
    town.net("p0@x.org", "p1@x.org", "p2@x.org", "new@x.org", "newer@x.org")
    plan = town.minimal()
    assert done(plan) == [("Group/Net", "update"), ("User/new@x.org", "update"), ("User/newer@x.org", "create")]
    assert same_changes(plan, town.plan())


def test_who_goes_leaves_the_groups_and_nobody_else_does(town: Town) -> None:
    town.people(*(name for name in PEOPLE if name != "p1@x.org"))
    town.net("p0@x.org", "p2@x.org")
    town.assign("group: Net, role: Admin", *(row for row in OTHERS if "p1@" not in row))
    plan = town.minimal()
    assert done(plan) == [("Group/Net", "update"), ("User/p1@x.org", "disable")]
    assert plan.changes[0].remove == ("User/p1@x.org",)
    assert same_changes(plan, town.plan())


def test_a_member_who_was_put_in_by_hand_is_read_before_being_taken_out(town: Town) -> None:
    net, hand = town.group("Net"), town.find("p9@x.org")
    town.bare.patch("Groups", net["id"], [{"op": "add", "path": "members", "value": [{"value": hand["id"]}]}])
    town.net("p0@x.org", "p1@x.org", "p2@x.org", "p3@x.org")
    plan = town.minimal()
    assert plan.changes[0].remove == ("User/p9@x.org",) and plan.changes[0].add == ("User/p3@x.org",)
    assert same_changes(plan, town.plan())


def test_a_rename_is_one_wherever_the_person_is_named(town: Town) -> None:
    rows = [f"userPrincipalName: {name}, jobTitle: Staff" for name in PEOPLE if name != "p1@x.org"]
    town.users(*rows, "userPrincipalName: ada@x.org, jobTitle: Staff, previously: [p1@x.org]")
    town.net("p0@x.org", "ada@x.org", "p2@x.org")
    town.assign("group: Net, role: Admin", *(row.replace("p1@", "ada@") for row in OTHERS))
    plan = town.minimal()
    assert done(plan) == [("User/ada@x.org", "update")]
    assert same_changes(plan, town.plan())


def test_an_expired_assignment_counts_without_a_change_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = (row for row in OTHERS if "p1@" not in row)
    town = Town(tmp_path, "group: Net, role: Admin", "user: p10@x.org, role: Admin, expires: 2026-06-10", *rows)
    assert done(town.minimal()) == []
    town.today = "2026-06-11"
    plan = town.minimal()
    assert done(plan) == [("User/p10@x.org", "update")] and same_changes(plan, town.plan())
    assert town.apply().complete
    assert town.minimal().part == PartRead(town.head or "", 0, 0)


def test_an_assignment_that_had_expired_and_is_extended_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = ("group: Net, role: Admin", *(row for row in OTHERS if "p11@" not in row))
    town = Town(tmp_path, "user: p11@x.org, role: User, expires: 2026-06-10", *rows)
    town.today = "2026-06-11"
    assert town.apply().complete
    town.assign("user: p11@x.org, role: User, expires: 2026-06-30", *rows)
    plan = town.minimal()
    assert done(plan) == [("User/p11@x.org", "enable")] and same_changes(plan, town.plan())


def test_an_apply_of_it_moves_the_commit_and_keeps_the_record_of_the_rest(town: Town) -> None:
    before = town.store.load()
    town.people(p5="Boss")
    town.save()
    town.read = minimal_read()
    assert town.apply().complete
    after = town.store.load()
    assert before and after and after.commit == town.head != before.commit
    assert {a: e for a, e in after.entries.items() if "p5@" not in a} == {
        a: e for a, e in before.entries.items() if "p5@" not in a
    }
    assert town.minimal().part == PartRead(town.head or "", 0, 0)
    town.read = read_live
    assert town.plan().changes == ()


def test_a_reviewed_minimal_plan_is_applied_and_found_done(town: Town) -> None:
    town.people(p5="Boss")
    reviewed = town.minimal()
    about = tuple(change.address for change in reviewed.changes)
    town.read = minimal_read(also=about)
    assert [change.address for change in town.compare(reviewed).todo] == ["User/p5@x.org"]
    town.save()
    assert town.apply().complete
    compared = town.compare(reviewed)
    assert (compared.moved, compared.todo, list(compared.done)) == ([], [], ["User/p5@x.org"])


def test_an_apply_of_what_was_named_alone_leaves_the_commit_to_do(town: Town) -> None:
    town.people(p5="Boss", p6="Chief")
    town.save()
    town.read = minimal_read(only=("User/p5@x.org",))
    assert town.apply(only=("User/p5@x.org",)).complete
    record = town.store.load()
    assert record is not None and record.commit != town.head and record.begun == [town.head]
    plan = town.minimal()
    assert done(plan) == [("User/p6@x.org", "update")] and same_changes(plan, town.plan())


def test_what_was_applied_in_part_and_taken_back_is_read(town: Town) -> None:
    town.people(p5="Boss", p6="Chief")
    town.save()
    assert town.apply(only=("User/p5@x.org",)).complete
    record = town.store.load()
    assert record is not None and record.begun == [town.head]
    town.people(p5="Staff", p6="Staff")
    town.save()
    plan = town.minimal()
    assert done(plan) == [("User/p5@x.org", "update")] and same_changes(plan, town.plan())
    assert town.apply().complete
    record = town.store.load()
    assert record is not None and (record.commit, record.begun) == (town.head, [])


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("apps/wiki/roles.yaml", "roles: [{value: admin, displayName: Admin}, {value: user, displayName: User}]\n", "roles.yaml"),
        ("apps/wiki/mappings.yaml", MAPPINGS.replace("source: jobTitle", "source: city"), "mappings.yaml"),
        ("reconciler.yaml", "defaultDomain: x.org\n", "reconciler.yaml"),
    ],
)
def test_what_everybody_rests_on_has_everything_read(town: Town, path: str, text: str, why: str) -> None:
    town.write(path, text)
    plan = town.minimal()
    assert plan.part is None and plan.digest == town.plan().digest
    assert any(why in words and "everything was read" in words for words in texts(plan.warnings))


def test_without_a_commit_or_with_one_of_elsewhere_everything_is_read(town: Town) -> None:
    record = town.store.load()
    assert record is not None
    of, other = record.commit, "a" * 40
    for commit, begun, why in (
        ("", [], "knows no commit of what"),
        (other, [], "is not in this checkout"),
        (of, [""], "knows no commit of what"),
        (of, [of] * 4, "4 applies since the last complete one"),
    ):
        record.commit, record.begun = commit, begun
        town.store.save(record)
        plan = town.minimal()
        assert plan.part is None and any(why in words for words in texts(plan.warnings))


def test_of_a_record_made_with_another_address_everything_is_read(town: Town) -> None:
    record = town.store.load()
    assert record is not None
    record.base_url = "https://test.example.com/v2"
    town.store.save(record)
    plan = town.minimal()
    assert plan.part is None and any("made with another address" in words for words in texts(plan.warnings))


def test_a_group_that_somebody_revoked_has_not_left_is_read(town: Town) -> None:
    record = town.store.load()
    assert record is not None
    record.revoke("User/p1@x.org", town.now, "left")
    town.store.save(record)
    service = town.wire.inner

    def keeps_groups(request: httpx.Request) -> httpx.Response:
        refused = request.method != "GET" and "/Groups/" in request.url.path
        return httpx.Response(403, json={"detail": "no"}) if refused else service.handle_request(request)

    town.wire.inner = httpx.MockTransport(keeps_groups)
    assert not town.apply(only=("User/p1@x.org",)).complete
    town.wire.inner = service
    plan = town.minimal()
    assert plan.part is not None
    assert done(plan) == [("Group/Net", "update")] and same_changes(plan, town.plan())


def test_named_addresses_are_read_with_their_groups_and_without_a_commit(town: Town) -> None:
    record = town.store.load()
    assert record is not None
    record.commit = ""
    town.store.save(record)
    town.edit("p1@x.org", "title", "Drifted")
    plan = town.minimal("user/P1@x.org")
    assert done(plan) == [("User/p1@x.org", "update")] and plan.part == PartRead("", 1, 1)


def test_whose_account_cannot_be_asked_for_is_unknown(town: Town) -> None:
    town.people(p5="Boss", p6="Chief")
    id = town.find("p5@x.org")["id"]
    inner = town.wire.inner

    class Refusing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if id in str(request.url) or "p5%40" in str(request.url) or "p5@" in str(request.url):
                return httpx.Response(403, json={"detail": "not for you"})
            return inner.handle_request(request)

    town.wire.inner = Refusing()
    plan = town.minimal()
    assert done(plan) == [("User/p6@x.org", "update")]
    assert [error.code for error in plan.errors] == ["NotAnswered"]


def test_more_than_a_list_would_take_are_read_in_a_list(town: Town) -> None:
    town.people(**{f"p{number}": "Boss" for number in range(10)})
    assert town.minimal().part == PartRead(town.head or "", 10, 0), "a few are asked for all the same"
    town.people(p10="Boss")
    plan = town.minimal()
    assert plan.part is None and len(plan.changes) == 11 and plan.digest == town.plan().digest
    assert any(
        "11 objects would have to be asked for in 11 requests, and 4 requests list" in words for words in texts(plan.warnings)
    )
    assert len([path for path in town.wire.asked if "/Users/" in path]) == 0


def test_members_who_would_cost_more_than_a_list_are_read_in_one(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.cycle.minimal.FEW", 5)
    town.assign("group: Net, role: Admin", "group: Ops, role: User", "group: Ops, role: Admin", *OTHERS[1:])
    town.net(*PEOPLE[:3], *PEOPLE[3:8])
    plan = town.minimal()
    assert plan.part is None and plan.digest == town.plan().digest


def test_where_the_service_holds_many_more_than_the_record_a_list_costs_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("reconciler.cycle.minimal.FEW", 5)
    town = Town(tmp_path, discovery=False, paging={"count": 10})
    town.people(**{f"p{number}": "Boss" for number in range(6)})
    assert town.minimal().part is None
    for number in range(30):
        town.seed(f"other{number}@x.org")
    assert town.minimal().part == PartRead(town.head or "", 6, 0)


def test_holders_whom_a_safeguard_counts_are_read_beside(town: Town) -> None:
    text = (town.folder / "desired/apps/wiki/app.yaml").read_text()
    town.write("apps/wiki/app.yaml", text + "safeguards: {lockout: {role: Admin, minimumActive: 2}}\n")
    town.save()
    town.converge()
    town.people(p5="Boss")
    plan = town.minimal()
    assert done(plan) == [("User/p5@x.org", "update")]
    assert plan.part is not None and plan.part.users == 4
    assert {item["name"]: item["status"] for item in plan.safeguards}["lockout"] == "ok"


def test_a_leaver_is_disabled_and_the_safeguard_empty_does_not_mistake_the_rest(town: Town) -> None:
    town.assign("group: Net, role: Admin", *(row for row in OTHERS if "p11@" not in row))
    plan = town.minimal()
    assert done(plan) == [("User/p11@x.org", "disable")]
    empty = next(item for item in plan.safeguards if item["name"] == "empty")
    assert empty["status"] == "ok" and "not all were read" in empty["detail"]


class NotFound(httpx.BaseTransport):
    """Answers 404 for every account by its id, `body` with it; `filters` says whether filters of accounts are answered."""

    def __init__(self, inner: httpx.BaseTransport, body: bytes, filters: bool) -> None:
        self.inner, self.body, self.filters = inner, body, filters

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and ("/Users/" in request.url.path or ("Users" in request.url.path and not self.filters)):
            return httpx.Response(404, content=self.body)
        return self.inner.handle_request(request)


PAGE, GONE = b"<html>no such page</html>", b'{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404"}'


def without_p11(town: Town) -> None:
    town.assign("group: Net, role: Admin", *(row for row in OTHERS if "p11@" not in row))


def vanish(town: Town) -> None:
    town.client.delete("Users", town.find("p11@x.org")["id"])


@pytest.mark.parametrize("body", [PAGE, GONE, b""])
def test_who_is_not_found_by_id_and_is_by_filter_is_put_out(town: Town, body: bytes) -> None:
    without_p11(town)
    town.wire.inner = NotFound(town.wire.inner, body, filters=True)
    plan = town.minimal()
    assert done(plan) == [("User/p11@x.org", "disable")] and not plan.errors
    assert len(town.wire.asked) <= 10
    town.read = minimal_read()
    assert [(o.status, o.http) for o in town.apply().outcomes] == [("done", None)]
    assert town.find("p11@x.org")["active"] is False


@pytest.mark.parametrize(("body", "filters"), [(PAGE, False), (GONE, False), (b"", False), (PAGE, True)])
def test_of_whom_nobody_can_tell_is_an_error_of_that_one_and_not_gone(town: Town, body: bytes, filters: bool) -> None:
    without_p11(town)
    if filters:
        vanish(town)
    town.wire.inner = NotFound(town.wire.inner, body, filters)
    plan = town.minimal()
    assert [(error.code, error.address) for error in plan.errors] == [("NotAnswered", "User/p11@x.org")] and not plan.changes


def test_who_is_shown_neither_by_id_nor_by_filter_is_gone(town: Town) -> None:
    without_p11(town)
    vanish(town)
    plan = town.minimal()
    assert (plan.changes, plan.errors) == ((), ()) and plan.part is not None


def test_who_is_gone_and_made_anew_is_put_back_into_the_groups(town: Town) -> None:
    town.client.delete("Users", town.find("p1@x.org")["id"])
    town.people(p1="Boss")
    plan = town.minimal()
    assert done(plan) == [("Group/Net", "update"), ("User/p1@x.org", "create")]
    assert plan.changes[0].add == ("User/p1@x.org",)
    assert same_changes(plan, town.plan())
    town.save()
    town.read = minimal_read()
    assert town.apply().complete
    town.read = read_live
    assert town.plan().changes == ()


def test_the_reports_of_who_is_gone_and_made_anew_refer_to_the_new_account(town: Town) -> None:
    def rows(title: str) -> list[str]:
        said = {"p1@x.org": f", jobTitle: {title}", "p2@x.org": ", manager: p1@x.org", "p3@x.org": ", manager: p1@x.org"}
        return [f"userPrincipalName: {name}{said.get(name, '')}" for name in PEOPLE]

    town.users(*rows("Staff"))
    town.save()
    town.converge()
    town.client.delete("Users", town.find("p1@x.org")["id"])
    town.users(*rows("Boss"))
    plan = town.minimal()
    assert done(plan) == [
        ("Group/Net", "update"),
        ("User/p1@x.org", "create"),
        ("User/p2@x.org", "update"),
        ("User/p3@x.org", "update"),
    ]
    assert same_changes(plan, town.plan())


def test_who_is_gone_and_made_anew_by_somebody_else_is_put_back_into_the_groups(town: Town) -> None:
    town.client.delete("Users", town.find("p1@x.org")["id"])
    town.seed("p1@x.org", title="Staff")
    town.people(p1="Boss")
    plan = town.minimal()
    assert done(plan) == [("Group/Net", "update"), ("User/p1@x.org", "update")]
    assert same_changes(plan, town.plan())


def test_a_member_whom_only_a_group_shows_to_be_gone_is_put_back_into_the_others(town: Town) -> None:
    ops = OPS.replace("p7@x.org", "p1@x.org")
    town.groups(NET % "p0@x.org, p1@x.org", ops)
    town.save()
    town.converge()
    net, lost = town.group("Net"), town.find("p1@x.org")["id"]
    town.client.patch("Groups", net["id"], [{"op": "remove", "path": f'members[value eq "{lost}"]'}])
    town.client.delete("Users", lost)
    town.groups(NET % "p0@x.org, p1@x.org, p3@x.org", ops)
    plan = town.minimal()
    assert done(plan) == [
        ("Group/Net", "update"),
        ("Group/Ops", "update"),
        ("User/p1@x.org", "create"),
        ("User/p3@x.org", "update"),
    ]
    assert same_changes(plan, town.plan())


def test_a_group_that_is_gone_is_made_anew_with_its_members(town: Town) -> None:
    town.client.delete("Groups", town.group("Net")["id"])
    town.net("p0@x.org", "p1@x.org", "p3@x.org")
    plan = town.minimal()
    assert done(plan) == [("Group/Net", "create"), ("User/p2@x.org", "update"), ("User/p3@x.org", "update")]
    assert same_changes(plan, town.plan())


def test_where_a_service_cannot_filter_the_list_says_who_is_gone(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    without_p11(town)
    town.wire.inner = NotFound(town.wire.inner, GONE, filters=True)
    monkeypatch.setattr("reconciler.scim.profile.Profile.filters_on", lambda self, path: False)
    plan = town.minimal()
    assert plan.part is None and done(plan) == [("User/p11@x.org", "disable")]
    assert any("answers 404 for User/p11@x.org" in words for words in texts(plan.warnings))


def test_where_a_profile_has_no_filters_somebody_new_has_everything_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    town = Town(tmp_path, filter={"operators": []})
    town.people(*PEOPLE, "new@x.org")
    town.assign("group: Net, role: Admin", *OTHERS, "user: new@x.org, role: User")
    plan = town.minimal()
    assert (done(plan), plan.errors, plan.part) == ([("User/new@x.org", "create")], (), None)
    assert same_changes(plan, town.plan()) and not [path for path in town.wire.asked if "filter=" in path]
    assert town.apply().complete and town.plan().changes == ()
