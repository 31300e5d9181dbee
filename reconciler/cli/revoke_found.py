"""What reconcile revoke finds of an address in each app, under its lock: what is to be written there, or why nothing may be."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from reconciler.cli.common import ERROR, guarded
from reconciler.cli.interrupt import Reading
from reconciler.cli.output import say, warn
from reconciler.cli.write import blocked
from reconciler.cycle.clock import now
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import name_of
from reconciler.plan.change import Change

if TYPE_CHECKING:
    from reconciler.cycle.session import Session

    Part = tuple[Session, tuple[Change, ...]]  # an app, and what is to be written to it


@dataclass
class Found:
    """What is found of one address in each app. An app that is `ready` stays locked until the `stack` ends; the others are
    those of which an error was said, and `advised` are those of them where it was said what else to do.
    """

    declarations: Declarations
    address: str
    reason: str | None
    lock_timeout: float
    stack: ExitStack
    ready: dict[str, Part] = field(default_factory=dict)
    advised: set[str] = field(default_factory=set)

    def look(self, app: App) -> int:
        """Exit code. Where nothing worked the account is to be disabled there by hand."""
        code = guarded(partial(self._look, app))
        if code == ERROR and app.name not in self.advised:
            _by_hand(app, self.address)
        return code

    def _look(self, app: App) -> int:
        part = self._part(app)
        if isinstance(part, int):
            self.advised.add(app.name)
            return part
        self.ready[app.name] = part
        return 0

    def _part(self, app: App) -> Part | int:
        """The app under its lock, and what is to be written to it; or the exit code, where nothing may be."""
        from reconciler.cycle.revoke import forbidding, lock_and_plan_without

        reading = Reading()
        without = lock_and_plan_without(app, self.declarations, reading.listener, self.lock_timeout, self.address, self.reason)
        session, changes, left_out = self.stack.enter_context(without)
        reading.writes = True
        for item in left_out:
            warn(app, item)
        if code := _refused(session, self.address):
            return code
        session = session.guard(changes, now())
        if verdicts := forbidding(session):
            return blocked(session, verdicts)
        return session, changes


def _refused(session: Session, address: str) -> int:
    """An error where it is not for sure whose account it is, or whether there is one."""
    from reconciler.cycle.revoke import name_in_use, owner_of, unanswered

    if (name := name_in_use(session, address)) is not None:
        return _waits(session.app, address, name)
    if (owner := owner_of(session, address)) is not None:
        return _owned(session.app, address, owner)
    if (why := unanswered(session, address)) is not None:
        return _unanswered(session, address, why)
    return 0


def _waits(app: App, address: str, current: str) -> int:
    """Two people bear the name for now: the wrong one must not be taken for the other."""
    why = f"the account of {address} is still called {current}, since another one has the name"
    say(f"Error: {app.displayName}: {why} [NameInUse]")
    say(f"    `reconcile revoke {current}` disables it; the account that had the name before goes with the next apply")
    return ERROR


def _owned(app: App, address: str, owner: str) -> int:
    """Somebody's account is revoked by name, in every app, and comes back when the declaration has agreed."""
    why = f"the account {address.removeprefix('User/#')} is not unmanaged: it belongs to {owner}"
    say(f"Error: {app.displayName}: {why} [NotAStranger]")
    say(f"    to disable it: `reconcile revoke {name_of(owner)}`")
    return ERROR


def _unanswered(session: Session, address: str, why: str) -> int:
    app = session.app
    for item in session.planned.context.live.notes:
        warn(app, item)
    say(f"Error: {app.displayName}: nobody knows whether {address} has an account: {why} [NotAnswered]")
    _by_hand(app, address)
    return ERROR


def _by_hand(app: App, address: str) -> None:
    say(f"    {address} was not revoked in {app.displayName}: disable the account there by hand, now")
