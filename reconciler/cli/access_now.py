"""What reconcile access says of now: who has what on the services, or had it when it was last applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from reconciler.cli.common import guarded, worst
from reconciler.cli.known_names import refuse_unknown
from reconciler.cli.output import PERSON, say
from reconciler.cli.terminal import echo_form
from reconciler.cycle.clock import now
from reconciler.cycle.held import held_now, held_when_applied
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.plan.access.held import Held, Source, is_unused, picked

if TYPE_CHECKING:
    from reconciler.cli.access_evidence import Evidence


@dataclass(frozen=True)
class Only:
    """Which rows are asked for; `unused_since` (ISO, UTC) is from when on nobody signed in, None where that does not matter."""

    privileged: bool
    unmanaged: bool
    unused_since: str | None

    def among(self, rows: Iterable[Held]) -> list[Held]:
        return [row for row in rows if self._has(row)]

    def _has(self, row: Held) -> bool:
        if self.unused_since is not None and not is_unused(row, self.unused_since):
            return False
        return (row.privileged or not self.privileged) and (row.source is Source.UNMANAGED or not self.unmanaged)


@dataclass
class Asked:
    """What is read of each app, and what was: `seen` are all rows, `people` all who are known, `found` by app those that are
    asked for, `counts` by app what the service said that it has, `unread` the apps without a record.

    `names` are those that are asked for, by `user`, `role` and `group`.
    """

    declarations: Declarations
    apps: list[App]
    names: Mapping[str, tuple[str, ...]]
    only: Only
    offline: bool
    seen: list[Held] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    found: dict[str, list[Held]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def read(self) -> int:
        """Exit code. Raises UsageError for a name that nothing that was read has."""
        code = worst([guarded(partial(self._look, app)) for app in self.apps])
        if not code and not self.unread:  # else an app that could not be read may know it
            refuse_unknown(self.declarations, self.seen, self._today(), self.people)
        return code

    def _today(self) -> dict[str, tuple[str, ...]]:
        """The names as they are declared by now."""
        users, groups = (
            tuple(map(table.name_now, self.names[kind]))
            for kind, table in (("user", self.declarations.users), ("group", self.declarations.groups))
        )
        return {**self.names, "user": users, "group": groups}

    def _look(self, app: App) -> int:
        read = held_when_applied(app, self.declarations) if self.offline else held_now(app, self.declarations, PERSON)
        if read is None:
            say(f"{app.displayName} has no record")
            self.unread.add(app.name)
        elif not self.offline:
            self.counts[app.name] = read.counts
        rows = read.rows if read is not None else ()
        self.seen.extend(rows)
        self.people |= read.people if read is not None else set()
        today = self._today()
        folded = (frozenset(map(fold, (*names, *today[kind]))) for kind, names in self.names.items())
        self.found[app.name] = self.only.among(picked(rows, *folded))
        return self._code(app, rows)

    def _code(self, app: App, rows: tuple[Held, ...]) -> int:
        """1 where sign-ins are asked for, and the app does not tell of any."""
        if self.only.unused_since is None or not rows or any(row.last_login or row.registered for row in rows):
            return 0
        say(f"{app.displayName} does not tell here when somebody last signed in: whom --unused would list there is unknown")
        return 1


def show_now(asked: Asked, form: str, evidence: Evidence | None) -> int:
    """Who has what; 1 where an app does not tell all of it."""
    code = asked.read()
    if evidence is not None:
        known = {app: rows for app, rows in asked.found.items() if app not in asked.unread}
        code = worst([code, evidence.write_now(known, asked.counts)])
    names = {app.name: app.displayName for app in asked.declarations.apps.values()}
    echo_form("text" if form == "table" else form, _shown(asked.found, names, form))
    return code


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
