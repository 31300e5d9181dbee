"""Steps in, each done once, as many side by side as a service bears. Threads, but no I/O of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from reconciler.apply.pace import Baton, Pace
from reconciler.apply.steps import Step


class Phase:
    """Steps that no later phase may overlap. `after` are, for an address, those whose steps here end before its own begins.

    `do` is called once a step, by a thread that holds the baton; `stopped` is asked before each. `flush` is called by whoever has
    nothing to do, and says whether that took time.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        after: Mapping[str, Collection[str]],
        do: Callable[[Step], None],
        stopped: Callable[[], bool],
        flush: Callable[[], bool],
        baton: Baton,
        pace: Pace,
    ) -> None:
        self._after, self._do, self._stopped, self._flush = after, do, stopped, flush
        self._baton, self._pace = baton, pace
        self._left = dict(enumerate(steps))
        self._open = {step.change.address for step in steps}
        self._working, self._ended = 0, baton.condition()
        self._error: BaseException | None = None

    def run(self) -> None:
        """Every step, in order where one worker is enough; returns once those under way have ended. The baton is held.

        The calling thread only waits where there are several workers, so that signals reach it at once. What `do` raises ends
        the phase.
        """
        self._working = min(self._pace.most, len(self._left))
        if self._working <= 1:
            self._work()
            return
        for _ in range(self._working):
            threading.Thread(target=self._worker, daemon=True).start()
        self._ended.wait_for(lambda: not self._working)
        if self._error is not None:
            raise self._error

    def _worker(self) -> None:
        with self._baton.held():
            try:
                self._work()
            except BaseException as error:  # the thread that waits raises it
                self._error = self._error or error
            self._working -= 1
            self._ended.notify_all()
            self._baton.turn.notify_all()

    def _work(self) -> None:
        while (step := self._next()) is not None:
            self._pace.begin()
            try:
                self._do(step)
            finally:
                self._pace.busy -= 1
                self._open.discard(step.change.address)
                self._baton.turn.notify_all()
        self._flush()

    def _next(self) -> Step | None:
        while self._left and self._error is None and not self._stopped():
            ready = next((number for number, step in self._left.items() if self._may_begin(step)), None)
            if ready is None and not self._pace.busy:
                ready = next(iter(self._left))  # they wait for one another: the plan has said so
            if ready is not None and self._pace.may_begin():
                return self._left.pop(ready)
            if not self._flush():
                self._baton.turn.wait()
        return None

    def _may_begin(self, step: Step) -> bool:
        address = step.change.address
        return not any(other in self._open for other in self._after.get(address, ()) if other != address)
