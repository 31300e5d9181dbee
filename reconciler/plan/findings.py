"""What each phase of planning comes to, and how the phases' results are joined. Data, and words from it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.declare.warned import Warned
from reconciler.plan.change import Change
from reconciler.plan.outstanding import Outstanding
from reconciler.plan.warnings import listed

ByTarget = dict[str, list[str]]
Key = TypeVar("Key", str, Warned)
ByReason = dict[Warned, list[str]]


@dataclass
class Findings:
    """What a phase of planning came to.

    `ignored` are addresses by the target of which the service keeps another value, `uncleared` those by one that it was told to
    clear, `untouched` those by the reason why they are left as they are, `outstanding` is what the service was to take, and left.
    `retained` are those who leave and keep an active account, by the words that say on whose account. A reason is a warning
    that names nobody yet.
    `kept_out` counts those in scope who were revoked by hand, `released` are recorded addresses that are out of scope and with
    which nothing is left to be done.
    """

    changes: list[Change] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    unchanged: int = 0
    adopted: int = 0
    kept_out: int = 0
    untouched: ByReason = field(default_factory=dict)
    ignored: ByTarget = field(default_factory=dict)
    uncleared: ByTarget = field(default_factory=dict)
    retained: ByReason = field(default_factory=dict)
    outstanding: list[Outstanding] = field(default_factory=list)
    released: set[str] = field(default_factory=set)

    def said(self) -> list[Warned]:
        """The warnings; why objects are left as they are is said once a reason."""
        reasons = sorted([*self.untouched.items(), *self.retained.items()], key=lambda reason: (reason[0].text, reason[1]))
        return [*self.warnings, *(why._replace(text=f"{listed(addresses)}: {why.text}") for why, addresses in reasons)]

    def left(self, code: str, why: str, address: str) -> None:
        """An object is not what it should be, and stays so."""
        self.untouched.setdefault(Warned(code, why), []).append(address)

    def keeps(self, code: str, why: str, address: str) -> None:
        """Somebody leaves, and keeps an active account."""
        self.retained.setdefault(Warned(code, why), []).append(address)


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
        _add(total.untouched, phase.untouched)
        _add(total.retained, phase.retained)
        _add(total.ignored, phase.ignored)
        _add(total.uncleared, phase.uncleared)
    return total


def _add(total: dict[Key, list[str]], phase: Mapping[Key, list[str]]) -> None:
    for key, addresses in phase.items():
        total.setdefault(key, []).extend(addresses)
