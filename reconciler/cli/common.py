"""What commands share: options, loading, one planning run per app, exit codes."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.saying import say
from reconciler.declare.model import App, Declarations, Problem, fold

if TYPE_CHECKING:
    from reconciler.plan.live import Live
    from reconciler.plan.model import Plan
    from reconciler.plan.planner import Planned
    from reconciler.plan.safeguards.guard import Guarded
    from reconciler.record.model import Record
    from reconciler.record.store import Store
    from reconciler.resolve.model import Resolution
    from reconciler.scim.client import ScimClient

ERROR, CHANGES, BLOCKED, STALE, PARTIAL, LOCKED, USAGE = 1, 2, 3, 4, 5, 6, 64
MOST_LISTED = 20
FIRST_OF = (130, 6, 1, 4, 3, 5, 2, 0)


def worst(codes: list[int]) -> int:
    """One exit code for several apps."""
    return next((code for code in FIRST_OF if code in codes), 0)


no_color_option = click.option("--no-color", is_flag=True, help="No colours; NO_COLOR in the environment says the same.")


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command."""
    command = no_color_option(command)
    command = click.option("--app", "apps", multiple=True, metavar="NAME", help="Only this app; may be repeated.")(command)
    return click.option("--desired", type=click.Path(path_type=Path, readable=False), default=Path("desired"),
                        show_default=True, help="The folder of the declarations.")(command)  # fmt: skip


class Seconds(click.FloatRange):
    """0 or more."""

    name = "number of seconds"


lock_option = click.option("--lock-timeout", type=Seconds(min=0), default=0.0, metavar="SECONDS", help="Wait so long for a lock.")


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--cause", "causes", multiple=True, type=click.Choice(["config", "drift", "time"]),
                           help="Only changes that have no other cause.")(command)  # fmt: skip
    return click.option("--only", multiple=True, metavar="ADDRESS", callback=_addresses,
                        help="Only this object, such as User/ada@example.com; may be repeated.")(command)  # fmt: skip


def _addresses(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not fold(value).startswith(("user/", "group/")):
            raise click.BadParameter(f"{value!r} is no address: write User/{value} or Group/{value}")
    return values


def colourer(no_color: bool) -> Callable[[str, str], str]:
    if no_color or os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return lambda text, code: text
    return lambda text, code: f"\x1b[{code}m{text}\x1b[0m"


def load_checked(desired: Path, apps: tuple[str, ...]) -> Declarations:
    """The declarations; problems are printed to stderr, and errors end the command."""
    from reconciler.report.problems import as_text

    declarations, problems = checked(desired)
    click.echo(as_text(problems), err=True, nl=False)
    if any(problem.severity == "error" for problem in problems):
        raise click.exceptions.Exit(ERROR)
    known_apps(apps, declarations.apps)
    return declarations


def checked(desired: Path) -> tuple[Declarations, list[Problem]]:
    """The declarations and all that is to be said of them."""
    from reconciler.declare.load import load
    from reconciler.resolve.check import check

    loaded = load(desired)
    return loaded.declarations, sorted([*loaded.problems, *check(loaded.declarations)])


def known_apps(asked: tuple[str, ...], known: Iterable[str], what: str = "app") -> None:
    """Raises UsageError where --app names one that is not there; `what` says of what there is none."""
    names = sorted(known)
    for name in asked:
        if name not in names:
            raise click.UsageError(f"no {what} {name!r}; " + meant(name, names))


def meant(name: str, names: list[str]) -> str:
    from reconciler.declare.near import likely

    if near := likely(name, names):
        return f"did you mean {near!r}?"
    return f"there are {len(names)}" if len(names) > MOST_LISTED else "there are " + (", ".join(names) or "none")


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
    guarded: Guarded


def collect_again() -> None:
    """What an apply makes dies young; what a plan has made lives on, and is not looked through any more."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> str:
    """The date, UTC, against which assignments expire."""
    return datetime.now(UTC).date().isoformat()


def store_of(app: App, declarations: Declarations) -> Store:
    """Where reconciler.yaml says that the app's record lives."""
    settings = declarations.record
    if settings.backend == "git":
        from reconciler.record.git import GitStore

        return GitStore(app.name, settings.remote, Path(settings.folder))
    from reconciler.record.local import LocalStore

    return LocalStore(Path(settings.path or ".reconcile"), app.name)


@contextmanager
def connect(app: App, record: Record | None, but: frozenset[int] = frozenset()) -> Iterator[ScimClient]:
    """A client for the app, once the rule of allowed origins has been kept; a status in `but` is final at once."""
    from reconciler.scim.client import AGAIN, ScimClient
    from reconciler.scim.credentials import resolve
    from reconciler.scim.profile import profile_of

    found = resolve(app, os.environ, record.base_url if record else None)
    with ScimClient(found.base_url, found.token, profile_of(app), again=AGAIN - but, tell=_waiting) as client:
        yield client


def _waiting(words: str) -> None:
    """A wait for a service is said, from whichever thread begins it."""
    from reconciler.report.safe import plain

    click.echo(plain(words), err=True)


@contextmanager
def session(
    app: App, declarations: Declarations, only: tuple[str, ...], causes: tuple[str, ...], store: Store | None = None,
    amend: Callable[[Record], None] | None = None,
) -> Iterator[Session]:  # fmt: skip
    """Read the service and plan one app.

    `store` is the one that holds the lock, where there is one; `amend` changes the record before it is planned with.
    """
    from reconciler.apply.unanswered import settle_unanswered
    from reconciler.cli.addresses import warn_unknown
    from reconciler.cli.old_record import with_old_record
    from reconciler.cli.revision import revision
    from reconciler.plan.model import Config
    from reconciler.plan.planner import Selection, make_plan
    from reconciler.plan.safeguards.guard import guard, shown
    from reconciler.record.model import Record
    from reconciler.resolve.resolution import resolve

    store = store or store_of(app, declarations)
    record = recovered(store)
    known = record is not None
    if amend is not None:
        record = record or Record(app.name)
        amend(record)
    resolution = resolve(app, declarations, today())
    with connect(app, record) as client:
        live = read_live(client, resolution, app)
        if record is not None:
            settle_unanswered(record, live, resolution, app.groups.enabled and client.profile.groups.supported)
        config = Config(declarations.digest, *revision(declarations.folder))
        planned = make_plan(app, resolution, live, record, Selection(only, causes), client.base_url, config,
                            client.profile.limits())  # fmt: skip
        planned = planned if known else with_old_record(planned, store)
        warn_unknown(only, app, declarations, record)
        verdict = guard(planned, record, now())
        collect_again()
        yield Session(app, client, store, record, resolution, shown(planned, verdict), verdict)


def recovered(store: Store) -> Record | None:
    """The record with what a killed run has left in the journal. Raises RecordError."""
    from reconciler.apply.recover import recover

    record = store.load()
    if record is not None:
        recover(record, store.read_journal())
    return record


def read_live(client: ScimClient, resolution: Resolution, app: App) -> Live:
    """Everything that is there, and what the service says of itself."""
    from reconciler.scim import read

    return read.read_live(client, resolution)


def read_plans(file: Path) -> list[Plan]:
    """The plans of a saved file. Raises PlanFileError."""
    from reconciler.declare.schema import fits
    from reconciler.report.jsonform import PlanFileError, is_genuine, loads

    remedy = "write one with `reconcile plan --out FILE`"
    try:
        text = file.read_text(encoding="utf-8")
        plans = loads(text)
    except OSError as error:
        raise PlanFileError(f"{file} cannot be read: {error.strerror}", "mend its permissions") from None
    except UnicodeDecodeError:
        raise PlanFileError(f"{file}: this is no saved plan", remedy) from None
    except PlanFileError as error:
        raise PlanFileError(f"{file}: {error.message}", error.remedy) from None
    if not fits("plan", json.loads(text)):
        raise PlanFileError(f"{file}: this is no saved plan", remedy)
    if not all(map(is_genuine, plans)):
        raise PlanFileError(f"{file} has been edited: its content does not fit its digests", remedy)
    return plans


def guarded(work: Callable[[], int]) -> int:
    """Run the work on one app; what a person can cause is said in words, with what to do."""
    from reconciler.record.store import LeaseLost, Locked, RecordError
    from reconciler.report.jsonform import PlanFileError
    from reconciler.scim.errors import CredentialError, ServiceError

    try:
        return work()
    except (CredentialError, RecordError, PlanFileError, ServiceError) as error:
        say(f"Error: {error}")
        if error.remedy:
            say(f"    {error.remedy}")
        return LOCKED if isinstance(error, Locked) else PARTIAL if isinstance(error, LeaseLost) else ERROR
