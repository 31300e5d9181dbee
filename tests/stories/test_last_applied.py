"""A change that brings its own record, or moves a token, and what a plan says of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gitworld import GitWorld, git
from tests.support.servers import APP, Desk, front, page, scim_server


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scim_server() as url:
        yield url


def recorded(folder: Path, desk: Desk, **fields: object) -> None:
    folder.mkdir(parents=True)
    text = {"version": 1, "app": folder.name, "base_url": desk.url, "entries": {}, **fields}
    (folder / "record.json").write_text(json.dumps(text))


def said(desk: Desk, *options: str, **environ: str) -> dict[str, str]:
    """The cautions of a plan: text by code."""
    ran = desk.reconcile("plan", "--format", "json", *options, **environ)
    assert ran.out, ran.err
    return {item["code"]: item["text"] for plan in json.loads(ran.out)["plans"] for item in plan["cautions"]}


# A record in the checkout


@pytest.mark.parametrize(("path", "place"), [(None, ".reconcile"), ("desired/.r", "desired/.r"), ("kept", "kept")])
def test_ci_takes_no_local_record_from_the_checkout(tmp_path: Path, path: str | None, place: str) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        if path is not None:
            desk.write("reconciler.yaml", f"record: {{backend: local, path: {path}}}\n")
        recorded(tmp_path / place / "wiki", desk)
        there = {"CI": "true", "RECONCILE_ALLOWED_ORIGINS": service.url}
        for command in (("plan",), ("revoke", "ada@x.org", "--auto-approve"), ("explain", "ada@x.org"), ("test-connection",)):
            ran = desk.reconcile(*command, **there)
            assert ran.code == 1 and ("inside of the checkout" in ran.err or "would vanish" in ran.err), command
        assert service.connections == 0
        assert desk.reconcile("plan", **there, RECONCILE_RECORD_FOLDER=place).code == 0, "the environment names the folder"
        assert desk.reconcile("plan").code == 0, "and a person's own machine is not CI"


def test_ci_takes_a_local_record_from_beside_the_checkout_and_none_through_a_link(tmp_path: Path) -> None:
    with front(lambda call: page()) as service:
        (tmp_path / "checkout").mkdir()
        desk = Desk(tmp_path / "checkout", service.url)
        recorded(tmp_path / "kept/wiki", desk)
        there = {"CI": "true", "RECONCILE_ALLOWED_ORIGINS": service.url}
        for path, code in ((tmp_path / "kept", 0), ("../kept", 0), ("link", 1)):
            (tmp_path / "checkout/link").unlink(missing_ok=True)
            (tmp_path / "checkout/link").symlink_to(tmp_path / "kept")
            desk.write("reconciler.yaml", f"record: {{backend: local, path: {path}}}\n")
            assert desk.reconcile("plan", **there).code == code, path


def test_ci_plans_where_there_is_no_record_yet(tmp_path: Path) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        ran = desk.reconcile("plan", CI="true", RECONCILE_ALLOWED_ORIGINS=service.url)
        assert ran.code == 0 and "there is no record yet" in ran.out


# What was said before


def test_what_was_last_applied_is_kept_by_name_and_a_plan_says_what_differs(tmp_path: Path, services: str) -> None:
    desk = Desk(tmp_path, f"{services}/kept/v2")
    assert desk.reconcile("apply", "--auto-approve").code == 0 and said(desk) == {}
    kept = json.loads((tmp_path / ".reconcile/wiki/record.json").read_text())["declared"]
    assert kept == {
        "app": "wiki",
        "tenantUrl": "${env:WIKI_URL}",
        "secretToken": "${env:WIKI_TOKEN}",
        "record": "local .reconcile",
    }
    desk.write("apps/wiki/app.yaml", APP.replace("WIKI_TOKEN", "NEW_TOKEN"))
    new = {"NEW_TOKEN": desk.environ["WIKI_TOKEN"]}
    assert said(desk, **new) == {
        "TokenNameChanged": "secretToken was ${env:WIKI_TOKEN} when last applied, and is ${env:NEW_TOKEN} now"
    }
    assert ", desired/apps/wiki/app.yaml:2" in desk.reconcile("plan", **new).out
    assert desk.reconcile("apply", "--auto-approve", **new).code == 0 and said(desk, **new) == {}
    desk.write("apps/wiki/app.yaml", APP.replace("${env:WIKI_URL}", desk.url))
    assert set(said(desk)) == {"TenantUrlChanged", "TokenNameChanged"}


def changed(world: GitWorld) -> str:
    """The commit before a change, which is then made by `desk.write`."""
    git(world.checkout, "add", "--all")
    git(world.checkout, "commit", "--quiet", "-m", "before")
    return git(world.checkout, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize("forged", [False, True])
def test_a_change_that_brings_its_own_record_is_seen_by_the_commit_before_it(tmp_path: Path, forged: bool) -> None:
    with front(lambda call: page()) as service:
        world = GitWorld(tmp_path)
        desk = Desk(world.checkout, service.url)
        base = changed(world)
        event = tmp_path / "event.json"
        event.write_text(json.dumps({"pull_request": {"base": {"sha": base}, "head": {"sha": base}}}))
        there = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event), "RECONCILE_ALLOWED_ORIGINS": service.url}
        assert said(desk, **there) == {}
        desk.write("reconciler.yaml", "record: {backend: local, path: desired/.r}\n")
        if forged:
            mine = {
                "app": "wiki",
                "tenantUrl": "${env:WIKI_URL}",
                "secretToken": "${env:WIKI_TOKEN}",
                "record": "local desired/.r",
            }
            recorded(world.checkout / "desired/.r/wiki", desk, commit=base, declared=mine)
        (text,) = said(desk, **there).values()
        assert text.startswith("the place of the record was local .reconcile ") and text.endswith("is local desired/.r now")
        git(world.checkout, "branch", "side")
        git(world.checkout, "update-ref", "refs/remotes/origin/HEAD", base)
        assert set(said(desk)) == {"RecordMoved"}, "as on a person's own machine, on a branch of the remote's"


def test_what_is_declared_for_the_first_time_differs_from_nothing(tmp_path: Path) -> None:
    with front(lambda call: page()) as service:
        world = GitWorld(tmp_path)
        git(world.checkout, "update-ref", "refs/remotes/origin/HEAD", "HEAD")
        desk = Desk(world.checkout, service.url)
        desk.write("reconciler.yaml", f"record: {{backend: local, path: {tmp_path}/kept}}\n")
        assert said(desk) == {}


def test_an_app_of_the_commit_before_under_a_new_name_is_seen(tmp_path: Path) -> None:
    with front(lambda call: page()) as service:
        world = GitWorld(tmp_path)
        desk = Desk(world.checkout, service.url)
        git(world.checkout, "update-ref", "refs/remotes/origin/HEAD", changed(world))
        renamed(desk)
        assert said(desk) == {"AppRenamed": "the app's name was wiki before this change, and is docs now"}


def test_a_clone_that_lacks_the_commit_before_the_change_says_so(tmp_path: Path) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(GitWorld(tmp_path).checkout, service.url)
        event = tmp_path / "event.json"
        event.write_text(json.dumps({"pull_request": {"base": {"sha": "0" * 40}}}))
        there = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event), "RECONCILE_ALLOWED_ORIGINS": service.url}
        assert "fetch-depth: 0" in said(desk, **there)["NotCompared"] and said(desk) == {}


def test_signatures_that_are_asked_for_no_more_are_seen(tmp_path: Path) -> None:
    with front(lambda call: page()) as service:
        world = GitWorld(tmp_path)
        desk = Desk(world.checkout, service.url)
        in_git = "record: {backend: git, remote: origin%s}\n"
        desk.write("reconciler.yaml", in_git % ", sign: true, allowedSigners: .github/allowed_signers")
        signers = world.checkout / ".github/allowed_signers"
        signers.parent.mkdir()
        signers.write_text("")
        git(world.checkout, "update-ref", "refs/remotes/origin/HEAD", changed(world))
        assert said(desk) == {}
        desk.write("reconciler.yaml", in_git % "")
        assert said(desk) == {
            "SigningChanged": "what is asked of the record's signatures was sign: true, by .github/allowed_signers before this "
            "change, and is nothing now"
        }


ROLES = "roles:\n- {value: admin, displayName: Admin, privileged: true}\n- {value: user, displayName: User}\n"


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (ROLES.replace(", privileged: true", ""), "the role Admin was privileged before this change, and no longer is"),
        (
            ROLES.replace("Admin, privileged: true", "Helper"),
            "the role Admin was privileged before this change, and no longer is",
        ),
        (
            "roles:\n- {value: user, displayName: User}\n",
            "the role Admin was privileged before this change, and is no longer declared",
        ),
        (ROLES.replace("displayName: Admin", "displayName: Chief"), ""),
        (ROLES + "- {value: boss, displayName: Boss, privileged: true}\n", ""),
    ],
)
def test_a_role_that_is_privileged_no_more_is_seen_in_the_change_that_says_so(tmp_path: Path, after: str, words: str) -> None:
    with front(lambda call: page()) as service:
        world = GitWorld(tmp_path)
        desk = Desk(world.checkout, service.url)
        desk.write("apps/wiki/roles.yaml", ROLES)
        git(world.checkout, "update-ref", "refs/remotes/origin/HEAD", changed(world))
        assert said(desk) == {}
        desk.write("apps/wiki/roles.yaml", after)
        found = said(desk)
        assert found.keys() == ({"PrivilegeEnds"} if words else set()) and words in found.get("PrivilegeEnds", "")


# An app under a new name


def renamed(desk: Desk, url: str = "${env:WIKI_URL}") -> None:
    shutil.move(desk.folder / "desired/apps/wiki", desk.folder / "desired/apps/docs")
    desk.write("apps/docs/app.yaml", APP.replace("app: wiki", "app: docs").replace("${env:WIKI_URL}", url))


def test_a_renamed_app_is_refused_until_its_record_is_moved_and_then_keeps_it(tmp_path: Path, services: str) -> None:
    desk = Desk(tmp_path, f"{services}/renamed/v2")
    desk.write("apps/wiki/app.yaml", APP + "safeguards: {protected: [ada@x.org]}\n")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    renamed(desk, f"{services}/renamed/v2/")
    for command in (("plan",), ("apply", "--auto-approve")):
        ran = desk.reconcile(*command)
        assert ran.code == 1 and "docs has no record, and the app wiki" in ran.err
        assert "`reconcile record migrate --from-app wiki --app docs`" in ran.err
    moved = desk.reconcile("record", "migrate", "--from-app", "wiki", "--app", "docs")
    assert moved.code == 0 and not (tmp_path / ".reconcile/wiki").exists(), moved.err
    kept = json.loads((tmp_path / ".reconcile/docs/record.json").read_text())
    assert (kept["app"], kept["protected"], len(kept["entries"])) == ("docs", ["User/ada@x.org"], 3)
    assert {"AppRenamed", "ProtectionEnds", "TenantUrlChanged"} == set(said(desk))
    desk.write("apps/docs/assignments.yaml", "assignments: []\n")
    assert "protected" in desk.reconcile("plan").out and desk.reconcile("plan").code == 3


def test_another_app_elsewhere_is_no_rename(tmp_path: Path) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        renamed(desk)
        recorded(tmp_path / ".reconcile/wiki", desk, base_url="https://elsewhere.example.com/v2", protected=["User/ada@x.org"])
        recorded(tmp_path / ".reconcile/empty", desk)
        assert desk.reconcile("plan").code == 0


# A record that Git tracks


@pytest.mark.parametrize("what", ["a record", "a lock that is a link", "a link to the folder"])
def test_a_local_record_that_git_tracks_came_with_a_change_and_is_refused_on_every_machine(tmp_path: Path, what: str) -> None:
    world = GitWorld(tmp_path)
    with front(lambda call: page()) as service:
        desk = Desk(world.checkout, service.url)
        folder = world.checkout / ".reconcile/wiki"
        if what == "a record":
            recorded(folder, desk)
        elif what == "a lock that is a link":
            folder.mkdir(parents=True)
            (folder / "lock").symlink_to(world.checkout / "file")
        else:
            recorded(tmp_path / "elsewhere/wiki", desk)
            folder.parent.symlink_to(tmp_path / "elsewhere")
        assert desk.reconcile("plan").code == 0, "a person's own is taken"
        git(world.checkout, "add", "--force", ".reconcile")
        for command in (("plan",), ("apply", "--auto-approve"), ("record", "show", "User/x@example.org")):
            ran = desk.reconcile(*command)
            assert ran.code == 1 and "Git tracks .reconcile" in ran.err, (command, ran)
        assert (world.checkout / "file").read_text() == "2"
        if what == "a record":
            assert desk.reconcile("plan", RECONCILE_RECORD_FOLDER=str(folder.parent)).code == 0, "the environment names it"
