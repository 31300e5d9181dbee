"""reconcile demo: the whole story against real SCIM servers on loopback, in a temporary folder.

That of ThousandEyes has a simulator before it, which leaves what ThousandEyes can do.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import click

from reconciler.cli.common import no_color_option
from reconciler.processes.child import Process, start
from reconciler.processes.environment import Allowed, ourselves

APPS = {"thousandeyes": "THOUSANDEYES_SCIM", "wiki": "WIKI_SCIM"}
PROFILES = {"thousandeyes": "thousandeyes", "wiki": "generic"}


@click.command()
@click.option("--keep", is_flag=True, help="Leave the servers running and print the variables for a second terminal.")
@no_color_option
def demo(keep: bool, no_color: bool) -> int:
    """The whole story against real SCIM servers that it starts itself. It has no colours either way."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reconcile-demo-")))
        shutil.copytree(_example(), folder / "desired")
        own = {"NO_COLOR": "1"}
        for app, prefix in APPS.items():
            url, token = stack.enter_context(_server(folder, PROFILES[app]))
            own |= {f"{prefix}_URL": url, f"{prefix}_TOKEN": token}
        environ = ourselves(os.environ, own)
        _Story(folder, environ).tell()
        if keep:
            _keep(folder, environ)
    return 0


def _example() -> Path:
    package = Path(__file__).resolve().parent.parent
    inside = package / "example"
    return inside if inside.is_dir() else package.parent / "desired"


@contextmanager
def _server(folder: Path, profile: str) -> Iterator[tuple[str, str]]:
    """A scim2-server on a free port, less what a service of this profile lacks; gone when the block is left."""
    if find_spec("scim2_server") is None:
        raise click.ClickException("scim2-server is not installed: pip install 'scim-reconciler[demo]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_urlsafe(16)
    arguments = [sys.executable, "-m", "reconciler.demo", profile, "--port", str(port)]
    with open(folder / f"server-{port}.log", "wb") as log:
        process = start(arguments, ourselves(os.environ, {"SCIM_TOKEN": token}), folder, log)
        try:
            _wait(port, process)
            yield f"http://127.0.0.1:{port}/v2", token
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int, process: Process) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise click.ClickException("scim2-server did not start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise click.ClickException("scim2-server does not answer")


def _keep(folder: Path, environ: Allowed) -> None:
    click.echo(f"\nThe servers are running. In a second terminal, in {folder}:\n")
    for prefix in APPS.values():
        for part in ("URL", "TOKEN"):
            click.echo(f"  export {prefix}_{part}={environ[f'{prefix}_{part}']}")
    click.echo(f"  {_program()} plan\n\nCtrl-C ends them.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("")


def _program() -> str:
    """What to type for this very program: its name where a shell finds it, else its path."""
    here = os.path.abspath(sys.argv[0])
    return "reconcile" if os.path.basename(here) != "reconcile" or shutil.which("reconcile") == here else shlex.quote(here)


class _Story:
    def __init__(self, folder: Path, environ: Allowed) -> None:
        self.folder, self.environ = folder, environ

    def tell(self) -> None:
        self._say("Two services start with accounts that nobody declared.")
        self._seed()
        self._run("validate")
        self._run("test-connection")
        self._run("plan", "--out", "plan.json")
        self._say("The saved plan is what gets reviewed. Exactly that is applied, and nothing else:")
        self._run("apply", "plan.json")
        self._say("What was declared is there. A second plan is empty:")
        self._run("plan", "--detailed-exitcode")
        self._say("Somebody edits an account by hand on the wiki. The plan shows it as drift, the apply repairs it:")
        self._edit("wiki", "ada@example.com", "title", "Intern")
        self._run("plan", "--app", "wiki", "--detailed-exitcode", "--out", "drift.json", expect=2)
        self._run("apply", "drift.json")
        self._say("Grace leaves ThousandEyes: her assignment is removed from YAML. Her account is disabled, not deleted:")
        self._unassign()
        self._run("plan", "--app", "thousandeyes", "--detailed-exitcode", "--out", "leaver.json", expect=2)
        self._run("apply", "leaver.json")
        self._run("plan", "--detailed-exitcode")
        self._say("That is the whole story.")

    def _say(self, words: str) -> None:
        click.echo(f"\n# {words}")

    def _run(self, *arguments: str, expect: int = 0) -> None:
        click.echo(f"\n$ reconcile {' '.join(arguments)}")
        sys.stdout.flush()
        command = [sys.executable, "-c", "from reconciler.cli.main import main; main()", *arguments]
        with start(command, self.environ, self.folder) as process:
            code = process.wait()
        if code != expect:
            raise click.ClickException(f"reconcile {' '.join(arguments)} ended with {code}, not {expect}")

    def _client(self, app: str):  # type: ignore[no-untyped-def]
        from reconciler.scim import profile
        from reconciler.scim.client import ScimClient

        prefix = APPS[app]
        return ScimClient(self.environ[f"{prefix}_URL"], self.environ[f"{prefix}_TOKEN"], profile.PROFILES[PROFILES[app]])

    def _seed(self) -> None:
        from reconciler.scim.patch import body

        for app in APPS:
            with self._client(app) as client:
                for name, shown in (("contractor@example.org", "A Contractor"), ("radia@example.com", "R. Perlman")):
                    client.create("Users", body("Users", [("userName", name), ("displayName", shown), ("active", True)]))

    def _edit(self, app: str, name: str, path: str, value: str) -> None:
        from reconciler.scim.patch import operations

        with self._client(app) as client:
            account = client.find("Users", "userName", name)[0]
            client.patch("Users", account["id"], operations([(path, value)], account))

    def _unassign(self) -> None:
        file = self.folder / "desired/apps/thousandeyes/assignments.yaml"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if "grace@" not in line), encoding="utf-8")
