"""What went wrong, by a closed set of codes: errors and outcomes in, Failures out. Pure."""

from __future__ import annotations

from reconciler.apply.model import Outcome, Result
from reconciler.codes import apps, objects, records
from reconciler.declare.errors import ReconcileError
from reconciler.plan.matching.match import NOT_ANSWERED
from reconciler.plan.model import Caution, ObjectError
from reconciler.plan.outstanding import BY_HAND
from reconciler.record.store import LeaseLost, Unreachable, Unsaved
from reconciler.scim.errors import ServiceError
from reconciler.scim.sender import AGAIN
from reconciler.service.result import AppError, CycleResult, Failure

# HTTP status -> code, in the words of Entra's provisioning log where it has some, and what to do.
BY_STATUS = {
    400: ("InvalidValue", "correct the value that the service names"),
    401: ("Unauthorized", "check the token"),
    403: ("InsufficientRights", "let the token do this, or have it done by hand"),
    404: ("InvalidAnchor", "nothing needs to be done: the next cycle looks for the account again"),
    405: ("NotPermitted", "set in the profile what the service cannot do"),
    409: ("Conflict", "find out what has the value already: `reconcile explain` names it"),
    # Of a create, which carries no version; any other 412 ends its change as stale (apply/precondition_failed.py).
    412: ("Stale", "nothing needs to be done: the next cycle plans it again"),
    413: ("TooLarge", "set a smaller `membersPerPatch` in the profile"),
    422: ("UnprocessableEntity", "correct the value that the service names"),
    429: ("TooManyRequests", "set the service's rate in the profile"),
    501: ("NotImplemented", "set in the profile what the service cannot do"),
}  # fmt: skip
NO_ANSWER = ("Timeout", "see whether the service can be reached")
SERVICE = ("InternalServerError", "tell the service's vendor, if it stays so")
OTHERS = ("ProtocolError", "see what the service says")
NOT_DONE = ("NotDone", "do what the message says")
NOT_AS_TOLD = ("NotAsTold", "change it there by hand, or take what the service wants into the declaration")
STILL_ACTIVE = ("StillActive", "disable the account at the service by hand, and tell its vendor")
NOT_PLANNED = "NotPlanned"
# Of errors of a record.
RECORD = frozenset(code.name for code in records.CODES) | {"RecordError", Unreachable.code, LeaseLost.code, Unsaved.code}
OUTAGE = frozenset({NO_ANSWER[0], SERVICE[0], BY_STATUS[404][0], BY_STATUS[429][0]})  # codes of failures that may be over soon
OUTAGES = frozenset({"ServiceUnavailable", "RecordUnreachable"})  # the same of whole apps
OTHER = "other"  # the action of a failure that no write of this cycle had
CODES = frozenset(code.name for code in (*apps.CODES, *records.CODES, *objects.CODES)) | {BY_STATUS[400][0], STILL_ACTIVE[0]}
DONE = ("done", "ignored")  # outcomes
FAILED = ("failed", "outstanding")  # a stale one is planned again by the next cycle


def has_failed(outcome: Outcome, interrupted: bool) -> bool:
    """Whether it is a failure of its object. Whoever is told to stop tries nothing twice: what another try could do is left."""
    worth_another = outcome.http is not None and (outcome.http in AGAIN or not outcome.http)
    return outcome.status in FAILED and not (interrupted and worth_another)


def failure_of(outcome: Outcome) -> Failure:
    """Of one change that failed."""
    code, remedy = NOT_AS_TOLD if outcome.status == "outstanding" else by_status(outcome.http)
    change = outcome.change
    return Failure(change.address, change.action, code, outcome.http or None, outcome.message, remedy)


def not_as_told(address: str, found: Caution) -> Failure:
    """Of an object of which an earlier cycle told the service what it has not done: that is not told again."""
    words, found_remedy, rest = found.text.partition(BY_HAND)
    return Failure(address, OTHER, NOT_AS_TOLD[0], None, words.rstrip(" ;:"), found_remedy + rest or NOT_AS_TOLD[1])


def still_not_as_told(address: str, words: str) -> Failure:
    """The same of one that nobody was asked about since."""
    return Failure(address, OTHER, NOT_AS_TOLD[0], None, words, NOT_AS_TOLD[1])


def stands(failure: Failure) -> bool:
    """Whether nothing is tried again for it: it ends with what somebody does at the service, or declares."""
    return failure.code == NOT_AS_TOLD[0]


def still_active(outcome: Outcome) -> Failure:
    """Of an account that was put out, and that the service shows as active all the same."""
    code, remedy = STILL_ACTIVE
    change = outcome.change
    return Failure(change.address, change.action, code, None, "the service said that it was done, and shows it as active", remedy)


def by_status(status: int | None) -> tuple[str, str]:
    """Code and remedy of an answer; 0 is none, None something else than an answer."""
    if not status:
        return NOT_DONE if status is None else NO_ANSWER
    return BY_STATUS.get(status, SERVICE if status >= 500 else OTHERS)


def not_planned(error: ObjectError) -> Failure:
    """Of an object that could not be planned; people read its own code in the message."""
    return Failure(error.address, OTHER, NOT_PLANNED, None, f"{error.code}: {error.reason}", error.remedy, error.code)


def met_outage(result: CycleResult) -> bool:
    """Whether what a cycle left may be done by one that begins soon; in quarantine there is none."""
    if result.quarantine is not None:
        return False
    if result.error is not None:
        return result.error.code in OUTAGES
    return any(map(is_of_outage, result.failures))


def is_of_outage(failure: Failure) -> bool:
    """Whether what made it may be over soon."""
    return failure.code in OUTAGE or failure.in_plan == NOT_ANSWERED


def app_error(error: ReconcileError) -> AppError:
    """Of a whole app."""
    remedy = error.remedy or "see what the message says"
    if not isinstance(error, ServiceError):
        return AppError(error.code, None, str(error), remedy)
    return AppError(error.code, error.status, f"{error.request}: {error.message}" if error.request else error.message, remedy)


def of_run(done: Result) -> AppError | None:
    """What ended the writing of an app before its end."""
    if done.unkept is not None:
        return app_error(done.unkept)
    return None if done.refused is None else app_error(done.refused)
