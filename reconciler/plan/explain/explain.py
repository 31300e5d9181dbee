"""Everything about one object in five steps: what planning rests on in, an explanation out. Nothing is decided here. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.declare.model import App, Place, fold
from reconciler.declare.sources import sources
from reconciler.plan.context import Context
from reconciler.plan.explain.edits import assignments_end, edits
from reconciler.plan.explain.match import account, candidates, match_step
from reconciler.plan.explain.model import Account, Check, Edit, Explanation, Step
from reconciler.plan.explain.scope import scope, seen_filters
from reconciler.plan.explain.subject import Subject
from reconciler.plan.live import Live
from reconciler.plan.match import match
from reconciler.plan.model import REDACTED, Change, ObjectError
from reconciler.plan.planner import Planned, revoked
from reconciler.plan.selection import Selection, select
from reconciler.record.entries import Entries
from reconciler.record.model import Record
from reconciler.resolve.functions import Chance
from reconciler.resolve.model import Resolution


class _Part(NamedTuple):
    """What a plan with this object alone says."""

    changes: tuple[Change, ...]
    words: tuple[str, ...]
    errors: tuple[ObjectError, ...]


def offline(app: App, resolution: Resolution, record: Record | None) -> Context:
    """What can be known without the service."""
    entries = record.entries if record is not None else Entries()
    live = Live()
    matching = match(resolution, live, entries)
    return Context(app, resolution, live, entries, record is not None, matching, revoked(record, matching))


def explain(context: Context, address: str, connection: Step, planned: Planned | None, chance: Chance) -> Explanation:
    """One object of one app; `planned` is None where the service was not read.

    `address` is that of a declared object, else that of one in the record.
    """
    part = _part(planned, address) if planned is not None else None
    declared = fold(address.partition("/")[2]) in context.resolution.table(address)
    return (_declared if declared else _recorded)(context, address, connection, part, chance)


def _part(planned: Planned, address: str) -> _Part:
    recorded = planned.context.matching.recorded.get(address, address)
    changes, notes = select(planned.context, planned.everything, Selection((address, recorded)))
    own = tuple(name + mark for name in (address, recorded) for mark in (" ", ":"))
    words = [text for text in (*notes, *planned.plan.warnings) if text.startswith(own)]
    errors = tuple(error for error in planned.plan.errors if error.address == address)
    return _Part(changes, tuple(words), errors)


def _declared(context: Context, address: str, connection: Step, part: _Part | None, chance: Chance) -> Explanation:
    subject = Subject(context, address, chance)
    place, filters = subject.place, seen_filters(subject)
    tried = candidates(subject) if part is not None else ()
    found = account(context, address, tried)
    judged = scope(subject, filters)
    inside = judged.status == "success"
    skip = context.resolution.skipped.get(address)
    steps = (
        connection, _imported(subject), judged, match_step(context, address, part is not None, found, tried),
        _action(context, address, inside, part, found),
    )  # fmt: skip
    filters = tuple(
        item._replace(clauses=tuple(c._replace(seen=_hide(subject, c.attribute, c.seen)) for c in item.clauses))
        for item in filters
    )
    return Explanation(
        context.app.name, context.app.displayName, address, str(subject.get("displayName") or ""), place, inside,
        skip.code if skip else None, steps, _attributes(subject), filters, tuple(subject.grants()),
        tuple(subject.mappings), tried, found, part.changes if part else (), () if inside else edits(subject, filters),
    )  # fmt: skip


def _imported(subject: Subject) -> Step:
    place, earlier = subject.place, subject.context.resolution.table(subject.address).column("previously")[subject.row]
    names = [Check("Earlier names", True, ", ".join(map(str, earlier)))] if earlier else []
    return Step("import", "success", f"declared at {place.file}:{place.line}", tuple(names))


def _attributes(subject: Subject) -> tuple[tuple[str, object], ...]:
    """The declared attributes, and those that we compute."""
    table = subject.context.resolution.table(subject.address)
    row = table.at(subject.row).row
    computed = ("IsSoftDeleted",) if subject.is_user else ()
    shown = {name: value for name, value in row.items() if name not in ("previously", "members")}
    extension = shown.pop("extensionAttributes", None) or {}
    shown |= {f"extensionAttributes.{key}": value for key, value in extension.items()}
    shown |= {name: subject.get(name) for name in computed}
    order = {name: number for number, name in enumerate(sources("users" if subject.is_user else "groups"))}
    names = sorted(shown, key=lambda name: (order.get(name, len(order)), name))
    return tuple((name, _hide(subject, name, shown[name])) for name in names)


def _hide(subject: Subject, name: str, value: object) -> object:
    return value and REDACTED if name in subject.hidden else value


def _recorded(context: Context, address: str, connection: Step, part: _Part | None, chance: Chance) -> Explanation:
    """An account that we manage, and that nobody declares any more."""
    found = account(context, address, ())
    imported = Step("import", "failure", "no longer in the directory; the record knows it")
    judged = Step("scope", "failure", "out of scope: nobody declares it", remedy="declare it, or let its account be taken away")
    steps = (connection, imported, judged, match_step(context, address, part is not None, found, ()),
             _action(context, address, False, part, found))  # fmt: skip
    return Explanation(context.app.name, context.app.displayName, address, found.name if found else "", None, False, None, steps,
                       account=found, changes=part.changes if part else (), edits=tuple(_declare(context, address)))  # fmt: skip


def _declare(context: Context, address: str) -> Iterable[Edit]:
    table, (kind, _, name) = context.resolution.table(address), address.partition("/")
    folder = f"{context.resolution.declarations.folder}/directory/{kind.lower()}s/{kind.lower()}s.yaml"
    place = Place(table.files[-1], table.lines[-1]) if table.files else Place(folder, 1)
    yield Edit(f"declare `- {table.key}: {name}` again, or add `previously: [{name}]` where it bears another name", place)
    if context.app.provisioning.scope != "all":
        yield Edit(f"assign {name} to the app", assignments_end(context.app))


def _action(context: Context, address: str, inside: bool, part: _Part | None, found: Account | None) -> Step:
    """What would follow, exactly as `plan --only` says it."""
    off = _closed(context.app)
    if part is None:
        return Step("action", "skipped", "not known, since the service was not asked", off)
    words = (*off, *(Check("Note", None, text) for text in part.words))
    if part.errors:
        error = part.errors[0]
        return Step("action", "failure", f"{error.code}: {error.reason}", words, error.remedy)
    own = [change for change in part.changes if change.address in (address, context.matching.recorded.get(address))]
    others = [change for change in part.changes if change not in own]
    said = [f"{change.action}: {change.reason}" for change in own] + [f"{c.action} {c.address}: {c.reason}" for c in others]
    return Step("action", "success", "; ".join(said) or _nothing(context, address, inside, found), words)


def _nothing(context: Context, address: str, inside: bool, found: Account | None) -> str:
    known = context.matching.recorded.get(address, address) in context.entries
    if not inside:
        if found is None or not known:
            return "nothing: no account of ours is there"
        return "nothing: its account is " + ("left as it is" if found.active else "disabled already")
    if found is None:
        return "nothing is done"
    return "no change: the account is as wanted" + ("" if known else ", and goes into the record")


def _closed(app: App) -> tuple[Check, ...]:
    if app.provisioning.mode == "manual":
        return (Check("Provisioning is automatic", False, "mode is manual: apply refuses to write"),)
    if app.provisioning.status == "off":
        return (Check("Provisioning is on", False, "status is off: apply writes nothing"),)
    return ()
