"""What reconcile access says of the past: who had what at a time, and what was gained and lost between two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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
from reconciler.report.had_text import cells_of

if TYPE_CHECKING:
    from reconciler.cli.access_evidence import Evidence
    from reconciler.plan.access.had import Had, Past
    from reconciler.plan.access.marks import Marks
    from reconciler.plan.access.moved import Moved
    from reconciler.plan.access.told import Told

Pick = Callable[["Had", "Told", str], bool]  # whether a row of a time is asked for


def time_of(option: str, text: str) -> str:
    """An ISO time, UTC; a date is the end of that day. Raises UsageError for what is none, or is still to come."""
    from reconciler.report.log_times import instant

    today, at = now(), when(option, text, instant, "2026-03-01, 2026-03-01T08:00Z or 30d")
    if at > today and text[:10] > today[:10]:
        raise BadValue(f"{option} {text!r} is still to come: the log knows what was")
    return at


@dataclass
class Asked:
    """What is read of each app, by name; `refuse` raises UsageError for a name that no log, record or declaration has.

    `people` is whether people are asked for by name. `unmarked` says, by app, why nobody can read what was privileged in the
    declarations of then.
    """

    declarations: Declarations
    apps: list[App]
    pick: Pick
    desired: Path
    refuse: Callable[[Iterable[Past]], None]
    people: bool = False
    unmarked: dict[str, str] = field(default_factory=dict)

    def read(self) -> tuple[int, dict[str, Past]]:
        """Exit code, and what is known. Raises UsageError."""
        from reconciler.cycle.had import past_of

        found: dict[str, Past] = {}

        def look(app: App) -> int:
            found[app.name] = past_of(app, self.declarations)
            return 0

        code = worst([guarded(lambda app=app: look(app)) for app in self.apps])  # type: ignore[misc]
        if not code:  # else an app that could not be read may know it
            self.refuse(found.values())
        return code, found

    def at(self, app: str, past: Past, at: str) -> list[Had]:
        """What is asked for; where the log has a gap, with what was declared then."""
        rows = past.at(at, self._marks(app, at))
        rows = self._filled(app, past, at, rows) if any(gap.since <= at for gap in past.gaps) else rows
        return [row for row in rows if self.pick(row, past.told, at)]

    def _filled(self, app: str, past: Past, at: str, rows: tuple[Had, ...]) -> tuple[Had, ...]:
        from reconciler.cycle.declared_at import declared_at
        from reconciler.cycle.declared_then import NotKnown
        from reconciler.plan.access.filled import filled

        try:
            return filled(past, at, rows, declared_at(self.declarations.apps[app], self.declarations, at))
        except NotKnown as why:
            say(f"{self.called(app)}: what was declared then is not known either: {why}")
            return rows

    def _marks(self, app: str, at: str) -> Marks:
        """What was privileged then by the declarations; nothing where these are not known, so that the log alone tells."""
        from reconciler.cycle.declared_then import NotKnown
        from reconciler.cycle.marks_then import marks_then
        from reconciler.plan.access.marks import NOTHING

        try:
            return marks_then(self.declarations.apps[app], self.declarations, at)
        except NotKnown as why:
            self.unmarked[app] = str(why)
            return NOTHING

    def say_unmarked(self, found: Mapping[str, Iterable[Had]]) -> None:
        """Of which roles and groups nobody knows whether they were privileged, and why."""
        for app, rows in found.items():
            if names := sorted({cells_of(row._replace(privileged=False))[1] for row in rows if row.privileged is None}):
                why = f": {self.unmarked[app]}" if app in self.unmarked else ""
                say(f"Not known: {self.called(app)}: whether {', '.join(names)} was privileged then{why}")

    def say_gone(self, pasts: Mapping[str, Past], at: str) -> None:
        """Of who is asked for by name and had nothing any more: what took it."""
        from reconciler.report.had_text import taken
        from reconciler.report.safe import plain

        for app, past in pasts.items() if self.people else ():
            for row in past.gone(at):
                if self.pick(row, past.told, at) and (said := taken(row)):
                    say(plain(f"{self.called(app)}: {cells_of(row)[0]} had nothing any more: taken {said}"))

    def moved(self, app: str, past: Past, since: str, until: str) -> list[Moved]:
        """What became of what is asked for, by its name at whatever time."""
        from reconciler.plan.access.moved import moved

        before, after = (past.at(at, self._marks(app, at)) for at in (since, until))
        items = moved(before, after, until, past.told.renamed_between(since, until))
        sides = ([(item.row, until if item.how != "lost" else since), (item.old, since)] for item in items)
        return [
            item
            for item, rows in zip(items, sides, strict=True)
            if any(row is not None and self.pick(row, past.told, at) for row, at in rows)
        ]

    def approved(self, found: Mapping[str, list[Had]]) -> dict[str, list[Had]]:
        """The same rows, with who approved their pull requests."""
        known = approvers_of((row for rows in found.values() for row in rows), self.desired)
        return {app: [row._replace(approvers=known) for row in rows] for app, rows in found.items()}

    def called(self, app: str) -> str:
        return self.declarations.apps[app].displayName


def show_at(asked: Asked, at: str, form: str, evidence: Evidence | None) -> int:
    """Who had what at a time; 1 where the log does not know all of it."""
    from reconciler.report import had as report
    from reconciler.report.had_text import as_table

    code, pasts = asked.read()
    rows = asked.approved({app: asked.at(app, past, at) if report.knows(past, at) else [] for app, past in pasts.items()})
    code = worst([code, _lacks(asked, pasts, at)])
    asked.say_unmarked(rows)
    asked.say_gone({app: past for app, past in pasts.items() if report.knows(past, at)}, at)

    def answers() -> list[dict[str, Any]]:
        return [report.answer(app, at, past, rows[app]) for app, past in pasts.items()]

    if evidence is not None:
        code = worst([code, evidence.write(answers(), report.as_csv(rows), pasts)])
    known = {asked.called(app): rows[app] for app, past in pasts.items() if report.knows(past, at)}
    _show(
        form,
        json=lambda: report.as_json(answers()),
        csv=lambda: report.as_csv(rows),
        html=lambda: _page().render_past(known, _asked(f"As of {at}, by the log", pasts, at)),
        table=lambda: as_table(known, at),
    )
    say(report.LIMITS)
    return code


def show_difference(asked: Asked, since: str, until: str, form: str, evidence: Evidence | None) -> int:
    """What was gained, lost and kept between two times; 1 where the log does not know all of it."""
    from reconciler.report import had as had_report
    from reconciler.report import moved as report

    if since > until:
        raise click.UsageError("--diff takes the earlier time first")
    code, pasts = asked.read()
    code = worst([code, _lacks(asked, pasts, since)])
    known = {app: past for app, past in pasts.items() if had_report.knows(past, since)}
    items = {app: asked.moved(app, past, since, until) for app, past in known.items()}
    rows = asked.approved({app: [item.row for item in moves] for app, moves in items.items()})
    found = {app: [item._replace(row=row) for item, row in zip(items[app], rows[app], strict=True)] for app in items}
    asked.say_unmarked(rows)
    answers = partial(report.answers, pasts, found, since, until)
    if evidence is not None:
        code = worst([code, evidence.write(answers(), report.as_csv(found), pasts)])
    called = {asked.called(app): moves for app, moves in found.items()}
    _show(
        form,
        json=lambda: had_report.as_json(answers()),
        csv=lambda: report.as_csv(found),
        html=lambda: _page().render_moved(called, _asked(f"Between {since} and {until}, by the log", pasts, since)),
        table=lambda: report.as_table(called, since, until),
    )
    say(had_report.LIMITS)
    return code


def _show(form: str, **forms: Callable[[], str]) -> None:
    """Print the form that was asked for, and make no other."""
    echo_form("text" if form == "table" else form, forms[form]())


def _asked(words: str, pasts: Mapping[str, Past], at: str) -> str:
    """What a page is of, what it cannot hold, and what is not known."""
    from reconciler.report.had import LIMITS, missing

    unknown = (f"Not known of {app}: {why}." for app, past in pasts.items() for why in missing(past, at))
    return " ".join([f"{words}.", LIMITS, *unknown])


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
