"""Approvals of app folders: which of them let a plan, or what is left of it, through one safeguard. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.declare.model import Approval
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.plan.change import Change
from reconciler.plan.digest import plan_digest
from reconciler.plan.model import Kept, Plan
from reconciler.plan.safeguards.facts import days_after
from reconciler.plan.safeguards.model import NEVER_LIFTED

IN_WORDS = {
    "mixed": "it came in one change with other declarations, or is in no commit: merge it in a change of its own",
    "": "how it came is not known: fetch the whole history of the checkout (fetch-depth: 0)",
}
VALID_DAYS = 7  # of the entry that a blocked plan prints


class Approved:
    """The approvals that hold on a day; `plans` are the plan that was made and those of reviewed files."""

    def __init__(
        self,
        approvals: Iterable[Approval],
        today: str,
        plans: Iterable[Plan],
        kept: Mapping[str, list[str]],
        separate: bool = False,
    ) -> None:
        self.every, self.today = tuple(approvals), today
        self.approvals = tuple(a for a in self.every if a.came == "alone" or not separate)
        self.covered = {digest: set(things) for digest, things in kept.items()}
        self.changes: dict[str, set[str]] = {}
        self.kept: dict[str, tuple[Kept, ...]] = {}
        for plan in plans:
            # A file may have been edited: only its changes' digests, and theirs in its own, bind what was approved.
            own = plan_digest(plan.app, plan.base_url, plan.only, plan.selected_causes, plan.changes, plan.kept, plan.part)
            if own == plan.digest:
                self.changes[plan.digest] = {change.digest for change in plan.changes}
                self.kept[plan.digest] = plan.kept

    def lifts(self, safeguard: str, written: Iterable[Change]) -> bool:
        """Whether every change is one of a plan that is approved for this safeguard."""
        if safeguard in NEVER_LIFTED:
            return False
        plans = self._plans(safeguard)
        changes = set().union(*(self.changes.get(plan, ()) for plan in plans))
        things = set().union(*(self.covered.get(plan, ()) for plan in plans))
        return bool(plans) and all(change.digest in changes or things.issuperset(change.things()) for change in written)

    def agrees(self, safeguard: str, kept: tuple[Kept, ...]) -> bool:
        """Whether an approved plan has said who keeps what unmanaged; where nobody does, there is nothing to say."""
        return not kept or any(self.kept.get(plan) == kept for plan in self._plans(safeguard))

    def used(self, written: Iterable[Change]) -> tuple[str, ...]:
        """Digests of the plans whose approvals cover these changes."""
        changes = tuple(written)
        names = {a.safeguard for a in self.approvals} if changes else ()
        return tuple(sorted({plan for name in names if self.lifts(name, changes) for plan in self._plans(name)}))

    def lifting(self, safeguard: str) -> list[Approval]:
        """The entries that may lift a safeguard today."""
        return [a for a in self.approvals if a.safeguard == safeguard and self._holds(a) and a.plan in self._known()]

    def _plans(self, safeguard: str) -> set[str]:
        return {a.plan for a in self.lifting(safeguard)}

    def _holds(self, approval: Approval) -> bool:
        return approval.expires is None or approval.expires >= self.today

    def _known(self) -> set[str]:
        return self.changes.keys() | self.covered.keys()

    def warnings(self) -> Iterator[Warned]:
        """Entries that do nothing although they could be meant for this plan, and why."""
        for item in self.every:
            where = f"the approval at {item.place.file}:{item.place.line}"
            if self._is_spent(item):
                continue
            if item.safeguard in NEVER_LIFTED:
                yield Warned("ApprovalWithoutEffect", f"{where} does nothing: no approval lifts {item.safeguard}")
            elif item not in self.approvals:
                words = f"{where} does nothing: {IN_WORDS[item.came]}, and `approvals: separate` takes none of those"
                yield Warned("ApprovalWithoutEffect", words)

    def spent(self) -> Iterator[Warned]:
        """One line for all entries that have expired, or are for another plan."""
        spent = [item for item in self.every if self._is_spent(item)]
        if spent:
            where = ", ".join(f"{item.place.file}:{item.place.line} ({self._why_spent(item)})" for item in spent)
            words = f"{plural(len(spent), 'approval')} {'does' if len(spent) == 1 else 'do'} nothing here: {where}"
            yield Warned("ApprovalSpent", words)

    def _is_spent(self, item: Approval) -> bool:
        takes = item.safeguard not in NEVER_LIFTED and item in self.approvals
        return not self._holds(item) or (takes and item.plan not in self._known())

    def _why_spent(self, item: Approval) -> str:
        return "for another plan" if self._holds(item) else f"expired on {item.expires}"


def entry(digest: str, safeguard: str, now: str) -> dict[str, str]:
    """What to write into approvals.yaml, once its reason is filled in: this one is refused."""
    return {"plan": digest, "safeguard": safeguard, "reason": "say why", "expires": days_after(now, VALID_DAYS)}
