"""What `--only` names: whether anything is declared or recorded under it, and what was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.output import warn
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.record.open import recovered, store_of

if TYPE_CHECKING:
    from reconciler.record.model import Record

ADDRESS = "an address is User/<userPrincipalName> or Group/<displayName>, as it is declared or was last applied"


def known_addresses(only: tuple[str, ...], declarations: Declarations, apps: list[App]) -> None:
    """Raises UsageError where no address names anything: to select nothing must not read as nothing to do."""
    from reconciler.record.store import RecordError
    from reconciler.report.safe import plain

    known = _named(declarations) if only else {}
    if not only or any(fold(address) in known for address in only):
        return
    for app in apps:
        try:
            known |= _recorded(recovered(store_of(app, declarations)))
        except RecordError:  # said in words when the app's turn comes
            return
    if not any(fold(address) in known for address in only):
        said = [_unknown(address, known) for address in only]
        raise click.UsageError(plain("; ".join(said)) + "\n    " + ADDRESS)


def warn_unknown(only: tuple[str, ...], app: App, declarations: Declarations, record: Record | None) -> None:
    """One address among several, or in one app of several, that names nothing there."""
    known = _named(declarations) | _recorded(record) if only else {}
    for address in only:
        if fold(address) not in known:
            warn(app, _unknown(address, known))


def _named(declarations: Declarations) -> dict[str, str]:
    from reconciler.resolve.sources import group_addresses, user_addresses

    return {fold(name): name for name in (*user_addresses(declarations.users), *group_addresses(declarations.groups))}


def _recorded(record: Record | None) -> dict[str, str]:
    return {fold(name): name for name in record.entries} if record is not None else {}


def _unknown(address: str, known: dict[str, str]) -> str:
    from reconciler.declare.wording import nearly

    near = [known[name] for name in nearly(address, known)]
    return f"nothing that is declared or recorded is called {address}" + "".join(f"; did you mean {name}?" for name in near)
