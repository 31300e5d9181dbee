"""reconcile record: show, fix, move, prove or prune what was last applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import candidates
from reconciler.cli.common import ERROR, chosen, guarded, load_checked, logged, options, worst
from reconciler.cli.output import say
from reconciler.cli.record_migrate import migrate
from reconciler.cli.record_verify import HEAD, verify
from reconciler.cli.terminal import echo, echo_form
from reconciler.cli.wrong_usage import BadValue, Commands
from reconciler.cycle.clock import now
from reconciler.declare.model import App, Declarations
from reconciler.declare.wording import plural
from reconciler.record.open import recovered, store_of

if TYPE_CHECKING:
    from reconciler.record.model import Record


@click.group(cls=Commands)
def record() -> None:
    """Show, fix, move, prove or prune what was last applied."""


record.add_command(verify)
record.add_command(migrate)


def _each(desired: Path, apps: tuple[str, ...], work: Callable[[App, Declarations], int]) -> int:
    declarations = load_checked(desired, apps)
    return worst([guarded(lambda app=app: work(app, declarations)) for app in chosen(declarations, apps)])  # type: ignore[misc]


@record.command()
@options
@click.argument("address", shell_complete=candidates.addresses)
def show(desired: Path, apps: tuple[str, ...], no_color: bool, address: str) -> int:
    """Show what was last applied at ADDRESS, as JSON."""
    import orjson

    entries: dict[str, Any] = {}
    known: set[str] = set()

    def work(app: App, declarations: Declarations) -> int:
        record = recovered(store_of(app, declarations))
        known.update(record.entries if record is not None else ())
        recorded = record.written(address) if record is not None else None
        if record is not None and recorded is not None:
            entries[app.name] = {"address": recorded, **record.entries[recorded]}
        return 0

    code = _each(desired, apps, work)
    if entries:
        click.echo(orjson.dumps(entries, option=orjson.OPT_INDENT_2).decode())
        return code
    return code or _nowhere(address, known)


@record.command(name="list")
@options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")
def list_(desired: Path, apps: tuple[str, ...], no_color: bool, form: str) -> int:
    """List who is in the record: address, state, id on the service, roles."""
    from reconciler.report.record_list import as_json, as_text

    records: dict[str, Record] = {}

    def work(app: App, declarations: Declarations) -> int:
        record = recovered(store_of(app, declarations))
        if record is None:
            say(f"{app.displayName} has no record")
        else:
            records[app.name] = record
        return 0

    code = _each(desired, apps, work)
    echo_form(form, (as_json if form == "json" else as_text)(records))
    return code


@record.command()
@options
@click.argument("address", shell_complete=candidates.addresses)
def forget(desired: Path, apps: tuple[str, ...], no_color: bool, address: str) -> int:
    """Take ADDRESS out of the record. Its account stays as it is, and is matched afresh by the next plan."""
    from reconciler.cycle.audited import tell_forgotten
    from reconciler.record.forget import forget as take_out

    done: list[str] = []
    known: set[str] = set()

    def work(app: App, declarations: Declarations) -> int:
        store = store_of(app, declarations)
        record = recovered(store)
        known.update(record.entries if record is not None else ())
        if record is None or record.written(address) is None:
            return 0
        if take_out(store, address, now(), partial(tell_forgotten, store)):
            done.append(app.name)
        say(f"{app.name}: {address} is forgotten; its account was not touched", err=False)
        return 0

    code = _each(desired, apps, work)
    return code if code or done else _nowhere(address, known)


@record.command()
@options
@click.argument("head")
@click.option(
    "--instead-of", "lost", multiple=True, metavar="HEAD", help="A head that is lost, and that a plan knew; may be repeated."
)
def trust(desired: Path, apps: tuple[str, ...], no_color: bool, head: str, lost: tuple[str, ...]) -> int:
    """Accept HEAD as the record of the app, although history that this checkout knew is lost, or it is not signed.

    HEAD is the commit of a record in Git, the hash of the newest record of a local one's log, or `none`. The log tells of it, and
    by that a plan that knew what is lost is gone on from, here and on every other machine.
    """
    if len(apps) != 1:
        raise click.UsageError("name the app with --app")
    if strange := next((name for name in lost if not HEAD.fullmatch(name)), None):
        raise BadValue(f"--instead-of {strange!r} is not a head: name the commit, or the hash, that the error names")

    def work(app: App, declarations: Declarations) -> int:
        from reconciler.cycle.audited import tell_trusted

        store = store_of(app, declarations)
        gone = dict.fromkeys([*lost, *filter(None, [store.known_head()])])
        gone.pop(head, None)
        if not store.trust(head):
            now_at = store.head()[0] or store.log_head().hash or "none"
            raise click.UsageError(f"{store.where()} is at {now_at}, not at {head}: look at it, and name what it is at")
        logged(lambda: tell_trusted(store, head, gone))
        echo(f"{app.name}: {head} is trusted from now on")
        return 0

    return _each(desired, apps, work)


@record.command()
@options
@click.option("--older-than", "age", metavar="DAYS", help="An age in days, such as 400d; else record.logRetention.")
def prune(desired: Path, apps: tuple[str, ...], no_color: bool, age: str | None) -> int:
    """Cut the log at an age, by whole months, and the history of a record in Git; the present stays.

    The log keeps a record of what was cut, by which `reconcile record verify` still holds.
    """
    from datetime import UTC, datetime, timedelta

    from reconciler.cycle.audited import prune_log
    from reconciler.record.git.store import GitStore

    given, today = _days(age) if age is not None else None, datetime.now(UTC)

    def work(app: App, declarations: Declarations) -> int:
        days = given if given is not None else declarations.record.logRetention
        if days is None:
            raise click.UsageError(
                "name an age with --older-than 400d, or write `record: {logRetention: 400d}` in reconciler.yaml"
            )
        store = store_of(app, declarations)
        if store.load() is not None:
            count = prune_log(store, f"{today - timedelta(days=days):%Y-%m}")
            echo(f"{app.name}: {plural(count, 'record')} of the log cut")
        elif not isinstance(store, GitStore):
            echo(f"{app.name}: there is no record")
        if isinstance(store, GitStore):
            echo(f"{app.name}: {plural(store.prune(days, today), 'commit')} cut")
        return 0

    return _each(desired, apps, work)


def _days(age: str) -> int:
    number = age.removesuffix("d")
    if not (age.endswith("d") and number.isascii() and number.isdigit() and len(number) < 6):
        raise BadValue(f"{age!r} is not an age in days: write for example 400d")
    return int(number)


def _nowhere(address: str, known: Iterable[str]) -> int:
    """What is said of an address that no record has, with the recorded ones that were probably meant."""
    from reconciler.declare.wording import did_you_mean
    from reconciler.resolve.one_object import near

    say(f"Error: no record has {address!r} [NotInRecord]")
    otherwise = "an address is User/<userPrincipalName> or Group/<displayName>, as a plan shows it"
    say(f"    {did_you_mean(near(address, known), otherwise)}")
    return ERROR
