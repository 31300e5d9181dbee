"""When the remote's head is looked at, and what came of it: what was pulled, or why nothing can be. Pulls by service/pull.py."""

from __future__ import annotations

from reconciler.service.child import Child
from reconciler.service.clocks import between, later
from reconciler.service.ends import Seen
from reconciler.service.look import look
from reconciler.service.pull import Main, NotMerged, Pulled, RemoteUnreachable
from reconciler.service.trouble import Trouble

PATIENCE = 3  # looks in a row at a remote that does not answer until anybody is told


class Follow:
    """A checkout that follows the remote, looked at `poll` seconds after the last look has ended; with no `main` there is none.

    `trouble` is why the last look brought nothing; None where all is well.
    """

    def __init__(self, main: Main | None = None, poll: int = 60, patience: int = PATIENCE) -> None:
        self._main, self._poll, self._patience = main, poll, patience
        self._polled, self._misses = "", 0
        self.trouble: Trouble | None = None

    @property
    def follows(self) -> bool:
        return self._main is not None

    @property
    def merged(self) -> str | None:
        """The commit that cycles may be of, empty where any may be as it is there; None where nothing is followed."""
        return self._main.merged if self._main is not None else None

    @property
    def folder(self) -> str:
        """That of the declarations, from the top of the checkout."""
        return self._main.folder if self._main is not None else "."

    @property
    def holds(self) -> Trouble | None:
        """Why no cycle may begin."""
        return self.trouble if self.trouble is not None and self.trouble.holds else None

    @property
    def lasting(self) -> Trouble | None:
        """The trouble, once it has lasted long enough for somebody to be told."""
        return self.trouble if self.holds or self._misses >= self._patience else None

    @property
    def is_new(self) -> bool:
        """Whether nobody knows yet what the remote has."""
        return self.follows and not self._polled

    def forget(self) -> None:
        """Something was changed here since the last look: no cycle begins before the next one, which is due at once."""
        self._polled = ""

    def wait(self, now: str) -> float:
        """Seconds until the next look; a clock that was ahead when the last one ended makes it no longer."""
        return min(max(between(now, later(self._polled, self._poll)), 0.0), self._poll) if self._polled else 0.0

    def look(self) -> Child:
        """A process that asks the remote; its end is what it saw."""
        assert self._main is not None
        return Child(look, self._main.desired)

    def take(self, seen: Seen, now: str) -> Pulled | None:
        """What is new after a look that ended `now`; None where nothing is, or nothing can be had."""
        assert self._main is not None
        self._polled = now
        try:
            pulled = self._main.take(seen)
        except (NotMerged, RemoteUnreachable) as error:
            self._note(error, now)
            return None
        self.trouble, self._misses = None, 0
        return pulled

    def _note(self, error: NotMerged | RemoteUnreachable, now: str) -> None:
        """A remote that does not answer says nothing of a checkout that was not as merged: that lasts."""
        self._misses += 1
        if self.holds and isinstance(error, RemoteUnreachable):
            return
        since = self.trouble.since if self.trouble is not None and self.trouble.code == error.code else now
        self.trouble = Trouble(error.code, error.message, error.remedy, since, isinstance(error, NotMerged))
