"""All that a plan says beside its changes: who gains what, errors, warnings, cautions, and how many of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from reconciler.declare.warned import Warned
from reconciler.plan import expired, privileged, role_notes, undeclared_renames, unmapped
from reconciler.plan.access.endings import endings
from reconciler.plan.access.rows import access
from reconciler.plan.change import Change
from reconciler.plan.context import Context
from reconciler.plan.findings import Findings
from reconciler.plan.live import LiveObject
from reconciler.plan.lookalikes import lookalikes, resemblances
from reconciler.plan.model import Access, Caution, Ending, Kept, LooksRenamed, ObjectError, Unmanaged
from reconciler.plan.notices import faults, of_provisioning, of_record
from reconciler.plan.outstanding import Outstanding, cautions
from reconciler.plan.reenabled import reenabled
from reconciler.plan.roles_staying import of_everyday
from reconciler.plan.selection import Selection
from reconciler.plan.strangers import PRIVILEGED, of_strangers
from reconciler.plan.unmanaged import Directory
from reconciler.plan.unreached import Unreached, unreached
from reconciler.plan.unreached import cautions as untaken
from reconciler.plan.warnings import fixed, ignored, of_declared, of_mappings, of_service, refused, to_confirm, uncleared
from reconciler.record.model import Record

EVERYTHING = Selection()


@dataclass(frozen=True)
class Told:
    """`selected` are the plan's changes; `left_out` says what the selection leaves out of them."""

    context: Context
    findings: Findings
    selection: Selection
    selected: tuple[Change, ...]
    left_out: list[Warned]
    record: Record | None
    base_url: str

    @cached_property
    def access(self) -> tuple[Access, ...]:
        return access(self.context, self.selected)

    def ends(self) -> tuple[Ending, ...]:
        """Last days that are others than before."""
        return endings(self.context, self.access, self.selection)

    @cached_property
    def looks_renamed(self) -> tuple[LooksRenamed, ...]:
        return undeclared_renames.renames(self.context, self.selected)

    @cached_property
    def unmanaged(self) -> tuple[Unmanaged, ...]:
        return self._directory.classed(self._strangers)

    @cached_property
    def kept(self) -> tuple[Kept, ...]:
        """What people keep unmanaged from this apply on; a plan of a part does not tell."""
        fresh = (*unmapped.fresh(self.context, self._stays), *(item.kept for item in self._unreached))
        return fresh if self.selection == EVERYTHING and self.context.live.part is None else ()

    def errors(self) -> tuple[ObjectError, ...]:
        context = self.context
        found = (*context.matching.errors, *faults(context.resolution), *unmapped.errors(context, self._stays))
        return tuple(error for error in found if self.selection.names(error.address))

    def warnings(self) -> tuple[Warned, ...]:
        """All of them; those that were true before this plan stand last."""
        return (
            *of_provisioning(self.context.app),
            *of_record(self.record, self.base_url),
            *self.left_out,
            *of_mappings(self.context),
            *expired.warnings(self.context, self.record is not None, self.selection),
            *of_declared(self.context, self._differ),
            *to_confirm(self.context, self.selected),
            *of_everyday(self.context),
            *resemblances(self.context, self.selected),
            *self.findings.said(),
            *(self._still_active if self.record is None else ()),
            *(item for item in self._of_strangers if item.code == PRIVILEGED),  # much access that no file knows of is in no fold
            *self.standing,
        )

    @cached_property
    def standing(self) -> tuple[Warned, ...]:
        """The warnings that tell of what was so before this plan."""
        return (
            *(item for item in self._of_strangers if item.code != PRIVILEGED),
            *self.context.live.notes,
            *of_service(self.context),
            *role_notes.warnings(self.context),
            *ignored(self.context, self.findings.ignored),
            *uncleared(self.context, self.findings.uncleared),
            *unmapped.warnings(self.context, self._stays),
            *(self._still_active if self.record is not None else ()),
        )

    @cached_property
    def _of_strangers(self) -> tuple[Warned, ...]:
        return tuple(of_strangers(self.context, self.selected))

    def cautions(self) -> tuple[Caution, ...]:
        context = self.context
        return (
            *role_notes.cautions(context),
            *undeclared_renames.cautions(context, self.looks_renamed),
            *unmapped.cautions(context, unmapped.fresh(context, self._stays)),
            *untaken(context, self._unreached),
            *privileged.ended(context),
            *cautions(context, self._outstanding),
            *reenabled(context, self.selected),
            *lookalikes(context, self.access),
        )

    # How many objects

    def ignored(self) -> int:
        found = self.findings
        return _count([*found.ignored.values(), *found.uncleared.values(), *refused(self.context).values()])

    def left(self) -> int:
        stays = [item.address for item in self._stays]
        return _count([*self.findings.untouched.values(), *self._differ.values(), stays]) + self.findings.kept_out

    def outstanding(self) -> int:
        return len({item.address for item in self._outstanding})

    # What several of these rest on

    @cached_property
    def _stays(self) -> tuple[Kept, ...]:
        return unmapped.kept(self.context)

    @cached_property
    def _unreached(self) -> tuple[Unreached, ...]:
        return unreached(self.context)

    @cached_property
    def _differ(self) -> dict[str, list[str]]:
        return fixed(self.context)

    @cached_property
    def _outstanding(self) -> list[Outstanding]:
        return [item for item in self.findings.outstanding if self.selection.names(item.address)]

    @cached_property
    def _directory(self) -> Directory:
        return Directory(self.context.app, self.context.resolution)

    @cached_property
    def _strangers(self) -> list[LiveObject]:
        users = self.context.live.users
        return sorted(users[id] for id in users.keys() - self.context.matching.addresses.keys())

    @cached_property
    def _still_active(self) -> list[Warned]:
        return self._directory.still_active(self._strangers)


def _count(lists: Iterable[list[str]]) -> int:
    """How many addresses there are in some lists, each counted once."""
    return len({address for addresses in lists for address in addresses})
