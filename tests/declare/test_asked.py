"""Loading what one app needs: the same digest, no word of another's faults, and every check that two apps share."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cycle.declarations import checked
from reconciler.declare.load import load
from tests.support.world import MAPPINGS, ROLES

POLICY = "policies:\n  - {{name: few, remedy: ask, apps: [{apps}], holders: {{role: {role}, maximum: 2}}}}\n"


@pytest.fixture
def desired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three apps of one directory: wiki is sound, crm and zoo have roles of their own."""
    monkeypatch.chdir(tmp_path)
    root = Path("desired")
    write(root, "directory/users/a.yaml", "users: [{userPrincipalName: ada@x.org}]\n")
    write(root, "directory/groups/a.yaml", "groups: []\n")
    for name in ("crm", "wiki", "zoo"):
        app = f"app: {name}\nadminCredentials:\n  tenantUrl: https://{name}.x.org\n  secretToken: ${{env:{name.upper()}_TOKEN}}\n"
        write(root, f"apps/{name}/app.yaml", app)
        write(root, f"apps/{name}/mappings.yaml", MAPPINGS)
        write(root, f"apps/{name}/roles.yaml", ROLES.replace("Admin", f"{name} Admin"))
        write(root, f"apps/{name}/assignments/a.yaml", "assignments: [{user: ada@x.org, role: User}]\n")
    return root


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def codes(desired: Path, *apps: str) -> list[tuple[str, str]]:
    return [(p.code, p.place.file.removeprefix("desired/")) for p in checked(desired, apps)[1] if p.severity == "error"]


def test_only_what_was_asked_for_is_there_and_the_others_are_known_by_name(desired: Path) -> None:
    loaded = load(desired, ["wiki"]).declarations
    assert list(loaded.apps) == ["wiki"] and loaded.names == {"crm", "wiki", "zoo"}
    assert loaded.others["crm"].secretToken == "${env:CRM_TOKEN}" and loaded.others["crm"].token_place.line == 4
    assert len(loaded.users) == 1 and len(loaded.apps["wiki"].assignments) == 1


@pytest.mark.parametrize("odd", ["", "slip", "folder", "suffix", "link", "deep", "broken", "hidden", "twice"])
def test_the_digest_is_that_of_all_files_whoever_is_asked_for(desired: Path, odd: str) -> None:
    """Also where names of another app are judged first: a slip is read as what was meant, a link is followed or not."""
    crm = desired / "apps/crm"
    match odd:
        case "slip":
            (crm / "roles.yaml").rename(crm / "role.yaml")
        case "folder":
            (crm / "assignments").rename(crm / "assignment")
        case "suffix":
            write(crm, "assignments/b.yml", "assignments: []\n")
            write(crm, "assignments/c.txt", "x")
        case "link":
            (crm / "approvals.yaml").symlink_to("../zoo/roles.yaml")
            (crm / "mappings.json").symlink_to("/etc/hostname")
        case "deep":
            write(crm, "assignments/deep/b.yaml", "assignments: []\n")
        case "broken":
            write(crm, "app.yaml", "app: [")
        case "hidden":
            write(crm, ".note", "x")
            write(crm, "README.md", "x")
        case "twice":
            write(crm, "app.json", "{}")
    whole, part = load(desired), load(desired, ["wiki"])
    assert part.declarations.digest == whole.declarations.digest and part.declarations.names == {"crm", "wiki", "zoo"}
    assert not part.errors and bool(whole.errors) is (odd not in ("", "deep", "hidden"))


def test_what_is_wrong_with_another_app_is_said_to_whoever_asks_for_it(desired: Path) -> None:
    write(desired, "apps/crm/assignments/a.yaml", "assignments: [{user: nobody@x.org, role: User}]\n")
    assert codes(desired, "wiki") == []
    assert codes(desired, "crm", "wiki") == codes(desired) == [("unknown-user", "apps/crm/assignments/a.yaml")]


def test_what_is_wrong_with_the_directory_is_said_to_everybody(desired: Path) -> None:
    write(desired, "directory/groups/a.yaml", "groups: [{displayName: Team, members: [nobody@x.org]}]\n")
    assert codes(desired, "wiki") == codes(desired) == [("unknown-user", "directory/groups/a.yaml")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [("wiki", [("shared-token", "apps/zoo/app.yaml")]), ("zoo", [("shared-token", "apps/wiki/app.yaml")]), ("crm", [])],
)
def test_a_token_that_goes_to_another_app_s_service_too_is_an_error_of_both(
    desired: Path, asked: str, said: list[tuple[str, str]]
) -> None:
    file = desired / "apps/zoo/app.yaml"
    file.write_text(file.read_text().replace("ZOO_TOKEN", "WIKI_TOKEN"))
    assert codes(desired, asked) == said


def test_a_url_that_holds_the_token_of_another_app_is_an_error(desired: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", "the-token-of-crm")
    file = desired / "apps/wiki/app.yaml"
    file.write_text(file.read_text().replace("wiki.x.org", "wiki.x.org/the-token-of-crm"))
    assert codes(desired, "wiki") == [("token-in-url", "apps/wiki/app.yaml")] and codes(desired, "crm") == []


@pytest.mark.parametrize(
    ("apps", "role", "said"),
    [
        ("wiki", "wiki Admin", []),
        ("wiki, crm", "crm Admin", []),
        ("", "zoo Admin", []),
        ("wiki, cmr", "wiki Admin", ["unknown-app"]),
        ("wiki", "crm Admin", ["unknown-role"]),
        ("", "Nobody", ["unknown-role"]),
        ("crm", "Nobody", None),
    ],
)
def test_a_policy_that_names_others_is_checked_against_what_they_have(
    desired: Path, apps: str, role: str, said: list[str] | None
) -> None:
    """One that is not about the app is left to whoever checks everything."""
    write(desired, "policies/a.yaml", POLICY.format(apps=apps, role=role).replace("apps: [], ", ""))
    assert [code for code, _ in codes(desired, "wiki")] == (said or [])
    assert [code for code, _ in codes(desired)] == (["unknown-role"] if said is None else said)
