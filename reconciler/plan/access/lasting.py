"""What becomes of a person, or of a group, on the day after the last valid one of an assignment: in words. Pure."""

from __future__ import annotations

from datetime import date, timedelta

from reconciler.declare.names import fold
from reconciler.plan.access.given import Given
from reconciler.resolve.scope import judge


def after(given: Given, address: str, last: str, kind: str) -> str:
    """What becomes of a person, or of a role, on the day after the last valid one of an assignment."""
    if judge(given.app, given.reaching(address), _day_after(last)).code is None:
        return "loses it" if kind == "role" else "keeps the account"
    return _out_of_scope(given, address)


def _out_of_scope(given: Given, address: str) -> str:
    rule, able = given.app.deprovisioning.outOfScope, given.context.able
    if rule == "retain":
        return "keeps it: outOfScope is retain"
    if rule == "delete" or able.inactive == "deletes":
        return "the account is deleted"
    if able.inactive == "ignored" or not given.context.disables(address):
        return "keeps it: nothing disables the account"
    return "the account is disabled"


def group_end(given: Given, group: str) -> tuple[str | None, str]:
    """The last day on which a group is assigned, and what becomes of its members then; (None, "") where it has no end."""
    last = [item.expires for item in given.of_groups if item.group == fold(group)]
    if not last or None in last or given.app.provisioning.scope == "all":
        return None, ""
    emptied = given.app.deprovisioning.outOfScope == "empty"
    return max(day or "" for day in last), "leaves it" if emptied else "stays in it, unless disabled: outOfScope is not empty"


def _day_after(day: str) -> str:
    """ISO dates; the last one of the calendar is followed by none."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat() if day < "9999-12-31" else day
