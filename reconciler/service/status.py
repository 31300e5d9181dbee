"""Synchronisation details: the service's part of an app's record and a moment in, what `reconcile status` shows out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from reconciler.record.service import Escrow, Service
from reconciler.service.clocks import OVERDUE_AFTER, between, is_ahead, next_cycle
from reconciler.service.failures import RECORD

CLOCKS_DIFFER = 60  # seconds, between two machines
FORMAT_VERSION = "1.0"
Health = Literal["healthy", "degraded", "blocked", "overdue", "failing", "quarantined", "off", "notRun"]
WORSE = ("off", "quarantined", "overdue")  # with which `reconcile status` exits 1


def details(app: str, name: str, service: Service, interval: int, now: str, running: str, closed: str) -> dict[str, Any]:
    """One app as schemas/status.schema.json has it.

    `interval` are the seconds between cycles where none has said so yet; `running` is since when a cycle is under way, `closed`
    is manual or off where no cycle writes; both are empty else.
    """
    every = service.get("interval", interval)
    cycle = service.get("cycle")
    return {
        "app": app,
        "displayName": name,
        "health": "off" if closed == "off" else health(service, every, now),
        "provisioning": closed or "on",
        "interval": every,
        "runningSince": running or None,
        "cycle": dict(cycle) if cycle else None,
        "counts": _counts(service),
        "lastSuccess": service.get("lastSuccess"),
        "steadySince": service.get("steadySince"),
        "nextCycle": (next_cycle(service, every, now) or None) if cycle and closed != "off" else None,
        "ahead": _ahead(service, now),
        "quarantine": _quarantine(service),
        "escrows": [_escrow(address, escrow, service) for address, escrow in sorted(service.get("escrows", {}).items())],
        "approvals": [dict(item) for item in service.get("approvals", [])],
        "held": sorted(service.get("held", {})),
        "drift": [{"address": address, "what": line} for address, line in sorted(service.get("drift", {}).items())],
        "notAsTold": [{"address": address, "what": line} for address, line in sorted(service.get("notAsTold", {}).items())],
    }


def health(service: Service, interval: int, now: str) -> Health:
    """The worst that holds."""
    if (quarantine := service.get("quarantine")) is not None:
        return "quarantined" if quarantine.get("next") else "off"
    if (cycle := service.get("cycle")) is None:
        return "notRun"
    if is_overdue(service, interval, now):
        return "overdue"
    known: Mapping[str, Health] = {"blocked": "blocked", "failed": "failing", "partial": "degraded"}
    return known.get(cycle.get("result", ""), "healthy")


def is_overdue(service: Service, interval: int, now: str) -> bool:
    """Whether the last success is longer ago than it may be; where there was none yet, the first cycle counts.

    A success that is ahead of the clock says nothing.
    """
    last, cycle = service.get("lastSuccess", ""), service.get("cycle", {})
    if not last or is_ahead(last, interval, now):
        last = service.get("begun") or cycle.get("started") or now
    return between(last, now) > OVERDUE_AFTER * interval


def _ahead(service: Service, now: str) -> str | None:
    """The latest moment of something that is said to have been, and is yet to come."""
    cycle, quarantine = service.get("cycle", {}), service.get("quarantine", {})
    latest = max(cycle.get("ended", ""), service.get("lastSuccess", ""), quarantine.get("since", ""))
    return latest if is_ahead(latest, CLOCKS_DIFFER, now) else None


def is_bad(shown: Mapping[str, Any]) -> bool:
    """Whether somebody has to do something about the app now; who is off by app.yaml is as declared."""
    if shown["provisioning"] == "off":
        return False
    return shown["health"] in WORSE or any(trouble["code"] in RECORD for trouble in shown.get("troubles", ()))


def document(apps: Iterable[dict[str, Any]], at: str) -> dict[str, Any]:
    """All apps, as they are at a moment."""
    return {"format_version": FORMAT_VERSION, "at": at, "apps": list(apps)}


def _counts(service: Service) -> dict[str, Any]:
    """Without numbers where no cycle came as far as a plan yet: what was not read is not known to be nothing."""
    cycle = service.get("cycle", {})
    skipped, counts = dict(cycle.get("skipped", {})), cycle.get("counts", {})
    is_known = bool(service.get("lastSuccess") or skipped or any(counts.values()) or cycle.get("result") != "failed")
    return {**(counts if is_known else {}), "skipped": skipped}


def _quarantine(service: Service) -> dict[str, Any] | None:
    if (state := service.get("quarantine")) is None:
        return None
    return {
        "reason": state.get("reason", ""),
        "message": state.get("message", ""),
        "since": state.get("since", ""),
        "nextAttempt": state.get("next") or None,
        "cycles": state.get("tries", 0),
    }


def _escrow(address: str, escrow: Escrow, service: Service) -> dict[str, Any]:
    """In quarantine all are tried with its next attempt, and none before."""
    again = service["quarantine"].get("next") if "quarantine" in service else escrow.get("next")
    return {
        "address": address,
        "action": escrow.get("action", ""),
        "code": escrow.get("code", ""),
        "httpStatus": escrow.get("status"),
        "message": escrow.get("message", ""),
        "remedy": escrow.get("remedy", ""),
        "since": escrow.get("since", ""),
        "tries": escrow.get("tries", 0),
        "nextTry": again or None,
    }
