"""A plan for a terminal, after Terraform's manner. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from reconciler.declare.names import name_of
from reconciler.declare.wording import plural
from reconciler.plan.diff import detail
from reconciler.plan.model import Access, Action, AttributeChange, Caution, Change, Plan, Skip, Unmanaged
from reconciler.plan.warnings import listed
from reconciler.report.colours import BOLD, GREEN, RED, YELLOW, Colour
from reconciler.report.safe import plain
from reconciler.report.safeguard_verdict import text_lines
from reconciler.resolve.canonical import readable

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.ENABLE: "~", Action.DISABLE: "-", Action.DELETE: "-"}
TOLD = (Action.CREATE, Action.UPDATE, Action.DISABLE, Action.ENABLE, Action.DELETE)  # in the order of a plan's last line
ALWAYS_TOLD = TOLD[:3]  # also where there is none
COLOURS = {"+": GREEN, "~": YELLOW, "-": RED}


def render(plan: Plan, colour: Colour, accounts: tuple[Unmanaged, ...] = ()) -> str:
    """The whole plan; `accounts` are those of its unmanaged ones that are listed."""
    lines = [f"{plain(plan.display_name)} ({plain(plan.base_url)})", ""]
    lines += _cautions(plan.cautions, colour)
    lines += _access(plan.access, colour)
    declared = [change for change in plan.changes if set(change.causes) != {"drift"}]
    drift = [change for change in plan.changes if set(change.causes) == {"drift"}]
    for change in declared:
        lines += [*change_lines(change, colour), ""]
    if drift:
        lines += ["Drift: edited on the service since the last apply, and put back:", ""]
    for change in drift:
        lines += [*change_lines(change, colour), ""]
    lines += _skipped(plan.skipped)
    lines += _unmanaged(accounts)
    shown = plan.changes or any(item["status"] != "ok" for item in plan.safeguards)
    lines += text_lines(plan.safeguards, plan.app, colour) if shown else []
    lines += [f"Error: {plain(e.address)}: {plain(e.reason)}\n    {plain(e.remedy)}" for e in plan.errors]
    lines += [f"Warning: {plain(text)}" for text in plan.warnings]
    lines += [part_of(plan)] if part_of(plan) else []
    if plan.requests.writes:
        lines += ["", f"The apply sends {cost(plan)}."]
    lines += ["", last_line(plan)]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def cost(plan: Plan) -> str:
    """Requests of the apply, and how long they take where the service's rate is known."""
    requests = plan.requests
    seconds = f", about {requests.seconds} s at the service's rate" if requests.seconds else ""
    together = requests.reads + requests.writes
    which = "which writes" if together == 1 else f"{requests.writes} of them writes"
    return f"about {plural(together, 'request')}, {which}{seconds}"


def part_of(plan: Plan) -> str:
    """What was selected, where the plan is but a part; else nothing."""
    chosen = ", ".join((*plan.only, *(f"cause {cause}" for cause in plan.selected_causes)))
    return f"This is a part of the plan: {plain(chosen)}" if chosen else ""


def last_line(plan: Plan) -> str:
    """The one line that says how much would be done."""
    tail = _tail(plan)
    if not plan.changes:
        if plan.outstanding:
            what = plural(plan.outstanding, "object")
            return f"No changes, but {plain(plan.display_name)} did not do what it was told, of {what}.{tail}"
        if part_of(plan):
            return f"No changes in this part.{tail}"
        if plan.errors:
            return f"No changes, but what is in error could not be planned.{tail}"
        if plan.ignored:
            return f"No changes, but {plain(plan.display_name)} ignores a part of the declaration.{tail}"
        if plan.left:
            return f"No changes.{tail}"
        return f"No changes. {plain(plan.display_name)} matches the declaration.{tail}"
    parts = [f"{plan.count(action)} to {action}" for action in TOLD if plan.count(action) or action in ALWAYS_TOLD]
    return "Plan: " + ", ".join(parts) + "." + tail


def _tail(plan: Plan) -> str:
    counts = (
        ("adopted", plan.adopted),
        ("skipped", len(plan.skipped)),
        ("unmanaged", len(plan.unmanaged)),
        ("error" if len(plan.errors) == 1 else "errors", len(plan.errors)),
        ("ignored", plan.ignored),
        ("outstanding", plan.outstanding),
    )
    parts = [f"{number} {word}" for word, number in counts if number]
    return " " + ", ".join(parts) + "." if parts else ""


def _cautions(cautions: tuple[Caution, ...], colour: Colour) -> list[str]:
    """What a reviewer must not overlook, above all else."""
    lines = [colour(f"  ! {plain(caution_words(item))}", RED) for item in cautions]
    return ["Caution:", *lines, ""] if lines else []


def caution_words(caution: Caution) -> str:
    """A caution with the place that says so."""
    return caution.text + (f", {caution.file}:{caution.line}" if caution.file else "")


def _access(access: tuple[Access, ...], colour: Colour) -> list[str]:
    """Who gains and who loses what, one line a person, before anything else."""
    people: dict[str, list[Access]] = defaultdict(list)
    for row in access:
        people[row.address].append(row)
    lines = [f"  {plain(name_of(address))} {'; '.join(map(access_words, rows))}" for address, rows in people.items()]
    lines = [
        colour(line, BOLD) if any(row.privileged for row in rows) else line
        for line, rows in zip(lines, people.values(), strict=True)
    ]
    return ["Access:", *lines, ""] if lines else []


def access_words(row: Access) -> str:
    """What one person gains or loses, why, where that is said, and until when."""
    what = plain(row.what) + (" (privileged)" if row.privileged else "")
    kind = "group " if row.kind == "group" else ""
    through = f" through group {plain(row.through)}" if row.through else ""
    until = f", until {plain(row.until)}" if row.until else ""
    until += f", then {plain(row.then)}" if row.then else ""
    return f"{'gains' if row.gains else 'loses'} {kind}{what}{through}, {plain(row.file)}:{row.line}{until}"


def change_lines(change: Change, colour: Colour) -> list[str]:
    """One change as the plan shows it."""
    sign = SIGNS[change.action]
    name = f"  ({plain(change.name)})" if change.name and change.name not in change.address else ""
    lines = [colour(f"  {sign} {change.action} {plain(change.address)}", COLOURS[sign]) + name]
    lines += [
        f"      because: {plain(change.reason)} [{', '.join(change.causes)}]",
        f"      declared: {plain(change.file)}:{change.line}",
    ]
    lines += ["      " + line for a in change.attributes for line in attribute_lines(a, change.action)]
    lines += [colour(f"      + member {plain(m)}", GREEN) for m in change.add]
    lines += [colour(f"      - member {plain(m)}", RED) for m in change.remove]
    return lines


def attribute_lines(attribute: AttributeChange, action: str) -> list[str]:
    """One attribute: its old and new value; of lists and mappings what comes and goes."""
    before, after = attribute.shown()
    path = plain(attribute.path)
    if attribute.generated:
        return [f"{path}: made by {plain(attribute.generated)}"]
    inside = [] if action == Action.CREATE else detail(before, after)
    if inside:
        return [f"{path}:", *("  " + _difference(*row) for row in inside)]
    if action == Action.CREATE:
        return [f"{path}: {value_text(after)}"]
    return [f"{path}: {value_text(before)} -> {value_text(after)}{beside(attribute)}"]


def beside(attribute: AttributeChange) -> str:
    """The values behind the same path that stay, in words."""
    staying = [] if attribute.redacted else attribute.beside
    return f", beside {', '.join(map(value_text, staying))}" if staying else ""


def _difference(sign: str, where: str, before: object, after: object) -> str:
    shown = {"+": value_text(after), "-": value_text(before)}.get(sign, f"{value_text(before)} -> {value_text(after)}")
    return f"{sign} {plain(where)}: {shown}"


def value_text(value: object) -> str:
    """A value as JSON, its hidden characters escaped."""
    return plain(readable(value))


def skips(skipped: Iterable[Skip]) -> Iterator[tuple[str, str, int, list[str]]]:
    """Code, remedy, how many have both, and who: a line each with the reason, but one for all who are not assigned."""
    groups: dict[tuple[str, str], list[Skip]] = defaultdict(list)
    for item in skipped:
        groups[item.code, item.remedy].append(item)
    for (code, remedy), items in sorted(groups.items()):
        if code == "NotAssigned":  # most of a directory
            yield code, remedy, len(items), [listed((item.address for item in items), 3)]
        else:
            yield code, remedy, len(items), [f"{item.address}: {item.reason}" for item in items]


def _skipped(skipped: tuple[Skip, ...]) -> list[str]:
    lines = ["Skipped:"]
    for code, remedy, count, named in skips(skipped):
        lines.append(f"  {code} ({count}): {plain(remedy)}")
        lines += [f"    {plain(text)}" for text in named[:10]]
        lines += [f"    and {len(named) - 10} more" for _ in (0,) if len(named) > 10]
    return [*lines, ""] if skipped else []


def unmanaged_classes(accounts: tuple[Unmanaged, ...]) -> Iterator[tuple[str, str, list[Unmanaged]]]:
    """Each class that has accounts, what it means, and the accounts."""
    words = {
        "local": "no such user in the directory",
        "unassigned": "in the directory, not assigned",
        "assigned": "in the directory and assigned, but not provisioned",
    }
    for kind, meaning in words.items():
        members = [account for account in accounts if account.kind == kind]
        if members:
            yield kind, meaning, members


def _unmanaged(accounts: tuple[Unmanaged, ...]) -> list[str]:
    lines = []
    for kind, meaning, members in unmanaged_classes(accounts):
        lines += [f"  {kind} ({len(members)}): {meaning}", *(f"    {plain(a.userName or a.id)}" for a in members)]
    return ["Unmanaged:", *lines, ""] if lines else []
