"""reconcile access: who has what, on the service and not only declared."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import candidates
from reconciler.cli.common import chosen, guarded, load_checked, options, worst
from reconciler.cli.output import PERSON, say
from reconciler.cli.stray import takes_no_words
from reconciler.cli.terminal import echo_form
from reconciler.cli.times import Time
from reconciler.cycle.clock import now
from reconciler.declare.model import App
from reconciler.declare.names import fold
from reconciler.plan.access.held import Held, Source, is_unused, picked
from reconciler.record.moments import moved

if TYPE_CHECKING:
    from reconciler.cli.access_past import Pick

FORMATS = ["table", "json", "csv", "html"]


@click.command()
@takes_no_words
@options
@click.option("--user", "people", multiple=True, shell_complete=candidates.users, help="Only of this person; may be repeated.")
@click.option("--role", "roles", multiple=True, help="Only this role, by its displayName; may be repeated.")
@click.option("--group", "groups", multiple=True, help="Only this group; may be repeated.")
@click.option("--privileged", is_flag=True, help="Only what is privileged.")
@click.option("--unmanaged", is_flag=True, help="Only accounts that nobody manages.")
@click.option("--unused", type=Time(), metavar="TIME", help="Only accounts in which nobody signed in for so long: 90d.")
@click.option("--offline", is_flag=True, help="By the record alone: what was last applied, and not what is there.")
@click.option("--at", metavar="TIME", help="Who had what then, by the log: at the end of a day (UTC), or at a time.")
@click.option("--diff", nargs=2, metavar="TIME TIME", help="What was gained, lost and kept between two days or times.")
@click.option(
    "--evidence", type=click.Path(path_type=Path), metavar="FILE", help="Write the answer and what it rests on to a zip."
)
@click.option("--verify", type=click.Path(path_type=Path), metavar="FILE", help="Check such a zip; nothing else is read.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print it.")
def access(
    desired: Path, apps: tuple[str, ...], no_color: bool, people: tuple[str, ...], roles: tuple[str, ...],
    groups: tuple[str, ...], privileged: bool, unmanaged: bool, unused: int | None, offline: bool,
    at: str | None, diff: tuple[str, str] | None,
    evidence: Path | None, verify: Path | None, form: str,
) -> int:  # fmt: skip
    """Show who has which role and group now, accounts that nobody manages included, and what gives it.

    With --at and --diff the log answers, and says of each which change gave it, from which line and commit, and who approved it.
    """
    from reconciler.cli.access_evidence import Evidence, check

    if verify is not None:
        return check(verify)
    from reconciler.cli.known_names import refuse_never_seen, refuse_unknown
    from reconciler.cycle.held import held_now, held_when_applied

    _check(at, diff, unmanaged, offline, unused)
    declarations = load_checked(desired, apps)
    since = None if unused is None else moved(now(), -unused)
    query = {"at": at, "diff": diff, "users": people, "roles": roles, "groups": groups, "privileged": privileged}
    query |= {"unmanaged": unmanaged, "offline": offline, "unusedSince": since}
    names = {"user": people, "role": roles, "group": groups}
    asked_of = [app.name for app in chosen(declarations, apps)]
    kept = None if evidence is None else Evidence(evidence, query, declarations, asked_of)
    if at is not None or diff is not None:
        from reconciler.cli.access_past import Asked, show_at, show_difference, time_of

        pick = _asked(people, roles, groups, privileged)
        refuse = partial(refuse_never_seen, declarations, asked=names)
        asked = Asked(declarations, chosen(declarations, apps), pick, desired, refuse, bool(people))
        if diff is not None:
            return show_difference(asked, time_of("--diff", diff[0]), time_of("--diff", diff[1]), form, kept)
        return show_at(asked, time_of("--at", at or ""), form, kept)
    names["user"], names["group"] = (
        tuple(map(table.name_now, asked)) for table, asked in ((declarations.users, people), (declarations.groups, groups))
    )
    found, counts, unread = dict[str, list[Held]](), dict[str, dict[str, int]](), set[str]()
    seen: list[Held] = []

    def shown_of(app: App) -> tuple[Held, ...]:
        read = held_now(app, declarations, PERSON)
        counts[app.name] = read.counts
        return read.rows

    def work(app: App) -> int:
        rows = held_when_applied(app, declarations) if offline else shown_of(app)
        if rows is None:
            say(f"{app.displayName} has no record")
            unread.add(app.name)
        seen.extend(rows or ())
        folded = (frozenset(map(fold, asked)) for asked in ((*people, *names["user"]), roles, (*groups, *names["group"])))
        found[app.name] = list(_marked(picked(rows or (), *folded), privileged, unmanaged, since))
        if since is None or not rows or any(row.last_login or row.registered for row in rows):
            return 0
        say(f"{app.displayName} does not tell here when somebody last signed in: whom --unused would list there is unknown")
        return 1

    code = worst([guarded(lambda app=app: work(app)) for app in chosen(declarations, apps)])  # type: ignore[misc]
    if not code and not unread:
        refuse_unknown(declarations, seen, names)
    if kept is not None:
        code = worst([code, kept.write_now({app: found[app] for app in found if app not in unread}, counts)])
    echo_form(
        "text" if form == "table" else form, _shown(found, {a.name: a.displayName for a in declarations.apps.values()}, form)
    )
    return code


def _check(at: str | None, diff: tuple[str, str] | None, unmanaged: bool, offline: bool, unused: int | None) -> None:
    """Raises UsageError."""
    if at is not None and diff is not None:
        raise click.UsageError("--at and --diff exclude each other")
    if unused is not None and (at is not None or diff is not None or offline):
        raise click.UsageError("--unused is of now, as the service shows it: neither the log nor the record tells of sign-ins")
    if (at is not None or diff is not None) and (unmanaged or offline):
        raise click.UsageError("--unmanaged and --offline are of now: the log tells of accounts that are managed")


def _asked(people: tuple[str, ...], roles: tuple[str, ...], groups: tuple[str, ...], privileged: bool) -> Pick:
    from reconciler.plan.access.called import Asked

    asked = Asked(*(frozenset(map(fold, names)) for names in (people, roles, groups)))
    return lambda row, told, at: (row.privileged is not False or not privileged) and asked.includes(row, told, at)


def _marked(rows: Iterable[Held], privileged: bool, unmanaged: bool, since: str | None) -> Iterable[Held]:
    rows = (row for row in rows if since is None or is_unused(row, since))
    return (row for row in rows if (row.privileged or not privileged) and (row.source is Source.UNMANAGED or not unmanaged))


def _shown(found: dict[str, list[Held]], names: dict[str, str], form: str) -> str:
    from reconciler.report import held as report

    called = {names[app]: rows for app, rows in found.items()}
    match form:
        case "json":
            return report.as_json(found)
        case "csv":
            return report.as_csv(found)
        case "html":
            from reconciler.report.html import access as page

            return page.render(called, f"As of {now()}")
        case _:
            return report.as_table(called)
