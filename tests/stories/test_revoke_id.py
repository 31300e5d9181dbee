"""An account that nobody declared, and that must be out: disabled by its id, and kept out until that is taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import APP, Desk, scim_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scim_server() as url:
        yield url


@pytest.fixture
def desk(tmp_path: Path, server: str) -> Desk:
    """Mallory has an account that nobody declared, with the role of administrators, in a group that is ours."""
    found = Desk(tmp_path, f"{server}/{tmp_path.name}/v2")
    assert found.reconcile("apply", "--auto-approve").code == 0
    found.seed("mal@y.org", displayName="Mallory", roles=[{"value": "admin", "display": "Admin", "primary": False}])
    with found.client() as client:
        net = client.find("Groups", "displayName", "Net")[0]["id"]
        client.patch("Groups", net, [{"op": "add", "path": "members", "value": [{"value": mallory(found)["id"]}]}])
    return found


def mallory(desk: Desk) -> dict[str, Any]:
    (found,) = desk.find("mal@y.org")
    return found


def revoked(desk: Desk) -> dict[str, Any]:
    held: dict[str, Any] = json.loads((desk.folder / ".reconcile/wiki/record.json").read_text())["revoked"]
    return held


def inside(desk: Desk) -> bool:
    with desk.client() as client:
        members = client.find("Groups", "displayName", "Net")[0]["members"]
    return mallory(desk)["id"] in [member["value"] for member in members]


def log(desk: Desk) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for file in (desk.folder / ".reconcile/wiki/log").glob("*.jsonl")
        for line in file.read_text().splitlines()
    ]


def test_it_is_disabled_and_out_of_groups_and_stays_so_until_that_is_taken_back(desk: Desk) -> None:
    id = mallory(desk)["id"]
    revoke = ("revoke", "--id", id, "--reason", "INC-9", "--auto-approve")
    ran = desk.reconcile(*revoke)
    assert ran.code == 0, ran.err
    assert f"disable User/#{id}  (mal@y.org)" in ran.out and "INC-9" in ran.out
    assert "\n  mal@y.org loses Admin (privileged), " in ran.out and "loses group Net" in ran.out
    assert mallory(desk)["active"] is False and not mallory(desk).get("roles") and not inside(desk)
    assert [name for name in revoked(desk)] == [f"User/#{id}"]
    (out,) = [line for line in log(desk) if line["reconcile"].get("action") == "disable"]
    (roles,) = [item for item in out["modifiedProperties"] if item["displayName"] == "appRoleAssignments"]
    assert [(row["what"], row["gains"]) for row in out["reconcile"]["access"]] == [("Admin", False)]
    assert (roles["oldValue"], roles["newValue"]) == (["Admin"], [])
    # Nothing lets it in again, and the next plan has nothing to do.
    assert desk.reconcile("apply", "--auto-approve").code == 0 and list(revoked(desk)) == [f"User/#{id}"]
    assert "No changes." in desk.reconcile("plan").out
    desk.edit("mal@y.org", "active", "True")
    assert f"disable User/#{id}  (mal@y.org)" in desk.reconcile("apply", "--auto-approve").out
    assert mallory(desk)["active"] is False
    # Taken back: the account is nobody's again, and left as it is.
    assert desk.reconcile("record", "forget", f"User/#{id}").code == 0 and revoked(desk) == {}
    desk.edit("mal@y.org", "active", "True")
    assert desk.reconcile("apply", "--auto-approve").code == 0 and mallory(desk)["active"] is True
    told = [line["reconcile"]["kind"] for line in log(desk) if f"User/#{id}" in line["reconcile"].get("details", {}).values()]
    assert told == ["revoked", "recordCommand", "revocationLifted"]


def test_who_was_put_out_by_id_is_found_by_name_and_by_id_and_has_nothing(desk: Desk) -> None:
    id = mallory(desk)["id"]
    assert desk.reconcile("revoke", "--id", id, "--reason", "INC-9", "--auto-approve").code == 0
    for words in (("--user", "mal@y.org"), ("--user", f"#{id}"), ("--user", f"#{id}", "--offline")):
        ran = desk.reconcile("access", *words, "--format", "json")
        assert ran.code == 0 and json.loads(ran.out) == [], ran.err
    for name in ("mal@y.org", f"#{id}"):
        assert "INC-9" in desk.reconcile("logs", "--user", name, "--action", "revoked").out
    unknown = desk.reconcile("logs", "--user", "nobody@y.org")
    assert unknown.code == 64 and "INC-9" not in unknown.err
    assert desk.reconcile("access", "--user", "nobody@y.org").code == 64


def test_whoever_declares_it_later_does_not_let_it_in(desk: Desk) -> None:
    id = mallory(desk)["id"]
    assert desk.reconcile("revoke", "--id", id, "--auto-approve").code == 0
    desk.people("ada@x.org", "grace@x.org", "mal@y.org")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}, {user: mal@y.org, role: User}]\n")
    ran = desk.reconcile("apply", "--auto-approve")
    assert ran.code == 0 and "mal@y.org was revoked on" in ran.out and mallory(desk)["active"] is False
    assert list(revoked(desk)) == ["User/mal@y.org"]


def test_one_that_somebody_owns_is_revoked_by_name(desk: Desk) -> None:
    (ada,) = desk.find("ada@x.org")
    ran = desk.reconcile("revoke", "--id", ada["id"], "--auto-approve")
    assert ran.code == 1 and "`reconcile revoke ada@x.org`" in ran.err and desk.find("ada@x.org")[0]["active"] is True
    desk.people("ada@x.org", "grace@x.org", "mal@y.org")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}, {user: mal@y.org, role: User}]\n")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    ran = desk.reconcile("revoke", "--id", mallory(desk)["id"], "--auto-approve")
    assert ran.code == 1 and "`reconcile revoke mal@y.org`" in ran.err and mallory(desk)["active"] is True


def test_protected_holds_for_it_too(desk: Desk) -> None:
    desk.write("apps/wiki/app.yaml", APP + "safeguards: {protected: [mal@y.org]}\n")
    ran = desk.reconcile("revoke", "--id", mallory(desk)["id"], "--auto-approve")
    assert ran.code == 3 and mallory(desk)["active"] is True and revoked(desk) == {}


def test_an_id_that_is_not_there_and_a_wrong_use(desk: Desk) -> None:
    ran = desk.reconcile("revoke", "--id", "nope", "--auto-approve")
    assert ran.code == 64 and "shows no account with the id 'nope'" in ran.err and "nope" not in str(revoked(desk))
    assert desk.reconcile("revoke", "ada@x.org", "--id", "1", "--auto-approve").code == 64
    assert desk.reconcile("revoke", "--auto-approve").code == 64


def test_it_is_declared_with_what_it_holds_and_the_plan_after_leaves_it_alone(desk: Desk) -> None:
    id = mallory(desk)["id"]
    desk.write("apps/wiki/assignments.yaml", "# who may\nassignments:\n  - {group: Net, role: Default Access} # all\n")
    desk.people("ada@x.org, jobTitle: Engineer", "grace@x.org")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    ran = desk.reconcile("import", "--only", f"#{id}")
    assert ran.code == 0 and ran.err == "" and "Declared User/mal@y.org in apps/wiki/assignments.yaml, directory/" in ran.out
    assert ran.out.splitlines()[-1].startswith("The plan that follows: No changes")
    assignments = (desk.folder / "desired/apps/wiki/assignments.yaml").read_text()
    assert assignments.startswith("# who may\n") and "{user: mal@y.org, role: Admin}" in assignments and "# all" in assignments
    assert "mal@y.org" in (desk.folder / "desired/directory/groups/a.yaml").read_text()
    applied = desk.reconcile("apply", "--auto-approve")
    assert applied.code == 0 and mallory(desk)["active"] is True and inside(desk)
    assert "User/mal@y.org" in json.loads((desk.folder / ".reconcile/wiki/record.json").read_text())["entries"]


def test_one_that_was_revoked_and_forgotten_holds_nothing_and_is_declared_as_the_refusal_says(desk: Desk) -> None:
    id = mallory(desk)["id"]
    assert desk.reconcile("revoke", "--id", id, "--auto-approve").code == 0
    assert desk.reconcile("record", "forget", f"User/#{id}").code == 0
    ran = desk.reconcile("import", "--only", f"#{id}")
    assert ran.code == 1 and "would still be nobody's: it is disabled and it holds no role" in ran.err, ran
    assert "declare `- {userPrincipalName: mal@y.org}` in directory/users/wiki.yaml" in ran.err
    assert "`- {user: mal@y.org, role: User}`, in apps/wiki/assignments.yaml: the next plan takes the account over" in ran.err
    desk.write("directory/users/wiki.yaml", "users:\n  - {userPrincipalName: mal@y.org}\n")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}, {user: mal@y.org, role: User}]\n")
    applied = desk.reconcile("apply", "--auto-approve")
    assert applied.code == 0 and mallory(desk)["active"] is True and mallory(desk)["id"] == id, applied


@pytest.mark.parametrize(("address", "said", "remedy"), [
    ("#nope", "shows no account with the id 'nope' [UnknownName]", "`reconcile access --unmanaged` lists"),
    ("User/#nope", "shows no account with the id 'nope' [UnknownName]", "`reconcile access --unmanaged` lists"),
    ("User/nobody@x.org", "is called User/nobody@x.org [UnknownName]", "an address is User/<userPrincipalName>"),
    ("Group/Nett", "is called Group/Nett [UnknownName]", "did you mean 'Group/Net'?"),
])  # fmt: skip
def test_a_name_or_an_id_to_import_that_nothing_has_is_wrong_usage(desk: Desk, address: str, said: str, remedy: str) -> None:
    ran = desk.reconcile("import", "--only", address)
    assert ran.code == 64 and ran.out == "" and said in ran.err and remedy in ran.err


def test_one_that_is_declared_is_assigned_and_one_that_is_owned_or_revoked_is_refused(desk: Desk) -> None:
    id = mallory(desk)["id"]
    desk.people("ada@x.org, jobTitle: Engineer", "grace@x.org", "mal@y.org")
    ran = desk.reconcile("import", "--only", f"User/#{id}")
    assert ran.code == 0 and "directory/users" not in ran.out
    assert "would still update (roles)" in ran.err, "Net gives one more"
    (ada,) = desk.find("ada@x.org")
    ran = desk.reconcile("import", "--only", f"#{ada['id']}")
    assert ran.code == 1 and "is User/ada@x.org's already" in ran.err
    desk.seed("eve@y.org")
    eve = desk.find("eve@y.org")[0]["id"]
    assert desk.reconcile("revoke", "--id", eve, "--auto-approve").code == 0
    ran = desk.reconcile("import", "--only", f"#{eve}")
    assert ran.code == 1 and "was revoked" in ran.err and f"record forget 'User/#{eve}'" in ran.err
