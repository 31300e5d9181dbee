"""reconcile apply: plan, ask, write; or exactly what saved plans say."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from reconciler.cli.common import (
    ERROR,
    PARTIAL,
    STALE,
    Session,
    chosen,
    guarded,
    load_checked,
    now,
    options,
    selection_options,
    session,
    store_of,
    worst,
)
from reconciler.cli.plan import show_plans
from reconciler.declare.model import App, Declarations
from reconciler.plan.model import Change, Plan


@click.command()
@options
@selection_options
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--lock-timeout", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Wait so long for a lock.")
@click.option("--digest", help="Go on without asking only if the fresh plan has this digest.")
def apply(
    desired: Path, apps: tuple[str, ...], no_color: bool, only: tuple[str, ...], causes: tuple[str, ...],
    files: tuple[Path, ...], auto_approve: bool, lock_timeout: float, digest: str | None,
) -> int:  # fmt: skip
    """Plan, ask and write; or do exactly what saved plans say."""
    if files and (only or causes or digest):
        raise click.UsageError("a saved plan is applied whole: leave --only, --cause and --digest out")
    if not (files or auto_approve or digest or sys.stdin.isatty()):
        raise click.UsageError("no terminal to ask on: add --auto-approve, or name a saved plan")
    declarations = load_checked(desired, apps)

    def work(app: App) -> int:
        reviewed = _reviewed(files, app)
        if files and not reviewed:
            return 0
        return _apply(app, declarations, only, causes, reviewed, auto_approve, digest, no_color, lock_timeout)

    return worst([guarded(lambda app=app: work(app)) for app in chosen(declarations, apps)])  # type: ignore[misc]


def _reviewed(files: tuple[Path, ...], app: App) -> list[Plan]:
    from reconciler.report.jsonform import loads

    plans = [plan for file in files for plan in loads(file.read_text(encoding="utf-8"))]
    return [plan for plan in plans if plan.app == app.name]


def _apply(
    app: App, declarations: Declarations, only: Any, causes: Any, reviewed: list[Plan], auto_approve: bool,
    digest: str | None, no_color: bool, lock_timeout: float,
) -> int:  # fmt: skip
    if app.provisioning.mode == "manual":
        click.echo(f"Error: provisioning of {app.displayName} is manual: only plans are made", err=True)
        return ERROR
    if app.provisioning.status == "off":
        click.echo(f"Provisioning of {app.displayName} is off: nothing was done.", err=True)
        return 0
    settings = declarations.record
    if os.environ.get("CI") and settings.backend == "local" and settings.path is None:
        click.echo("Error: the record would vanish with this machine, since it lies in .reconcile", err=True)
        click.echo("    write `record: {backend: git, remote: origin}` in reconciler.yaml, or "
                   "`record: {backend: local, path: ...}` for a folder that you keep", err=True)  # fmt: skip
        return ERROR
    store = store_of(app, declarations)
    with store.lock("reconcile apply", now(), lock_timeout) as notice:
        if notice:
            click.echo(notice, err=True)
        with session(app, declarations, only, causes, store) as found:
            changes = _choose(found, reviewed, auto_approve, digest, no_color)
            if isinstance(changes, int):
                return changes
            return _write(found, changes)


def _choose(
    found: Session, reviewed: list[Plan], auto_approve: bool, digest: str | None, no_color: bool
) -> tuple[Change, ...] | int:
    """The changes to write, or the exit code where there is nothing to go on with."""
    plan = found.planned.plan
    if reviewed:
        return _of_files(found, reviewed)
    show_plans([plan], "text", no_color)
    if digest is not None and digest != plan.digest:
        click.echo(f"Error: the plan's digest is {plan.digest}, not {digest}: nothing was written", err=True)
        return STALE
    if plan.changes and not auto_approve and digest is None and not click.confirm("Apply these changes?"):
        click.echo("Nothing was written.", err=True)
        return ERROR
    return plan.changes


def _of_files(found: Session, reviewed: list[Plan]) -> tuple[Change, ...] | int:
    from reconciler.plan.stale import compare

    plan = found.planned.plan
    result = compare(reviewed, plan, found.planned.as_wanted())
    if result.moved:
        click.echo("Error: the plan is stale: nothing was written", err=True)
        for line in result.moved:
            click.echo(f"    {line}", err=True)
        return STALE
    for address in result.done:
        click.echo(f"{address}: already done", err=True)
    for change in result.beyond:
        click.echo(f"not in the reviewed plan: {change.action} {change.address} ({change.reason})", err=True)
    return tuple(result.todo)


def _write(found: Session, changes: tuple[Change, ...]) -> int:
    from reconciler.apply.execute import execute
    from reconciler.apply.model import Job
    from reconciler.plan.settle import settle
    from reconciler.record.model import Record

    record = found.record or Record(found.app.name)
    record.base_url = found.client.base_url
    stop: list[int] = []
    old = {s: signal.signal(s, lambda number, _: stop.append(number)) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        settled = settle(found.planned.context, found.planned.plan.only)
        job = Job(found.app.name, changes, settled, record, found.resolution)
        result = execute(job, found.client, found.store, now, _tell, lambda: bool(stop) or found.store.lost)
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
    done = sum(1 for outcome in result.outcomes if outcome.status in ("done", "ignored"))
    click.echo(f"Applied {done} of {len(result.outcomes)} changes to {found.app.displayName}.")
    if found.store.lost:
        click.echo("Error: the lock was lost, so writing stopped: another run may have taken it", err=True)
        click.echo("    run it again: what was written is found by reading the service", err=True)
        return PARTIAL
    if result.interrupted:
        return 130
    return 0 if result.complete and not found.planned.plan.errors else PARTIAL


def _tell(outcome: Any) -> None:
    from reconciler.report.safe import plain

    words = f": {plain(outcome.message)}" if outcome.message else ""
    click.echo(f"{outcome.status:8} {outcome.change.action} {plain(outcome.change.address)}{words}")
