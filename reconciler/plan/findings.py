"""What each phase of planning comes to, and how the phases' results are joined. Data, and words from it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.plan.model import Change
from reconciler.plan.outstanding import Outstanding
from reconciler.plan.warnings import listed

ByReason = dict[str, list[str]]


@dataclass
class Findings:
    """What a phase of planning came to.

    `ignored` are addresses by the target of which the service keeps another value, `uncleared` those by one that it was told to
    clear, `untouched` those by the reason why they are left as they are, `outstanding` is what the service was to take, and left.
    `retained` are those who leave and keep an active account, by the words that say on whose account.
    `kept_out` counts those in scope who were revoked by hand, `released` are recorded addresses that are out of scope and with
    which nothing is left to be done.
    """

    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unchanged: int = 0
    adopted: int = 0
    kept_out: int = 0
    untouched: ByReason = field(default_factory=dict)
    ignored: ByReason = field(default_factory=dict)
    uncleared: ByReason = field(default_factory=dict)
    retained: ByReason = field(default_factory=dict)
    outstanding: list[Outstanding] = field(default_factory=list)
    released: set[str] = field(default_factory=set)

    def said(self) -> list[str]:
        """The warnings; why objects are left as they are is said once a reason."""
        reasons = sorted([*self.untouched.items(), *self.retained.items()])
        return [*self.warnings, *(f"{listed(addresses)}: {why}" for why, addresses in reasons)]

    def left(self, why: str, address: str) -> None:
        """An object is not what it should be, and stays so."""
        self.untouched.setdefault(why, []).append(address)


def joined(phases: Iterable[Findings]) -> Findings:
    """What several phases came to together, in their order."""
    total = Findings()
    for phase in phases:
        total.changes += phase.changes
        total.warnings += phase.warnings
        total.unchanged += phase.unchanged
        total.adopted += phase.adopted
        total.kept_out += phase.kept_out
        total.outstanding += phase.outstanding
        total.released |= phase.released
        for whole, part in (
            (total.untouched, phase.untouched),
            (total.ignored, phase.ignored),
            (total.uncleared, phase.uncleared),
            (total.retained, phase.retained),
        ):
            for reason, addresses in part.items():
                whole.setdefault(reason, []).extend(addresses)
    return total
