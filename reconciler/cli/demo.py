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
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import click

from reconciler.cli.common import no_color_option
from reconciler.demo import install
from reconciler.processes.child import Process, start
from reconciler.processes.environment import Allowed, ourselves

APPS = {"thousandeyes": "THOUSANDEYES_SCIM", "tickets": "TICKETS_SCIM", "wiki": "WIKI_SCIM"}
AGAIN = "what is above says why; run `reconcile demo --full` to see all of it"
PROFILES = {"thousandeyes": "thousandeyes", "tickets": "generic", "wiki": "generic"}


@click.command()
@click.option("--keep", is_flag=True, help="Leave the servers running and print the variables for a second terminal.")
@click.option("--full", is_flag=True, help="Show all that each command says.")
@no_color_option
def demo(keep: bool, full: bool, no_color: bool) -> int:
    """The whole story against real SCIM servers that it starts itself. It has no colours either way."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reconcile-demo-")))
        shutil.copytree(_example(), folder / "desired")
        own = {"NO_COLOR": "1"}
        servers = {prefix: stack.enter_context(_server(folder, PROFILES[app])) for app, prefix in APPS.items()}
        for prefix, server in servers.items():  # each has begun, so that they start side by side
            _wait(server.port, server.process)
            own |= {f"{prefix}_URL": f"http://127.0.0.1:{server.port}/v2", f"{prefix}_TOKEN": server.token}
        environ = ourselves(os.environ, own)
        _Story(folder, environ, full).tell()
        if keep:
            _keep(folder, environ)
    return 0


def _example() -> Path:
    package = Path(__file__).resolve().parent.parent
    inside = package / "example"
    return inside if inside.is_dir() else package.parent / "desired"


class _Server(NamedTuple):
    """A process that listens on a port of loopback, or soon will, and takes a token."""

    process: Process
    port: int
    token: str


@contextmanager
def _server(folder: Path, profile: str) -> Iterator[_Server]:
    """A scim2-server on a free port, less what a service of this profile lacks; gone when the block is left."""
    if command := install():
        raise click.ClickException(f"scim2-server is not installed [DemoFailed]\n    {command}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_urlsafe(16)
    arguments = [sys.executable, "-m", "reconciler.demo", profile, "--port", str(port)]
    with open(folder / f"server-{port}.log", "wb") as log:
        process = start(arguments, ourselves(os.environ, {"SCIM_TOKEN": token}), folder, log)
        try:
            yield _Server(process, port, token)
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int, process: Process) -> None:
    for _ in range(1200):  # a minute: on a busy machine what was never run is slow to begin
        if process.poll() is not None:
            raise click.ClickException(f"scim2-server did not start [DemoFailed]\n    {AGAIN}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise click.ClickException(f"scim2-server does not answer [DemoFailed]\n    {AGAIN}")


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


def _shortened(said: list[str], most: int) -> str:
    """Lines, of more than `most` the first ones and the last, with how many there are between them."""
    left = len(said) - most
    return "\n".join(
        said if left < 2 else [*said[: most - 1], f"  ... {left:,} lines more: `reconcile demo --full` shows them", said[-1]]
    )


class _Story:
    def __init__(self, folder: Path, environ: Allowed, full: bool) -> None:
        self.folder, self.environ, self.full = folder, environ, full
        self.chapters = 0

    def tell(self) -> None:
        self._chapter("Three services, with accounts that nobody declared")
        self._seed()
        self._commit("The company")
        self._run("validate")
        self._run("test-connection", "--app", "wiki")
        self._chapter("The plan: what would be done, for whom, and which line says so")
        self._run("plan", "--out", "plan.json", "--app", "thousandeyes", lines=19)
        self._run("plan", "--out", "tickets.json", "--app", "tickets", lines=9)
        self._run("plan", "--out", "wiki.json", "--app", "wiki", lines=10)
        self._chapter("The saved plans are what gets reviewed: exactly that is applied, and nothing else")
        self._run("apply", "plan.json", "tickets.json", "wiki.json", lines=8)
        self._chapter("What was declared is there: a second plan is empty")
        self._run("plan", "--detailed-exitcode", lines=4)
        self._chapter("Somebody edits an account by hand on the wiki: drift, which the apply puts back")
        self._edit("wiki", "ada@example.com", "title", "Intern")
        self._run("plan", "--app", "wiki", "--detailed-exitcode", "--out", "drift.json", expect=2, lines=11)
        self._run("apply", "drift.json")
        self._chapter("Who is on call administers ThousandEyes until a date: SCIM carries no roles there, its other API does")
        self._assign()
        self._commit("Who is on call administers ThousandEyes")
        self._run("plan", "--app", "thousandeyes", "--detailed-exitcode", "--out", "roles.json", expect=2, lines=13)
        self._run("apply", "roles.json", lines=4)
        self._chapter("Grace leaves ThousandEyes: her line goes from the YAML, and her account is disabled, not deleted")
        self._unassign()
        self._commit("Grace leaves ThousandEyes")
        self._run("plan", "--app", "thousandeyes", "--detailed-exitcode", "--out", "leaver.json", expect=2, lines=13)
        self._run("apply", "leaver.json")
        self._run("plan", "--detailed-exitcode", lines=4)
        self._chapter("At night the wiki's token is revoked: the cycle stops there, and one mail says so to whom app.yaml names")
        self._revoke_token()
        click.echo("\nThat is the whole story. `reconcile demo --keep` leaves the servers to you.")

    def _chapter(self, title: str) -> None:
        self.chapters += 1
        click.echo(f"\n{self.chapters}. {title}\n{'=' * (len(title) + 3)}")

    def _run(self, *arguments: str, expect: int = 0, lines: int = 30) -> None:
        """One command, its first lines and its last one shown."""
        click.echo(f"\n$ reconcile {' '.join(arguments)}")
        command = [sys.executable, "-c", "from reconciler.cli.main import main; main()", *arguments]
        with open(self.folder / "said.log", "w+b") as log:
            with start(command, self.environ, self.folder, log) as process:
                code = process.wait()
            log.seek(0)
            click.echo(_shortened(log.read().decode(errors="replace").rstrip().split("\n"), sys.maxsize if self.full else lines))
        if code != expect:
            raise click.ClickException(
                f"reconcile {' '.join(arguments)} ended with {code}, not {expect} [DemoFailed]\n    {AGAIN}"
            )

    def _revoke_token(self) -> None:
        from reconciler.demo.mail import mailbox

        file = self.folder / "desired/apps/wiki/app.yaml"  # nobody is there whom a webhook could tell
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if "webhook:" not in line), encoding="utf-8")
        with mailbox() as box:
            self.environ = Allowed({**self.environ, "WIKI_SCIM_TOKEN": "revoked", "RECONCILE_SMTP_URL": box.url})
            self._run("run", "--once", "--app", "wiki", expect=1, lines=4)
        for mail in box.mails:
            body = mail.get_body(("plain",))
            text = "" if body is None else str(body.get_content()).rstrip()
            said = [f"{name}: {mail[name]}" for name in ("To", "Subject")] + ["", *text.split("\n")]
            click.echo("\n" + _shortened(said, sys.maxsize if self.full else 8))

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

    def _commit(self, words: str) -> None:
        """What is declared now, as a merge leaves it; on a machine without git no plan names a line that is gone."""
        from reconciler.record.git.process import local
        from reconciler.record.store import RecordError

        git = local(os.environ)
        with suppress(RecordError):
            for arguments in (("init", "--quiet"), ("add", "desired"), ("commit", "--quiet", "--message", words)):
                git.run(*arguments, folder=self.folder)

    def _assign(self) -> None:
        with open(self.folder / "desired/apps/thousandeyes/assignments.yaml", "a", encoding="utf-8") as file:
            file.write("  - {group: On Call, role: Organization Admin, expires: 2099-01-31, reason: NET-1432}\n")

    def _unassign(self) -> None:
        file = self.folder / "desired/apps/thousandeyes/assignments.yaml"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if "grace@" not in line), encoding="utf-8")
