"""What other programs are told: every command run with a stand-in git and gh that write down their arguments and environment."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import click
import pytest

from reconciler.cli import demo
from reconciler.cli.main import COMMANDS, cli, run
from reconciler.processes import child
from reconciler.processes.environment import ANYWHERE, HARDENED, NOWHERE, QUIET, gh, git_finding, git_local, git_remote, ourselves
from tests.support.gitworld import GitWorld, git
from tests.support.servers import TOKEN, Desk, scim_server

GIT, GH, STRANGER = "git-s3cr3t-1", "gh-s3cr3t-2", "stranger-s3cr3t-3"
OWN = {"RECONCILE_GIT_TOKEN": GIT, "GH_TOKEN": GH}
FOREIGN = {
    name: STRANGER
    for name in (
        "ZOO_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "ACTIONS_RUNTIME_TOKEN",
        "NPM_TOKEN",
        "GIT_TRACE_X",
        "GIT_EXTERNAL_DIFF",
        "PAGER",
        "EDITOR",
        "SSH_ASKPASS",
        "GIT_PROXY_COMMAND",
        "BASH_ENV",
        "GIT_CONFIG_PARAMETERS",
        "LD_PRELOAD_X",
        "GH_DEBUG",
        "GIT_EXEC_PATH_X",
    )
}
DIGEST = "sha256:" + "0" * 64
# Each leaves the next ones something to work with; the codes are those of an app that is there, with nothing to do at the end.
STEPS: tuple[tuple[str, int], ...] = (
    ("validate", 0), ("init", 0), ("apps", 0), ("test-connection", 0), ("plan --out plan.json", 0), ("show plan.json", 0),
    ("diff plan.json plan.json", 0), ("github comment plan.json --pull-request 1", 0), ("github issue plan.json", 0),
    ("github waiting plan.json", 0), ("github plans --out plans", 0), ("github record --base main", 0), ("github left-out", 0),
    ("apply plan.json", 0), ("apply --auto-approve", 0),
    (f"apply --digest {DIGEST}", 4), ("explain ada@x.org", 0), ("eval ToUpper([mail]) --user ada@x.org", 0),
    ("lock", 0), ("unlock x", 1),
    ("record list", 0), ("record show User/ada@x.org", 0),
    ("record forget User/grace@x.org", 0), ("record prune --older-than 400d", 0),
    ("record migrate --from local --path nowhere", 1), ("record trust none --app wiki", 64),
    ("record verify", 0), ("access", 0), ("access --at 0s", 0), ("logs", 0), ("report --out report.html", 0),
    ("review start --name q4 --by manager --due 2099-12-31 --otherwise boss@x.org", 0), ("review status", 0),
    ("review apply q4", 0), ("review close q4 --evidence q4.zip", 1),
    ("run --once", 0), ("status", 0), ("restart", 0), ("notify test", 0), ("notify replay", 0),
    ("revoke ada@x.org --auto-approve", 0), ("import --app wiki --out again", 0), ("help", 0), ("completion bash", 0),
    ("demo --nothing", 64),
)  # fmt: skip
# What it was called with and its environment as it came, each ended by a zero byte; a shell starts faster than Python.
STAND_IN = """#!/bin/sh
{{ printf '%s\\0' {name} "$@" ''; cat /proc/$$/environ; }} >{log}/$$-$(date +%s%N)
exec {then} "$@"
"""
ANSWER = """import json, sys
text = " ".join(sys.argv)
node = {"repository": {"issues": {"nodes": []}, "pullRequest": {"found": None}, "found": None}}
page = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
node["repository"]["found"] = node["repository"]["pullRequest"]["found"] = page
print(json.dumps({"data": node} if "graphql" in text else {"artifacts": [], "commits": []} if "compare" in text else []))
"""


class Call(NamedTuple):
    """A process as it saw itself."""

    program: str
    arguments: list[str]
    environ: dict[str, str]

    @property
    def all(self) -> str:
        return json.dumps([self.arguments, self.environ])

    @property
    def settings(self) -> list[tuple[str, str]]:
        return [
            (self.environ[f"GIT_CONFIG_KEY_{n}"].lower(), self.environ[f"GIT_CONFIG_VALUE_{n}"])
            for n in range(int(self.environ.get("GIT_CONFIG_COUNT", "0")))
        ]


class Watched:
    """A checkout of a small app whose record lies in Git, with stand-ins before git and gh, and secrets in the environment."""

    def __init__(self, folder: Path, url: str) -> None:
        self.world, self.log = GitWorld(folder), folder / "said"
        self.log.mkdir()
        self.desk = Desk(self.world.checkout, url)
        self.desk.write("reconciler.yaml", "record: {backend: git, remote: origin}\n")
        git(self.world.checkout, "add", "desired")
        git(self.world.checkout, "commit", "--quiet", "-m", "declare")
        programs = folder / "programs"
        programs.mkdir()
        real = shutil.which("git")
        (folder / "answer.py").write_text(ANSWER)
        for name, then in (("git", real), ("gh", f"{sys.executable} -IS {folder}/answer.py")):
            file = programs / name
            file.write_text(STAND_IN.format(log=self.log, name=name, then=then))
            file.chmod(0o755)
        self.desk.environ |= {**FOREIGN, **OWN, "PATH": f".:bin::{programs}:{os.environ['PATH']}", "RECONCILE_CACHE_DIR": ""}

    def calls(self) -> list[Call]:
        return [_call(file.read_text()) for file in sorted(self.log.iterdir(), key=lambda file: file.name.partition("-")[2])]


def _call(told: str) -> Call:
    (program, *arguments), environ = (part.split("\0") for part in told.split("\0\0", 1))
    return Call(program, arguments, dict(line.split("=", 1) for line in environ if line))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Watched, dict[str, list[Call]]]]:
    """Every command once, each with the processes that it started."""
    folder = tmp_path_factory.mktemp("watched")
    with scim_server() as url:
        found = Watched(folder, f"{url}/{uuid4().hex}/v2")
        calls: dict[str, list[Call]] = {}
        for command, code in STEPS:
            before = len(found.calls())
            ran = found.desk.reconcile(*command.split())
            assert ran.code == code, (command, ran)
            assert not any(secret in ran.out + ran.err for secret in (GIT, GH, STRANGER))
            calls[command] = found.calls()[before:]
        yield found, calls


def every() -> Iterator[str]:
    """The commands that there are, those of groups too."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        yield from (f"{name} {inner}" for inner in command.commands) if isinstance(command, click.Group) else [name]


def test_every_command_is_among_those_that_are_watched() -> None:
    words = [step for step, _ in STEPS]
    assert [name for name in every() if not any(f"{step} ".startswith(f"{name} ") for step in words)] == []


def test_no_process_is_told_a_token_that_is_not_its_own(watched: tuple[Watched, dict[str, list[Call]]]) -> None:
    for command, calls in watched[1].items():
        for call in calls:
            secrets = [TOKEN, STRANGER, GIT, *([GH] if call.program == "git" else [])]
            assert [secret for secret in secrets if secret in call.all] == [], (command, call)
            assert not {*FOREIGN, "RECONCILE_GIT_TOKEN", "WIKI_TOKEN"} & set(call.environ), (command, call)
    asked = [call for calls in watched[1].values() for call in calls if call.program == "gh"]
    assert len(asked) >= 3 and all(call.environ["GH_TOKEN"] == GH for call in asked)


def test_every_git_is_hardened_and_asked_about_no_folder_of_declarations(watched: tuple[Watched, dict[str, list[Call]]]) -> None:
    found = watched[0]
    calls = [call for calls in watched[1].values() for call in calls if call.program == "git"]
    words = [argument for call in calls for argument in call.arguments]
    assert len(calls) > 100 and {"rev-parse", "ls-tree", "ls-remote", "fetch", "push", "config", "commit-tree"} <= set(words)
    for call in calls:
        assert {(key.lower(), value) for key, value in HARDENED} <= set(call.settings), call
        assert QUIET.items() <= call.environ.items() and all(map(os.path.isabs, call.environ["PATH"].split(":"))), call
        speaks = bool({"ls-remote", "fetch", "push"} & set(call.arguments))
        assert call.environ["GIT_ALLOW_PROTOCOL"] == (ANYWHERE if speaks else NOWHERE), call
        finding = call.arguments[:2] == ["rev-parse", "--path-format=absolute"]
        persons = call.arguments == ["config", "--global", "--no-includes", "-z", "--list"]  # which key to sign with
        assert finding or persons or call.environ["GIT_CONFIG_GLOBAL"] == os.devnull == call.environ["GIT_CONFIG_SYSTEM"], call
        # A cache that lies elsewhere is for one command, and thrown away.
        ours = (f"--git-dir={found.world.checkout}/.git", f"--git-dir={tempfile.gettempdir()}/reconcile-")
        named = call.arguments[0].startswith(ours) or call.arguments[0] in ("init", "config")
        assert finding or named, call
        desired = str(found.desk.folder / "desired")
        assert not any(word.startswith(desired) or word in ("-C", "status", "diff") for word in call.arguments), call


def test_a_token_of_git_is_told_to_who_speaks_to_the_remote_alone(tmp_path: Path) -> None:
    found = Watched(tmp_path, "http://127.0.0.1:1/v2")
    git(found.world.checkout, "remote", "set-url", "origin", "http://127.0.0.1:1/team/identity.git")
    assert found.desk.reconcile("plan").code == 1
    told = [call for call in found.calls() if any("authorization" in value.lower() for _, value in call.settings)]
    assert {tuple(call.arguments[1:3]) for call in told} == {("ls-remote", "reconcile")}
    assert all(GIT not in call.all for call in found.calls())


def test_the_demo_is_told_of_its_own_services_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[Any, dict[str, str]]] = []

    def start(arguments: Any, environ: dict[str, str], *rest: Any) -> Any:
        started.append((arguments, environ))
        return child.start([sys.executable, "-c", ""], environ, Path("/"))

    monkeypatch.setattr(demo, "start", start)
    monkeypatch.setattr(demo, "_wait", lambda *_: None)
    monkeypatch.setattr(demo._Story, "_seed", lambda self: None)
    monkeypatch.setattr(demo._Story, "_edit", lambda *_: sys.exit(7))
    for name, value in {**FOREIGN, **OWN, "WIKI_SCIM_TOKEN": STRANGER, "RECONCILE_ALLOWED_ORIGINS": "https://x"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):  # half of the story will do
        run(["demo"])
    servers, commands = started[: len(demo.APPS)], started[len(demo.APPS) :]
    assert commands and all(environ["SCIM_TOKEN"] for _, environ in servers)
    for _, environ in started:
        assert not {STRANGER, GIT, GH} & set(environ.values())
        assert not {*FOREIGN, *OWN, "RECONCILE_ALLOWED_ORIGINS"} & set(environ)
    assert all({"WIKI_SCIM_TOKEN", "THOUSANDEYES_SCIM_TOKEN", "WIKI_SCIM_URL"} <= set(environ) for _, environ in commands)


def test_an_environment_is_an_allow_list_with_what_each_program_needs() -> None:
    """The innocent: a proxy, a certificate, an ssh agent, a folder that its person trusts, a user's own gh."""
    whole = {
        **FOREIGN,
        **OWN,
        "HOME": "/home/ada",
        "HTTPS_PROXY": "http://proxy",
        "SSL_CERT_FILE": "/ca.pem",
        "PATH": "/bin:x",
        "SSH_AUTH_SOCK": "/agent",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": "evil",
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": "/checkout",
        "GH_REPO": "team/identity",
        "GH_HOST": "github.example.com",
    }
    remote, finding, local = git_remote(whole, [("a.b", "c")]), git_finding(whole), git_local(whole)
    assert [remote[name] for name in ("HOME", "HTTPS_PROXY", "SSL_CERT_FILE", "SSH_AUTH_SOCK", "PATH", "GIT_SSH_COMMAND")] == [
        "/home/ada",
        "http://proxy",
        "/ca.pem",
        "/agent",
        "/bin",
        "ssh -o BatchMode=yes",
    ]
    assert git_remote({**whole, "GIT_SSH_COMMAND": "ssh -i key"}, [])["GIT_SSH_COMMAND"] == "ssh -i key"
    assert "GIT_SSH_COMMAND" not in git_remote({"GIT_SSH": "/bin/plink"}, [])
    assert "/checkout" in finding.values() and "/checkout" not in local.values() and "c" in remote.values()
    assert not {"HTTPS_PROXY", "SSH_AUTH_SOCK"} & {*local, *finding}
    assert {gh(whole)[name] for name in ("GH_TOKEN", "GH_REPO", "GH_HOST", "HTTPS_PROXY")} == {
        GH,
        "team/identity",
        "github.example.com",
        "http://proxy",
    }
    for environ in (remote, finding, local, gh(whole), ourselves(whole, {})):
        assert not {"evil", STRANGER, GIT} & set(environ.values())


def test_only_one_room_starts_processes() -> None:
    """The rule of rooms knows packages; these are other ways of the standard library and of click."""
    ways = (
        "os.system",
        "os.popen",
        "os.exec",
        "os.spawn",
        "posix_spawn",
        "os.fork",
        "multiprocessing",
        "click.edit",
        "click.launch",
        "echo_via_pager",
        "webbrowser",
        "import pty",
    )
    room = Path(child.__file__).parent
    found = [(file, way) for file in room.parent.rglob("*.py") for way in ways if way in file.read_text(encoding="utf-8")]
    # The running service, and a plan of many apps, run this very program beside itself, with what it holds, and nothing else.
    ours = {("service", "multiprocessing"), ("processes", "multiprocessing"), ("processes", "os.fork")}
    assert {(file.parent.name, way) for file, way in found} == ours
