"""How each change of a run has ended, and what ended the run. Knows the record's notes; no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reconciler.apply.model import ENDED, Outcome
from reconciler.apply.shared import Shared
from reconciler.apply.steps import Step
from reconciler.plan.change import Change
from reconciler.record.store import RecordError
from reconciler.scim.errors import AuthError, ServiceError

SILENT = 3  # objects in a row that get no answer end a run


class Outcomes:
    """`left` counts the steps that are still to do by address, `ends` holds (status, words) of what failed.

    What ended the run: `refused` is the service's answer, `unkept` why the record could not be written, `interrupted` somebody.
    No answer came, since the last one, to all tries of the objects `silent`, nor within its timeout to a request of `hanging`.
    """

    def __init__(self, shared: Shared, steps: Iterable[Step]) -> None:
        self.shared = shared
        self.left = Counter(step.change.address for step in steps)
        self.ends: dict[str, tuple[str, str]] = {}
        self.http: dict[str, int | None] = {}  # the HTTP status with which a change failed
        self.refused: ServiceError | None = None
        self.unkept: RecordError | None = None
        self.interrupted = False
        self.silent, self.hanging = set[str](), set[str]()

    def heard(self, address: str, error: ServiceError) -> None:
        """A refused token, or a wait that is too long, ends everything; an outage is not found out anew with every object."""
        if error.status is None:
            self.silent.add(address)
        else:
            self.silent.clear()
        if error.too_long or (isinstance(error, AuthError) and error.status == 401) or len(self.silent) >= SILENT:
            self.refused = self.refused or error

    def waited(self, address: str, error: ServiceError | None) -> None:
        """Of a request, from any thread: where nothing at all is answered, nobody waits for the other tries of an object."""
        if error is None:
            self.hanging.clear()
            return
        self.hanging.add(address)
        if len(self.hanging) >= SILENT:
            self.refused = self.refused or error

    def of(self, change: Change) -> Outcome:
        address, recorded = change.address, self.shared.recorded
        if address in self.ends:
            status, why = self.ends[address]
            why = f"done in part: {why}" if self._is_begun(change) else why
            return Outcome(change, status, why, self.http.get(address))
        if self.left[address]:
            return Outcome(
                change, "skipped", f"{'done in part' if self._is_begun(change) else 'not begun'}: {self._end_of_run()}"
            )
        if left := recorded.outstanding.get(address):
            return Outcome(change, "outstanding", left)
        note, adopted = recorded.notes.get(address, ""), self.shared.adopted.get(address, "")
        return Outcome(change, "ignored" if note else "done", "; ".join(filter(None, (adopted, note))))

    def all(self) -> list[Outcome]:
        return [self.of(change) for change in self.shared.job.changes]

    def is_over(self, change: Change) -> bool:
        """Whether no step of it is left to do."""
        return not self.left[change.address] or change.address in self.ends

    def _is_begun(self, change: Change) -> bool:
        return change.address in self.shared.changes.touched

    def _end_of_run(self) -> str:
        if self.unkept is not None:
            return "the record cannot be written"
        return "the run was interrupted" if self.refused is None else refusal(self.refused)


def undone(outcomes: Iterable[Outcome]) -> list[Change]:
    """The changes of which something is left to do."""
    return [outcome.change for outcome in outcomes if outcome.status not in ENDED]


def refusal(error: ServiceError) -> str:
    """What ended a run before its end."""
    if error.too_long:
        return "the service asks for too long a wait"
    return "the token was refused" if isinstance(error, AuthError) else "the service does not answer"
