"""What reconcile access says of the past: who had what at a time, and what was gained and lost between two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.approvers import approvers_of
from reconciler.cli.common import ERROR, guarded, worst
from reconciler.cli.output import say
from reconciler.cli.terminal import echo_form
from reconciler.cli.times import when
from reconciler.cli.wrong_usage import BadValue
from reconciler.cycle.clock import now
from reconciler.declare.model import App, Declarations

if TYPE_CHECKING:
    from reconciler.cli.access_evidence import Evidence
    from reconciler.plan.access.had import Had, Past

Pick = Callable[["tuple[Had, ...]"], "list[Had]"]


def time_of(option: str, text: str) -> str:
    """An ISO time, UTC; a date is the end of that day. Raises UsageError for what is none, or is still to come."""
    from reconciler.report.log_query import end_of

    today, at = now(), when(option, text, end_of, "2026-03-01, 2026-03-01T08:00Z or 30d")
    at = at.removesuffix("Z") + (":59Z" if len(at.removesuffix("Z")) == len("2026-03-01T08:00") else "Z")
    if at > today and text[:10] > today[:10]:
        raise BadValue(f"{option} {text!r} is still to come: the log knows what was")
    return at


@dataclass
class Asked:
    """What is read of each app, by name."""

    declarations: Declarations
    apps: list[App]
    pick: Pick
    desired: Path

    def read(self) -> tuple[int, dict[str, Past]]:
        """Exit code, and what is known."""
        from reconciler.cycle.had import past_of

        found: dict[str, Past] = {}

        def look(app: App) -> int:
            found[app.name] = past_of(app, self.declarations)
            return 0

        return worst([guarded(lambda app=app: look(app)) for app in self.apps]), found  # type: ignore[misc]

    def approved(self, found: Mapping[str, list[Had]]) -> dict[str, list[Had]]:
        """The same rows, with who approved their pull requests."""
        known = approvers_of((row for rows in found.values() for row in rows), self.desired)
        return {app: [row._replace(approvers=known) for row in rows] for app, rows in found.items()}

    def called(self, app: str) -> str:
        return self.declarations.apps[app].displayName


def show_at(asked: Asked, at: str, form: str, evidence: Evidence | None) -> int:
    """Who had what at a time; 1 where the log does not know all of it."""
    from reconciler.report import had as report

    code, pasts = asked.read()
    rows = asked.approved({app: asked.pick(past.at(at)) if report.knows(past, at) else [] for app, past in pasts.items()})
    code = worst([code, _lacks(asked, pasts, at)])

    def answers() -> list[dict[str, Any]]:
        return [report.answer(app, at, past, rows[app]) for app, past in pasts.items()]

    if evidence is not None:
        code = worst([code, evidence.write(answers(), report.as_csv(rows), pasts)])
    known = {asked.called(app): rows[app] for app, past in pasts.items() if report.knows(past, at)}
    _show(
        form,
        json=lambda: report.as_json(answers()),
        csv=lambda: report.as_csv(rows),
        html=lambda: _page().render_past(known, f"As of {at}, by the log"),
        table=lambda: report.as_table(known, at),
    )
    _limits(form)
    return code


def show_difference(asked: Asked, since: str, until: str, form: str, evidence: Evidence | None) -> int:
    """What was gained, lost and kept between two times; 1 where the log does not know all of it."""
    from reconciler.plan.access.had import moved
    from reconciler.report import had as had_report
    from reconciler.report import moved as report

    if since > until:
        raise click.UsageError("--diff takes the earlier time first")
    code, pasts = asked.read()
    code = worst([code, _lacks(asked, pasts, since)])
    known = {app: past for app, past in pasts.items() if had_report.knows(past, since)}
    items = {app: moved(asked.pick(past.at(since)), asked.pick(past.at(until)), until) for app, past in known.items()}
    rows = asked.approved({app: [item.row for item in moves] for app, moves in items.items()})
    found = {app: [item._replace(row=row) for item, row in zip(items[app], rows[app], strict=True)] for app in items}
    answers = partial(report.answers, pasts, found, since, until)
    if evidence is not None:
        code = worst([code, evidence.write(answers(), report.as_csv(found), pasts)])
    called = {asked.called(app): moves for app, moves in found.items()}
    _show(
        form,
        json=lambda: had_report.as_json(answers()),
        csv=lambda: report.as_csv(found),
        html=lambda: _page().render_moved(called, f"Between {since} and {until}, by the log"),
        table=lambda: report.as_table(called, since, until),
    )
    _limits(form)
    return code


def _limits(form: str) -> None:
    """What no answer of the past holds, for a person."""
    from reconciler.report.had import LIMITS

    if form == "table":
        say(LIMITS)


def _show(form: str, **forms: Callable[[], str]) -> None:
    """Print the form that was asked for, and make no other."""
    echo_form("text" if form == "table" else form, forms[form]())


def _page() -> ModuleType:
    """What makes pages, and jinja2 with it: loaded for them alone."""
    from reconciler.report.html import access

    return access


def _lacks(asked: Asked, pasts: dict[str, Past], at: str) -> int:
    from reconciler.report.had import missing

    lacking = [f"{asked.called(app)}: {words}" for app, past in pasts.items() for words in missing(past, at)]
    for words in lacking:
        say(f"Not known: {words}")
    return ERROR if lacking else 0
