"""Everything about one object in five steps: what planning rests on in, an explanation out. Nothing is decided here. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.declare.model import App
from reconciler.declare.names import kind_of, name_of, row_key
from reconciler.declare.place import Place
from reconciler.declare.source_attributes import sources
from reconciler.declare.yaml.scalars import spelled
from reconciler.plan.change import REDACTED
from reconciler.plan.context import Context, gather
from reconciler.plan.explain.edits import assignments_end, edits
from reconciler.plan.explain.from_plan import Part, part
from reconciler.plan.explain.match import account, candidates, match_step, not_asked
from reconciler.plan.explain.model import Account, Check, Edit, ExplainedStep, Explanation
from reconciler.plan.explain.scope import scope, seen_filters
from reconciler.plan.explain.subject import Subject
from reconciler.plan.live import Live
from reconciler.plan.matching.match import match
from reconciler.plan.planner import Planned
from reconciler.plan.provisioning import closed_by
from reconciler.record.entries import Entries
from reconciler.record.model import Record
from reconciler.resolve.expressions.functions import Chance
from reconciler.resolve.model import Resolution


def offline(app: App, resolution: Resolution, record: Record | None) -> Context:
    """What can be known without the service."""
    live = Live()
    matching = match(resolution, live, record.entries if record is not None else Entries())
    return gather(app, resolution, live, record, matching)


def explain(context: Context, address: str, connection: ExplainedStep, planned: Planned | None, chance: Chance) -> Explanation:
    """One object of one app; `planned` is None where the service was not read.

    `address` is that of a declared object, else that of one in the record.
    """
    found = part(planned, address) if planned is not None else None
    declared = row_key(address) in context.resolution.table(address)
    return (_declared if declared else _recorded)(context, address, connection, found, chance)


def _declared(context: Context, address: str, connection: ExplainedStep, plan: Part | None, chance: Chance) -> Explanation:
    subject = Subject(context, address, chance)
    place, filters = subject.place, seen_filters(subject)
    tried = candidates(subject) if plan is not None else ()
    found = account(context, address, tried)
    judged = scope(subject, filters)
    matched = match_step(context, address, found, tried) if plan is not None else not_asked(context, address)
    skip = context.resolution.skipped.get(address)
    steps = (
        connection,
        _imported(subject),
        judged,
        matched,
        _action(context, address, judged, plan, found),
    )
    filters = tuple(
        item._replace(clauses=tuple(c._replace(seen=_hide(subject, c.attribute, c.seen)) for c in item.clauses))
        for item in filters
    )
    return Explanation(
        context.app.name,
        context.app.displayName,
        address,
        str(subject.get("displayName") or ""),
        place,
        judged.passes,
        skip.code if skip else None,
        steps,
        _attributes(subject),
        filters,
        tuple(subject.grants()),
        tuple(subject.mappings),
        tried,
        found,
        plan.changes if plan else (),
        () if judged.passes else edits(subject),
    )


def _imported(subject: Subject) -> ExplainedStep:
    place, earlier = subject.place, subject.context.resolution.table(subject.address).column("previously")[subject.row]
    names = [Check("Earlier names", True, ", ".join(map(str, earlier)))] if earlier else []
    return ExplainedStep("import", "success", f"declared at {place.file}:{place.line}", tuple(names))


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


def _recorded(context: Context, address: str, connection: ExplainedStep, plan: Part | None, chance: Chance) -> Explanation:
    """An account that we manage, and that nobody declares any more."""
    found = account(context, address, ())
    imported = ExplainedStep("import", "failure", "no longer in the directory; the record knows it")
    judged = ExplainedStep(
        "scope", "failure", "out of scope: nobody declares it", remedy="declare it, or let its account be taken away"
    )
    matched = match_step(context, address, found, ()) if plan is not None else not_asked(context, address)
    steps = (connection, imported, judged, matched, _action(context, address, judged, plan, found))
    return Explanation(
        context.app.name,
        context.app.displayName,
        address,
        found.name if found else "",
        None,
        False,
        None,
        steps,
        account=found,
        changes=plan.changes if plan else (),
        edits=tuple(_declare(context, address)),
    )


def _declare(context: Context, address: str) -> Iterable[Edit]:
    table, kind, name = context.resolution.table(address), kind_of(address), name_of(address)
    folder = f"{context.resolution.declarations.folder}/directory/{kind.lower()}s/{kind.lower()}s.yaml"
    place, word = Place(table.files[-1], table.lines[-1]) if table.files else Place(folder, 1), spelled(name)
    yield Edit(f"declare `- {table.key}: {word}` again, or add `previously: [{word}]` where it has another name", place)
    if context.app.provisioning.scope != "all":
        yield Edit(f"assign {name} to the app", assignments_end(context.app))


def _action(context: Context, address: str, judged: ExplainedStep, plan: Part | None, found: Account | None) -> ExplainedStep:
    """What would follow, exactly as the full plan says it; `judged` is the step of the scope."""
    off = _closed(context.app)
    if plan is None:
        return ExplainedStep("action", "skipped", "not known, since the service was not asked", off)
    words = (*off, *plan.blocked, *(Check("Note", None, item.text, item.code) for item in plan.words))
    if plan.errors:
        error = plan.errors[0]
        return ExplainedStep("action", "failure", f"{error.code}: {error.reason}", words, error.remedy)
    own = [change for change in plan.changes if change.address in (address, context.matching.recorded.get(address))]
    others = [change for change in plan.changes if change not in own]
    said = [f"{change.action}: {change.reason}" for change in own] + [f"{c.action} {c.address}: {c.reason}" for c in others]
    return ExplainedStep("action", "success", "; ".join(said) or _nothing(context, address, judged, found), words)


def _nothing(context: Context, address: str, judged: ExplainedStep, found: Account | None) -> str:
    known = context.matching.recorded.get(address, address) in context.entries
    if not judged.passes:
        if found is None or not known:
            return "nothing: no account of ours is there"
        return "nothing: its account is " + ("left as it is" if found.active else "disabled already")
    if found is None:
        return "nothing is done"
    return "no change: the account is as wanted" + ("" if known else ", and goes into the record")


def _closed(app: App) -> tuple[Check, ...]:
    match closed_by(app):
        case "manual":
            return (Check("Provisioning is automatic", False, "mode is manual: apply refuses to write"),)
        case "off":
            return (Check("Provisioning is on", False, "status is off: apply writes nothing"),)
        case None:
            return ()
