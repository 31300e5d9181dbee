"""An event in one line of plain English. No I/O."""

from __future__ import annotations

import re

from reconciler.declare.wording import plural
from reconciler.report.event.model import Event
from reconciler.report.safe import plain

LONGEST = 150  # characters of a line that a list of mails shows
# What a failure of the service itself keeps it from, by its reason.
OF_THE_SERVICE = {
    "RemoteUnreachable": "what is merged does not arrive",
    "NotMerged": "no cycle begins",
    "HistoryRewritten": "no cycle begins",
}
ENTRY = re.compile(r"\n(?=- \{plan: )")  # before an entry of an approval
REPAIRED = "Repaired"  # the reason of drift that a cycle has written over
OFF = "Off"  # the reason of an app that four weeks of quarantine have turned off


def headline(event: Event) -> str:
    """What happened, in one line without the app's name; safe for a header, a terminal and a log."""
    words = {"changed": "for another reason now, ", "lasts": "still, ", "test": "a test, nothing is wrong: "}.get(event.phase, "")
    return cut(words + _what(event))


def subject(event: Event) -> str:
    """The same with the app's name: one line of at most 150 characters."""
    return cut(f"[reconcile] {event.display_name}: {headline(event)}")


def named(kind: str, reason: str) -> str:
    """A cause in few words, as it is told when it has ended."""
    words = {"failure": "a failure", "blocked": "held back by a safeguard", "approvalNeeded": "waiting for an approval"}.get(
        kind, kind
    )
    return f"{words} ({reason})"


def cut(text: str, most: int = LONGEST) -> str:
    """One line of it, all that cannot be seen escaped."""
    shown = plain(text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def remedy_of(event: Event, most: int) -> list[str]:
    """What to do in a line, and the entries of approvals to paste, each in one; no line where nothing is known."""
    return [cut(line, most) for line in ENTRY.split(event.remedy)] if event.remedy else []


def more(event: Event) -> str:
    """How many there are beside those that are named; empty where all are."""
    left = event.total - len(event.affected)
    return f"and {left:,} more" if left > 0 else ""


def _what(event: Event) -> str:
    objects = plural(event.total, "object")
    match event.kind:
        case "failure" if event.reason in OF_THE_SERVICE:
            return f"{OF_THE_SERVICE[event.reason]} ({event.reason})"
        case "failure" if not event.app:
            return f"no app can be provisioned ({event.reason})"
        case "failure":
            return f"{objects if event.total else 'the whole app'} could not be provisioned ({event.reason})"
        case "blocked":
            several = ", " in event.reason
            hold = f"safeguards {event.reason} hold" if several else f"safeguard {event.reason} holds"
            return f"the {hold} back {plural(event.total, 'change')}"
        case "quarantine" if event.reason == OFF:
            return "provisioning is off after four weeks in quarantine"
        case "quarantine":
            return f"in quarantine ({event.reason})"
        case "drift":
            then = ", and written over" if event.reason == REPAIRED else ""
            return f"{objects} {'was' if event.total == 1 else 'were'} changed at the service by somebody else{then}"
        case "approvalNeeded":
            return f"a plan waits for an approval ({event.reason})"
        case "recovery":
            return "over: " + ", ".join(event.ended)
    raise ValueError(event.kind)
