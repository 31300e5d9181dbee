"""An explanation as text and as JSON (schemas/explain.schema.json). No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from reconciler.declare.place import Place
from reconciler.plan.access.had import Had
from reconciler.plan.explain.model import Account, ClauseSeen, ExplainedStep, Explanation, FilterSeen, Grant
from reconciler.report.change_text import change_lines, value_text
from reconciler.report.colours import GREEN, RED, YELLOW, Colour
from reconciler.report.had import fields
from reconciler.report.jsonform import change_json
from reconciler.report.mapping_trace import mapping_json, mapping_lines
from reconciler.report.safe import plain
from reconciler.resolve.derive import Derived

FORMAT_VERSION = "1.2"
TITLES = {"connection": "Connection", "import": "Import", "scope": "Scope", "match": "Match", "action": "Action"}
WORDS = {"success": "ok", "failure": "NO", "skipped": "not asked"}
MARKS = {True: "ok", False: "NO", None: "- "}


def render(item: Explanation, colour: Colour) -> str:
    """The five steps for a terminal."""
    name = f"  ({plain(item.name)})" if item.name and item.name not in item.address else ""
    lines = [f"{plain(item.display_name)}: {plain(item.address)}{name}"]
    sections = {"import": _attributes, "scope": _scope, "match": _account, "action": _action}
    for number, step in enumerate(item.steps, 1):
        lines += ["", *_step(number, step, colour)]
        if step.name in sections:
            lines += [("   " + line).rstrip() for line in sections[step.name](item, colour)]
    if item.edits:
        lines += ["", "To bring it in:", *(f"   {plain(e.place.file)}:{e.place.line}: {plain(e.text)}" for e in item.edits)]
    return "\n".join(lines) + "\n"


def with_values(item: Explanation) -> Explanation:
    """Without the attributes and mappings that come to nothing: a directory has many, and few say why."""
    attributes = tuple(pair for pair in item.attributes if pair[1] is not None)
    return replace(item, attributes=attributes, mappings=tuple(mapping for mapping in item.mappings if _says_something(mapping)))


def _says_something(mapping: Derived) -> bool:
    """Whether there is a value, or a reason why there is none."""
    return not (mapping.state == "value" and mapping.value is None and mapping.default is None)


def _step(number: int, step: ExplainedStep, colour: Colour) -> list[str]:
    word = colour(WORDS[step.status], {"success": GREEN, "failure": RED}.get(step.status, YELLOW))
    lines = [f"{number}. {TITLES[step.name]}: {word}, {_coded(step.description, step.code)}"]
    lines += [f"   {MARKS[check.passed]}  {plain(check.name)}: {_coded(check.detail, check.code)}" for check in step.checks]
    return lines + ([f"   {plain(step.remedy)}"] if step.remedy else [])


def _coded(words: str, code: str) -> str:
    return plain(words) + (f" [{plain(code)}]" if code else "")


def _attributes(item: Explanation, colour: Colour) -> list[str]:
    return [f"[{plain(name)}] = {value_text(value)}" for name, value in item.attributes]


def _scope(item: Explanation, colour: Colour) -> list[str]:
    lines = []
    for filter in item.filters:
        lines.append(f"Scoping filter {plain(filter.name)}: {'passes' if filter.passes else 'does not pass'}")
        for c in filter.clauses:
            value = "" if c.value is None else f" {value_text(c.value)}"
            lines.append(
                f"   {MARKS[c.holds]}  {plain(c.attribute)} {plain(c.operator)}{value}: it is {value_text(c.seen)}"
                f"  ({_at(c.place)})"
            )
    for grant in item.grants:
        way = " > ".join(f"{plain(name)} ({_at(place)})" for name, place in grant.through)
        until = f", until {plain(grant.expires)}" if grant.expires and grant.effective else ""
        way = f", through {way}" if way else ""
        why = f": {plain(grant.reason)}" if grant.reason else ""
        said = f", reason: {plain(grant.said)}" if grant.said else ""
        lines.append(f"{MARKS[grant.effective]}  Role {plain(grant.role)}: assigned at {_at(grant.place)}{way}{until}{said}{why}")
    return lines


def _account(item: Explanation, colour: Colour) -> list[str]:
    if item.account is None:
        return []
    state = "active" if item.account.active else "disabled"
    lines = [f"The account is {state}:"]
    return lines + [f"   {plain(target)} = {value_text(value)}" for target, value in item.account.attributes if value is not None]


def _action(item: Explanation, colour: Colour) -> list[str]:
    lines = [line for change in item.changes for line in ("", *change_lines(change, colour))]
    if item.mappings:
        lines += ["", "Mappings:", *("   " + line for mapping in item.mappings for line in mapping_lines(mapping))]
    return lines


def _at(place: Place) -> str:
    return f"{plain(place.file)}:{place.line}"


def dumps(items: Sequence[Explanation], histories: Sequence[Iterable[Had]]) -> str:
    """The outer form, one explanation an app, each with when its object came to what it has now, by the log."""
    told = [{**to_json(item), "history": _history(item, rows)} for item, rows in zip(items, histories, strict=True)]
    document = {"format_version": FORMAT_VERSION, "explanations": told}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _history(item: Explanation, rows: Iterable[Had]) -> list[dict[str, Any]]:
    """As `access --at` tells it, without what the explanation says of the object already: it is of today, as declared today."""
    said = ("app", "address", "login", "took", "declared", "revoked", "stays")
    return [{name: value for name, value in fields(item.app, row).items() if name not in said} for row in rows]


def to_json(item: Explanation) -> dict[str, Any]:
    """One explanation as plain data: the same content as the text."""
    return {
        "app": item.app,
        "display_name": item.display_name,
        "address": item.address,
        "name": item.name,
        "declared_at": _place(item.place),
        "in_scope": item.in_scope,
        "code": item.code,
        "steps": [_step_json(step) for step in item.steps],
        "attributes": [{"name": name, "value": value} for name, value in item.attributes],
        "filters": [_filter_json(filter) for filter in item.filters],
        "roles": [_grant_json(grant) for grant in item.grants],
        "mappings": [mapping_json(mapping) for mapping in item.mappings],
        "candidates": [
            {"target": c.target, "value": c.value, "found": [{"id": id, "name": name} for id, name in c.found]}
            for c in item.candidates
        ],
        "account": _account_json(item.account) if item.account is not None else None,
        "changes": [change_json(change) for change in item.changes],
        "edits": [{"text": edit.text, "at": _place(edit.place)} for edit in item.edits],
    }


def _filter_json(judged: FilterSeen) -> dict[str, Any]:
    return {"name": judged.name, "passes": judged.passes, "clauses": [_clause_json(clause) for clause in judged.clauses]}


def _clause_json(clause: ClauseSeen) -> dict[str, Any]:
    return {
        "attribute": clause.attribute,
        "operator": clause.operator,
        "value": clause.value,
        "seen": clause.seen,
        "holds": clause.holds,
        "declared_at": _place(clause.place),
    }


def _grant_json(grant: Grant) -> dict[str, Any]:
    return {
        "role": grant.role,
        "value": grant.value,
        "effective": grant.effective,
        "reason": grant.reason,
        "expires": grant.expires,
        "declared_at": _place(grant.place),
        "through": [{"group": name, "declared_at": _place(place)} for name, place in grant.through],
        **({"assignment_reason": grant.said} if grant.said else {}),
    }


def _account_json(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "active": account.active,
        "matched_by": account.by,
        "attributes": [{"path": target, "value": value} for target, value in account.attributes],
    }


def _step_json(step: ExplainedStep) -> dict[str, Any]:
    checks = [{name: value for name, value in check._asdict().items() if value or name != "code"} for check in step.checks]
    said = {"name": step.name, "status": step.status, "description": step.description, "checks": checks, "remedy": step.remedy}
    return {**said, "code": step.code} if step.code else said


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"file": place.file, "line": place.line}
