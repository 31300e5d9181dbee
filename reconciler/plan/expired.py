"""New assignments that were over before anybody applied them: an app and what its files said earlier in, warnings out. Pure.

An assignment that has ended stays in the file until somebody removes it, and is nothing to be told of; a new one is a slip.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.assignments import is_day
from reconciler.declare.model import App, Assignment
from reconciler.declare.names import group_address, user_address
from reconciler.declare.place import Place, Problem
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.plan.context import Context
from reconciler.plan.earlier import Earlier
from reconciler.plan.selection import Selection
from reconciler.plan.warnings import listed


def over(app: App, today: str) -> list[Assignment]:
    """The assignments whose last valid day has passed."""
    return [item for item in app.assignments if item.expires is not None and item.expires < today and is_day(item.expires)]


def problems(app: App, earlier: Earlier, was_applied: bool, today: str) -> Iterator[Problem]:
    """What validate warns of, each at its line."""
    for item in _new(app, earlier, was_applied, today):
        words = f"this assignment is new, and ended on {item.expires}: it gives nothing to anybody"
        remedy = "set `expires` to a day to come, or remove the assignment"
        yield Problem(Place(item.file, item.line), "warning", "expired-already", words, remedy)


def warnings(context: Context, was_applied: bool, selection: Selection) -> Iterator[Warned]:
    """What a plan says of all of them, in one line."""
    new = _new(context.app, context.earlier, was_applied, context.resolution.today)
    found = [f"{item.file}:{item.line} ({item.expires})" for item in new if selection.names(_address(item))]
    if found:
        ended, them = ("has ended already, and gives", "it") if len(found) == 1 else ("have ended already, and give", "them")
        words = f"{plural(len(found), 'new assignment')} {ended} nothing to anybody: {listed(found)}"
        yield Warned("expired-already", f"{words}; set `expires` to a day to come, or remove {them}")


def _new(app: App, earlier: Earlier, was_applied: bool, today: str) -> list[Assignment]:
    """Those that an earlier commit does not have; where none is known, all of them until the first apply, then none."""
    spent = over(app, today)
    if not earlier.commit:
        return [] if was_applied else spent
    known = {_key(item) for item in earlier.assignments}
    return [item for item in spent if item.file in earlier.files and _key(item) not in known]


def _key(item: Assignment) -> tuple[str | None, str | None, str]:
    return item.user, item.group, item.role


def _address(item: Assignment) -> str:
    return group_address(item.group) if item.group is not None else user_address(item.user or "")
