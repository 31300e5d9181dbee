"""identity: how many accounts get another login, or another name by which they are matched. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.declare.names import fold
from reconciler.declare.wording import plural
from reconciler.plan.model import Caution
from reconciler.plan.renamings import known_by, renamings, shown
from reconciler.plan.safeguards.deletions import exceeds
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.model import Safeguard, some, verdict

NAME = "identity"
LOGIN = "username"


def identity(facts: Facts) -> Safeguard:
    """Blocks where the count or the percentage of active accounts in the record is exceeded, those of 24 hours together."""
    limits = facts.settings.identity
    renamed = [change.address for change in facts.written if renamings(facts.context, change)]
    earlier = facts.recently_renamed
    together, existing = earlier.union(map(fold, renamed)), len(facts.active)
    blocked = together != earlier and exceeds(limits, len(together), existing)
    before = f"; with the last 24 hours {plural(len(together), 'account')}" if earlier else ""
    least = "" if existing >= limits.minimumExisting else f" from {plural(limits.minimumExisting, 'account')} on"
    limit = f"{limits.count} or {limits.percent} %" if not least else f"{limits.count} ({limits.percent} %{least})"
    return Safeguard(
        NAME,
        verdict(blocked),
        f"{len(renamed)} of {plural(existing, 'account')} {'gets' if len(renamed) == 1 else 'get'} another login, e-mail or "
        f"matching value{before}; limit {limit}",
        {
            "accounts": len(together),
            "existing": existing,
            "earlier": len(earlier),
            "count": limits.count,
            "percent": limits.percent,
            "minimumExisting": limits.minimumExisting,
        },
        "if this many renames are intended, approve the plan",
        counted=frozenset(renamed),
    )


def renames(facts: Facts) -> Iterator[Caution]:
    """What is renamed to what, an attribute each, with the first few and the line that maps it."""
    slots, names = facts.context.resolution.user_mapping.slots, known_by(facts.context)
    for target, number in names.items():
        found = [a for change in facts.written for a in renamings(facts.context, change) if a.path == target]
        if found:
            pairs = [shown(a) for a in found]
            place = slots[number].mapping.place
            text = f"renames {_what(target, len(found))}: {_domains(pairs)}{some([f'{old} → {new}' for old, new in pairs])}"
            yield Caution("Renames", text, place.file, place.line)


def _what(target: str, number: int) -> str:
    if target.lower() == LOGIN:
        return plural(number, "login")
    return f"{target} of {plural(number, 'account')}"


def _domains(pairs: Iterable[tuple[str, str]]) -> str:
    """`@example.com → @example.org: ` where that is all that differs between the two."""
    moves = {(_domain(old), _domain(new)) for old, new in pairs}
    (old, new), *others = moves
    return f"{old} → {new}: " if not others and old and new and old != new else ""


def _domain(name: str) -> str:
    _, at, domain = name.rpartition("@")
    return at + domain if at else ""
