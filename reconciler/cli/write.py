"""What is said of a write to one app, and its exit code: why nothing may be written, how each change ended, what is left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from reconciler.cli.common import BLOCKED, ERROR, PARTIAL
from reconciler.cli.interrupt import THE_SAME, left_over, orderly
from reconciler.cli.output import line, report_lines, say, say_error, telling
from reconciler.cycle.clock import now
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import is_group
from reconciler.declare.wording import plural
from reconciler.plan.change import Change

if TYPE_CHECKING:
    from reconciler.apply.model import Outcome, Result
    from reconciler.cycle.session import Session
    from reconciler.cycle.write import Request
    from reconciler.plan.outstanding import Outstanding
    from reconciler.plan.safeguards.model import Safeguard
    from reconciler.scim.errors import ServiceError

ALIKE = 3  # changes that failed with one answer are said together
ANSWER = re.compile("answered .*")


def closed(app: App, declarations: Declarations) -> int | None:
    """The exit code of an app that is not written to, said in words; None where it may be."""
    from reconciler.plan.provisioning import closed_by

    why = closed_by(app)
    if why is None:
        return ERROR if vanishing(declarations) else None
    if why == "manual":
        say(f"Error: provisioning of {app.displayName} is manual: only plans are made [Manual]")
        say("    set `mode: automatic` under provisioning in app.yaml")
        return ERROR
    say(f"Provisioning of {app.displayName} is off: nothing was done.")
    return 0


def vanishing(declarations: Declarations) -> bool:
    """Whether the record would be lost with the machine that writes it; said in words."""
    from reconciler.record.place import is_lost_with_the_machine

    if not is_lost_with_the_machine(declarations.record):
        return False
    say("Error: the record would vanish with this machine, since it is in .reconcile [RecordVanishes]")
    say(
        "    write `record: {backend: git, remote: origin}` in reconciler.yaml, or "
        "`record: {backend: local, path: ...}` for a folder that you keep"
    )
    return True


def say_quarantine(session: Session) -> None:
    """That the running service has put the app aside: whoever applies by hand may go on, and is told."""
    state = session.record.service.get("quarantine") if session.record is not None else None
    if state is not None:
        name, until = session.app.displayName, state.get("next")
        why = f"{state.get('reason')}: {state.get('message')}"
        say(f"Note: {name} is in quarantine since {state.get('since')} ({why}); this continues")
        again = f"`reconcile run` tries it again at {until}" if until else "`reconcile run` leaves it alone"
        say(f"    {again}; to end that: `reconcile restart --app {session.app.name} --scope quarantine`")


def blocked(session: Session, verdicts: Iterable[Safeguard]) -> int:
    """Nothing has been written; each safeguard that blocks says why and what would let the plan through."""
    from reconciler.cycle.audited import tell_blocked
    from reconciler.report.safeguard_verdict import blocked_text

    verdicts = tuple(verdicts)
    say(f"Error: safeguards block {session.app.displayName}: nothing was written [Blocked]")
    for verdict in verdicts:
        for words in blocked_text(verdict.as_json(), session.app.name):
            say(f"    {words}")
    tell_blocked(session, verdicts)
    return BLOCKED


def held_back(session: Session, done: Collection[Change]) -> int:
    """What was not written since safeguards count it, and the approval for which it waits, where one would lift them."""
    from reconciler.cycle.audited import tell_blocked
    from reconciler.plan.safeguards.model import NEVER_LIFTED
    from reconciler.plan.warnings import listed
    from reconciler.report.safeguard_verdict import blocked_text

    written = {change.digest for change in done}
    left = [change for change in session.planned.plan.changes if change.digest not in written]
    what = listed([f"{change.action} {change.address}" for change in left])
    until = "" if NEVER_LIFTED & {verdict.name for verdict in session.guarded.blocking} else ", until approved"
    say(f"Error: safeguards hold back {plural(len(left), 'change')} to {session.app.displayName}{until}: {what} [Blocked]")
    for verdict in session.guarded.blocking:
        for words in blocked_text({**verdict.as_json(), "passing": []}, session.app.name):
            say(f"    {words}")
    tell_blocked(session, session.guarded.blocking)
    return BLOCKED


def write(session: Session, changes: tuple[Change, ...], request: Request) -> int:
    """Write changes to one app, and say how each ended."""
    from reconciler.cycle.randomness import SystemChance
    from reconciler.cycle.write import write

    name, only = session.app.displayName, request.only
    with orderly() as stopped, telling(len(changes), name, lambda: session.client.waited) as tell:
        result = write(session, changes, request, now, SystemChance(), tell, stopped)
        _enter_escrow(session, result)
    part = f" This was a part: {', '.join(only)}." if only else ""
    say(f"{_summary(result, name)}{part}", err=False)
    for words in failed_alike(result.outcomes):
        say(words, err=False)
    report_lines([line(outcome) for outcome in result.outcomes])
    for words in result.said:
        say(f"Note: {name}: {words}")
    return _ended(session, result, only)


def _enter_escrow(session: Session, result: Result) -> None:
    """What failed is tried again by `reconcile run`, where that looks after the app."""
    from reconciler.record.store import RecordError
    from reconciler.service.escrow_of_apply import enter_escrow

    if not (session.store.lost or result.unkept):
        try:
            enter_escrow(session, result, now())
        except RecordError as error:
            result.unkept = error


def _summary(result: Result, name: str) -> str:
    status = Counter(outcome.status for outcome in result.outcomes)
    ignored = f" The service ignored a part of {status['ignored']}." if status["ignored"] else ""
    ignored += f" It did not do what was requested for {status['outstanding']}." if status["outstanding"] else ""
    done = status["done"] + status["ignored"]
    return f"Applied {done} of {plural(len(result.outcomes), 'change')} to {name}.{_took(result.adopted)}{ignored}"


def failed_alike(outcomes: Iterable[Outcome]) -> list[str]:
    """One line for each answer of the service that several changes ended with: whose they are, the lines above say."""
    found = (ANSWER.search(outcome.message) for outcome in outcomes if outcome.status == "failed")
    said = Counter(answer[0] for answer in found if answer)
    return [f"{count:,} changes failed alike: {answer}" for answer, count in said.most_common() if count >= ALIKE]


def _ended(session: Session, result: Result, only: tuple[str, ...]) -> int:
    """The exit code; what ended a run before its end is said with what to do about it.

    What the service was told by an earlier run, and has not done until now, is not done.
    """
    from reconciler.plan.selection import Selection

    if session.store.lost:
        say("Error: the lock was lost, so writing stopped: another run may have taken it [LockLost]")
        say(f"    {THE_SAME}; what was written is found by reading the service")
        return PARTIAL
    if result.unkept:
        rest = f"nothing more was written to {session.app.displayName}"
        say_error(result.unkept, f"{rest}: {result.unkept.remedy}, then {THE_SAME}")
        return PARTIAL
    if result.interrupted:
        return left_over(result)
    if result.refused:
        say_error(result.refused, f"{_first(result.refused)}{THE_SAME}")
    left = [item for item in session.planned.findings.outstanding if Selection(only).names(item.address)]
    if left:
        _say_outstanding(session, left)
    return 0 if result.complete and not (session.planned.plan.errors or left) else PARTIAL


def _say_outstanding(session: Session, left: Iterable[Outstanding]) -> None:
    from reconciler.plan.outstanding import cautions
    from reconciler.report.text import caution_words

    say(f"Error: what an earlier apply requested of {session.app.displayName} is not done [Outstanding]")
    for item in cautions(session.planned.context, left):
        say(f"    {caution_words(item)}")


def _first(refused: ServiceError) -> str:
    """What to do before the same command is run again."""
    if refused.too_long:
        return ""
    return "fix the token; then " if refused.status else "see whether the service can be reached; then "


def _took(adopted: Collection[str]) -> str:
    """What is ours from now on without having been written to."""
    groups = sum(1 for address in adopted if is_group(address))
    kinds = [plural(number, noun) for number, noun in ((len(adopted) - groups, "account"), (groups, "group")) if number]
    return f" Took {' and '.join(kinds)} into the record." if kinds else ""
