"""What commands share: options, loading, one planning run per app, exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.declare.model import App, Declarations

if TYPE_CHECKING:
    from reconciler.plan.live import Live
    from reconciler.plan.planner import Planned
    from reconciler.record.model import Record
    from reconciler.record.store import Store
    from reconciler.resolve.model import Resolution
    from reconciler.scim.client import ScimClient

ERROR, CHANGES, STALE, PARTIAL, LOCKED, USAGE = 1, 2, 4, 5, 6, 64
FIRST_OF = (130, 6, 1, 4, 3, 5, 2, 0)


def worst(codes: list[int]) -> int:
    """One exit code for several apps."""
    return next((code for code in FIRST_OF if code in codes), 0)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command."""
    command = click.option("--no-color", is_flag=True, help="No colours; NO_COLOR in the environment says the same.")(command)
    command = click.option("--app", "apps", multiple=True, metavar="NAME", help="Only this app; may be repeated.")(command)
    return click.option("--desired", type=click.Path(path_type=Path), default=Path("desired"), show_default=True,
                        help="The folder of the declarations.")(command)  # fmt: skip


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--cause", "causes", multiple=True, type=click.Choice(["config", "drift", "time"]),
                           help="Only changes that have no other cause.")(command)  # fmt: skip
    return click.option("--only", multiple=True, metavar="ADDRESS", help="Only this object.")(command)


def colourer(no_color: bool) -> Callable[[str, str], str]:
    if no_color or os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return lambda text, code: text
    return lambda text, code: f"\x1b[{code}m{text}\x1b[0m"


def load_checked(desired: Path, apps: tuple[str, ...]) -> Declarations:
    """The declarations; errors are printed and end the command."""
    from reconciler.declare.load import load
    from reconciler.report.problems import as_text
    from reconciler.resolve.check import check

    loaded = load(desired)
    problems = sorted([*loaded.problems, *check(loaded.declarations)])
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        click.echo(as_text(errors), err=True, nl=False)
        raise click.exceptions.Exit(ERROR)
    unknown = [name for name in apps if name not in loaded.declarations.apps]
    if unknown:
        raise click.UsageError(f"no app {unknown[0]!r}; declared are {', '.join(loaded.declarations.apps)}")
    return loaded.declarations


def chosen(declarations: Declarations, apps: tuple[str, ...]) -> list[App]:
    return [app for name, app in declarations.apps.items() if not apps or name in apps]


@dataclass
class Session:
    """One app, read and planned; the client is still open."""

    app: App
    client: ScimClient
    store: Store
    record: Record | None
    resolution: Resolution
    planned: Planned


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def store_of(app: App, declarations: Declarations) -> Store:
    """Where reconciler.yaml says that the app's record lives."""
    settings = declarations.record
    if settings.backend == "git":
        from reconciler.record.git import GitStore

        return GitStore(app.name, settings.remote, Path(settings.folder))
    from reconciler.record.local import LocalStore

    return LocalStore(Path(settings.path or ".reconcile"), app.name)


@contextmanager
def connect(app: App, record: Record | None) -> Iterator[ScimClient]:
    """A client for the app, once the rule of allowed origins has been kept."""
    from reconciler.scim.client import ScimClient
    from reconciler.scim.credentials import resolve
    from reconciler.scim.profile import PROFILES

    found = resolve(app, os.environ, record.base_url if record else None)
    with ScimClient(found.base_url, found.token, PROFILES[app.profile]) as client:
        yield client


@contextmanager
def session(
    app: App, declarations: Declarations, only: tuple[str, ...], causes: tuple[str, ...], store: Store | None = None
) -> Iterator[Session]:
    """Read the service and plan one app; `store` is the one that holds the lock, where there is one."""
    from reconciler.apply.recover import recover
    from reconciler.plan.planner import Selection, make_plan
    from reconciler.resolve.resolution import resolve

    store = store or store_of(app, declarations)
    record = store.load()
    if record is not None:
        recover(record, store.read_journal())
    resolution = resolve(app, declarations, datetime.now(UTC).date().isoformat())
    with connect(app, record) as client:
        live = read_live(client, resolution, app)
        planned = make_plan(app, resolution, live, record, Selection(only, causes), client.base_url)
        yield Session(app, client, store, record, resolution, planned)


def read_live(client: ScimClient, resolution: Resolution, app: App) -> Live:
    """Users and groups side by side."""
    from concurrent.futures import ThreadPoolExecutor

    from reconciler.plan.live import Live, project_groups, project_users

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(client.read_all, "Users", partial(project_users, resolution.user_mapping))]
        if app.groups.enabled and client.profile.groups:
            jobs.append(pool.submit(client.read_all, "Groups", partial(project_groups, resolution.group_mapping)))
        users, groups = [{item.id: item for item in job.result()} for job in jobs] + [{}] * (2 - len(jobs))
    return Live(users, groups, client.counts["reads"])


def guarded(work: Callable[[], int]) -> int:
    """Run the work on one app; what a person can cause is said in words, with what to do."""
    from reconciler.record.store import LeaseLost, Locked, RecordError
    from reconciler.report.jsonform import PlanFileError
    from reconciler.report.safe import plain
    from reconciler.scim.errors import CredentialError, ServiceError

    try:
        return work()
    except (CredentialError, RecordError, PlanFileError, ServiceError) as error:
        click.echo(f"Error: {plain(str(error))}", err=True)
        if error.remedy:
            click.echo(f"    {plain(error.remedy)}", err=True)
        return LOCKED if isinstance(error, Locked) else PARTIAL if isinstance(error, LeaseLost) else ERROR
