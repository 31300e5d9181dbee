"""What is said of addresses and ids that were typed and that nothing has: an error, or a warning of one app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.output import warn
from reconciler.cli.wrong_usage import UnknownName
from reconciler.cycle.addresses import Unknown, unknown, unknown_everywhere
from reconciler.declare.model import App, Declarations
from reconciler.declare.warned import Warned
from reconciler.declare.wording import did_you_mean

if TYPE_CHECKING:
    from reconciler.record.model import Record

ADDRESS = "an address is User/<userPrincipalName> or Group/<displayName>, as it is declared or was last applied"


def known_addresses(only: tuple[str, ...], declarations: Declarations, apps: list[App]) -> None:
    """Raises UsageError where an address names nothing in any app: a slip must not read as nothing to do."""
    from reconciler.report.safe import plain

    if nameless := unknown_everywhere(only, declarations, apps):
        remedies = [did_you_mean(item.near, "") for item in nameless if item.near] or [ADDRESS]
        raise UnknownName("\n    ".join([plain("; ".join(map(_words, nameless))), *map(plain, remedies)]))


def no_account(id: str) -> UnknownName:
    """What to say of the id of an account that the service does not have."""
    remedy = "`reconcile access --unmanaged` lists those that nobody declared"
    return UnknownName(f"the service shows no account with the id {id!r}\n    {remedy}")


def warn_unknown(only: tuple[str, ...], app: App, declarations: Declarations, record: Record | None) -> None:
    """An address that names nothing in one app of several."""
    for item in unknown(only, declarations, [record] if record is not None else []):
        meant = f"; {did_you_mean(item.near, '')}" if item.near else ""
        warn(app, Warned("UnknownName", _words(item) + meant))


def _words(item: Unknown) -> str:
    return f"nothing that is declared or recorded is called {item.address}"
