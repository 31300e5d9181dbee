"""A name that passes from one to another: nobody's change ever falls on who had the name before."""

from __future__ import annotations

import pytest

from reconciler.apply.execute import execute
from reconciler.apply.model import Job
from reconciler.cycle.randomness import SystemChance
from reconciler.plan.apply_inputs import apply_inputs
from reconciler.record.model import Record
from tests.support.world import SWITCH, World

TAKEN = "userPrincipalName: grace@x.org, displayName: Ada, jobTitle: Engineer"
MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def mapping(*users: str, groups: str = "displayName, source: displayName, matchingPrecedence: 1") -> str:
    rows = "\n".join(f"      - {{target: {row}}}" for row in (*users, f"active, expression: {SWITCH}"))
    return (
        f"mappings:\n  users:\n    attributes:\n{rows}\n  groups:\n    attributes:\n      - {{target: {groups}}}\n"
        "      - {target: members, source: members}\n"
    )


BY_EMPLOYEE = mapping("externalId, source: employeeId, matchingPrecedence: 1", "userName, source: userPrincipalName")


@pytest.fixture
def ids(world: World) -> dict[str, str]:
    """Ada and Grace as applied, each in Net; Ada manages Bob."""
    world.users(
        "userPrincipalName: ada@x.org, id: a",
        "userPrincipalName: grace@x.org, id: g",
        "userPrincipalName: bob@x.org, manager: ada@x.org",
    )
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org, bob@x.org]")
    world.converge()
    return {name: world.find(f"{name}@x.org")["id"] for name in ("ada", "grace", "bob")}


def reuse(world: World, how: str) -> None:
    """Grace has left, and Ada takes her name."""
    world.users(f"{TAKEN}, {how}", "userPrincipalName: bob@x.org, manager: grace@x.org")
    world.groups("displayName: Net, members: [grace@x.org, bob@x.org]")
    world.assign("group: Net, role: User")


def active(world: World, id: str) -> bool:
    return bool((world.client.get("Users", id) or {}).get("active"))


def recorded(world: World, kind: str = "User/") -> dict[str, str]:
    return {a: e["id"] for a, e in (world.store.load() or Record("")).entries.items() if a.startswith(kind)}


@pytest.mark.parametrize("how", ["previously: [ada@x.org]", "id: a", "id: a, previously: [ada@x.org]"])
def test_who_leaves_goes_and_who_takes_the_name_waits_until_the_account_is_gone(
    world: World, ids: dict[str, str], how: str
) -> None:
    reuse(world, how)
    plan = world.plan()
    assert [(c.address, c.action, c.precondition and c.precondition.id) for c in plan.changes if c.address != "Group/Net"] == [
        ("User/grace@x.org", "disable", ids["grace"])
    ]
    assert [(e.address, e.code) for e in plan.errors] == [("User/grace@x.org", "NameInUse")]
    assert world.apply().complete
    before = {"User/ada@x.org": ids["ada"], "User/grace@x.org": ids["grace"], "User/bob@x.org": ids["bob"]}
    assert active(world, ids["ada"]) and not active(world, ids["grace"]) and recorded(world) == before
    assert {m["value"] for m in world.group("Net")["members"]} == {ids["ada"], ids["bob"]}
    assert world.plan().changes == () and len(world.plan().errors) == 1
    world.client.delete("Users", ids["grace"])
    world.converge()
    assert world.find("grace@x.org")["id"] == ids["ada"] and world.plan().errors == ()
    assert recorded(world) == {"User/grace@x.org": ids["ada"], "User/bob@x.org": ids["bob"]}
    assert world.find("bob@x.org")[MANAGER]["manager"]["value"] == ids["ada"]
    assert {m["value"] for m in world.group("Net")["members"]} == {ids["ada"], ids["bob"]}


def test_a_new_report_of_who_waits_is_given_nobody_elses_manager(world: World, ids: dict[str, str]) -> None:
    world.users(
        f"{TAKEN}, previously: [ada@x.org]",
        "userPrincipalName: bob@x.org, manager: grace@x.org",
        "userPrincipalName: joan@x.org, manager: grace@x.org",
    )
    world.groups("displayName: Net, members: [grace@x.org, bob@x.org, joan@x.org]")
    assert world.apply().complete
    assert world.find("joan@x.org").get(MANAGER, {}).get("manager") is None


def test_a_name_that_has_no_write_to_wait_for_goes_over_in_the_record(world: World, ids: dict[str, str]) -> None:
    reuse(world, "previously: [ada@x.org]")
    world.apply()
    world.client.delete("Users", ids["grace"])
    for path, value in (("userName", "grace@x.org"), ("displayName", "Ada"), ("title", "Engineer")):
        world.client.patch("Users", ids["ada"], [{"op": "replace", "path": path, "value": value}])
    assert world.plan().changes == ()
    world.converge()
    assert recorded(world) == {"User/grace@x.org": ids["ada"], "User/bob@x.org": ids["bob"]}


def test_an_account_that_is_made_again_under_a_name_that_was_anothers_starts_afresh(world: World, ids: dict[str, str]) -> None:
    reuse(world, "previously: [ada@x.org]")
    world.apply()
    for name in ("ada", "grace"):
        world.client.delete("Users", ids[name])
    world.converge()
    entry = (world.store.load() or Record("")).entries["User/grace@x.org"]
    assert entry["id"] == world.find("grace@x.org")["id"] and not {"retained", "disabledAt"} & entry.keys()


def test_a_name_whose_bearer_is_renamed_and_put_out_at_once_is_not_free_yet(world: World, ids: dict[str, str]) -> None:
    world.users(
        "userPrincipalName: g.h@x.org, id: g, previously: [grace@x.org]",
        f"{TAKEN}, id: a, previously: [ada@x.org]",
        "userPrincipalName: bob@x.org",
    )
    world.groups("displayName: Net, members: [grace@x.org, bob@x.org]")
    world.assign("group: Net, role: User")
    plan = world.plan()
    assert [c.precondition and c.precondition.id for c in plan.changes if c.address == "User/grace@x.org"] == [ids["grace"]]
    assert [(e.address, e.code) for e in plan.errors] == [("User/grace@x.org", "NameInUse")]


def test_who_waits_for_one_who_waits_waits_too(world: World, ids: dict[str, str]) -> None:
    world.users(f"{TAKEN}, id: a, previously: [ada@x.org]", "userPrincipalName: ada@x.org, id: b, previously: [bob@x.org]")
    world.groups("displayName: Net, members: [grace@x.org, ada@x.org]")
    plan = world.plan()
    assert {(e.address, e.code) for e in plan.errors} == {(f"User/{n}@x.org", "NameInUse") for n in ("ada", "grace")}
    assert world.apply().complete
    assert {name for name, id in ids.items() if active(world, id)} == {"ada", "bob"}


def test_a_person_who_was_revoked_is_not_taken_for_who_takes_the_name(world: World, ids: dict[str, str]) -> None:
    record = world.store.load()
    assert record is not None
    record.revoked = {f"User/{name}@x.org": {"at": world.now, "reason": "theft"} for name in ("ada", "grace")}
    world.store.save(record)
    reuse(world, "previously: [ada@x.org]")
    assert world.apply().complete
    assert {name for name, id in ids.items() if active(world, id)} == {"bob"}
    assert (world.store.load() or record).revoked.keys() == {"User/ada@x.org"}


def test_a_person_who_was_revoked_and_is_renamed_out_of_scope_has_one_change(world: World, ids: dict[str, str]) -> None:
    record = world.store.load()
    assert record is not None
    record.revoked = {"User/ada@x.org": {"at": world.now, "reason": "theft"}}
    world.store.save(record)
    world.users(
        "userPrincipalName: ada.l@x.org, previously: [ada@x.org], accountEnabled: false",
        "userPrincipalName: grace@x.org, id: g",
        "userPrincipalName: bob@x.org",
    )
    world.groups("displayName: Net, members: [ada.l@x.org, grace@x.org, bob@x.org]")
    changes = [c for c in world.plan().changes if c.precondition and c.precondition.id == ids["ada"]]
    assert [c.action for c in changes] == ["disable"]
    world.converge()
    assert not active(world, ids["ada"])


def test_a_group_takes_the_name_of_one_that_is_deleted_first(world: World, ids: dict[str, str]) -> None:
    world.groups(
        "displayName: Net, members: [ada@x.org, grace@x.org, bob@x.org]",
        "displayName: Old, members: [bob@x.org]",
        "displayName: New",
    )
    world.assign("group: Net, role: User", "group: Old, role: User", "group: New, role: User")
    world.converge()
    old, new = world.group("Old")["id"], world.group("New")["id"]
    world.groups(
        "displayName: Net, members: [ada@x.org, grace@x.org, bob@x.org]",
        "displayName: New, members: [bob@x.org], previously: [Old]",
    )
    world.assign("group: Net, role: User", "group: New, role: User")
    plan = world.plan()
    assert [(c.address, c.action, c.precondition and c.precondition.id) for c in plan.changes] == [("Group/New", "delete", new)]
    assert [(e.address, e.code) for e in plan.errors] == [("Group/New", "NameInUse")]
    assert world.apply().complete
    world.converge()
    assert world.group("New")["id"] == old and recorded(world, "Group/")["Group/New"] == old


def test_a_write_goes_to_the_account_that_was_planned_for(world: World, ids: dict[str, str]) -> None:
    world.users(
        "userPrincipalName: ada@x.org, id: a, jobTitle: Chief",
        "userPrincipalName: grace@x.org, id: g",
        "userPrincipalName: bob@x.org, manager: ada@x.org",
    )
    found = world.session()
    context, record = found.planned.context, found.record
    settled = apply_inputs(context, ())
    settled.ids["User/ada@x.org"] = ids["grace"]
    assert record is not None
    job = Job("wiki", found.planned.plan.changes, settled, record, context.resolution)
    assert execute(job, world.client, world.store, lambda: world.now, lambda outcome: None, SystemChance()).complete
    assert world.find("ada@x.org")["title"] == "Chief" and "title" not in world.find("grace@x.org")


# Another name, and the same matching attribute


def test_who_has_the_matching_attribute_of_a_name_that_is_gone_is_renamed(world: World) -> None:
    world.write("apps/wiki/mappings.yaml", BY_EMPLOYEE)
    world.groups()
    world.users("userPrincipalName: a@x.org, employeeId: '7'")
    world.assign("user: a@x.org, role: User")
    world.converge()
    first = world.find("a@x.org")["id"]
    world.users("userPrincipalName: b@x.org, employeeId: '7'")
    world.assign("user: b@x.org, role: User")
    (change,) = world.plan().changes
    assert (change.address, change.action, change.reason) == ("User/b@x.org", "update", "renamed from a@x.org")
    world.converge()
    assert world.find("b@x.org")["id"] == first and recorded(world) == {"User/b@x.org": first}


def test_a_group_keeps_its_members_under_a_new_name_by_its_matching_attribute(world: World) -> None:
    by_nickname = "externalId, source: mailNickname, matchingPrecedence: 1}\n      - {target: displayName, source: displayName"
    by_name = "userName, source: userPrincipalName, matchingPrecedence: 1"
    world.write("apps/wiki/mappings.yaml", mapping(by_name, groups=by_nickname))
    world.users("userPrincipalName: a@x.org, employeeId: '7'")
    for name in ("Net", "Network"):
        world.groups(f"displayName: {name}, mailNickname: net, members: [a@x.org]")
        world.assign(f"group: {name}, role: User")
        changes = {(c.address, c.action) for c in world.plan().changes if c.address.startswith("Group/")}
        assert changes == {(f"Group/{name}", "create" if name == "Net" else "update")}
        world.converge()
    assert list(recorded(world, "Group/")) == ["Group/Network"]


@pytest.mark.parametrize(("ids", "codes"), [(("one", "two"), ["IdentityChanged"]), (("one", "one"), []), ((None, "two"), [])])
def test_whose_declared_id_differs_is_another_person(world: World, ids: tuple[str | None, str], codes: list[str]) -> None:
    world.write("apps/wiki/mappings.yaml", BY_EMPLOYEE)
    world.groups()
    for name, id in zip("ab", ids, strict=True):
        world.users(f"userPrincipalName: {name}@x.org, employeeId: '7'" + (f", id: {id}" if id else ""))
        world.assign(f"user: {name}@x.org, role: User")
        plan = world.plan()
        if name == "a":
            world.converge()
    assert [error.code for error in plan.errors] == codes
    assert [(c.address, c.action) for c in plan.changes] == (
        [("User/a@x.org", "disable")] if codes else [("User/b@x.org", "update")]
    )


def test_an_earlier_name_is_looked_for_as_the_mapping_writes_it(world: World) -> None:
    lower = "userName, expression: 'ToLower([userPrincipalName])', matchingPrecedence: 1"
    world.write("apps/wiki/mappings.yaml", mapping(lower))
    world.groups()
    world.seed("ada@x.org", displayName="Ada")
    world.users("userPrincipalName: Ada.L@x.org, previously: [Ada@x.org]")
    world.assign("user: ada.l@x.org, role: User")
    (change,) = world.plan().changes
    assert change.action == "update" and change.adopts


def there(world: World, *people: str, **ids: str) -> None:
    """Declare and assign people; `ids` by the first part of their names."""
    world.users(*(f"userPrincipalName: {p}@x.org" + (f", id: {ids[p]}" if p in ids else "") for p in people))
    world.assign(*(f"user: {p}@x.org, role: User" for p in people))


@pytest.mark.parametrize(
    ("before", "after"),
    [({"ada": "one"}, {"lovelace": "one", "ada": "two"}), ({"ada": "one"}, {"ada": "two", "lovelace": "one"}),
     ({"ada": "one", "grace": "two"}, {"lovelace": "one", "ada": "two"}),
     ({"ada": "one", "grace": "two"}, {"lovelace": "one", "ada": "two", "grace": "three"})],
)  # fmt: skip
def test_an_id_survives_a_rename_also_where_somebody_else_takes_the_name(
    world: World, before: dict[str, str], after: dict[str, str]
) -> None:
    world.groups()
    there(world, *before, **before)
    world.converge()
    accounts = {id: world.find(f"{name}@x.org")["id"] for name, id in before.items()}
    there(world, *after, **after)
    plan = world.plan()
    assert plan.errors == () and {c.action for c in plan.changes} <= {"create", "update"}
    world.converge()
    now = {id: world.find(f"{name}@x.org")["id"] for name, id in after.items()}
    assert {id: now[id] for id in accounts} == accounts


def test_who_bears_the_name_of_somebody_with_an_id_is_somebody_else(world: World) -> None:
    world.groups()
    there(world, "ada", ada="one")
    world.converge()
    first = world.find("ada@x.org")["id"]
    there(world, "ada", "lovelace", lovelace="one")
    assert {c.address: c.action for c in world.plan().changes} == {"User/ada@x.org": "create", "User/lovelace@x.org": "update"}
    world.converge()
    assert world.find("lovelace@x.org")["id"] == first


def test_an_account_that_was_removed_by_hand_makes_way_for_another_person(world: World) -> None:
    world.groups()
    there(world, "ada", ada="one")
    world.converge()
    there(world, "ada", ada="two")
    (error,) = world.plan().errors
    assert error.code == "IdentityChanged" and error.remedy.startswith("remove the first person's account from the service")
    world.client.delete("Users", world.find("ada@x.org")["id"])
    assert [(c.address, c.action) for c in world.plan().changes] == [("User/ada@x.org", "create")] and world.plan().errors == ()
    world.converge()
    record = world.store.load()
    assert record is not None and record.entries["User/ada@x.org"]["declaredId"] == "two"


def test_the_same_person_with_a_new_id_is_taken_up_again_once_the_record_forgets_the_old_one(world: World) -> None:
    world.groups()
    there(world, "ada", ada="one")
    world.converge()
    before = world.find("ada@x.org")["id"]
    there(world, "ada", ada="two")
    (error,) = world.plan().errors
    assert error.remedy.endswith("if it is the same person, `reconcile record forget 'User/ada@x.org'`")
    record = world.store.load()
    assert record is not None
    del record.entries["User/ada@x.org"]
    world.store.save(record)
    world.converge()
    assert world.find("ada@x.org")["id"] == before and world.find("ada@x.org")["active"] is True


def test_an_external_id_that_differs_in_case_is_somebody_elses(world: World) -> None:
    world.groups()
    by_id = "externalId, source: employeeId, matchingPrecedence: 1}\n      - {target: userName, source: userPrincipalName"
    world.write("apps/wiki/mappings.yaml", mapping(by_id))
    strange, own = world.seed("stranger@x.org", externalId="ABC"), world.seed("old@x.org", externalId="abc")
    world.users("userPrincipalName: ada@x.org, employeeId: abc")
    world.assign("user: ada@x.org, role: User")
    (change,) = world.plan().changes
    assert change.adopts and change.precondition is not None and change.precondition.id == own
    world.converge()
    assert (world.client.get("Users", strange) or {})["userName"] == "stranger@x.org"
    by_id = by_id.replace("matchingPrecedence: 1", "matchingPrecedence: 1, caseExact: false")
    world.write("apps/wiki/mappings.yaml", mapping(by_id))
    world.store.record_file.unlink()
    assert world.plan().errors == ()  # the very value wins
    world.users("userPrincipalName: ada@x.org, employeeId: Abc")
    assert [error.code for error in world.plan().errors] == ["DuplicateTargetEntries"]


def test_who_asks_for_one_account_by_whatever_attribute_is_told_before(world: World) -> None:
    world.groups()
    by_name = "userName, source: mail, matchingPrecedence: 2"
    world.write(
        "apps/wiki/mappings.yaml", mapping("externalId, source: employeeId, matchingPrecedence: 1}\n      - {target: " + by_name)
    )
    world.users(
        "userPrincipalName: a@x.org, mail: same@x.org",
        "userPrincipalName: b@x.org, mail: SAME@x.org",
        "userPrincipalName: c@x.org, mail: same@x.org, employeeId: '7'",
        "userPrincipalName: d@x.org",
    )
    world.assign(*(f"user: {name}@x.org, role: User" for name in "abcd"))
    plan = world.plan()
    assert {skip.address: skip.code for skip in plan.skipped} == {
        "User/a@x.org": "DuplicateSource",
        "User/b@x.org": "DuplicateSource",
        "User/d@x.org": "MatchingAttributeEmpty",
    }
    assert [change.address for change in plan.changes] == ["User/c@x.org"]


def test_groups_without_a_matching_value_of_their_own_are_left_out(world: World) -> None:
    world.write(
        "apps/wiki/mappings.yaml",
        mapping(
            "userName, source: userPrincipalName, matchingPrecedence: 1",
            groups="externalId, source: mailNickname, matchingPrecedence: 1}\n      - {target: displayName, source: displayName",
        ),
    )
    world.users("userPrincipalName: a@x.org")
    world.groups(
        "displayName: A, mailNickname: n", "displayName: B, mailNickname: n", "displayName: C", "displayName: D, mailNickname: d"
    )
    world.assign(*(f"group: {name}, role: User" for name in "ABCD"))
    plan = world.plan()
    codes = {skip.address: skip.code for skip in plan.skipped if skip.address.startswith("Group/")}
    assert codes == {"Group/A": "DuplicateSource", "Group/B": "DuplicateSource", "Group/C": "MatchingAttributeEmpty"}
    assert [change.address for change in plan.changes] == ["Group/D"]


def test_a_manager_s_name_that_somebody_else_bears_now_is_a_change_of_the_declaration(world: World, ids: dict[str, str]) -> None:
    world.users(
        "userPrincipalName: augusta@x.org, id: a, previously: [ada@x.org]",
        "userPrincipalName: grace@x.org, id: g",
        "userPrincipalName: bob@x.org, manager: ada@x.org",
        "userPrincipalName: ada@x.org, id: n",
    )
    world.groups("displayName: Net, members: [augusta@x.org, ada@x.org, grace@x.org, bob@x.org]")
    (bob,) = [change for change in world.plan().changes if change.address == "User/bob@x.org"]
    assert [(a.before, a.after) for a in bob.attributes] == [("User/augusta@x.org", "User/ada@x.org")]
    assert bob.causes == ("config",)
    assert world.apply(only=("User/augusta@x.org",)).complete
    (bob,) = [change for change in world.plan().changes if change.address == "User/bob@x.org"]
    assert bob.causes == ("config",)
    world.converge()
    assert world.find("bob@x.org")[MANAGER]["manager"]["value"] == world.find("ada@x.org")["id"] != ids["ada"]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("enabled", ["true", "false"])
def test_an_earlier_name_is_whose_id_is_declared(world: World, first: bool, enabled: str) -> None:
    """Also of somebody who is disabled, and whoever else says to have had the name before."""
    grace = "userPrincipalName: grace@x.org, displayName: Grace"
    world.users("userPrincipalName: ada@x.org, displayName: Ada, id: one", grace)
    world.converge()
    ada = world.find("ada@x.org")["id"]
    own = f"userPrincipalName: ada.l@x.org, displayName: Ada, id: one, accountEnabled: {enabled}"
    other = "userPrincipalName: other@x.org, displayName: Other, previously: [ada@x.org]"
    world.users(*((own, other) if first else (other, own)), grace)
    world.groups("displayName: Net, members: [ada.l@x.org, other@x.org, grace@x.org]")
    changes = {
        change.address: (str(change.action), change.account) for change in world.plan().changes if "User/" in change.address
    }
    assert changes["User/other@x.org"] == ("create", "")
    kept = {"true": ("User/ada.l@x.org", "update"), "false": ("User/ada@x.org", "disable")}[enabled]
    assert changes[kept[0]] == (kept[1], ada)
    world.converge()
