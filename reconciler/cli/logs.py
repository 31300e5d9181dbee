"""reconcile logs: the provisioning log, filtered."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import candidates
from reconciler.cli.common import ERROR, guarded, load_for_the_record, options, worst
from reconciler.cli.output import say
from reconciler.cli.stray import takes_no_words
from reconciler.cli.terminal import echo_form
from reconciler.cli.times import when
from reconciler.declare.wording import CLOSE
from reconciler.record.log.known import LOST
from reconciler.record.open import store_named
from reconciler.record.signatures import NOT_SIGNED
from reconciler.record.store import RecordError
from reconciler.report.safe import plain

if TYPE_CHECKING:
    from reconciler.record.store import Store
    from reconciler.report.log_query import Query
    from reconciler.report.log_watch import Watch

CAUSES = ("config", "drift", "time")
ACTIONS = ("create", "update", "enable", "disable", "delete", "adopt", "skip")
STATUSES = ("success", "failure", "skipped", "warning")
LOOKS = 2.0  # seconds between two looks at the log
REFUSED = (LOST, NOT_SIGNED)  # why nothing else goes on from a log that can be read
MANY = 200  # lines that are written at a time


@click.command()
@takes_no_words
@options
@click.option("--since", default="", metavar="WHEN", help="Since then: an age (7d, 12h, 30m), a date or a time, UTC.")
@click.option("--until", default="", metavar="WHEN", help="Until then; a date is its whole day.")
@click.option(
    "--user",
    metavar="NAME",
    shell_complete=candidates.users,
    help="What concerns this user: the account, its roles, its memberships.",
)
@click.option("--group", metavar="NAME", help="What concerns this group: itself, and whom it gives something.")
@click.option("--role", metavar="NAME", help="Where somebody gains or loses this role.")
@click.option("--action", metavar="ACTION", help=f"{', '.join(ACTIONS)}; or a kind of audit record.")
@click.option("--status", type=click.Choice(STATUSES), help="How it ended.")
@click.option("--cause", type=click.Choice(CAUSES), help="Why something differed.")
@click.option("--by", metavar="NAME", help="Who began it: a user, GitHub's actor, or the number of its run.")
@click.option("--cycle", metavar="ID", help="One cycle, by its id or the beginning of it.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True,
              help="How to print it; json is a record a line, as it is in the log.")  # fmt: skip
@click.option("--follow", is_flag=True, help="Go on with what is added, until you press Ctrl-C.")
def logs(
    desired: Path, apps: tuple[str, ...], no_color: bool, since: str, until: str, user: str | None, group: str | None,
    role: str | None, action: str | None, status: str | None, cause: str | None, by: str | None, cycle: str | None,
    form: str, follow: bool,
) -> int:  # fmt: skip
    """Show what was done to whom, when, why and with whose approval: the provisioning log, oldest first."""
    from reconciler.cli.known_names import not_declared, refuse_sought
    from reconciler.report.log_watch import Watch

    query = _query(since, until, user, group, role, action, status, cause, by, cycle)
    declarations, names = load_for_the_record(desired, apps)
    watch = Watch(not_declared(declarations, {"user": query.user, "group": query.group, "role": query.role}))
    stores: dict[str, Store] = {}
    seen: dict[str, int] = {}

    def look(name: str, store: Store) -> int:
        try:
            store.refuse_lost()
            store.refuse_unsigned()
        except RecordError as error:
            if error.code in REFUSED:
                stores[name] = store  # what is left is shown all the same
            raise
        seen[name] = store.log_head().number  # which says too whether it can be read at all
        stores[name] = store
        return 0

    def refuse() -> None:
        if not all(item.seen for item in watch.sought):
            refuse_sought(declarations, stores.values(), watch.sought)

    code = worst([guarded(lambda name=name: look(name, store_named(name, declarations))) for name in names])  # type: ignore[misc]
    code = worst([code, guarded(lambda: _show(stores, query, form, watch, refuse if not code else _never))])
    if follow and seen:
        followed = {name: stores[name] for name in seen}
        code = worst([code, guarded(lambda: _follow(followed, seen, query, form, time.sleep))])
    return code


def _query(
    since: str, until: str, user: str | None, group: str | None, role: str | None, action: str | None, status: str | None,
    cause: str | None, by: str | None, cycle: str | None,
) -> Query:  # fmt: skip
    """Raises UsageError."""
    from reconciler.record.log.audit import Kind
    from reconciler.report.log_query import Query
    from reconciler.report.log_times import end_of, moment

    known = (*ACTIONS, "stageddelete", "other", *(kind.value for kind in Kind))
    if action is not None and action not in known:
        from reconciler.declare.wording import hint

        raise click.UsageError(f"no action {action!r}\n    " + hint(action, known, "actions are ", CLOSE))
    since, until = since and when("--since", since, moment), until and when("--until", until, end_of)
    user, group = user and user.removeprefix("User/"), group and group.removeprefix("Group/")
    return Query(since, until, user, group, role, action, status, cause, by, cycle)


def _never() -> None:
    """Where an app could not be read, it may know a name that no other knows."""


def _show(stores: dict[str, Store], query: Query, form: str, watch: Watch, refuse: Callable[[], None]) -> int:
    """1 where records are lost; `refuse` is called where nothing is found. Raises UsageError."""
    from reconciler.cycle.logged import in_order
    from reconciler.report.log_lines import FORMS, head

    lines: list[str] = []
    shown = 0
    for row in in_order(stores, query, watch):
        lines.append(FORMS[form](row.app, *row.found))
        if len(lines) == MANY:
            _print(form, (head(form) if not shown else "") + "".join(lines))
            shown += len(lines)
            lines.clear()
    if not shown and not lines:
        refuse()
    _print(form, (head(form) if not shown else "") + "".join(lines))
    _footer(stores, query, form, watch, bool(shown or lines))
    return ERROR if any(watch.lost(app, query.since, query.until) for app in stores) else 0


def _footer(stores: dict[str, Store], query: Query, form: str, watch: Watch, found: bool) -> None:
    """What is not there: below the table, and beside what programs read."""
    from reconciler.report.log_query import asked
    from reconciler.report.log_watch import words

    lacking = [f"{app}: {words(gap)}" for app in stores for gap in watch.gaps(app, query.since, query.until)]
    for line in lacking:
        if form == "table":
            _print(form, f"Not in it: {plain(line)}\n")
        else:
            say(f"Not in it: {line}")
    if not found:
        say(f"No record of the log is of {asked(query)}." if asked(query) else "The log has no records.")


def _print(form: str, text: str) -> None:
    """The table wraps where a person reads it."""
    echo_form("text" if form == "table" else form, text)


def _follow(stores: dict[str, Store], seen: dict[str, int], query: Query, form: str, pause: Callable[[float], None]) -> int:
    """What is added from now on; `seen` are the numbers of the newest records that were shown. Ends when `pause` raises."""
    from reconciler.cycle.logged import rows_of
    from reconciler.record.log.chain import link_of
    from reconciler.report.log_lines import FORMS
    from reconciler.report.log_watch import Watch

    while True:
        pause(LOOKS)
        for name, store in stores.items():
            if (newest := store.log_head().number) > seen[name]:
                for row in rows_of(name, store, query, Watch()):
                    link = link_of(row.found[1])
                    if link is not None and link.number > seen[name]:
                        _print(form, FORMS[form](name, *row.found))
                seen[name] = newest
