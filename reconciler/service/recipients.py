"""Who is told of an app, and as what: an app, or what its record kept of it while app.yaml was right, in and out.

Asks git for the top of the checkout, and is pure else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import PurePath
from typing import NamedTuple

from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.declare.place import Problem
from reconciler.declare.settings import Notification
from reconciler.notify.target import Target, target_of
from reconciler.record.here import inside
from reconciler.record.service import Service, ToTell


class Recipients(NamedTuple):
    """`wanted` says of which kinds, and how often; `target` is where to."""

    name: str
    display_name: str
    profile: str
    target: Target
    wanted: Notification


def recipients_of(app: App) -> Recipients:
    """As app.yaml says."""
    return Recipients(app.name, app.displayName, app.profile, target_of(app), app.notification)


def last_valid(app: App, service: Service, errors: Iterable[Problem]) -> Recipients:
    """The same, or as it was when app.yaml was right last: nobody where the record has none."""
    if not any(_is_app_yaml(problem, app.name) for problem in errors):
        return recipients_of(app)
    nobody = Recipients(app.name, app.displayName, app.profile, Target(app.name, app.secretToken), Notification())
    return remembered(app.name, service) or nobody


def remembered(app: str, service: Service) -> Recipients | None:
    """As it was when app.yaml was right last; None where the record has none."""
    try:
        kept = service["toTell"]
        wanted = Notification(on=tuple(kept["on"]), remindAfter=kept["remindAfter"])
        return Recipients(app, kept["displayName"], kept["profile"], Target.from_json(kept["target"]), wanted)
    except (KeyError, TypeError):
        return None


def folder_of(declarations: Declarations) -> str:
    """Where they lie, alike on all machines: below the top of the checkout, where there is one."""
    return inside(declarations.folder) or os.path.realpath(declarations.folder)


def kept(app: App, folder: str) -> ToTell | None:
    """What the record keeps of it; None where nobody is told. `folder` is where it is declared."""
    target, wanted = target_of(app), app.notification
    if not target.channels:
        return None
    return ToTell(
        displayName=app.displayName,
        profile=app.profile,
        on=list(wanted.on),
        remindAfter=wanted.remindAfter,
        target=target.as_json(),
        folder=folder,
    )


def _is_app_yaml(problem: Problem, app: str) -> bool:
    file = PurePath(problem.place.file)
    return problem.severity == "error" and file.stem == "app" and fold(file.parent.name) == fold(app)
