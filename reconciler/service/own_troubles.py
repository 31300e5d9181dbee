"""The service's own troubles: looks at the remote and ends of cycles in; log lines, metrics and messages about them out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from reconciler.service.ends import Seen
from reconciler.service.events import Event
from reconciler.service.failures import RECORD
from reconciler.service.follow import Follow
from reconciler.service.observer import Observer
from reconciler.service.pull import Pulled, named, touched
from reconciler.service.result import AppError, CycleResult
from reconciler.service.shared_events import Near
from reconciler.service.trouble import INVALID, PULLS, Trouble
from reconciler.service.trouble_files import Look, Troubles


class OwnTroubles:
    """`names` are the apps that there are now; moments are UTC. What is wrong with the checkout is so for all of them."""

    def __init__(self, follow: Follow, say: Callable[[Event], None], observer: Observer) -> None:
        self.follow, self._say, self._observer = follow, say, observer
        self._shared: Trouble | None = None  # of files that all apps share: the directory, policies, the settings
        self._is_told_to_all = False  # of those, by a record
        self._has_read = False  # whether a cycle of this process has said how it is with them
        self._unusable: dict[str, Trouble] = {}  # app -> why its record cannot be used
        self._troubles = Troubles()
        self._said = set[str]()  # of files that cannot be written, which lasts

    def knows(self, near: Mapping[str, Near]) -> None:
        """Who is told of each app that is declared without an error."""
        self._troubles.near |= near

    def take(self, names: Collection[str], seen: Seen, now: str) -> Pulled | None:
        """After a look at the remote, which ended `now`: what has come from there."""
        before, pulled = self.follow.trouble, self.follow.take(seen, now)
        if pulled is not None:
            folder = self.follow.folder
            touches = sorted({*touched(pulled.files, folder, names), *named(pulled.files, folder)})
            words = f"now at {pulled.commit[:12]}, which touches {', '.join(touches) or 'no app'}"
            self._say(Event(now, "pulled", words))
        trouble = self.follow.trouble
        self._observer.pulled(trouble.code if trouble else "")
        if trouble is None and before is not None:
            self._say(Event(now, "pulledAgain", "the checkout follows the remote again"))
        elif trouble is not None and (before is None or (before.code, before.message) != (trouble.code, trouble.message)):
            words = "no cycle begins" if trouble.holds else "what was merged until now still holds"
            self._say(Event(now, "notPulled", f"{words}: {_line(trouble)}", level="error"))
        self.keep(names, now)
        return pulled

    def ended(self, result: CycleResult, names: Iterable[str], now: str) -> None:
        """What is wrong for all apps, told here where no record says that it is; `status` has to know of unusable records."""
        error, before = result.error, self._unusable.pop(result.app, None)
        if error is not None and result.is_of_checkout:
            self._shared, self._has_read = _trouble(error, self._shared, result), True
            self._is_told_to_all = result.is_told_to_all
        else:
            self._forget(result.started)
        if error is not None and error.code in RECORD:
            self._unusable[result.app] = _trouble(error, before, result)
        self.keep(names, now)

    def read(self, at: str, names: Iterable[str], now: str) -> None:
        """Of an app whose cycle was put off then: its declaration is right."""
        first = not self._has_read
        if self._forget(at) or first:
            self.keep(names, now)

    def _forget(self, at: str) -> bool:
        """What was wrong, where somebody who began then found it right, unless it was found wrong since."""
        over, self._has_read = self._shared is not None and at > self._shared.since, True
        self._shared = None if over else self._shared
        return over

    def keep(self, names: Iterable[str], now: str) -> None:
        """What there is of each app, for `status` and for those who are told."""
        lasting = self.follow.lasting
        everywhere = [trouble for trouble in (lasting, self._shared) if trouble]
        found = {name: (*everywhere, *filter(None, [self._unusable.get(name)])) for name in names}
        sees = self.follow.follows and (self.follow.trouble is None or lasting is not None)
        unseen = (*(() if sees else PULLS), *(() if self._has_read else (INVALID,)))
        elsewhere = (INVALID,) if self._is_told_to_all and self._shared is not None else ()
        words: list[str] = []
        for outbox in self._troubles.keep(found, Look(now, unseen, words.append, elsewhere)):
            self._observer.outbox(outbox)
        for new in dict.fromkeys(words).keys() - self._said:
            self._say(Event(now, "note", new, level="warning"))
        self._said = set(words)


def _trouble(error: AppError, before: Trouble | None, result: CycleResult) -> Trouble:
    return Trouble(error.code, error.message, error.remedy, before.since if before else result.ended)


def _line(trouble: Trouble) -> str:
    return f"{trouble.message}; {trouble.remedy} [{trouble.code}]"
