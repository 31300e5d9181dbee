"""reconcile report: what became of the apps, as one page."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.common import chosen, guarded, load_checked, options, worst
from reconciler.cli.output import say
from reconciler.cli.times import when
from reconciler.cli.wrong_usage import BadValue
from reconciler.cycle.clock import now

if TYPE_CHECKING:
    from reconciler.declare.model import App
    from reconciler.plan.access.held import Held
    from reconciler.record.store import Store
    from reconciler.report.html.report import Period

MOST = 50_000  # records of the log on one page


@click.command()
@options
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The page to write.")
@click.option(
    "--since", default="30d", show_default=True, metavar="WHEN", help="Since then: an age (7d, 12h), a date or a time, UTC."
)
def report(desired: Path, apps: tuple[str, ...], no_color: bool, out: Path, since: str) -> int:
    """Write one page for a browser: status, privileged roles, what waits for approval, cycles, the log, one person's history.

    It goes by the record and asks no service.
    """
    from reconciler.cli.output_files import write
    from reconciler.cycle.held import held_by
    from reconciler.record.open import recovered, store_of
    from reconciler.report.html.report import Period
    from reconciler.report.log_times import moment
    from reconciler.service.looked_up import shown

    period = Period(when("--since", since, moment), now())
    if period.since > period.until:
        raise BadValue(f"--since {since!r} is a time to come: write an earlier one")
    declarations = load_checked(desired, apps)
    status: list[dict[str, Any]] = []
    held: dict[str, list[Held]] = {}
    stores: dict[str, Store] = {}

    def work(app: App) -> int:
        store = store_of(app, declarations)
        record = store.load()
        status.append(shown(app, store, record))
        held[app.displayName] = list(held_by(app, declarations, store, recovered(store, record)) or ())
        stores[app.name] = store
        return 0

    found = chosen(declarations, apps)
    code = worst([guarded(lambda app=app: work(app)) for app in found])  # type: ignore[misc]
    names = {app.name: app.displayName for app in found}

    def page() -> int:
        write(out, _page(status, held, stores, names, period))
        say(f"{out} is written: open it in a browser.", err=False)
        return 0

    return worst([code, guarded(page)])


def _page(
    status: list[dict[str, Any]], held: dict[str, list[Held]], stores: dict[str, Store], names: dict[str, str], period: Period
) -> str:  # fmt: skip
    from reconciler.cycle.logged import in_order
    from reconciler.report.html.report import render
    from reconciler.report.log_query import Query
    from reconciler.report.log_watch import Watch, words

    watch = Watch()
    newest: deque[tuple[str, dict[str, Any]]] = deque(maxlen=MOST)
    total = 0
    for row in in_order(stores, Query(period.since, period.until), watch):
        newest.append((names[row.app], row.found[1]))
        total += 1
    lacking = [f"{names[app]}: {words(gap)}" for app in stores for gap in watch.gaps(app, period.since, period.until)]
    return render(status, held, newest, replace(period, left_out=total - len(newest), lacking=tuple(lacking)))
