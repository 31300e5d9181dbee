"""What is wrong with an app after a cycle, cause by cause: what the cycle came to and the record in, causes out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from reconciler.codes import apps, records
from reconciler.declare.urls import REFERENCE
from reconciler.notify.causes import Cause
from reconciler.record.service import Service
from reconciler.record.told import Cause as Known
from reconciler.report.event.model import MOST_NAMED
from reconciler.report.event.words import OFF, REPAIRED
from reconciler.report.safeguard_verdict import asked_for
from reconciler.service.escrow import given_up
from reconciler.service.failures import NOT_PLANNED, RECORD, STILL_ACTIVE
from reconciler.service.quarantine import TOO_MANY_DELETES
from reconciler.service.recipients import Recipients
from reconciler.service.result import Approval, CycleResult, Quarantine
from reconciler.service.trouble import INVALID

# Codes of errors of a whole app: a cycle that fails as a whole tells nothing of its objects.
WHOLE = frozenset(code.name for code in (*apps.CODES, *records.CODES))
UNRECORDED = frozenset({NOT_PLANNED, STILL_ACTIVE[0]})  # codes of failures of which no escrow is left
# How to look closer, by code; else the service is asked.
CHECKS = {INVALID: "reconcile validate"} | dict.fromkeys(RECORD, "reconcile record verify")
GIVEN_UP = "after 28 days nothing is tried any more, until what is declared changes or the last command below is run"
CHANGED = "ChangedAtTheService"
REPORTED = "repair it, or take it into the declaration; `provisioning: {drift: repair}` repairs it by itself"
NOT_REPAIRED = "see why it was not written over: a failure, or a safeguard that holds it back; or take it into the declaration"
UNAUTHORIZED = "Unauthorized"
DIGEST = len("sha256:") + 12  # as much of a plan's digest as tells it apart


def causes_of(result: CycleResult, service: Service, to: Recipients) -> list[Cause]:
    """Sorted by kind and reason, but for those that another one says too, which come last; `service` is as after the cycle.

    Of what is declared a cycle says nothing that is behind another machine's.
    """
    causes = [
        *_quarantine(result, to),
        *([] if result.quarantine or result.is_of_checkout else _whole(result)),
        *_objects(result, service),
        *_blocked(result),
        *_drift(result, service),
        *_repaired(result),
    ]
    said = [cause for cause in causes if not (result.is_behind and _is_of_declaration(cause.kind, cause.reason))]
    return sorted(said, key=lambda cause: (cause.within is not None, cause.kind, cause.reason))


def _is_of_declaration(kind: str, reason: str) -> bool:
    """Whether another commit can make it begin and end: all but what the service or somebody at it did."""
    return kind not in ("quarantine", "drift") and (kind != "failure" or reason == INVALID or reason not in WHOLE)


def is_unseen(known: Known, result: CycleResult) -> bool:
    """Whether a cycle without this cause could not have seen it: one that failed or was interrupted did not look everywhere, one
    whose declaration is in error nowhere, and one that is behind another machine's does not know what is declared now.
    """
    if result.is_behind and _is_of_declaration(known["kind"], known["reason"]):
        return True
    if result.error is not None and result.error.code == INVALID:
        return True
    if known["kind"] == "quarantine" or known["reason"] == INVALID:  # it was right, or no cycle would have begun
        return False
    if not (result.error or result.interrupted):
        return result.in_part and known["reason"] in (*UNRECORDED, REPAIRED)
    return known["kind"] != "failure" or bool(result.quarantine) or known["reason"] not in WHOLE


def _quarantine(result: CycleResult, to: Recipients) -> Iterator[Cause]:
    """Where it is for deletions that a safeguard holds back, that one's message says all."""
    state = result.quarantine
    if state is None or (
        state.reason == TOO_MANY_DELETES and state.next_attempt and result.blocked and "blocked" in to.wanted.on
    ):
        return
    reason = state.reason if state.next_attempt else OFF
    restart = f"reconcile restart --app {result.app} --scope quarantine"
    check = () if state.reason == TOO_MANY_DELETES else (f"reconcile test-connection --app {result.app}",)
    yield Cause(
        "quarantine", reason, state.message, _next(state, _fix(result, to.target.token)), (), (*check, _status(result), restart)
    )


def _next(state: Quarantine, fix: str) -> str:
    if state.next_attempt is None:
        return f"{fix}, then restart the app: nothing is tried until then"
    return f"{fix}: once the next attempt succeeds, at {state.next_attempt}, the quarantine ends by itself"


def _fix(result: CycleResult, token: str) -> str:
    """Of a token that is refused where it comes from; `token` is the reference to it."""
    if result.error is None or result.error.code != UNAUTHORIZED:
        return "fix what is wrong"
    if files := [name.removeprefix("file:") for name, _ in REFERENCE.findall(token) if name.startswith("file:")]:
        return f"write a valid token into {files[0]}"
    names = [name.removeprefix("env:").partition(":")[0] for name, _ in REFERENCE.findall(token)]
    return (
        f"set {names[0]} to a valid token where `reconcile run` is started, and start it again" if names else "fix what is wrong"
    )


def _whole(result: CycleResult) -> Iterator[Cause]:
    error = result.error
    if error is not None:
        yield Cause(
            "failure",
            error.code,
            error.message,
            error.remedy,
            (),
            (f"{CHECKS.get(error.code, 'reconcile test-connection')} --app {result.app}", _status(result)),
        )


def _objects(result: CycleResult, service: Service) -> Iterator[Cause]:
    """Those that failed now and those that wait for their next try, by what is wrong with them."""
    failing: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    escrows = service.get("escrows", {})
    lost = given_up(escrows)
    for address, escrow in escrows.items():
        code, remedy = escrow.get("code", "NotDone"), escrow.get("remedy", "")
        reason, then = (f"{code}, given up", GIVEN_UP) if address in lost else (code, remedy)
        failing[reason][address] = escrow.get("message", ""), then
    for failure in result.failures:
        if failure.address not in lost:
            failing[failure.code][failure.address] = failure.message, failure.remedy
    for code, objects in failing.items():
        addresses = sorted(objects)
        why, remedy = objects[addresses[0]]
        explain = f"reconcile explain {quote(addresses[0])} --app {result.app}"
        retry = f"reconcile restart --app {result.app} --scope escrows"
        yield Cause("failure", code, why, remedy, tuple(addresses), (explain, _status(result), retry))


def _blocked(result: CycleResult) -> Iterator[Cause]:
    """All that is held back, by whichever safeguards. Another plan needs another approval: its digest is a reason of its own."""
    why = "; ".join(f"{block.safeguard}: {block.message}" for block in result.blocked)
    key = "blocked", ", ".join(sorted(block.safeguard for block in result.blocked))
    if result.blocked:
        yield Cause(*key, why, _approve(result.approvals_needed), result.held, (_plan(result), _status(result)))
    if result.approvals_needed:
        digest = result.approvals_needed[0].digest[:DIGEST]
        yield Cause("approvalNeeded", digest, why, _approve(result.approvals_needed), result.held, (_plan(result),), key)


def _approve(approvals: Sequence[Approval]) -> str:
    """The entries that would let it through, each a line to paste."""
    if not approvals:
        return "see what the plan says"
    entries = "".join(f"\n{asked_for(item.digest, item.safeguard)}" for item in approvals)
    return f"look at the plan; to approve it, add to {approvals[0].file}, under `approvals:`{entries}"


def _drift(result: CycleResult, service: Service) -> Iterator[Cause]:
    drift = service.get("drift", {})
    if drift:
        addresses = sorted(drift)
        why = "; ".join(f"{address}: {drift[address]}" for address in addresses[:MOST_NAMED])
        remedy = NOT_REPAIRED if result.repairs else REPORTED
        commands = (
            f"{_plan(result)} --cause drift",
            f"reconcile apply --app {result.app} --cause drift",
            *_take(addresses, result),
        )
        yield Cause("drift", CHANGED, why, remedy, tuple(addresses), commands)


def _repaired(result: CycleResult) -> Iterator[Cause]:
    """Written over in this cycle. It ends with one that finds nothing to write over: who does it each time is told of once."""
    if result.repaired:
        why = "; ".join(f"{item.address}: {item.line}" for item in result.repaired[:MOST_NAMED])
        remedy = "nothing needs to be done; where the change was right, take it into the declaration"
        addresses = tuple(sorted(item.address for item in result.repaired))
        yield Cause("drift", REPAIRED, why, remedy, addresses, (f"reconcile logs --app {result.app} --cause drift",))


def _take(addresses: Iterable[str], result: CycleResult) -> tuple[str, ...]:
    return tuple(f"reconcile import --app {result.app} --only {quote(address)}" for address in list(addresses)[:1])


def _plan(result: CycleResult) -> str:
    return f"reconcile plan --app {result.app}"


def _status(result: CycleResult) -> str:
    return f"reconcile status --app {result.app}"
