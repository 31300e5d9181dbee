"""Names that look like another's: access rows, changes and live names in, cautions and warnings out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.declare.lookalikes import looks, mixes
from reconciler.declare.names import fold, is_user, name_of, user_address
from reconciler.declare.warned import Warned
from reconciler.plan.change import Action, Change
from reconciler.plan.context import Context
from reconciler.plan.model import Access, Caution


def lookalikes(context: Context, rows: Iterable[Access]) -> tuple[Caution, ...]:
    """One caution a person who gains what is privileged, where another declared or live account looks the same."""
    gained = {row.address: row for row in rows if row.gains and row.privileged and is_user(row.address)}
    if not gained:
        return ()
    users = context.resolution.declarations.users.column("userPrincipalName")
    others = {*users, *(account.name for account in context.live.users.values())}
    there = sorted(name for name in others if isinstance(name, str))
    twins = dict(_alike([name_of(address) for address in gained], there))
    return tuple(
        _caution(row, twins.get(name_of(address)))
        for address, row in gained.items()
        if name_of(address) in twins or mixes(name_of(address))
    )


def _caution(row: Access, twin: str | None) -> Caution:
    what = f"looks like {twin}, another account" if twin else "mixes letters of several scripts"
    return Caution("ConfusableName", f"{row.address}, who gains {row.what} (privileged), {what}", row.file, row.line)


def resemblances(context: Context, changes: Iterable[Change]) -> Iterator[Warned]:
    """A warning for each new account whose name looks like that of one which is there.

    Of two names in ASCII nothing is said: `bill1` beside `billl` is everyday, and a privileged gain is cautioned of anyway.
    """
    new = sorted(name_of(change.address) for change in changes if change.action == Action.CREATE and is_user(change.address))
    if not new:  # most plans: 100,000 live names are not sorted for nothing
        return
    there = sorted({account.name for account in context.live.users.values() if isinstance(account.name, str)})
    plain, odd = [name for name in new if name.isascii()], [name for name in new if not name.isascii()]
    for name, twin in sorted([*_alike(odd, there), *_alike(plain, [name for name in there if not name.isascii()])]):
        address = user_address(name)
        words = f"{address} looks like {twin}, another account that is there: make sure that the one is not taken for the other"
        yield Warned("looks-alike", words, address)


def _alike(names: list[str], others: list[str]) -> Iterator[tuple[str, str]]:
    """(name, the first among others that looks the same and is another) for each that has one."""
    if not (names and others):
        return
    wanted = looks(names)
    twins: dict[str, list[str]] = {look: [] for look in wanted}
    for other, look in zip(others, looks(others), strict=True):
        if look in twins:
            twins[look].append(other)
    for name, look in zip(names, wanted, strict=True):
        if twin := next((other for other in twins[look] if fold(other) != fold(name)), None):
            yield name, twin
