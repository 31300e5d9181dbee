"""What a declaration may make of the environment: each way to a token that is not its own, and its innocent twin."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.declare.load import load
from reconciler.declare.model import App, RoleApi
from reconciler.declare.urls import PLACEHOLDER, url_problem
from reconciler.github.workflow_files import TOKEN, URL, bound, variables_of
from reconciler.scim.credentials import Credentials, at_hand, resolve, resolve_role_api
from reconciler.scim.errors import CredentialError
from reconciler.scim.origins import allowed, origin
from reconciler.scim.shared_tokens import check_credentials
from tests.support.servers import ROOT, Desk, front, page, scim_server
from tests.support.world import World

HERE = "https://wiki.example.com"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scim_server() as url:
        yield url


def declared(folder: Path, url: str = f"{HERE}/scim/v2", token: str = "${env:WIKI_TOKEN}") -> App:
    world = World(folder)
    world.users()
    world.assign()
    world.write("apps/wiki/app.yaml", f'app: wiki\nadminCredentials:\n  tenantUrl: "{url}"\n  secretToken: "{token}"\n')
    return load(folder / "desired").declarations.apps["wiki"]


def told(app: App, **environ: str) -> Credentials:
    return resolve(app, {"WIKI_TOKEN": "hunter2", **environ}, None)


# Dot segments


@pytest.mark.parametrize(
    "path",
    [
        "/..",
        "/../v2",
        "/a/../v2",
        "/./v2",
        "/v2/.",
        "/%2e%2e/v2",
        "/.%2E/v2",
        "/%252e%252e/v2",
        "/%25252e%25252e/v2",
        "/..%2fv2",
        "/a%2f..%2fv2",
        "/..%5cv2",
        "/%2e%2e%5cv2",
        "/a%255c..%255cv2",
        "/..;/v2",
        "/..;x=1/v2",
        "/%c0%ae%c0%ae/v2",
        "/%u002e%u002e/v2",
        "/%EF%BC%8E%EF%BC%8E/v2",
        "/%20../v2",
        "/x%",
        "/x%2",
    ],
)
def test_a_url_with_dot_segments_in_any_spelling_is_none(path: str) -> None:
    assert url_problem(HERE + path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v2.0",
        "/.well-known/scim",
        "/..a/v2",
        "/a..b",
        "/...",
        "/v2%20x",
        "/a%2Fb",
        "/v2;x=.",
        "/caf%C3%A9",
        "/100%25",
        "/v2/",
    ],
)
def test_a_url_whose_dots_are_no_segments_is_one(path: str) -> None:
    assert not url_problem(HERE + path)


def test_a_dot_segment_is_told_at_its_place_and_once_more_when_the_environment_brings_it(tmp_path: Path) -> None:
    declared(tmp_path, "${env:WIKI_URL}/%2e%2e/v2")
    (problem,) = load(tmp_path / "desired").errors
    assert (problem.code, problem.place.line, problem.place.column) == ("tenant-url", 3, 14)
    app = declared(tmp_path, HERE + "/${env:A_URL}/v2")
    with pytest.raises(CredentialError, match="dot segments"):
        told(app, A_URL="x/..")
    assert told(app, A_URL="x").base_url == f"{HERE}/x/v2"


def test_the_placeholder_of_init_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    starter = (ROOT / "reconciler/cli/starter/apps/example/app.yaml").read_text(encoding="utf-8")
    assert f"tenantUrl: {PLACEHOLDER} " in starter
    with pytest.raises(CredentialError, match="tenantUrl of wiki is still the placeholder of `reconcile init`") as refused:
        told(declared(tmp_path, PLACEHOLDER))
    assert refused.value.code == "UrlNotSet" and "write the service's SCIM address" in refused.value.remedy


@pytest.mark.parametrize(
    ("url", "token", "environ", "at"),
    [
        (PLACEHOLDER, "${env:WIKI_TOKEN}", {}, "3:14"),
        ("${env:WIKI_URL}/v2", "${env:WIKI_TOKEN}", {}, "3:14"),
        (HERE, "${env:NOT_SET}", {}, "4:16"),
        (HERE, "${env:WIKI_TOKEN}", {"WIKI_TOKEN": ""}, "4:16"),
        (HERE, "${env:WIKI_TOKEN}", {"RECONCILE_ALLOWED_ORIGINS": "https://a.example"}, "3:14"),
        (HERE, "${env:WIKI_TOKEN}", {"RECONCILE_ALLOWED_ORIGINS": f"{HERE}=OTHER_TOKEN"}, "4:16"),
        (f"{HERE}/hunter2", "${env:WIKI_TOKEN}", {}, "3:14"),
    ],
)
def test_what_is_wrong_with_a_url_or_a_token_is_told_at_its_place(
    tmp_path: Path, url: str, token: str, environ: dict[str, str], at: str
) -> None:
    app = declared(tmp_path, url, token)
    with pytest.raises(CredentialError) as refused:
        told(app, **environ)
    assert str(refused.value).endswith(f", {tmp_path}/desired/apps/wiki/app.yaml:{at}")


def test_what_is_wrong_with_the_list_of_origins_has_no_place_in_a_file(tmp_path: Path) -> None:
    with pytest.raises(CredentialError) as refused:
        told(declared(tmp_path), RECONCILE_ALLOWED_ORIGINS=",")
    assert "app.yaml" not in str(refused.value)


# Variables in a URL


@pytest.mark.parametrize(
    "url",
    [
        "https://x.org/${env:HOME}",
        "${env:WIKI_TOKEN}",
        "https://x.org/${env:MY_URLS}",
        "${env:URL}",
        "https://x.org/${env:GH_TOKEN:-v2}",
        "https://x.org/${file:/run/secrets/other}",
    ],
)
def test_a_url_takes_no_variable_that_is_not_for_urls(tmp_path: Path, url: str) -> None:
    app = declared(tmp_path, url)
    (problem,) = [problem for problem in check_credentials([app], {"RECONCILE_URL_VARIABLES": "OTHER,GH_TOKEN"})]
    assert (problem.code, problem.place.line, problem.severity) == ("url-variable", 3, "error")
    with pytest.raises(CredentialError):
        told(app, HOME="x", MY_URLS="x", URL="https://x.org", GH_TOKEN="gh-token", RECONCILE_URL_VARIABLES="OTHER,GH_TOKEN")


def test_a_variable_for_urls_is_known_by_its_name_or_by_the_list(tmp_path: Path) -> None:
    environ = {"A_URL": "https://x.org/v2", "A_HOST": "x.org", "TENANT": "v2", "RECONCILE_URL_VARIABLES": "OTHER, TENANT"}
    for url in ("${env:A_URL}", "https://${env:A_HOST}/v2", "https://x.org/${env:TENANT}", "https://x.org/${env:TENANT:-v1}"):
        app = declared(tmp_path, url)
        assert check_credentials([app], environ) == [] and told(app, **environ).base_url == "https://x.org/v2"


@pytest.mark.parametrize(
    ("held", "spelled"),
    [
        ("WIKI_TOKEN", "an0ther-secret"),
        ("RECONCILE_GIT_TOKEN", "an0ther-secret"),
        ("GH_TOKEN", "an0ther-secret"),
        ("ZOO_TOKEN", "an0ther-secret"),
        ("WIKI_TOKEN", "xan0ther-secrety"),
        ("ZOO_TOKEN", "%61n0ther%2Dsecret"),
        ("ZOO_TOKEN", "An0ther-Secret"),
    ],
)
def test_a_url_that_holds_a_token_is_an_error_and_shows_it_nowhere(tmp_path: Path, held: str, spelled: str) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        desk.zoo(service.url)
        tokens = {held: "an0ther-secret"}
        ran = desk.reconcile(
            "plan",
            "--out",
            "plan.json",
            "--app",
            "wiki",
            **tokens,
            WIKI_URL=f"{service.url}/{spelled}/v2",
            RECONCILE_ALLOWED_ORIGINS=service.url,
        )
        assert ran.code == 1 and "the tenantUrl holds a token" in ran.err and service.connections == 0
        assert spelled not in ran.out + ran.err and not (tmp_path / "plan.json").exists()
        assert desk.reconcile("plan", "--app", "wiki", **tokens, RECONCILE_ALLOWED_ORIGINS=service.url).code == 0


# What is shown of a URL


@pytest.mark.parametrize(
    ("url", "environ", "shown"),
    [
        ("https://x.org/v2/", {}, "https://x.org/v2"),
        ("${env:A_URL:-https://x.org/v2}", {}, "https://x.org/v2"),
        ("${env:A_URL}", {"A_URL": "https://x.org/"}, "https://x.org"),
        ("${env:A_URL}/v2", {"A_URL": "https://x.org"}, "https://x.org/v2"),
        ("https://${env:A_HOST}/v2", {"A_HOST": "x.org:8443"}, "https://x.org:8443/v2"),
        ("${env:A_URL}", {"A_URL": "https://x.org/hook/v2"}, "https://x.org/${env:A_URL}#"),
        ("${env:A_URL:-https://y.org}", {"A_URL": "https://x.org/hook/"}, "https://x.org/${env:A_URL}#"),
        ("${env:A_URL}/v2", {"A_URL": "https://x.org/hook"}, "https://x.org/${env:A_URL}/v2#"),
        ("https://x.org/${env:PART}/v2", {"PART": "hook"}, "https://x.org/${env:PART}/v2#"),
        ("https://x.org/a-${env:PART}-b/v2", {"PART": "hook"}, "https://x.org/a-${env:PART}-b/v2#"),
        ("https://x.org${env:PART}v2", {"PART": "/hook/"}, "https://x.org/${env:PART}/v2#"),
        ("https://${env:A_HOST}/v2", {"A_HOST": "x.org/hook"}, "https://x.org/${env:A_HOST}/v2#"),
    ],
)
def test_a_plan_holds_the_origin_and_the_path_as_declared(tmp_path: Path, url: str, environ: dict[str, str], shown: str) -> None:
    found = told(declared(tmp_path, url), **environ, RECONCILE_URL_VARIABLES="PART")
    mark = found.shown.partition("#")[2]
    assert found.shown.removesuffix(mark) == shown and "hook" not in found.shown
    assert len(mark) == (12 if shown.endswith("#") else 0)


def test_the_same_name_with_another_path_is_another_place(tmp_path: Path) -> None:
    app = declared(tmp_path, "${env:A_URL}")
    first, again, other = (told(app, A_URL=f"https://x.org/{path}").shown for path in ("a", "a/", "b"))
    assert first == again != other


def test_a_path_from_the_environment_stands_in_no_file_and_no_output(tmp_path: Path, services: str) -> None:
    desk = Desk(tmp_path, f"{services}/h1dden/v2")
    said = [desk.reconcile("plan", "--out", "plan.json", "--format", form) for form in ("text", "markdown", "json")]
    said += [
        desk.reconcile("apply", "plan.json"),
        desk.reconcile("plan"),
        desk.reconcile("explain", "ada@x.org"),
        desk.reconcile("plan", WIKI_TOKEN="wrong"),
    ]
    assert [ran.code for ran in said] == [0, 0, 0, 0, 0, 0, 1]
    assert "h1dden" not in "".join(ran.out + ran.err for ran in said)
    assert b"h1dden" not in desk.written()
    target = json.loads(said[2].out)["plans"][0]["target"]["base_url"]
    assert target.startswith(f"{services}/${{env:WIKI_URL}}#") and target in said[4].out and "tenantUrl" not in said[4].out
    assert "No changes" in said[4].out


def test_a_record_that_holds_the_url_itself_is_of_the_same_place(tmp_path: Path, services: str) -> None:
    desk = Desk(tmp_path, f"{services}/old/v2")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    file = tmp_path / ".reconcile/wiki/record.json"
    record = {key: value for key, value in json.loads(file.read_text()).items() if key not in ("sum", "index")}
    file.write_text(json.dumps({**record, "base_url": desk.url}))
    assert "the record was made with" not in desk.reconcile("plan").out
    moved = desk.reconcile("plan", WIKI_URL=f"{services}/new/v2").out
    assert f"the record was made with {desk.url}, and tenantUrl is {services}/${{env:WIKI_URL}}#" in moved


# Whose token goes where


@pytest.mark.parametrize(
    ("listed", "allowed"),
    [
        (f"{HERE}=WIKI_TOKEN", True),
        (f"{HERE}=OTHER_TOKEN, {HERE}:443=WIKI_TOKEN", True),
        (f"{HERE}=WIKI_TOKEN,https://b.org", True),
        (HERE, True),
        (f"{HERE},https://b.org=OTHER_TOKEN", True),
        (f"{HERE}/scim = WIKI_TOKEN", True),
        (f"https://b.org=WIKI_TOKEN,{HERE}=WIKI_TOKEN", True),
        (f" , {HERE}=WIKI_TOKEN , ", True),
        (f"{HERE.upper()}=WIKI_TOKEN", True),
        (f"{HERE}=", False),
        (f"{HERE} = ,https://b.org", False),
        (",", False),
        (" , ,", False),
        (f"{HERE}=OTHER_TOKEN", False),
        (f"{HERE},https://b.org=WIKI_TOKEN", False),
        (f"https://b.org=WIKI_TOKEN,{HERE}=OTHER_TOKEN", False),
        ("https://b.org=WIKI_TOKEN", False),
        ("=WIKI_TOKEN", False),
        (f"{HERE},{HERE}=OTHER_TOKEN", False),
        (f"{HERE}=wiki_token", False),
        ("WIKI_TOKEN", False),
    ],
)
@pytest.mark.parametrize(
    "event", [{}, {"CI": "1", "GITHUB_EVENT_NAME": "push"}, {"CI": "1", "GITHUB_EVENT_NAME": "pull_request"}]
)
def test_the_list_binds_the_name_of_a_token_to_an_origin(
    tmp_path: Path, listed: str, allowed: bool, event: dict[str, str]
) -> None:
    app = declared(tmp_path)
    if allowed:
        assert told(app, RECONCILE_ALLOWED_ORIGINS=listed, **event).token == "hunter2"
    else:
        with pytest.raises(CredentialError, match="secretToken|not been allowed|RECONCILE_ALLOWED_ORIGINS") as refused:
            told(app, RECONCILE_ALLOWED_ORIGINS=listed, **event)
        assert "hunter2" not in str(refused.value) + refused.value.remedy


@pytest.mark.parametrize("url", ["https://[::1]:8/scim", "https://[2001:DB8::1]/v2", "http://127.0.0.1:80/v2"])
def test_an_origin_can_be_written_into_the_list_as_it_is_told(url: str) -> None:
    (entry,) = allowed({"RECONCILE_ALLOWED_ORIGINS": f"{origin(url)}=WIKI_TOKEN"})
    assert entry.origin == origin(url)


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch", "pull_request", ""])
def test_where_the_list_is_set_no_record_allows_another_origin(tmp_path: Path, event: str) -> None:
    app, there = (
        declared(tmp_path),
        {"WIKI_TOKEN": "hunter2", "GITHUB_EVENT_NAME": event, "RECONCILE_ALLOWED_ORIGINS": "https://b.org"},
    )
    with pytest.raises(CredentialError, match="not been allowed") as refused:
        resolve(app, there, f"{HERE}/scim/v2")
    assert refused.value.remedy.endswith(f"add {HERE}=WIKI_TOKEN to RECONCILE_ALLOWED_ORIGINS")  # and that is enough:
    resolve(app, {**there, "RECONCILE_ALLOWED_ORIGINS": f"https://b.org,{HERE}=WIKI_TOKEN"}, None)
    assert resolve(app, {**there, "RECONCILE_ALLOWED_ORIGINS": HERE}, "https://b.org").token == "hunter2"
    if event != "pull_request":
        del there["RECONCILE_ALLOWED_ORIGINS"]
        assert resolve(app, {**there, "CI": "true"}, f"{HERE}/${{env:WIKI_URL}}#0123456789ab").token == "hunter2"


def two(folder: Path, wiki: str, zoo: str, token: str = "${env:WIKI_TOKEN}") -> list[App]:
    declared(folder, wiki)
    shutil.copytree(folder / "desired/apps/wiki", folder / "desired/apps/zoo")
    text = f'app: zoo\nadminCredentials:\n  tenantUrl: "{zoo}"\n  secretToken: "{token}"\n'
    (folder / "desired/apps/zoo/app.yaml").write_text(text)
    return list(load(folder / "desired").declarations.apps.values())


def test_one_token_of_two_services_is_an_error_where_the_second_names_it(tmp_path: Path) -> None:
    (problem,) = check_credentials(two(tmp_path, f"{HERE}/v2", "${env:ZOO_URL}"), {"ZOO_URL": "https://b.org/v2"})
    assert (problem.code, Path(problem.place.file).parent.name, problem.place.line) == ("shared-token", "zoo", 4)
    assert "https://b.org" in problem.message and HERE in problem.message


@pytest.mark.parametrize(
    ("zoo", "token", "environ"),
    [
        (f"{HERE}/zoo/v2", "${env:WIKI_TOKEN}", {}),
        ("https://b.org/v2", "${env:ZOO_TOKEN}", {}),
        ("${env:ZOO_URL}", "${env:WIKI_TOKEN}", {}),
        ("${env:ZOO_URL}", "${env:WIKI_TOKEN}", {"ZOO_URL": f"{HERE}:443/zoo"}),
        ("https://b.org/v2", "${env:WIKI_TOKEN}", {"RECONCILE_ALLOWED_ORIGINS": f"{HERE}=WIKI_TOKEN,https://b.org=WIKI_TOKEN"}),
    ],
)
def test_apps_share_a_token_where_they_are_one_service_or_the_list_says_so(
    tmp_path: Path, zoo: str, token: str, environ: dict[str, str]
) -> None:
    assert check_credentials(two(tmp_path, f"{HERE}/v2", zoo, token), environ) == []


@pytest.mark.parametrize(
    "name", ["RECONCILE_GIT_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "RECONCILE_REDACT_KEY"]
)
def test_a_token_of_git_is_no_apps_token(tmp_path: Path, name: str) -> None:
    app = declared(tmp_path, token=f"${{env:{name}}}")
    (problem,) = check_credentials([app], {})
    assert (problem.code, problem.place.line) == ("foreign-token", 4) and not at_hand(app, {name: "a-secret"})
    with pytest.raises(CredentialError, match="secretToken"):
        told(app, **{name: "a-secret"})


# Files of tokens


def secrets(folder: Path) -> Path:
    """A folder of secrets as Kubernetes mounts it: links to links, all inside; and a file beside it."""
    (folder / "secrets/..2026").mkdir(parents=True)
    (folder / "secrets/..2026/wiki").write_text("hunter2\n")
    (folder / "secrets/..data").symlink_to("..2026")
    (folder / "secrets/wiki").symlink_to("..data/wiki")
    (folder / "private").write_text("pr1vate")
    (folder / "secrets/out").symlink_to(folder / "private")
    (folder / "beside").symlink_to(folder / "secrets/wiki")
    return folder / "secrets"


@pytest.mark.parametrize(
    "path",
    [
        "{}/private",
        "{}/secrets/../private",
        "{}/secrets/out",
        "{}/secrets/x/../wiki",
        "{}/secrets",
        "/proc/self/environ",
        "{}/secretsx/wiki",
        "/etc/hostname",
        "private",
        "{}/secrets/none",
    ],
)
def test_a_token_comes_from_no_file_outside_of_the_folders_for_them(tmp_path: Path, path: str) -> None:
    folder = secrets(tmp_path)
    app = declared(tmp_path / "d", token=f"${{file:{path.format(tmp_path)}}}")
    with pytest.raises(CredentialError, match="secretToken of wiki") as refused:
        told(app, RECONCILE_SECRET_FOLDERS=str(folder))
    assert "pr1vate" not in str(refused.value) and not at_hand(app, {"RECONCILE_SECRET_FOLDERS": str(folder)})


@pytest.mark.parametrize("folders", ["{}/secrets", "/run/secrets,{}/secrets", "/run/secrets:{}/secrets/", " {}/secrets "])
@pytest.mark.parametrize("path", ["{}/secrets/wiki", "{}/secrets/..data/wiki", "{}/beside"])
def test_a_token_comes_from_a_file_below_a_folder_that_the_environment_lists(tmp_path: Path, folders: str, path: str) -> None:
    secrets(tmp_path)
    app = declared(tmp_path / "d", token=f"${{file:{path.format(tmp_path)}}}")
    there = {"RECONCILE_SECRET_FOLDERS": folders.format(tmp_path)}
    assert told(app, **there).token == "hunter2" and at_hand(app, there)
    assert told(app, **there, RECONCILE_ALLOWED_ORIGINS=f"{HERE}=file:{tmp_path}/secrets/..2026/wiki").token == "hunter2"
    with pytest.raises(CredentialError, match="binds it to"):
        told(app, **there, RECONCILE_ALLOWED_ORIGINS=f"{HERE},https://b.org=file:{tmp_path}/secrets/..2026/wiki")


def test_the_folder_for_secrets_is_run_secrets_where_nobody_says_otherwise(tmp_path: Path) -> None:
    app = declared(tmp_path, token="${file:/run/secrets/none/there}")
    with pytest.raises(CredentialError, match="cannot be read"):
        told(app)
    with pytest.raises(CredentialError, match="is not below /run/secrets"):
        told(declared(tmp_path, token="${file:/etc/hostname}"), RECONCILE_SECRET_FOLDERS="")


# An API beside SCIM

V7 = "https://api.example.com/v7"


def beside(app: App, url: str = "", token: str = "", recorded: str | None = None, **environ: str) -> Credentials:
    api = RoleApi("thousandeyes-v7", url, token)
    return resolve_role_api(app, api, "/v7", {"WIKI_TOKEN": "hunter2", "API_TOKEN": "hunter3", **environ}, recorded)


def test_an_api_beside_scim_is_at_its_origin_with_its_token_where_nothing_else_is_said(tmp_path: Path) -> None:
    app = declared(tmp_path)
    assert beside(app) == Credentials(f"{HERE}/v7", "hunter2", f"{HERE}/v7")
    assert beside(app, V7, "${env:API_TOKEN}") == Credentials(V7, "hunter3", V7)
    assert beside(declared(tmp_path, "${env:WIKI_URL}"), WIKI_URL=f"{HERE}/a/scim").base_url == f"{HERE}/v7"


@pytest.mark.parametrize(
    ("url", "token", "environ", "message"),
    [
        (V7, "", {"RECONCILE_ALLOWED_ORIGINS": HERE}, "the roles.apiUrl of wiki points to https://api.example.com"),
        (V7, "", {"RECONCILE_ALLOWED_ORIGINS": f"{V7}=API_TOKEN,{HERE}=WIKI_TOKEN"}, "the secretToken of wiki, WIKI_TOKEN"),
        ("", "${env:API_TOKEN}", {"RECONCILE_ALLOWED_ORIGINS": f"{HERE}=WIKI_TOKEN"}, "the roles.token of wiki, API_TOKEN"),
        (V7, "", {"GITHUB_EVENT_NAME": "pull_request"}, "a pull request can edit roles.apiUrl"),
        (V7, "", {"CI": "true"}, "the roles.apiUrl of wiki points to"),
        ("http://api.example.com/v7", "", {}, "the roles.apiUrl of wiki: "),
        ("${env:API_TOKEN}", "", {}, "the roles.apiUrl of wiki takes API_TOKEN"),
        ("https://api.example.com/hunter2", "", {}, "the roles.apiUrl of wiki holds a token"),
        (V7, "${env:GITHUB_TOKEN}", {}, "the roles.token of wiki is not a reference to a token of an app"),
        (V7, "${env:NOTHING}", {}, "the roles.token of wiki: the environment variable NOTHING is not set"),
    ],
)  # fmt: skip
def test_the_token_of_an_api_beside_scim_goes_only_where_it_may(
    tmp_path: Path, url: str, token: str, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(CredentialError) as caught:
        beside(declared(tmp_path), url, token, **environ)
    assert message in str(caught.value) and "hunter" not in str(caught.value)


def test_an_origin_that_the_record_does_not_know_has_to_be_allowed(tmp_path: Path) -> None:
    app = declared(tmp_path)
    assert beside(app, recorded=f"{HERE}/scim/v2").base_url == f"{HERE}/v7"
    with pytest.raises(CredentialError, match="where its token has not been allowed to go"):
        beside(app, V7, recorded=f"{HERE}/scim/v2")
    assert beside(app, V7, recorded=f"{HERE}/scim/v2", RECONCILE_ALLOWED_ORIGINS=V7).base_url == V7


def with_roles(folder: Path, url: str = "", token: str = "", role: str = "thousandeyes: {role: A, accountGroups: all}") -> App:
    """An app whose profile has an API beside SCIM for roles."""
    declared(folder)
    said = ", ".join(f'{key}: "{value}"' for key, value in (("apiUrl", url), ("token", token)) if value)
    file = folder / "desired/apps/wiki/app.yaml"
    file.write_text(file.read_text() + f"profile: thousandeyes\nroles: {{{said}}}\n")
    (folder / "desired/apps/wiki/roles.yaml").write_text(f"roles: [{{value: a, displayName: A, {role}}}]\n")
    return load(folder / "desired").declarations.apps["wiki"]


@pytest.mark.parametrize(
    ("url", "token", "code"),
    [
        ("", "", None),
        ("", "${env:API_TOKEN}", None),
        (V7, "${env:API_TOKEN}", None),
        (f"{HERE}/v7", "", None),
        (V7, "", "shared-token"),
        ("${env:API_TOKEN}/v7", "", "url-variable"),
        (f"{HERE}/hunter3", "${env:API_TOKEN}", "token-in-url"),
        ("", "${env:GITHUB_TOKEN}", "foreign-token"),
    ],
)
def test_what_an_api_beside_scim_is_told_keeps_to_the_same_rules(tmp_path: Path, url: str, token: str, code: str | None) -> None:
    app = with_roles(tmp_path, url, token)
    found = check_credentials([app], {"WIKI_TOKEN": "hunter2", "API_TOKEN": "hunter3", "GITHUB_TOKEN": "hunter4"})
    assert [problem.code for problem in found] == [code] * bool(code)
    assert all(problem.place.line in (4, 5, 6) for problem in found)
    assert all("tenantUrl" not in problem.message and "secretToken" not in problem.message for problem in found)
    assert not found or check_credentials([with_roles(tmp_path / "none", url, token, "privileged: true")], {}) == []


def test_a_workflow_passes_the_token_and_the_url_of_an_api_beside_scim(tmp_path: Path) -> None:
    app = with_roles(tmp_path, "${env:API_URL}", "${env:API_TOKEN}")
    assert variables_of([app]) == (
        {TOKEN: ["API_TOKEN", "WIKI_TOKEN"], URL: ["API_URL"]},
        ["API_TOKEN", "API_URL", "WIKI_TOKEN"],
    )
    assert bound([with_roles(tmp_path, "", "${env:API_TOKEN}")]) == f"{HERE}=WIKI_TOKEN,{HERE}=API_TOKEN"


@pytest.mark.parametrize(
    "listed", ["https://a.org https://b.org", "https://a.org=A https://b.org=B", "https://a.org,https://b.org=A B"]
)
def test_entries_that_are_parted_by_a_space_are_told_to_take_commas(listed: str) -> None:
    with pytest.raises(CredentialError, match="holds a space: entries are parted by commas") as refused:
        allowed({"RECONCILE_ALLOWED_ORIGINS": listed})
    assert "with commas between them" in refused.value.remedy
    assert allowed({"RECONCILE_ALLOWED_ORIGINS": "https://a.org = A, https://b.org"})[0].name == "A"
