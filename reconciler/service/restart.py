"""What `reconcile restart` does to the service's part of a record: a state in, the state without it out. Pure."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.declare.wording import plural
from reconciler.record.service import Service
from reconciler.service.escrow import released

Ended = tuple[Service, str]  # and what was ended, in words; empty where there was nothing


def restarted(service: Service, scope: str, now: str) -> tuple[Service, list[str]]:
    """`scope` is escrows, quarantine, watermark, or full for all three. With a quarantine what it held waits no longer."""
    words: list[str] = []
    names = ("escrows", scope) if scope == "quarantine" and scope in service else (scope,)
    for name, end in SCOPES.items():
        if name in names or scope == "full":
            service, said = end(service, now)
            words += [said] if said else []
    return service, words


def _escrows(service: Service, now: str) -> Ended:
    """Tried by the next cycle, and given 28 days anew."""
    escrows = service.get("escrows", {})
    if not escrows:
        return service, ""
    count = f"{plural(len(escrows), 'object')} in escrow {'is' if len(escrows) == 1 else 'are'}"
    return {**service, "escrows": released(escrows, now)}, f"{count} tried again by the next cycle"


def _quarantine(service: Service, now: str) -> Ended:
    """The next cycle is due an interval after the last one, as usual."""
    state = service.get("quarantine")
    if state is None:
        return service, ""
    left: Service = {**service}
    del left["quarantine"]
    return left, f"the quarantine since {state.get('since')} ({state.get('reason')}) is over"


def _watermark(service: Service, now: str) -> Ended:
    if "watermark" not in service:
        return service, ""
    left: Service = {**service}
    del left["watermark"]
    return left, "the next cycle is an initial one, which looks at everything again"


SCOPES: dict[str, Callable[[Service, str], Ended]] = {
    "escrows": _escrows,
    "quarantine": _quarantine,
    "watermark": _watermark,
}
