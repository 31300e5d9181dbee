"""Accounts that are nobody's, classed as Entra's account discovery does: local, unassigned, assigned. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from reconciler.declare.model import App
from reconciler.declare.names import fold, fold_all, is_user
from reconciler.declare.warned import Warned
from reconciler.plan.live import LiveObject
from reconciler.plan.model import Unmanaged
from reconciler.resolve.model import Resolution
from reconciler.resolve.scope import flatten, holdings


class Directory:
    """Declared users by the first matching attribute that comes straight from a source, as Entra compares them."""

    def __init__(self, app: App, resolution: Resolution) -> None:
        self.app, self.resolution = app, resolution
        mapping = resolution.user_mapping
        direct = (i for i in mapping.matching if mapping.slots[i].mapping.kind == "source")
        self.slot = next(direct, None)
        self.source = "userPrincipalName" if self.slot is None else str(mapping.slots[self.slot].mapping.value)

    @cached_property
    def users(self) -> dict[str, str]:
        """Folded value of the attribute -> folded name of the user."""
        table = self.resolution.declarations.users
        if self.source == table.key:
            return {name: name for name in table.index}
        values: list[Any] = table.column(self.source)
        held = [(values[row], name) for name, row in table.index.items() if isinstance(values[row], str)]
        return dict(zip(fold_all([value for value, _ in held]), (name for _, name in held), strict=True))

    @cached_property
    def assigned(self) -> set[str]:
        """Folded names of everyone whom an assignment that has not expired reaches."""
        flat = flatten(self.resolution.declarations.groups, self.app.provisioning.nestedGroups)
        today = self.resolution.today
        held = holdings(self.app, flat)
        return {name for name, items in held.items() if any(i.expires is None or i.expires >= today for i in items)}

    def user(self, account: LiveObject) -> str | None:
        """The folded name of the declared user whose matching attribute an account bears."""
        value = account.name if self.slot is None else account.values[self.slot]
        return self.users.get(fold(str(value))) if value is not None else None

    def kind(self, account: LiveObject) -> str:
        name = self.user(account)
        if name is None:
            return "local"
        return "assigned" if name in self.assigned else "unassigned"

    def classed(self, accounts: Iterable[LiveObject]) -> tuple[Unmanaged, ...]:
        """Each account with its class, in the order given.

        `local`: no declared user has its matching attribute; `unassigned`: one has, and is not assigned to the app;
        `assigned`: one has, and is, though not provisioned (disabled, filtered out, in error).
        """
        return tuple(Unmanaged(item.id, item.name, self.kind(item)) for item in accounts)

    def named(self, accounts: Iterable[LiveObject], name: str) -> list[LiveObject]:
        """The accounts that bear a folded name, or the matching attribute of the declared user of that name."""
        return [account for account in accounts if name in (fold(account.name), self.user(account))]

    def still_active(self, accounts: Iterable[LiveObject]) -> list[Warned]:
        """Whose access may outlive its assignment: declared users out of scope whose active account is nobody's."""
        skipped = {fold(address): skip for address, skip in self.resolution.skipped.items() if is_user(address)}
        found = {
            skipped[key]: account.name
            for account in accounts
            if skipped and account.active
            for key in (f"user/{fold(account.name)}", f"user/{self.user(account)}")
            if key in skipped
        }
        return [
            Warned(
                "UnmanagedOutOfScope",
                f"{skip.address} is not in scope ({skip.code}), but an active account that we do not manage has this name or "
                f"matching attribute: {name}",
                skip.address,
            )
            for skip, name in sorted(found.items())
        ]
