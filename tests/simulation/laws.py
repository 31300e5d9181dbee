"""The laws of the design (§8) on what a simulation has left: the plan, the service and the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.record.model import Record

if TYPE_CHECKING:
    from tests.simulation.run import Simulation

MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class Broken(AssertionError):
    """A law does not hold."""


def expect(holds: bool, words: str) -> None:
    if not holds:
        raise Broken(words)


def check_laws(run: Simulation) -> None:
    """After an apply that was complete and undisturbed. Raises Broken."""
    found = run.session()
    plan, record = found.planned.plan, found.record or Record("wiki")
    expect(plan.changes == (), f"the plan after the last apply is not empty: {plan.changes}")
    expect(plan.errors == (), f"errors are left: {plan.errors}")
    expect((record.under_way, record.unanswered) == ([], {}), "something is under way")
    accounts, groups = (run.admin.read_all(kind, lambda page: page) for kind in ("Users", "Groups"))
    _accounts(run, {a["userName"]: a for a in accounts}, record)
    _groups(run, groups, accounts, record)
    for id in run.strangers:
        expect(run.account(id) == run.known[id], f"the stranger {id} was touched")
    there = {item["id"] for item in (*accounts, *groups)}
    entries = {entry["id"]: entry for entry in record.entries.values()}
    people = [entry for address, entry in record.entries.items() if address.startswith("User/")]
    expect(len(entries) == len(record.entries), "two entries have one account")
    counted = [(removal["address"], removal["kind"]) for removal in record.removals]
    expect(len(counted) == len(set(counted)), f"counted twice: {counted}")
    forgotten = run.made & there - entries.keys() - run.hidden - run.wire.denied
    expect(not forgotten, f"made by us and forgotten: {forgotten}")
    for id, entry in entries.items():
        if id in there:
            # One that was denied, and whose journal a full disk cut short, is found again as the one that we sent for.
            expect(
                (run.lost and entry in people) or id in run.wire.denied or entry.get("created", False) == (id in run.made),
                f"{entry}: who has created it?",
            )


def check_honest(run: Simulation) -> None:
    """Of a service that has said things were done which were not: no stranger is ours, and the next plan says what is left.

    What it was told is not told again, so it need not be as declared; but then no plan says that it is.
    """
    found = run.session()
    plan, record = found.planned.plan, found.record or Record("wiki")
    ids = {entry["id"] for entry in record.entries.values()}
    expect(ids.isdisjoint(run.strangers), "a stranger is recorded")
    for id in run.strangers:
        expect(run.account(id) == run.known[id], f"the stranger {id} was touched")
    expect(all(id.strip(". ") for id in ids), f"an id that cannot be used is recorded: {ids}")
    expect(plan.changes == (), f"the service is told again: {plan.changes}")
    said = bool(plan.outstanding or plan.ignored or plan.left)
    scope = run.directory.in_scope()
    active = {u["id"]: u for u in run.admin.read_all("Users", lambda page: page) if u.get("active") is True}
    for address, entry in record.entries.items():
        name = address.removeprefix("User/")
        if address.startswith("User/") and name not in scope and entry["id"] in active:
            told = any(c.code == "StillActive" and address in c.text for c in plan.cautions)
            expect(told, f"{address} is out of scope and active, and the plan does not say so")
        if name in scope and entry["id"] in active:
            lacks = scope[name].title not in (None, active[entry["id"]].get("title"))
            expect(said or not lacks, f"{name} has another title, and the plan says that all is as declared")


def _accounts(run: Simulation, accounts: dict[str, Any], record: Record) -> None:
    scope = run.directory.in_scope()
    for name, person in scope.items():
        expect(name in accounts, f"{name} has no account")
        account = accounts[name]
        expect(account.get("active") is True, f"{name} is not active")
        for want, have in ((person.title, account.get("title")), (person.shown, account.get("displayName"))):
            expect(want in (None, have), f"{name}: {have!r} is not {want!r}")
        roles = {role["value"] for role in account.get("roles", [])}
        expect(("admin" in roles) >= person.admin, f"{name} lacks a role: {roles}")
        boss = person.manager is not None and run.directory.people[person.manager].name
        if boss in scope:
            have = (account.get(MANAGER) or {}).get("manager") or {}
            expect(have.get("value") == accounts[boss]["id"], f"{name}: the manager is not {boss}")
        entry = record.entries.get(f"User/{name}")
        expect(entry is not None and entry["id"] == account["id"], f"{name}: the record knows another account")
        expect("disabledAt" not in (entry or {}), f"{name} is active, and the record says disabled")
        made = (entry or {}).get("wanted", {}).get("nickName")
        expect(made in (None, account.get("nickName")), f"{name}: the record has another generated value")
    ids = {account["id"]: account for account in accounts.values()}
    for address, entry in record.entries.items():
        account = ids.get(entry["id"])
        if address.startswith("User/") and account is not None and address[5:] not in scope:
            expect(account.get("active") is False, f"{address} is out of scope and active")
            when = "disabledAt" in entry or not entry.get("wanted", {}).get("active") or entry["id"] in run.switched_off
            expect(bool(when), f"{address}: disabled, but when?")


def _groups(run: Simulation, groups: list[Any], accounts: list[Any], record: Record) -> None:
    wanted, names = run.directory.wanted_teams(), {a["id"]: a["userName"] for a in accounts}
    ours = {entry["id"]: address for address, entry in record.entries.items()}
    for name, members in wanted.items():
        found = [g for g in groups if g["displayName"] == name]
        expect(len(found) == 1, f"the group {name} is there {len(found)} times")
        have = {names[m["value"]] for m in found[0].get("members", []) if m["value"] in ours.keys() & names.keys()}
        # A service that shows no empty list of members hides that somebody has emptied it.
        hidden = not have and run.edits and not run.wire.empty
        expect(bool(hidden) or have == members, f"{name}: its members are {have}, not {members}")
        entry = record.entries.get(f"Group/{name}", {})
        expect(entry.get("id") == found[0]["id"], f"{name}: the record knows another group")
        expect(set(entry.get("members", ())) == {f"User/{m}" for m in members}, f"{name}: {entry} and {members}")
    for group in groups:
        expect(group["displayName"] in wanted or group["id"] not in run.made, f"{group['displayName']} should be gone")
