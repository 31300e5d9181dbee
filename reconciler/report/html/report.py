"""What became of some apps as one page: status, approvals, privileged roles, days, cycles, the log, and one person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.plan.access.held import Held
from reconciler.report.html import access, log_rows
from reconciler.report.html.by_day import KINDS, bars, kind_of
from reconciler.report.html.listing import Listing, Row, listing
from reconciler.report.html.page import page
from reconciler.report.log_record import by_of, ours_of

STATUS = ("App", "Health", "Last success", "Next cycle", "In scope", "Provisioned", "Failed", "In escrow", "Drifted", "Remark")
CYCLES = ("Began", "App", "Occasion", "By", *(kind.capitalize() for kind in KINDS), "Cycle")
WAITING = ("App", "Safeguard", "Plan", "File of the approval")
COUNTS = ("in_scope", "provisioned", "failed", "escrowed", "drifted")
Logged = tuple[str, dict[str, Any]]  # the app's display name, and a record of its log


@dataclass(frozen=True)
class Period:
    """From when to when (ISO times, UTC), how many records of that time are left out for being the oldest of too many, and what
    the logs lack of it, in words.
    """

    since: str
    until: str
    left_out: int = 0
    lacking: tuple[str, ...] = ()


def render(status: Sequence[Mapping[str, Any]], held: Mapping[str, Iterable[Held]], log: Sequence[Logged], period: Period) -> str:
    """`status` as schemas/status.schema.json has its apps, `held` by the display name, `log` in the order of time."""
    tables = (
        listing("status", "Status", STATUS, map(_status, status), ("Health",)),
        listing("approvals", "Waiting for approval", WAITING, _approvals(status)),
        _privileged(held),
        listing("cycles", "Cycles that changed something", CYCLES, _cycles(log), ("App", "Occasion")),
    )
    records = listing(
        "log", "Log", log_rows.COLUMNS, (log_rows.row(app, record) for app, record in reversed(log)), log_rows.CHOICES
    )
    days = bars((record for _, record in log), period.since, period.until)
    return page("report.html", "Provisioning report", period=period, tables=tables, log=records, days=days, kinds=KINDS,
                timeline=log_rows.OBJECT)  # fmt: skip


def _status(app: Mapping[str, Any]) -> Row:
    counts, quarantine = app["counts"], app["quarantine"]
    remark = f"in quarantine since {quarantine['since']}: {quarantine['message']}" if quarantine else ""
    shut = f"provisioning is {app['provisioning']}" if app["provisioning"] != "on" else ""
    numbers = (f"{counts[name]:,}" if name in counts else "" for name in COUNTS)
    head = (app["displayName"], app["health"], app["lastSuccess"] or "none yet", app["nextCycle"] or "")
    bad = app["health"] in ("quarantined", "off", "overdue", "failing")
    return Row((*head, *numbers, "; ".join(filter(None, (remark, shut)))), mark="failed" if bad else "")


def _approvals(status: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for app in status:
        for item in app["approvals"]:
            yield Row((app["displayName"], item["safeguard"], item["plan"], item["file"]))


def _privileged(held: Mapping[str, Iterable[Held]]) -> Listing:
    rows = (access.row(app, row) for app, rows in held.items() for row in rows if row.privileged)
    return listing("privileged", "Who holds a privileged role", access.COLUMNS, rows, ("App", "What", "Source"))


def _cycles(log: Iterable[Logged]) -> list[Row]:
    """One row a cycle, the newest first."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for app, record in log:
        if record.get("cycleId") and kind_of(record):
            found.setdefault((app, str(record["cycleId"])), []).append(record)
    return [_cycle(app, cycle, records) for (app, cycle), records in reversed(found.items())]


def _cycle(app: str, cycle: str, records: Sequence[dict[str, Any]]) -> Row:
    first = records[0]
    kinds = [kind_of(record) for record in records]
    numbers = (f"{kinds.count(kind):,}" for kind in KINDS)
    occasion = str(ours_of(first).get("occasion", ""))
    cells = (str(first.get("activityDateTime", "")), app, occasion, by_of(first), *numbers, cycle)
    return Row(cells, mark="failed" if "failed" in kinds else "")
