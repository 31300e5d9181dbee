"""What a cycle leaves in the record: the result and what was there before in, the service's part of the record out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields

from reconciler.apply.model import ENDED, Outcome
from reconciler.plan.change import Action, Cause, Change
from reconciler.plan.planner import Planned
from reconciler.record.entries import Entries
from reconciler.record.service import CycleFigures, Escrow, Service, WaitedFor, Watermark
from reconciler.service.commit_age import left_after
from reconciler.service.commits import InHistory
from reconciler.service.escrow import after, failed
from reconciler.service.failures import DONE, OTHER, stands
from reconciler.service.quarantine import Tally
from reconciler.service.result import Counts, CycleResult, Failure

NUMBERS = tuple(item.name for item in fields(Counts) if item.name != "skipped")


@dataclass(frozen=True)
class Frame:
    """What a cycle knew when it began: its interval in seconds, the digests of what was declared and mapped, the date, and
    the commit that the declaration comes from. One that is urgent is no cycle of the app's clock; one `in_review` leaves what
    is declared anew to its own review.
    """

    interval: int
    declared: str
    mapped: str
    day: str
    history: InHistory = InHistory()
    urgent: bool = False
    in_review: bool = False


@dataclass(frozen=True)
class Work:
    """What a cycle that was planned did: its outcomes, the changes that it left, and the failures.

    `pending` are addresses of all that was to be done before it; `digests` say what is declared of those that failed.
    """

    outcomes: tuple[Outcome, ...] = ()
    failures: tuple[Failure, ...] = ()
    pending: frozenset[str] = frozenset()
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> frozenset[str]:
        """Addresses of those with which nothing more is to be done."""
        return frozenset(outcome.change.address for outcome in self.outcomes if outcome.status in ENDED)

    @property
    def done(self) -> frozenset[str]:
        """Addresses of those that the service did as it was told."""
        return frozenset(outcome.change.address for outcome in self.outcomes if outcome.status in DONE)

    @property
    def failed(self) -> frozenset[str]:
        """Addresses of all that failed, also where a stop came before a second try: those wait in no escrow."""
        cut_off = (outcome.change.address for outcome in self.outcomes if outcome.status == "failed")
        return frozenset(cut_off) | {failure.address for failure in self.failures}

    @property
    def tried(self) -> int:
        """Changes that were sent, whatever became of them."""
        return sum(1 for outcome in self.outcomes if outcome.status != "skipped")


def provisioned(planned: Planned, entries: Entries, work: Work, addresses: Collection[str]) -> int:
    """How many of these are in the record, but for accounts that are there and have still to be enabled."""
    disabled = {change.address for change in planned.plan.changes if _enables(change)} - work.ended
    return entries.how_many(addresses) - entries.how_many(address for address in disabled if address in addresses)


def _enables(change: Change) -> bool:
    """By our own doing: what somebody disabled at the service is drift, which is counted as that."""
    return change.action == Action.ENABLE and set(change.causes) != {Cause.DRIFT}


def counts(planned: Planned, entries: Entries, work: Work, escrowed: int, drifted: int) -> Counts:
    """Of users and groups, as they are after the cycle."""
    resolution = planned.context.resolution
    return Counts(
        in_scope=len(resolution.users) + len(resolution.groups),
        provisioned=sum(provisioned(planned, entries, work, wanted) for wanted in (resolution.users, resolution.groups)),
        failed=len(work.failed),
        escrowed=escrowed,
        unmanaged=len(planned.plan.unmanaged),
        drifted=drifted,
        skipped=dict(sorted(Counter(skip.code for skip in planned.plan.skipped).items())),
    )


def last_counts(service: Service) -> Counts:
    """Those of the last cycle that was planned, where this one was not."""
    cycle = service.get("cycle", {})
    known = cycle.get("counts", {})
    return Counts(**{name: known.get(name, 0) for name in NUMBERS}, skipped=dict(cycle.get("skipped", {})))


def written(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Action -> number of objects."""
    return dict(sorted(Counter(str(outcome.change.action) for outcome in outcomes if outcome.status in DONE).items()))


def escrows_after(before: Mapping[str, Escrow], work: Work, now: str) -> dict[str, Escrow]:
    """Those that still wait, and those that failed now; what is done, or not asked for any more, has left."""
    sent = {outcome.change.address for outcome in work.outcomes}
    new = {
        failure.address: failed(before.get(failure.address), failure, work.digests.get(failure.address, ""), now)
        for failure in work.failures
        if failure.address in sent and not stands(failure)
    }
    return after(before, work.pending - work.ended, new)


def tally(work: Work, escrows: Mapping[str, Escrow], in_scope: int) -> Tally:
    """What counts for a quarantine: whoever waits in escrow has failed, too.

    What failed of a group that is there is whom it links: that is kept apart.
    """
    failing = {failure.address for failure in work.failures if failure.action != OTHER and not stands(failure)}
    waiting = escrows.keys() - {outcome.change.address for outcome in work.outcomes}
    every, tried = failing | escrows.keys(), work.tried + len(waiting)
    actions = {**{address: escrow.get("action") for address, escrow in escrows.items()}, **_actions(work.failures)}
    links = {address for address in every if address.startswith("Group/") and actions[address] == Action.UPDATE}
    return Tally(len(every - links), tried - len(links), in_scope, len(links))


def _actions(failures: Iterable[Failure]) -> dict[str, str]:
    return {failure.address: failure.action for failure in failures if failure.action != OTHER}


def service_after(before: Service, result: CycleResult, frame: Frame, escrows: Mapping[str, Escrow]) -> Service:
    """The service's part of the record after a cycle, but for its quarantine."""
    good = result.result == "success"
    steady = before.get("steadySince", result.ended) if good and not result.drift else ""
    service: Service = {
        **before,
        "begun": _begun(before, result),
        "interval": frame.interval,
        "cycle": _cycle(result, _seen(before, result, frame)),
    }
    put(service, "clock", before.get("clock") or before.get("cycle", {}).get("started") if frame.urgent else "")
    if has_succeeded(result):
        service["lastSuccess"] = result.ended
    if result.error is None:
        whole = not result.unreviewed and (good or _is_all_told(result, escrows))
        service["watermark"] = _watermark(before.get("watermark", {}), result, frame, whole)
    put(service, "steadySince", steady)
    put(service, "left", left_after(before, result, escrows))
    put(service, "sighting", frame.history.newest)
    put(service, "escrows", dict(escrows))
    safeguards = ", ".join(block.safeguard for block in result.blocked)
    if result.error is None:
        put(service, "held", dict.fromkeys(result.held, safeguards))
        put(service, "drift", {item.address: item.line for item in result.drift})
        put(service, "notAsTold", {failure.address: failure.message for failure in result.failures if stands(failure)})
        put(service, "approvals", [WaitedFor(safeguard=a.safeguard, plan=a.digest, file=a.file) for a in result.approvals_needed])
    return service


def _seen(before: Service, result: CycleResult, frame: Frame) -> str | None:
    """The declaration that no cycle has to begin for again: of one that left it to its review, as it was before."""
    if result.interrupted or _goes_on(before, frame):
        return ""
    if frame.in_review and (result.unreviewed or result.error is not None):
        return before.get("cycle", {}).get("declared") or None
    return frame.declared


def _goes_on(before: Service, frame: Frame) -> bool:
    """Whether one before it was told to stop, and has left something that is not urgent."""
    return frame.urgent and before.get("cycle", {}).get("declared") == ""


def has_succeeded(result: CycleResult) -> bool:
    """Whether it went through all that there was to do; one whose every write failed has done nothing."""
    ended = {how for (_, _, how), number in result.writes.items() if number}
    return result.result in ("success", "partial") and not result.interrupted and not ("failed" in ended and "done" not in ended)


def _is_all_told(result: CycleResult, escrows: Mapping[str, Escrow]) -> bool:
    """Whether no cycle has anything to write until somebody does something: all that is left stands."""
    return not (result.interrupted or result.blocked or result.writes or escrows) and all(map(stands, result.failures))


def not_begun(before: Service, result: CycleResult, interval: int, history: InHistory) -> Service:
    """The service's part of the record after a cycle that could not begin, whatever is declared; `interval` is in seconds, 0
    where nothing says it.
    """
    service: Service = {**before, "begun": _begun(before, result), "cycle": _cycle(result, "")}
    put(service, "steadySince", "")
    put(service, "interval", interval)
    put(service, "left", left_after(before, result))
    put(service, "sighting", history.newest)
    return service


def _begun(before: Service, result: CycleResult) -> str:
    """When the first cycle began: at the latest when this one did, by whatever clock."""
    return min(before.get("begun") or before.get("cycle", {}).get("started", result.started), result.started)


def put(service: Service, key: str, value: object) -> None:
    """What has nothing to say is not there."""
    if value:
        service[key] = value  # type: ignore[literal-required]
    else:
        service.pop(key, None)  # type: ignore[misc]


def _cycle(result: CycleResult, declared: str | None) -> CycleFigures:
    numbers = {name: getattr(result.counts, name) for name in NUMBERS}
    figures: CycleFigures = {
        "id": result.cycle_id,
        "kind": result.kind,
        "started": result.started,
        "ended": result.ended,
        "result": result.result,
        "counts": numbers,
        "skipped": dict(result.counts.skipped),
        "written": dict(result.written),
    }
    if declared is not None:
        figures["declared"] = declared
    if result.interrupted:
        figures["left"] = result.left
    if result.error is not None:
        figures |= {"error": result.error.code, "message": result.error.message, "remedy": result.error.remedy}
    return figures


def _watermark(before: Watermark, result: CycleResult, frame: Frame, whole: bool) -> Watermark:
    """A cycle that left something undone is followed by one that looks at the declaration again."""
    initial = result.started if result.kind == "initial" else before.get("initial", result.started)
    mark: Watermark = {"initial": initial, "mapped": frame.mapped, "day": frame.day}
    return {**mark, "declared": frame.declared} if whole else mark
