"""A plan for a terminal, after Terraform's manner. No I/O."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from reconciler.declare.names import name_of
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.plan.change import Action
from reconciler.plan.model import Access, Caution, Ending, PartRead, Plan, Skip, Unmanaged
from reconciler.plan.notices import KEEPS
from reconciler.plan.warnings import listed
from reconciler.report.address import address_words
from reconciler.report.blocks import FEW, NAMED, SAMPLES, Place, Rows, blocks, by_person, for_all, people_alike, places
from reconciler.report.change_text import block_lines
from reconciler.report.colours import BOLD, RED, Colour
from reconciler.report.endings import ending_words
from reconciler.report.headline import headline, verdict
from reconciler.report.safe import plain
from reconciler.report.safeguard_verdict import text_lines

TOLD = (Action.CREATE, Action.UPDATE, Action.DISABLE, Action.ENABLE, Action.DELETE)  # in the order of a plan's last line
ALWAYS_TOLD = TOLD[:3]  # also where there is none
DISABLED, AS_DECLARED = "AccountDisabled", "disabled in the directory, so nothing is to be done"
STANDING = 5  # warnings of what was so before that are shown
BLANK = re.compile("\n{3,}")


def render(plan: Plan, colour: Colour, accounts: tuple[Unmanaged, ...] = (), few: int = FEW) -> str:
    """The whole plan; `accounts` are those of its unmanaged ones that are listed.

    Of more than `few` changes of one cause, or people of one access, two stand for all.
    """
    lines = [first_line(plan), plain(address_words(plan.base_url)), ""]
    lines += _cautions(plan.cautions, colour)
    people = by_person(plan.access)
    lines += _access(people, colour, few)
    lines += _ends(plan.ends, colour)
    declared = [change for change in plan.changes if set(change.causes) != {"drift"}]
    drift = [change for change in plan.changes if set(change.causes) == {"drift"}]
    for block in blocks(declared, people, few):
        lines += [*block_lines(block, colour), ""]
    if drift:
        lines += ["Drift: edited on the service since the last apply, and put back:", ""]
    for block in blocks(drift, people, few):
        lines += [*block_lines(block, colour), ""]
    shown = plan.changes or any(item["status"] != "ok" for item in plan.safeguards)
    lines += text_lines(plan.safeguards, plan.app, colour) if shown else []
    lines += [f"Error: {plain(e.address)}: {plain(e.reason)} [{plain(e.code)}]\n    {plain(e.remedy)}" for e in plan.errors]
    lines += [f"Warning: {plain(item.words())}" for item in plan.fresh]
    lines += [part_of(plan)] if part_of(plan) else []
    lines += ["", *_skipped(skips_to_show(plan))]
    lines += _unmanaged(accounts)
    lines += _standing(plan.standing)
    if plan.requests.writes:
        lines += ["", f"The apply sends {cost(plan)}."]
    lines += ["", last_line(plan)]
    return BLANK.sub("\n\n", "\n".join(lines)) + "\n"


def first_line(plan: Plan) -> str:
    """The app, what stands in the way of the plan, and what it does."""
    word = verdict(plan)
    words = [] if word == "changes to review" else [plural(len(plan.errors), "error") if word == "errors" else word]
    return ": ".join([plain(plan.display_name), *words, *filter(None, [headline(plan, plain)])])


def cost(plan: Plan) -> str:
    """Requests of the apply, and how long they take where the service's rate is known."""
    requests = plan.requests
    seconds = f", about {requests.seconds} s at the service's rate" if requests.seconds else ""
    together = requests.reads + requests.writes
    some = "1 of them a write" if requests.writes == 1 else f"{requests.writes} of them writes"
    which = some if requests.reads else "which writes" if together == 1 else "all of them writes"
    return f"about {plural(together, 'request')}, {which}{seconds}"


def part_of(plan: Plan) -> str:
    """What was selected, where the plan is but a part; else nothing."""
    chosen = ", ".join((*plan.only, *(f"cause {cause}" for cause in plan.selected_causes)))
    parts = [f"This is a part of the plan: {plain(chosen)}"] if chosen else []
    return "\n".join([*parts, *([not_read(plan.part)] if plan.part else [])])


def not_read(part: PartRead) -> str:
    """What was read of a service, where that is not everything, and what a plan of it does not show."""
    asked = f"{plural(part.users, 'user')} and {plural(part.groups, 'group')}"
    why = f"what the declaration's change since {part.since[:12]} can touch" if part.since else "what was named"
    return f"Read in part: {asked}, {why}. The rest was not read: no drift there shows, and nobody is missed."


def last_line(plan: Plan) -> str:
    """The one line that says how much would be done."""
    tail = _tail(plan)
    if not plan.changes:
        if plan.outstanding:
            what = plural(plan.outstanding, "object")
            return f"No changes, but {plain(plan.display_name)} did not do what was requested for {what}.{tail}"
        if part_of(plan):
            return f"No changes in this part.{tail}"
        if plan.errors:
            return f"No changes, but objects with errors could not be planned.{tail}"
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
        ("skipped", len(skips_to_show(plan))),
        ("unmanaged", len(plan.unmanaged)),
        ("error" if len(plan.errors) == 1 else "errors", len(plan.errors)),
        ("ignored", plan.ignored),
        ("outstanding", plan.outstanding),
        ("last day changed" if len(plan.ends) == 1 else "last days changed", len(plan.ends)),
    )
    parts = [f"{number} {word}" for word, number in counts if number]
    return " " + ", ".join(parts) + "." if parts else ""


def _cautions(cautions: tuple[Caution, ...], colour: Colour) -> list[str]:
    """What a reviewer must not overlook, above all else."""
    lines = [colour(f"  ! {plain(caution_words(item))}", RED) for item in cautions]
    return ["Caution:", *lines, ""] if lines else []


def caution_words(caution: Caution) -> str:
    """A caution with the place that says so and its code."""
    return caution.text + (f", {caution.file}:{caution.line}" if caution.file else "") + f" [{caution.code}]"


def _access(people: Rows, colour: Colour, few: int) -> list[str]:
    """Who gains and who loses what, one line a person, before anything else; people who do alike are one line."""
    lines = []
    for alike in people_alike(people, few):
        rows = people[alike[0]]
        privileged = any(row.privileged for row in rows)
        if len(alike) == 1:
            line = f"  {plain(name_of(alike[0]))} {'; '.join(map(access_words, rows))}"
        else:
            same = [[people[address][number] for address in alike] for number in range(len(rows))]
            named = listed(map(name_of, alike), NAMED if privileged or not rows[0].gains else SAMPLES)
            line = f"  {len(alike):,} people: {plain(named)}\n      each {'; '.join(map(_alike_words, same))}"
        lines.append(colour(line, BOLD) if privileged else line)
    return ["Access:", *lines, ""] if lines else []


def _ends(ends: tuple[Ending, ...], colour: Colour) -> list[str]:
    """Who has the same until another day."""
    said = [(f"  {plain(ending_words(item))}", item.privileged) for item in ends]
    lines = [colour(line, BOLD) if privileged else line for line, privileged in said]
    return ["Ends:", *lines, ""] if lines else []


def _alike_words(rows: list[Access]) -> str:
    """What each of several people gains or loses."""
    return access_words(for_all(rows), places(Place(row.file, row.line) for row in rows))


def access_words(row: Access, place: str = "") -> str:
    """What one person gains or loses, why, where that is said, and until when."""
    what = plain(row.what) + (" (privileged)" if row.privileged else "")
    kind = "group " if row.kind == "group" else ""
    through = f" through group {plain(row.through)}" if row.through else ""
    until = f", until {plain(row.until)}" if row.until else ""
    until += f", then {plain(row.then)}" if row.then else ""
    where = plain(place or f"{row.file}:{row.line}") + (f" in {plain(row.commit[:7])}" if row.commit else "")
    reason = f", reason: {plain(row.reason)}" if row.reason else ""
    keeps = f" (keeps {plain(row.keeps)})" if row.keeps else ""
    return f"{row.verb} {kind}{what}{through}, {where}{until}{reason}{keeps}"


def skips_to_show(plan: Plan) -> tuple[Skip, ...]:
    """Without those who leave by this plan: they are in its changes, and nobody is to bring them back."""
    leaving = {change.address for change in plan.changes if change.disables or change.action == Action.DELETE}
    return tuple(skip for skip in plan.skipped if skip.address not in leaving) if leaving else plan.skipped


def skips(skipped: Iterable[Skip]) -> Iterator[tuple[str, str, int, list[str]]]:
    """Code, remedy, how many have both, and who: a line each with the reason, but one for all of a kind that is everyday.

    Who is disabled in the directory comes last: that is as it should be, so there is nothing to do.
    """
    groups: dict[tuple[str, str], list[Skip]] = defaultdict(list)
    for item in skipped:
        groups[item.code, item.remedy].append(item)
    for (code, remedy), items in sorted(groups.items(), key=lambda group: (group[0][0] == DISABLED, group[0])):
        if code == "NotAssigned":  # most of a directory
            yield code, remedy, len(items), [listed((item.address for item in items), 3)]
        elif code == DISABLED and remedy != KEEPS:
            yield code, AS_DECLARED, len(items), [listed((item.address for item in items), 3)]
        else:
            yield code, remedy, len(items), [f"{item.address}: {item.reason}" for item in items]


def _skipped(skipped: tuple[Skip, ...]) -> list[str]:
    lines = ["Skipped:"]
    for code, remedy, count, named in skips(skipped):
        lines.append(f"  {code} ({count}): {plain(remedy)}")
        lines += [f"    {plain(text)}" for text in named[:10]]
        lines += [f"    and {len(named) - 10} more" for _ in (0,) if len(named) > 10]
    return [*lines, ""] if skipped else []


def _standing(warnings: tuple[Warned, ...]) -> list[str]:
    """What was so before this plan: the first few, and how many more."""
    lines = [f"  {plain(item.words())}" for item in warnings[:STANDING]]
    more = [f"  and {len(warnings) - STANDING} more, in the JSON and the Markdown"] if len(warnings) > STANDING else []
    return ["", f"Standing warnings ({len(warnings)}):", *lines, *more] if warnings else []


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
