"""Service profiles are data, and the laws hold on each of them, in front of the real server less what the service lacks."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from scim2_models import Pagination
from scim2_server.applications.wsgi import WSGIApplication
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.utils import load_default_provider

from reconciler.declare import profiles
from reconciler.declare.headers import refusal
from reconciler.declare.load import load
from reconciler.declare.yaml.document import parse
from reconciler.demo.simulator import Simulator
from reconciler.plan.change import Action, AttributeChange, Change, Precondition
from reconciler.plan.cost import estimate
from reconciler.plan.model import Requests
from reconciler.resolve.capabilities import limit
from reconciler.scim.client import ScimClient
from reconciler.scim.connection import run_test
from reconciler.scim.discovery import refine, refined
from reconciler.scim.errors import PatchUnsupported, ReadError, ServiceError
from reconciler.scim.patch import body, member_operations, operations
from reconciler.scim.profile import PROFILES, Etag, Filter, Patch, Rate, make_profile, profile_of
from reconciler.scim.rate import MINUTE, Turns, Waits
from tests.stories.test_laws import NAMES, STATES, declare
from tests.support.budget import examples
from tests.support.laws import converge_as_planned
from tests.support.scim_service import application
from tests.support.warned import texts
from tests.support.world import SWITCH, Clock, World

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "reconciler/scim/profiles").glob("*.yaml"))
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
VENDORS_OWN = f"""mappings:
  users:
    targetObjectActions: [create, update, delete]
    attributes:
      - {{target: userName, source: userPrincipalName, matchingPrecedence: 1}}
      - {{target: 'emails[type eq "work"].value', source: mail}}
      - {{target: active, expression: {SWITCH}}}
      - {{target: displayName, source: displayName}}
  groups: {{enabled: false}}
"""
ADA = "userPrincipalName: ada@x.org, mail: ada@x.org, displayName: Ada"
GRACE = "userPrincipalName: grace@x.org, mail: grace@x.org, displayName: Grace"


def thousandeyes(folder: Path, **overrides: Any) -> World:
    """The vendor's own default mapping (facts §1.4), two people, one of them an administrator."""
    world = World(folder, "thousandeyes", **overrides)
    world.write("apps/wiki/mappings.yaml", VENDORS_OWN)
    world.users(ADA, GRACE)
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User")
    return world


def actions(world: World) -> list[tuple[str, str]]:
    return [(change.address, change.action) for change in world.plan().changes]


# Profiles as data


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_packaged_profile_fits_its_schema(file: Path) -> None:
    data = parse(file.read_bytes(), file.name).data
    Draft202012Validator(json.loads((ROOT / "schemas/profile.schema.json").read_text())).validate(data)
    assert make_profile(file.stem, profiles.settings(file.stem)).name == file.stem


def test_an_app_may_say_of_its_profile_whatever_a_profile_may_say() -> None:
    profile = json.loads((ROOT / "schemas/profile.schema.json").read_text())["properties"]
    app = json.loads((ROOT / "schemas/app.schema.json").read_text())["properties"]["profile"]
    assert {key: value for key, value in app["properties"].items() if key != "base"} == profile
    assert [name for name in app["examples"] if isinstance(name, str)] == [file.stem for file in FILES]


def test_a_new_profile_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(profiles.FOLDER, tmp_path / "profiles")
    (tmp_path / "profiles/intranet.yaml").write_text("description: Intranet\nrate: {perMinute: 7}\ngroups: {supported: false}\n")
    monkeypatch.setattr(profiles, "FOLDER", tmp_path / "profiles")
    profiles.names.cache_clear()
    try:
        world = World(tmp_path, "intranet")
        world.users(ADA)
        world.assign("user: ada@x.org, role: User")
        assert load(tmp_path / "desired").errors == []
        assert world.client.profile.rate == Rate(7) and world.client.profile.paging.count == 200
    finally:
        monkeypatch.undo()
        profiles.names.cache_clear()


def test_without_a_base_it_is_the_generic_one_that_differs(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("apps/wiki/app.yaml", APP + "profile: {rate: {perMinute: 60}}\n")
    world.assign()
    loaded = load(tmp_path / "desired")
    app = loaded.declarations.apps["wiki"]
    assert loaded.errors == [] and (app.profile, app.settings["rate"]["perMinute"]) == ("generic", 60)


def test_what_an_app_says_differently_replaces_that_key_alone(tmp_path: Path) -> None:
    world = thousandeyes(tmp_path, rate={"perMinute": 60})
    app = load(tmp_path / "desired").declarations.apps["wiki"]
    assert app.profile == "thousandeyes" and app.settings["rate"]["perMinute"] == 60
    assert app.settings["rate"]["headers"] == profiles.settings("thousandeyes")["rate"]["headers"]
    assert world.client.profile.rate is not None and world.client.profile.rate.perMinute == 60


@pytest.mark.parametrize(
    ("profile", "code"),
    [("{base: wonder}", "not-one-of"), ("{rate: {burst: 5}}", "missing-key"), ("{base: generic, paging: 7}", "wrong-type"),
     ("{base: generic, rate: {burst: 5}}", "missing-key"), ("{base: generic, pagging: {}}", "unknown-key"),
     ("{base: generic, headers: {Authorization: x}}", "schema-pattern"), ("7", "wrong-type")],
)  # fmt: skip
def test_a_slip_in_a_profile_is_said(tmp_path: Path, profile: str, code: str) -> None:
    world = thousandeyes(tmp_path)
    world.write(
        "apps/wiki/app.yaml",
        f'app: wiki\nadminCredentials: {{tenantUrl: "http://127.0.0.1/v2", secretToken: "${{env:T}}"}}\nprofile: {profile}\n',
    )
    assert [(problem.code, problem.place.line) for problem in load(tmp_path / "desired").errors] == [(code, 3)]


APP = 'app: wiki\nadminCredentials: {tenantUrl: "http://127.0.0.1/v2", secretToken: "${env:T}"}\n'


def declared_header(folder: Path, name: str) -> None:
    profile = f'profile: {{base: generic, headers: {{{name}: "x"}}}}\n'
    thousandeyes(folder).write("apps/wiki/app.yaml", APP + profile)


@pytest.mark.parametrize(
    "name",
    [
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Forwarded-Host",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Host",
        "X-HTTP-Host-Override",
        "X-Original-Host",
        "X-Real-IP",
        "X-Client-IP",
        "X-Remote-User",
        "X-Remote-Addr",
        "X-User",
        "X-On-Behalf-Of",
        "X-Impersonate-User",
        "X-MS-CLIENT-PRINCIPAL",
        "X-Accel-Redirect",
        "X-Sendfile",
        "X-Envoy-Original-Path",
        "X-Middleware-Subrequest",
        "X-Proxy-URL",
        "X-Content-Length",
        "X-Transfer-Encoding",
        "X-Connection",
        "X-Scheme",
        "X-Auth-Request-Email",
        "X-Cookie",
        "X-Amz-Security-Token",
        "Host",
        "Authorization",
        "Cookie",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Proxy-Authorization",
        "Forwarded",
        "Upgrade",
        "TE",
        "Expect",
        "Content-Type",
        "If-Match",
        "X",
        "x-http-method-override",
    ],
)
def test_a_profile_adds_no_header_that_rewrites_a_request(tmp_path: Path, name: str) -> None:
    declared_header(tmp_path, name)
    (problem,) = load(tmp_path / "desired").errors
    assert problem.code in ("header", "literal-secret", "schema-pattern") and problem.place.line == 3
    assert refusal(name) is not None, "whatever the schema may let through"


@pytest.mark.parametrize(
    "name",
    [
        "User-Agent",
        "Accept-Language",
        "X-Requested-With",
        "X-GitHub-Api-Version",
        "X-Request-Id",
        "X-Correlation-Id",
        "X-Tenant-Id",
        "X-Account-Group",
        "X-Api-Version",
        "X-A",
    ],
)
def test_a_header_that_a_service_asks_for_is_sent(tmp_path: Path, name: str) -> None:
    declared_header(tmp_path, name)
    loaded = load(tmp_path / "desired")
    assert loaded.errors == [] and profile_of(loaded.declarations.apps["wiki"]).headers[name] == "x"


# The laws


@pytest.mark.parametrize("profile", [file.stem for file in FILES if file.stem != "generic"])
@settings(
    max_examples=examples(2),
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(STATES, st.sets(st.sampled_from(NAMES)), st.randoms(use_true_random=False))
def test_the_laws_hold_on_every_service(
    profile: str, states: list[tuple[dict[str, str], set[str], set[str]]], existing: set[str], random: Random
) -> None:
    """Applies converge, plans write nothing, order changes nothing, strangers are left alone."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), profile)
        for name in sorted(existing):
            world.seed(name)
        strange = world.seed("stranger@x.org")
        derived = ("emails",) if profiles.settings(profile)["users"]["identity"] == "emails" else ()
        untouched = {**(world.client.get("Users", strange) or {}), "meta": None}
        for state in states:
            declare(world, state)
            before = world.transport.writes
            plan = world.plan()
            assert world.transport.writes == before
            declare(world, state, random)
            assert world.plan().digest == plan.digest
            converge_as_planned(world, derived)
            assert world.apply().outcomes == []
        live = world.client.get("Users", strange)
        assert live is not None and {**live, "meta": None} == untouched


# ThousandEyes (facts part 2)


def test_the_vendors_own_mapping_gives_exactly_the_documented_accounts(tmp_path: Path) -> None:
    world = thousandeyes(tmp_path)
    world.converge()
    kept = {
        name: {k: v for k, v in world.find(name).items() if k not in ("id", "meta", "schemas")}
        for name in ("ada@x.org", "grace@x.org")
    }
    assert kept == {
        f"{first}@x.org": {
            "userName": f"{first}@x.org",
            "displayName": first.capitalize(),
            "active": True,
            "emails": [{"type": "work", "value": f"{first}@x.org", "primary": True}],
        }
        for first in ("ada", "grace")
    }


def test_thousandeyes_changes_the_display_name(tmp_path: Path) -> None:
    world = thousandeyes(tmp_path)
    world.converge()
    world.users(ADA.replace("Ada", "Countess"), GRACE)
    world.converge()
    assert world.find("ada@x.org")["displayName"] == "Countess"


def test_what_thousandeyes_cannot_change_is_said_once_and_no_diff_for_ever(tmp_path: Path) -> None:
    world = thousandeyes(tmp_path)
    world.converge()
    world.users(ADA.replace("mail: ada@x.org", "mail: countess@x.org"), GRACE)
    plan = world.plan()
    assert plan.changes == ()
    assert [w for w in texts(plan.warnings) if "cannot change" in w] == [
        'ThousandEyes cannot change emails[type eq "work"].value once an account is there; it differs for User/ada@x.org; '
        "it is not sent: change it there by hand, and have the person confirm it, without which they cannot sign in"
    ]


def test_a_new_e_mail_that_the_person_has_to_confirm_is_said_where_it_is_sent(tmp_path: Path) -> None:
    world = thousandeyes(tmp_path, users={"modifiable": ["displayName", "active", "emails"]})
    world.converge()
    world.users(ADA.replace("mail: ada@x.org", "mail: countess@x.org"), GRACE)
    (change,) = world.plan().changes
    assert change.action == Action.UPDATE
    assert [w for w in texts(world.plan().warnings) if "confirm" in w] == [
        'ThousandEyes asks the person to confirm a new emails[type eq "work"].value before they can sign in: User/ada@x.org'
    ]


def test_an_account_is_known_by_its_e_mail_and_the_plan_says_so(tmp_path: Path) -> None:
    world = thousandeyes(tmp_path)
    world.users(ADA.replace("mail: ada@x.org", "mail: countess@x.org"), GRACE)
    assert [w for w in texts(world.plan().warnings) if "by its e-mail" in w] == [
        "ThousandEyes knows an account by its e-mail, not by userName; they differ for User/ada@x.org: map userName from mail"
    ]
    world.converge()
    assert world.find("countess@x.org")["displayName"] == "Ada"


def test_a_mapping_that_the_service_would_ignore_is_said_once_and_left_out(tmp_path: Path) -> None:
    world = World(tmp_path, "thousandeyes")
    world.users(*(f"userPrincipalName: {name}, jobTitle: Engineer" for name in NAMES))
    world.groups("displayName: Net, members: []")
    world.assign("group: Net, role: User", *(f"user: {name}, role: Admin" for name in NAMES))
    said = [warning for warning in texts(world.plan().warnings) if "has no effect" in warning]
    assert [warning.partition(" has")[0] for warning in said] == [
        "the mapping to title",
        "the mapping to roles",
        f"the mapping to {ENTERPRISE}:manager",
        "the groups' mapping",
    ]
    assert "ThousandEyes does not store it (" in said[0] and said[0].endswith("mappings.yaml:7)")
    assert any(warning.startswith("ThousandEyes does not store roles") for warning in texts(world.plan().warnings))
    created = world.plan().changes
    assert {a.path for change in created for a in change.attributes} == {"userName", "active"}
    world.converge()


def test_nobody_can_be_matched_by_what_is_not_stored(tmp_path: Path) -> None:
    from reconciler.resolve.check import check

    world = thousandeyes(tmp_path)
    world.write("apps/wiki/mappings.yaml", VENDORS_OWN.replace("target: userName", "target: nickName"))
    assert [p.code for p in check(load(tmp_path / "desired").declarations) if p.severity == "error"] == ["not-stored"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/Groups"), ("POST", "/Groups"), ("POST", "/Bulk"), ("GET", "/Schemas"), ("GET", "/ServiceProviderConfig"),
     ("GET", "/ResourceTypes")],
)  # fmt: skip
def test_thousandeyes_has_no_such_endpoint(tmp_path: Path, method: str, path: str) -> None:
    with httpx.Client(transport=thousandeyes(tmp_path).transport) as client:
        answer = client.request(method, f"http://127.0.0.1/v2{path}", json={})
    assert answer.status_code == 404 and answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("filter", "status"),
    [
        ('userName eq "a"', 200),
        ('externalId eq "a"', 200),
        ('emails[type eq "work"].value eq "a"', 400),
        ('userName sw "a"', 400),
        ('userName eq "a" and externalId eq "b"', 400),
    ],
)
def test_thousandeyes_filters_on_user_name_and_external_id_alone(tmp_path: Path, filter: str, status: int) -> None:
    with httpx.Client(transport=thousandeyes(tmp_path).transport) as client:
        assert client.get("http://127.0.0.1/v2/Users", params={"filter": filter}).status_code == status


@pytest.mark.parametrize(
    "said",
    [
        {"schemas": ["urn:scim:schemas:core:1.0"], "totalResults": 0, "Resources": []},
        {"totalResults": 1, "Resources": [{"id": "1", "schemas": ["urn:scim:schemas:core:1.0"]}]},
    ],
)
def test_a_service_that_answers_in_scim_1_1_is_refused(tmp_path: Path, said: dict[str, Any]) -> None:
    world = thousandeyes(tmp_path)
    with ScimClient(
        "http://127.0.0.1/v1",
        "t",
        PROFILES["thousandeyes"],
        transport=httpx.MockTransport(lambda request: httpx.Response(200, json=said)),
    ) as client:
        for ask in (lambda: client.find("Users", "userName", "a"), lambda: client.read_all("Users", lambda page: page)):
            with pytest.raises(ServiceError, match="SCIM 1.1"):
                ask()
        steps = run_test(client, limit(load(world.folder / "desired").declarations.apps["wiki"]), "nobody")
    assert not steps[-1].ok and steps[-1].needed and "SCIM 1.1" in steps[-1].message
    assert "/scim/v2" in steps[-1].remedy


def test_who_cannot_be_filtered_for_is_found_by_reading_everybody(tmp_path: Path) -> None:
    world = thousandeyes(tmp_path)
    world.converge()
    assert [u["userName"] for u in world.client.find("Users", "displayName", "GRACE")] == ["grace@x.org"]


# What `active: false` does


@pytest.mark.parametrize(
    ("inactive", "planned", "active"), [("keeps", "disable", [False]), ("deletes", "delete", []), ("ignored", None, [True])]
)
def test_a_leaver_gets_what_the_service_can_do_and_the_plan_says_it(
    tmp_path: Path, inactive: str, planned: str | None, active: list[bool]
) -> None:
    world = thousandeyes(tmp_path, deprovision={"inactive": inactive})
    world.converge()
    world.assign("user: grace@x.org, role: User")
    plan = world.plan()
    assert actions(world) == ([("User/ada@x.org", planned)] if planned else [])
    said = " ".join([*texts(plan.warnings), *(change.reason for change in plan.changes)])
    assert {
        "keeps": "not assigned",
        "deletes": "ThousandEyes has no disabled accounts",
        "ignored": "User/ada@x.org: retained, since ThousandEyes ignores `active`",
    }[inactive] in said
    world.converge()
    assert [u.get("active", True) for u in world.client.find("Users", "userName", "ada@x.org")] == active


@pytest.mark.parametrize(("really", "left"), [("deletes", 0), ("ignored", 1)])
def test_a_service_that_does_otherwise_than_its_profile_says_is_found_out(tmp_path: Path, really: str, left: int) -> None:
    world = thousandeyes(tmp_path, deprovision={"inactive": really})
    world.profile("thousandeyes")
    world.converge()
    world.assign("user: grace@x.org, role: User")
    (outcome,) = world.apply().outcomes
    assert outcome.status == "ignored"  # what is not shown is unknown: neither done nor outstanding
    assert ("deleted the account" in outcome.message) == (really == "deletes")
    assert world.plan().changes == () and len(world.client.find("Users", "userName", "ada@x.org")) == left
    warned = any("does not show what came of `active: false`" in text for text in texts(world.plan().warnings))
    assert warned == (really == "ignored") and not world.plan().cautions
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User")
    world.converge()
    assert world.find("ada@x.org").get("active", True) is True


def test_a_delete_that_only_deactivates_is_said_and_the_account_comes_back(tmp_path: Path) -> None:
    world = World(tmp_path, "slack")
    world.users(ADA)
    world.assign("user: ada@x.org, role: User")
    world.converge()
    world.write(
        "apps/wiki/app.yaml", (tmp_path / "desired/apps/wiki/app.yaml").read_text() + "deprovisioning: {outOfScope: delete}\n"
    )
    world.assign()
    assert [c.reason for c in world.plan().changes] == ["NotAssigned: not assigned to wiki; Slack keeps the account, disabled"]
    world.converge()
    account = world.find("ada@x.org")
    assert account["active"] is False
    world.assign("user: ada@x.org, role: User")
    assert actions(world) == [("User/ada@x.org", "enable")]
    world.converge()
    assert (world.find("ada@x.org")["id"], world.find("ada@x.org")["active"]) == (account["id"], True)


# The other services


def test_members_that_a_service_does_not_show_are_kept_in_step_by_the_record(tmp_path: Path) -> None:
    world = World(tmp_path, "aws-identity-center")
    world.users(ADA, GRACE)
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.assign("group: Net, role: User", "user: grace@x.org, role: User")
    world.converge()
    assert world.group("Net")["members"] == []
    world.groups("displayName: Net, members: [ada@x.org]")
    assert [(c.add, c.remove) for c in world.plan().changes] == [((), ("User/grace@x.org",))]
    world.converge()


def test_more_members_than_one_patch_may_hold_go_in_several(tmp_path: Path) -> None:
    world = World(tmp_path, "aws-identity-center", groups={"membersPerPatch": 2})
    world.users(*(f"userPrincipalName: {name}" for name in NAMES))
    world.groups(f"displayName: Net, members: [{', '.join(NAMES)}]")
    world.assign("group: Net, role: User")
    world.converge()
    world.groups("displayName: Net, members: []")
    world.converge()


def test_of_two_mappings_to_an_attribute_with_one_value_the_first_counts(tmp_path: Path) -> None:
    world = World(tmp_path, "aws-identity-center")
    world.write(
        "apps/wiki/mappings.yaml",
        VENDORS_OWN.replace("displayName, source: displayName}", "'emails[type eq \"home\"].value', source: mailNickname}"),
    )
    world.users(ADA)
    world.assign("user: ada@x.org, role: User")
    assert any("keeps one value of emails, and another mapping gives it" in warning for warning in texts(world.plan().warnings))
    world.converge()


def test_a_service_that_knows_no_filter_in_a_path_gets_the_whole_attribute(tmp_path: Path) -> None:
    world = World(tmp_path, "github-emu")
    world.write("apps/wiki/mappings.yaml", VENDORS_OWN)
    world.users(ADA)
    world.assign("user: ada@x.org, role: User")
    world.converge()
    world.users(ADA.replace("mail: ada@x.org", "mail: countess@x.org"))
    world.converge()
    assert world.find("ada@x.org")["emails"] == [{"type": "work", "value": "countess@x.org"}]


def test_a_required_header_is_sent(tmp_path: Path) -> None:
    world = World(tmp_path, "github-emu")
    assert world.client.find("Users", "userName", "nobody") == []
    with httpx.Client(transport=world.transport, headers={"User-Agent": ""}) as client:
        assert client.get("http://127.0.0.1/v2/Users").status_code == 403


def test_pages_are_no_larger_than_the_service_allows(tmp_path: Path) -> None:
    world = World(tmp_path, "thousandeyes", paging={"count": 500, "most": 2})
    for name in NAMES:
        world.seed(name)
    assert len(world.client.read_all("Users", lambda page: page)) == len(NAMES)


def test_a_service_without_patch_gets_groups_whole(tmp_path: Path) -> None:
    world = World(tmp_path, patch={"supported": False})
    world.users(ADA, GRACE)
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign("group: Net, role: User", "user: grace@x.org, role: User")
    world.converge()
    world.groups("displayName: Net, members: [grace@x.org]")
    world.assign("group: Net, role: User", "user: ada@x.org, role: User")
    world.converge()
    assert [m["value"] for m in world.group("Net")["members"]] == [world.find("grace@x.org")["id"]]


@pytest.mark.parametrize(("name", "seconds"), [("generic", None), ("thousandeyes", 2), ("slack", 2)])
def test_an_apply_is_foreseen_to_take_what_the_service_counts(name: str, seconds: int | None) -> None:
    """ThousandEyes allows 240 requests a minute, Slack 180 writes and any number of reads."""
    change = Change("User/ada@x.org", "update", "", ("config",), "a.yaml", 1, attributes=(AttributeChange("title", "x", "y"),))
    assert estimate([change] * 4, PROFILES[name].limits()) == Requests(4, 4, seconds)


def test_no_read_is_foreseen_where_a_version_goes_with_the_write_and_one_for_many_where_a_filter_holds_many() -> None:
    title, generic = (AttributeChange("title", "x", "y"),), PROFILES["generic"]
    seen = Precondition("1", "sha256:0", 'W/"1"')
    update = Change("User/ada@x.org", "update", "", ("config",), "a.yaml", 1, attributes=title, precondition=seen)
    delete = replace(update, action=Action.DELETE, attributes=())
    announced = replace(generic, etag=Etag(announced=True, enforced=True))
    assert estimate([update] * 4, announced.limits()) == Requests(0, 4, None)
    tried = replace(generic, etag=Etag(announced=True))  # which a read and a request in vain find out, where that pays
    assert [estimate([update] * n, tried.limits()) for n in (4, 8)] == [Requests(4, 4, None), Requests(1, 9, None)]
    assert estimate([update] * 8, replace(generic, etag=Etag(announced=True, enforced=False)).limits()) == Requests(8, 8, None)
    assert estimate([replace(update, precondition=seen._replace(version=None))] * 4, announced.limits()) == Requests(4, 4, None)
    any_of = replace(generic, filter=Filter(("eq", "or")))
    assert estimate([*[update] * 60, delete], any_of.limits()) == Requests(3, 61, None)


# PATCH dialects

LIVE = {"id": "1", "displayName": "A", "active": True, "name": {"givenName": "A"}, "emails": [{"type": "home", "value": "h"}]}
PAIRS = [
    ("active", False),
    ("displayName", "B"),
    ("name.givenName", "B"),
    ("title", "Boss"),
    ("nickName", None),
    ('emails[type eq "work"].value', "w"),
    ('emails[type eq "home"].value', "x"),
    (f"{ENTERPRISE}:department", "D"),
]
ADD_EMAIL = {"op": "add", "path": "emails", "value": [{"type": "work", "value": "w"}]}
DIALECTS = {
    "rfc": [
        {"op": "replace", "path": "active", "value": False}, {"op": "replace", "path": "displayName", "value": "B"},
        {"op": "replace", "path": "name.givenName", "value": "B"}, {"op": "replace", "path": "title", "value": "Boss"},
        {"op": "remove", "path": "nickName"}, ADD_EMAIL,
        {"op": "replace", "path": 'emails[type eq "home"].value', "value": "x"},
        {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "D"},
    ],
    "entra": [
        {"op": "Replace", "path": "active", "value": "False"}, {"op": "Replace", "path": "displayName", "value": "B"},
        {"op": "Replace", "path": "name.givenName", "value": "B"}, {"op": "Add", "path": "title", "value": "Boss"},
        {"op": "Remove", "path": "nickName"}, {"op": "Add", "path": 'emails[type eq "work"].value', "value": "w"},
        {"op": "Replace", "path": 'emails[type eq "home"].value', "value": "x"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "D"},
    ],
    "entra-aadoptscim": [
        {"op": "remove", "path": "nickName"}, ADD_EMAIL, {"op": "replace", "path": 'emails[type eq "home"].value', "value": "x"},
        {"op": "replace", "value": {"active": False, "displayName": "B", "name.givenName": "B", "title": "Boss",
                                    f"{ENTERPRISE}:department": "D"}},
    ],
}  # fmt: skip
MEMBERS = {
    "rfc": [[{"op": "remove", "path": 'members[value eq "1"]'}, {"op": "remove", "path": 'members[value eq "2"]'}],
            [{"op": "add", "path": "members", "value": [{"value": "3"}]}]],
    "entra": [[{"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "1"}, {"$ref": None, "value": "2"}]}],
              [{"op": "Add", "path": "members", "value": [{"value": "3"}]}]],
    "entra-aadoptscim": [[{"op": "remove", "path": 'members[value eq "1"]'}, {"op": "remove", "path": 'members[value eq "2"]'}],
                         [{"op": "add", "path": "members", "value": [{"value": "3"}]}]],
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_patch_is_spoken_in_the_services_dialect(dialect: str) -> None:
    assert operations(PAIRS, LIVE, Patch(dialect=dialect)) == DIALECTS[dialect]
    assert member_operations(["3"], ["1", "2"], 5, Patch(dialect=dialect)) == MEMBERS[dialect]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_real_server_does_what_each_dialect_says(tmp_path: Path, dialect: str) -> None:
    client = World(tmp_path).client
    seed = [
        ("userName", "a@x.org"),
        ("displayName", "A"),
        ("active", True),
        ("nickName", "a"),
        ("name.givenName", "A"),
        ('emails[type eq "home"].value', "h@x.org"),
    ]
    live = client.create("Users", body("Users", seed))
    pairs = [(path, value) for path, value in PAIRS if "work" not in path or dialect != "entra"]  # noTarget, rightly
    answer = client.patch("Users", live["id"], operations(pairs, live, Patch(dialect=dialect)))
    found = answer or client.get("Users", live["id"]) or {}
    assert (found["active"], found["displayName"], found["name"], found["title"]) == (False, "B", {"givenName": "B"}, "Boss")
    assert "nickName" not in found and found[ENTERPRISE]["department"] == "D"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_laws_hold_in_every_dialect(tmp_path: Path, dialect: str) -> None:
    world = World(tmp_path, patch={"dialect": dialect})
    world.users("userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Engineer, manager: grace@x.org", GRACE)
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.assign("group: Net, role: User", "user: grace@x.org, role: Admin")
    world.converge()
    world.users("userPrincipalName: ada@x.org, displayName: Countess", GRACE + ", accountEnabled: false")
    world.converge()
    assert world.find("ada@x.org")["displayName"] == "Countess" and world.find("grace@x.org")["active"] is False


# Rate


def spent(rate: Rate, requests: int, method: str = "POST") -> list[float]:
    """When each request began."""
    clock = Clock()
    start, turns, found = clock.now, Turns(rate, clock, clock.sleep), []
    for _ in range(requests):
        turns.wait(method)
        found.append(clock.now - start)
    return found


@pytest.mark.parametrize(("per_minute", "burst"), [(240, 40), (180, 20), (16, 1), (60, 59)])
def test_no_minute_holds_more_requests_than_the_service_allows(per_minute: int, burst: int) -> None:
    times = spent(Rate(per_minute, burst), 3 * per_minute)
    assert times[burst - 1] == 0.0 and times[burst] > 0.0
    assert max(sum(1 for other in times if t <= other < t + 60) for t in times) <= per_minute


def test_a_clock_that_is_set_back_makes_nobody_wait_for_that_long() -> None:
    clock = Clock()
    turns = Turns(Rate(60, 1), clock, clock.sleep)
    turns.wait("POST")
    clock.now -= 3600
    before = clock.now
    turns.wait("POST")
    assert 0 < clock.now - before < 2


def test_the_profiles_pace_is_told_once_where_it_makes_long_waits() -> None:
    clock, told = Clock(), list[str]()
    turns = Turns(Rate(6, 1), clock, clock.sleep, Waits(clock, told.append))
    for _ in range(5):
        turns.wait("GET")
    assert told == ["waiting 11 s, and again later: the profile allows 6 requests a minute"]


def test_a_burst_is_never_larger_than_what_a_minute_may_hold() -> None:
    assert spent(Rate(5, 9), 6) == [0.0] * 5 + [MINUTE]


def test_reads_do_not_count_where_only_writes_do() -> None:
    assert set(spent(Rate(60, 1, "writes"), 500, "GET")) == {0.0}


def test_a_plan_and_an_apply_stay_within_the_limit_of_240_a_minute(tmp_path: Path) -> None:
    world = thousandeyes(tmp_path)
    people = [f"p{number}@x.org" for number in range(130)]
    world.users(*(f"userPrincipalName: {name}, mail: {name}" for name in people))
    world.assign(*(f"user: {name}, role: User" for name in people))
    started = world.clock.now
    world.converge()
    assert world.client.counts["writes"] == 130
    assert (130 - 40) / 240 * 60 <= world.clock.now - started < 60


@pytest.mark.parametrize("rate", [Rate(240, 40), Rate(1000, 50), Rate(16, 1)], ids=str)
def test_ten_thousand_creates_take_the_rates_own_time_and_no_minute_holds_too_many(rate: Rate) -> None:
    times = spent(rate, 10_000)
    assert times[-1] <= 1.02 * 10_000 / rate.perMinute * 60
    most = int(rate.perMinute)
    assert min(later - earlier for earlier, later in zip(times, times[most:], strict=False)) >= 60


def limited(headers: dict[str, str], clock: Clock, rate: Rate | None) -> list[float]:
    """When the requests came of a client that is told 429 once with these headers."""
    times: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        times.append(clock.now)
        return httpx.Response(429, headers=headers) if len(times) == 1 else httpx.Response(200, json={"totalResults": 0})

    profile = make_profile("x", profiles.settings("generic", {"rate": {"perMinute": 600, "burst": 10}}))
    with ScimClient(
        "http://127.0.0.1",
        "t",
        make_profile("t", profiles.settings("thousandeyes")) if rate else profile,
        transport=httpx.MockTransport(answer),
        clock=clock,
        sleep=clock.sleep,
    ) as client:
        client.read_all("Users", lambda page: page)
    return times


def test_the_services_own_reset_header_is_obeyed_where_there_is_no_retry_after() -> None:
    clock = Clock()
    first, second, *_ = limited({"X-Organization-Rate-Limit-Reset": str(int(clock.now) + 17)}, clock, Rate(240, 40))
    assert second - first == 17


@pytest.mark.parametrize(
    ("name", "value", "seconds"),
    [("Retry-After", "9", 9), ("X-RateLimit-Reset", "12", 12), ("X-RateLimit-Reset", "1800000005", 5)],
)
def test_a_service_without_a_profile_is_obeyed_too(name: str, value: str, seconds: int) -> None:
    first, second, *_ = limited({name: value}, Clock(), None)
    assert second - first == seconds


def test_where_nothing_is_left_nobody_asks_before_the_reset() -> None:
    clock, times, told = Clock(), list[float](), list[str]()
    names = profiles.settings("thousandeyes")["rate"]["headers"]
    nothing = {names["remaining"]: "0", names["reset"]: str(clock.now + 30)}

    def answer(request: httpx.Request) -> httpx.Response:
        times.append(clock.now)
        return httpx.Response(200, json={"totalResults": 0}, headers=nothing)

    with ScimClient(
        "http://127.0.0.1",
        "t",
        PROFILES["thousandeyes"],
        transport=httpx.MockTransport(answer),
        clock=clock,
        sleep=clock.sleep,
        tell=told.append,
    ) as client:
        client.find("Users", "userName", "a")
        client.find("Users", "userName", "a")
    assert times[1] - times[0] == 30 and told == ["waiting 30 s, as the service asks (GET /Users: its limit is reached)"]


def answered(world: World, gaps: list[float], method: str = "GET") -> list[httpx.Response]:
    """What the service of a world says to requests, each so many seconds after the one before."""
    found = []
    with httpx.Client(transport=world.transport) as client:
        for gap in gaps:
            world.clock.now += gap
            found.append(client.request(method, "http://127.0.0.1/v2/Users/1", json={}))
    return found


def test_the_simulator_refuses_the_241st_request_of_a_minute_without_retry_after(tmp_path: Path) -> None:
    answers = answered(thousandeyes(tmp_path), [0.24] * 241)
    assert [a.status_code for a in answers] == [404] * 240 + [429]
    assert "Retry-After" not in answers[-1].headers and answers[-1].headers["X-Organization-Rate-Limit-Remaining"] == "0"
    assert answers[-1].headers["Content-Type"] == "application/problem+json"


def test_the_simulator_refuses_a_burst_and_says_when_the_next_may_come(tmp_path: Path) -> None:
    world = World(tmp_path, "slack")
    answers = answered(world, [0.0] * 21 + [0.4, 0.0], "DELETE")
    assert [a.status_code for a in answers] == [404] * 20 + [429, 404, 429]
    assert answers[20].headers["Retry-After"] == "1"
    assert {a.status_code for a in answered(world, [0.0] * 30)} == {404}  # reads do not count


def test_a_refused_burst_is_told_by_the_services_own_header_too(tmp_path: Path) -> None:
    world = thousandeyes(tmp_path)
    refused = answered(world, [0.0] * 41)[-1]
    assert refused.status_code == 429
    assert int(refused.headers["X-Organization-Rate-Limit-Reset"]) == int(world.clock.now) + 1


class Heard(httpx.BaseTransport):
    """Notes the status of every answer."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner, self.statuses = inner, Counter[int]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        self.statuses[answer.status_code] += 1
        return answer


@pytest.mark.parametrize("profile", [name for name in PROFILES if PROFILES[name].rate is not None])
@pytest.mark.parametrize("rate", [{}, {"burst": 1}, {"perMinute": 5, "burst": 9}, {"counts": "all"}], ids=str)
def test_a_client_that_keeps_to_a_profile_is_never_refused(tmp_path: Path, profile: str, rate: dict[str, Any]) -> None:
    known, clock = profiles.settings(profile, {"rate": rate} if rate else {}), Clock()
    heard = Heard(httpx.WSGITransport(app=Simulator(application(), known, clock=clock)))
    most = 3 * known["rate"]["perMinute"] // 2
    with ScimClient(
        "http://127.0.0.1/v2", "t", make_profile(profile, known), transport=heard, clock=clock, sleep=clock.sleep
    ) as client:
        for _ in range(most):
            with pytest.raises(ServiceError, match="404"):
                client.delete("Users", "gone")
            client.get("Users", "gone")
        clock.sleep(600)  # the bucket is full again
        for _ in range(most):
            with pytest.raises(ServiceError, match="404"):
                client.delete("Users", "gone")
    assert heard.statuses == {404: 3 * most}


# Discovery and paging by cursor


def by_cursor(**pagination: Any) -> ScimClient:
    """A real server that pages by cursor."""
    provider = load_default_provider()
    provider.config.pagination = Pagination(cursor=True, index=False, max_page_size=2, **pagination)
    server = WSGIApplication(InMemoryStorage(), provider, service=ScimService(provider, secret="s"))
    return ScimClient("http://127.0.0.1/v2", "t", PROFILES["generic"], transport=httpx.WSGITransport(app=server))


def test_a_service_that_announces_cursors_is_read_by_cursor() -> None:
    with by_cursor() as client:
        for name in NAMES:
            client.create("Users", body("Users", [("userName", name)]))
        with pytest.raises(ServiceError):
            client.read_all("Users", lambda page: page)
        refine(client)
        assert client.profile.paging.cursor == "always" and client.profile.paging.count == 2
        found = client.read_all("Users", lambda page: page)
    assert sorted(user["userName"] for user in found) == NAMES


def walking(*answers: Any) -> list[Any]:
    """What is read from a service whose pages these are."""
    left = list(answers)
    profile = make_profile("x", profiles.settings("generic", {"paging": {"cursor": "always"}}))
    transport = httpx.MockTransport(lambda request: left.pop(0))
    with ScimClient("http://127.0.0.1", "t", profile, transport=transport, sleep=lambda s: None) as client:
        return client.read_all("Users", lambda page: page)


def cursor_page(id: str, after: str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"Resources": [{"id": id}], "totalResults": 2} | ({"nextCursor": after} if after else {}))


def test_a_walk_whose_cursor_has_expired_begins_again() -> None:
    expired = httpx.Response(400, json={"scimType": "expiredCursor"})
    assert [r["id"] for r in walking(cursor_page("1", "a"), expired, cursor_page("1", "b"), cursor_page("2"))] == ["1", "2"]


def test_a_cursor_that_comes_again_is_no_whole_list() -> None:
    with pytest.raises(ReadError, match="no end"):
        walking(cursor_page("1", "a"), cursor_page("2", "a"))


@pytest.mark.parametrize(
    ("config", "count", "cursor", "patch"),
    [({"filter": {"maxResults": 7}}, 7, "announced", True), ({"filter": {"maxResults": 99_999}}, 1000, "announced", True),
     ({"patch": {"supported": False}}, 200, "announced", False), ({"pagination": {"cursor": True}}, 200, "always", True),
     ({"pagination": {"cursor": "yes", "maxPageSize": True}, "patch": 3, "filter": []}, 200, "announced", True),
     ([], 200, "announced", True), (None, 200, "announced", True)],
)  # fmt: skip
def test_what_a_service_announces_refines_its_profile(config: Any, count: int, cursor: str, patch: bool) -> None:
    found = refined(PROFILES["generic"], config)
    assert (found.paging.count, found.paging.cursor, found.patch.supported) == (count, cursor, patch)


def test_a_service_that_announces_no_patch_is_sent_none(tmp_path: Path) -> None:
    client = World(tmp_path).client
    client.profile = refined(client.profile, {"patch": {"supported": False}})
    with pytest.raises(PatchUnsupported):
        client.patch("Users", "1", [])


def test_a_mapping_that_the_services_schemas_do_not_know_is_warned_of_before_anything_fails(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(
        "apps/wiki/mappings.yaml",
        VENDORS_OWN.replace("target: displayName", "target: nickname2")
        .replace("'emails[type eq \"work\"].value'", "name.first")
        .replace(
            "  groups:",
            f"""\
      - {{target: '{ENTERPRISE}:manager.displayName', source: displayName}}
      - {{target: 'urn:x:y:favourite', source: displayName}}
      - {{target: externalId, source: employeeId}}
  groups:""",
        ),
    )
    world.users(ADA)
    world.assign("user: ada@x.org, role: User")
    said = [w.partition("/Schemas ")[2].partition(" (")[0] for w in texts(world.plan().warnings) if "may fail" in w]
    assert said == ["does not know name.first", "does not know nickname2", "calls displayName readOnly", "holds no urn:x:y"]


def test_a_connection_is_tested_by_what_the_service_can_filter_on_and_its_mappings_are_judged(tmp_path: Path) -> None:
    world = World(tmp_path, "github-emu")
    world.write(
        "apps/wiki/mappings.yaml",
        VENDORS_OWN.replace("source: mail", "source: mail, matchingPrecedence: 1", 1)
        .replace("source: userPrincipalName, matchingPrecedence: 1", "source: userPrincipalName", 1)
        .replace("target: displayName", "target: name.first")
        .replace("  groups:", "      - {target: title, source: jobTitle}\n  groups:"),
    )
    world.users()
    world.assign()
    steps = run_test(world.client, limit(load(tmp_path / "desired").declarations.apps["wiki"]), "nobody")
    assert (steps[0].name, steps[0].ok) == ("GET /Users?filter=userName eq ...", True)
    said = [step.message.partition(" (")[0] for step in steps if step.warning]
    assert said == [
        "the mapping to title has no effect: GitHub Enterprise Managed Users does not store it",
        "the mapping to name.first may fail: the service's /Schemas does not know name.first",
    ]
    assert not any(step.needed for step in steps if step.warning)


def test_what_is_read_back_is_foreseen() -> None:
    """Who is in a group, and whether an account is out, is read whatever the write was answered."""
    seen, limits = Precondition("1", "sha256:0", None), PROFILES["generic"].limits()
    group = Change("Group/Net", "create", "", ("config",), "a.yaml", 1, add=("User/ada@x.org",))
    disable = Change(
        "User/ada@x.org", "disable", "", ("config",), "a.yaml", 1, attributes=(AttributeChange("active", True, False),)
    )
    assert estimate([group], limits) == Requests(1, 2, None)
    assert estimate([replace(disable, precondition=seen)], limits) == Requests(2, 1, None)
