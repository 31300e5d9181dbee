"""reconcile apply: plan, ask, write; or exactly what saved plans say."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.addresses import known_addresses
from reconciler.cli.common import (
    BLOCKED,
    ERROR,
    PARTIAL,
    STALE,
    Session,
    chosen,
    guarded,
    known_apps,
    load_checked,
    lock_option,
    now,
    options,
    selection_options,
    session,
    store_of,
    worst,
)
from reconciler.cli.interrupt import THE_SAME, in_turn, left_over, orderly
from reconciler.cli.plan import show_plans
from reconciler.cli.progress import line, telling
from reconciler.cli.saved import reviewed, saved
from reconciler.cli.saying import add_markdown, report_lines, reporting, say, warn
from reconciler.declare.model import App, Declarations
from reconciler.declare.plural import plural
from reconciler.plan.model import Change, Plan

if TYPE_CHECKING:
    from reconciler.plan.safeguards.model import Safeguard
    from reconciler.plan.stale import Moved


DIGEST = re.compile("sha256:[0-9a-f]{64}")


def _digest(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not DIGEST.fullmatch(value):
        raise click.BadParameter(f"{value!r} is no digest: write sha256: and 64 hexadecimal digits, as the plan has them")
    return value


@click.command()
@options
@selection_options
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, readable=False))
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@lock_option
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True,
              help="The form of what moved, where a saved plan is stale.")  # fmt: skip
@click.option("--digest", metavar="DIGEST", callback=_digest, help="Go on without asking only if the fresh plan has this digest.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Append what was done, or why not, as Markdown.")
def apply(
    desired: Path, apps: tuple[str, ...], no_color: bool, only: tuple[str, ...], causes: tuple[str, ...],
    files: tuple[Path, ...], auto_approve: bool, lock_timeout: float, form: str, digest: str | None,
    report: Path | None,
) -> int:  # fmt: skip
    """Plan, ask and write; or do exactly what saved plans say. FILES are saved plans, or folders of them."""
    with reporting(report):
        return _apply(desired, apps, no_color, only, causes, files, auto_approve, lock_timeout, form, digest)


def _apply(
    desired: Path, apps: tuple[str, ...], no_color: bool, only: tuple[str, ...], causes: tuple[str, ...],
    files: tuple[Path, ...], auto_approve: bool, lock_timeout: float, form: str, digest: str | None,
) -> int:  # fmt: skip
    if files and (only or causes or digest):
        raise click.UsageError("a saved plan is applied whole: leave --only, --cause and --digest out")
    if not (files or auto_approve or digest or sys.stdin.isatty()):
        raise click.UsageError("no terminal to ask on: add --auto-approve, or name a saved plan")
    declarations = load_checked(desired, apps)
    picked = chosen(declarations, apps)
    known_addresses(only, declarations, picked)
    if digest and len(picked) > 1:
        raise click.UsageError("a digest stands for the plan of one app: name it with --app")
    if files:
        return guarded(lambda: _apply_files(saved(files), apps, declarations, lock_timeout, form))
    agreed = partial(_agreed, auto_approve=auto_approve, digest=digest, no_color=no_color)

    def work(app: App) -> int:
        closed = _closed(app, declarations)
        if closed is not None:
            return closed
        with _opened(app, declarations, lock_timeout, only, causes) as found:
            changes = agreed(found)
            return changes if isinstance(changes, int) else write(found, changes, asked=digest)

    return worst(in_turn({app.name: partial(work, app) for app in picked}))


def _closed(app: App, declarations: Declarations) -> int | None:
    """The exit code of an app that is not written to, said in words; None where it may be."""
    if app.provisioning.mode == "manual":
        say(f"Error: provisioning of {app.displayName} is manual: only plans are made")
        say("    set `mode: automatic` under provisioning in app.yaml")
        return ERROR
    if app.provisioning.status == "off":
        say(f"Provisioning of {app.displayName} is off: nothing was done.")
        return 0
    return ERROR if vanishing(declarations) else None


def vanishing(declarations: Declarations) -> bool:
    """Whether the record would be lost with the machine that writes it; said in words."""
    settings = declarations.record
    if not os.environ.get("CI") or settings.backend != "local" or settings.path is not None:
        return False
    say("Error: the record would vanish with this machine, since it lies in .reconcile")
    say("    write `record: {backend: git, remote: origin}` in reconciler.yaml, or "
        "`record: {backend: local, path: ...}` for a folder that you keep")  # fmt: skip
    return True


@contextmanager
def _opened(
    app: App, declarations: Declarations, lock_timeout: float, only: tuple[str, ...] = (), causes: tuple[str, ...] = ()
) -> Iterator[Session]:
    """An app under its lock, read and planned."""
    store = store_of(app, declarations)
    with store.lock("reconcile apply", now(), lock_timeout) as notice:
        if notice:
            say(notice)
        with session(app, declarations, only, causes, store) as found:
            yield found


def _agreed(found: Session, auto_approve: bool, digest: str | None, no_color: bool) -> tuple[Change, ...] | int:
    """The changes to write, or the exit code where there is nothing to go on with."""
    plan = found.planned.plan
    show_plans([plan], "text", no_color)
    if digest is not None and digest != plan.digest and not _is_rest(found, digest):
        say(f"Error: the plan's digest is {plan.digest}, not {digest}: nothing was written")
        say("    review the plan above, and apply its own digest")
        return STALE
    if found.guarded.blocking:
        return blocked(found, found.guarded.blocking)
    asks = plan.changes and not auto_approve and digest is None
    if asks and not click.confirm("Apply these changes?", err=True):
        click.echo("Nothing was written.", err=True)
        return ERROR
    return plan.changes


def _is_rest(found: Session, digest: str) -> bool:
    """Whether all that is planned is what an apply of the plan of this digest has left; said in words."""
    from reconciler.plan.safeguards.keep import is_rest

    record, plan = found.record, found.planned.plan
    if record is None or record.base_url != plan.base_url or not is_rest(record, digest, plan.changes):
        return False
    say(f"This is what is left of {digest}.")
    return True


def _apply_files(
    files: list[Path], apps: tuple[str, ...], declarations: Declarations, lock_timeout: float, form: str
) -> int:
    """Every app is looked at before the first write, so that a stale one keeps the others unwritten."""
    plans = [plan for file in files for plan in reviewed(file)]
    if files and not plans:
        say(f"There is no plan in {', '.join(map(str, files))}: nothing was written.")
    if plans:
        known_apps(apps, {plan.app for plan in plans}, "plan of the app")
    gone = sorted({plan.app for plan in plans if plan.changes} - declarations.apps.keys())
    if gone:
        return _stale({name: [_moved("App/" + name, "declaration", "this app is no longer declared")] for name in gone}, form)
    with ExitStack() as stack:
        ready: list[tuple[Session, tuple[Change, ...], tuple[str, ...]]] = []

        def look(app: App) -> int:
            asked = [plan for plan in plans if plan.app == app.name]
            found = stack.enter_context(_opened(app, declarations, lock_timeout))
            changes = _of_files(found, asked, form)
            if isinstance(changes, int):
                return changes
            ready.append((found, changes, _selected(asked)))
            return 0

        named = [app for app in chosen(declarations, apps) if any(plan.app == app.name for plan in plans)]
        closed = {app.name: code for app in named if (code := _closed(app, declarations)) is not None}
        looked = worst([guarded(lambda app=app: look(app)) for app in named if app.name not in closed])  # type: ignore[misc]
        if looked:
            return looked
        works = {item[0].app.name: partial(write, item[0], item[1], only=item[2]) for item in ready}
        return worst([*closed.values(), *in_turn(works)])


def _of_files(found: Session, reviewed: list[Plan], form: str) -> tuple[Change, ...] | int:
    from reconciler.plan.safeguards.guard import guard
    from reconciler.plan.selection import Selection
    from reconciler.plan.stale import compare

    plan = found.planned.plan
    elsewhere = {p.base_url for p in reviewed} - {plan.base_url}
    if elsewhere:
        how = [f"tenantUrl was {url} and is now {plan.base_url}" for url in sorted(elsewhere)]
        return _stale({plan.app: [_moved("App/" + plan.app, "declaration", *how)]}, form)
    begun = frozenset(found.record.under_way if found.record else ())
    result = compare(reviewed, plan, found.planned.is_done,
                     lambda item: found.planned.part(Selection(item.only, item.selected_causes)), begun)  # fmt: skip
    if result.moved:
        return _stale({plan.app: result.moved}, form)
    for address in result.done:
        say(f"{address}: already done")
    for change in result.beyond:
        say(f"not in the reviewed plan: {change.action} {change.address} ({change.reason})")
    own = [text for text in plan.warnings if text not in found.guarded.warnings]
    found.guarded = guard(found.planned, found.record, now(), tuple(result.todo), reviewed)
    for text in (*own, *found.guarded.warnings):
        warn(found.app, text)
    return blocked(found, found.guarded.blocking) if found.guarded.blocking else tuple(result.todo)


def blocked(found: Session, verdicts: Iterable[Safeguard]) -> int:
    """Nothing has been written; each safeguard that blocks says why and what would let the plan through."""
    from reconciler.report.verdict import blocked_text

    say(f"Error: safeguards block {found.app.displayName}: nothing was written")
    for verdict in verdicts:
        for words in blocked_text(verdict.as_json(), found.app.name):
            say(f"    {words}")
    return BLOCKED


def _selected(reviewed: list[Plan]) -> tuple[str, ...]:
    """The addresses that the reviewed plans are about; none where one of them is about everything."""
    return tuple(address for plan in reviewed for address in plan.only) if all(plan.only for plan in reviewed) else ()


def _moved(address: str, by: str, *how: str) -> Moved:
    from reconciler.plan.stale import Moved

    return Moved(address, None, None, (by,), how)


def _stale(moved: dict[str, list[Moved]], form: str) -> int:
    """Nothing has been written; what moved goes to stdout in a form for machines, to stderr in one for people."""
    from reconciler.report.difference import render

    say("Error: the plan is stale: nothing was written")
    click.echo(render(form, moved), nl=False, err=form == "text")
    say("    plan again, and have that plan reviewed")
    add_markdown(render("markdown", moved))
    return STALE


def _commit(found: Session, changes: tuple[Change, ...]) -> str | None:
    """The commit that is applied, unless a declared change would be left to do after these, or files differ from it."""
    chosen = {change.digest for change in changes}  # a part of a group's change leaves the rest of it
    left = any("config" in change.causes for change in found.planned.everything if change.digest not in chosen)
    config = found.planned.plan.config
    return None if left or config.dirty else config.commit


def _took(adopted: Collection[str]) -> str:
    """What is ours from now on without having been written to."""
    groups = sum(1 for address in adopted if address.startswith("Group/"))
    kinds = [plural(number, noun) for number, noun in ((len(adopted) - groups, "account"), (groups, "group")) if number]
    return f" Took {' and '.join(kinds)} into the record." if kinds else ""


def write(
    found: Session, changes: tuple[Change, ...], occasion: str = "apply", only: tuple[str, ...] | None = None,
    asked: str | None = None,
) -> int:  # fmt: skip
    """Write changes to one app, and say how each ended.

    `only` are the addresses whose record may change, if not all; `asked` is the digest by which the plan was asked for.
    """
    from reconciler.apply.execute import execute
    from reconciler.apply.model import Job
    from reconciler.plan.safeguards.keep import prepare
    from reconciler.plan.selection import Selection
    from reconciler.plan.settle import settle
    from reconciler.record.model import Record

    only = found.planned.plan.only if only is None else only
    record = found.record or Record(found.app.name)
    record.base_url = found.client.base_url
    settled = settle(found.planned.context, only)
    removals = prepare(record, found.guarded, whole=not (only or found.planned.plan.selected_causes), asked=asked)
    chosen = Selection(only)
    skipped = tuple(skip for skip in found.planned.plan.skipped if chosen.names(skip.address))
    job = Job(found.app.name, changes, settled, record, found.resolution, occasion, _commit(found, changes), removals,
              found.planned.everything, skipped)  # fmt: skip
    with orderly() as stopped, telling(len(changes), found.app.displayName) as tell:
        result = execute(job, found.client, found.store, now, tell, lambda: stopped() or found.store.lost)
    done = sum(1 for outcome in result.outcomes if outcome.status in ("done", "ignored"))
    part = f" This was a part: {', '.join(only)}." if only else ""
    kept = sum(1 for outcome in result.outcomes if outcome.status == "ignored")
    ignored = f" The service ignored a part of {kept}." if kept else ""
    took = _took(result.adopted)
    say(f"Applied {done} of {len(result.outcomes)} changes to {found.app.displayName}.{took}{ignored}{part}", err=False)
    report_lines([line(outcome) for outcome in result.outcomes])
    if found.store.lost:
        say("Error: the lock was lost, so writing stopped: another run may have taken it")
        say(f"    {THE_SAME}; what was written is found by reading the service")
        return PARTIAL
    if result.interrupted:
        return left_over(result)
    if result.refused:
        say(f"Error: {result.refused}")
        say(f"    {THE_SAME}" if result.refused.too_long else f"    mend the token; then {THE_SAME}")
    return 0 if result.complete and not found.planned.plan.errors else PARTIAL
