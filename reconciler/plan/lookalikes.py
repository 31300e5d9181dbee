"""Who gains a privileged role or group under a name that looks like another's: access rows and names in, cautions out. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.declare.lookalikes import looks, mixes
from reconciler.declare.names import fold, is_user, name_of
from reconciler.plan.context import Context
from reconciler.plan.model import Access, Caution


def lookalikes(context: Context, rows: Iterable[Access]) -> tuple[Caution, ...]:
    """One caution a person who gains what is privileged, where another declared or live account looks the same."""
    gained = {row.address: row for row in rows if row.gains and row.privileged and is_user(row.address)}
    if not gained:
        return ()
    others = [*context.resolution.declarations.users.column("userPrincipalName"), *(a.name for a in context.live.users.values())]
    names = {name for name in others if isinstance(name, str)}
    wanted = dict(zip(looks([name_of(address) for address in gained]), gained.values(), strict=True))
    twins: dict[str, str] = {}
    for name, key in sorted(zip(names, looks(list(names)), strict=True)):
        if key in wanted and fold(name) != fold(name_of(wanted[key].address)):
            twins.setdefault(wanted[key].address, name)
    return tuple(_caution(row, twins.get(address)) for address, row in gained.items()
                 if address in twins or mixes(name_of(address)))  # fmt: skip


def _caution(row: Access, twin: str | None) -> Caution:
    what = f"looks like {twin}, another account" if twin else "mixes letters of several scripts"
    return Caution("ConfusableName", f"{row.address}, who gains {row.what} (privileged), {what}", row.file, row.line)
