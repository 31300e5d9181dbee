"""A plan as JSON and back (schemas/plan.schema.json). No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from reconciler.declare.errors import ReconcileError
from reconciler.declare.names import is_group
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.model import (
    FORMAT_VERSION,
    Access,
    Plan,
    RecordHead,
)
from reconciler.report.headline import headline
from reconciler.resolve.canonical import sha256

SEAL = "content_digest"


def dumps(plans: list[Plan], failed: Mapping[str, ReconcileError] = MappingProxyType({})) -> str:
    """The outer form, one plan an app; `unplanned` stands where an app could not be planned: app -> what ended it."""
    document: dict[str, Any] = {"format_version": FORMAT_VERSION, "plans": [to_json(plan) for plan in plans]}
    if failed:
        document["unplanned"] = [_failed(app, error) for app, error in failed.items()]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _failed(app: str, error: ReconcileError) -> dict[str, str]:
    return {"app": app, "code": error.code, "message": str(error), "remedy": error.remedy}


def to_json(plan: Plan) -> dict[str, Any]:
    """One plan as plain data, with a digest over all that it shows."""
    content = _shown(plan)
    return {**content, SEAL: content_digest(content)}


def content_digest(data: dict[str, Any]) -> str:
    """Over the canonical JSON of a plan but the digest itself: prose, access, safeguards and places too.

    It tells a file that was cut, fixed or edited in part. Whoever forges a whole file makes a digest that fits, so no
    apply rests on it: each plans afresh, and compares.
    """
    return sha256({name: value for name, value in data.items() if name != SEAL})


def is_whole(data: dict[str, Any]) -> bool:
    """Whether a plan of a saved file still is what was written there."""
    return bool(data[SEAL] == content_digest(data))


def _shown(plan: Plan) -> dict[str, Any]:
    return {
        **({"redacted": True} if plan.redacted else {}),
        **({"provisioning": plan.provisioning} if plan.provisioning else {}),
        "format_version": FORMAT_VERSION,
        "app": plan.app,
        "display_name": plan.display_name,
        "target": {"base_url": plan.base_url, "profile": plan.profile},
        "config": plan.config._asdict(),
        "record": _version(plan.record),
        "selection": {
            "only": list(plan.only),
            "causes": list(plan.selected_causes),
            **({"part": plan.part._asdict()} if plan.part else {}),
        },
        "digest": plan.digest,
        "summary": summary(plan),
        **({"headline": words} if (words := headline(plan, str)) else {}),
        "changes": [change_json(change) for change in plan.changes],
        **({"looks_renamed": [pair._asdict() for pair in plan.looks_renamed]} if plan.looks_renamed else {}),
        **({"kept": [item._asdict() for item in plan.kept]} if plan.kept else {}),
        "access": [_access(item) for item in plan.access],
        **({"ends": [_placed(item._asdict()) for item in plan.ends]} if plan.ends else {}),
        "skipped": [item._asdict() for item in plan.skipped],
        "unmanaged": [{"id": u.id, "userName": u.userName, "class": u.kind} for u in plan.unmanaged],
        "safeguards": list(plan.safeguards),
        "cautions": [_placed(item._asdict()) for item in plan.cautions],
        "warnings": [item.text for item in plan.warnings],
        **({"warning_codes": [item.code for item in plan.warnings]} if all(item.code for item in plan.warnings) else {}),
        **({"standing": [item.text for item in plan.standing]} if plan.standing else {}),
        "errors": [item._asdict() for item in plan.errors],
        "requests": plan.requests._asdict(),
    }


def summary(plan: Plan) -> dict[str, int]:
    """Counts of users and groups together."""
    counts = {action: plan.count(action) for action in Action}
    return counts | {
        "unchanged": plan.unchanged,
        "adopted": plan.adopted,
        "skipped": len(plan.skipped),
        "unmanaged": len(plan.unmanaged),
        "errors": len(plan.errors),
        "ignored": plan.ignored,
        "left": plan.left,
        "outstanding": plan.outstanding,
    }


def change_json(change: Change) -> dict[str, Any]:
    """One change as it stands in a plan."""
    row: dict[str, Any] = {
        "address": change.address,
        "name": change.name,
        "action": change.action,
        "reason": change.reason,
        "causes": list(change.causes),
        "adopts": change.adopts,
        "declared_at": {"file": change.file, "line": change.line},
        "attributes": [_attribute(a, change) for a in change.attributes],
        "precondition": change.precondition._asdict() if change.precondition else None,
        "digest": change.digest,
    }
    if is_group(change.address):
        row["members"] = {"add": list(change.add), "remove": list(change.remove)}
        if change.member_causes:
            row["members"]["causes"] = dict(change.member_causes)
    return row


def _version(record: RecordHead) -> dict[str, Any]:
    newest = {"number": record.number, "hash": record.hash} if record.hash else {}
    return {"head": record.head, "tree": record.tree, **newest}


def _access(row: Access) -> dict[str, Any]:
    """A row; what nobody said is left out of it, and what is for the log alone."""
    fields = _placed(row._asdict())
    del fields["gave"]
    return {name: value for name, value in fields.items() if value or name not in ("reason", "keeps", "then", "commit")}


def _placed(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of an access row or a caution, with its place as a plan writes places."""
    return fields | {"declared_at": {"file": fields.pop("file"), "line": fields.pop("line")}}


def _attribute(attribute: AttributeChange, change: Change) -> dict[str, Any]:
    before, after = attribute.shown()
    row: dict[str, Any] = {"path": attribute.path, "before": before, "after": after}
    for name in ("reference", "generated", "redacted"):
        if getattr(attribute, name):
            row[name] = getattr(attribute, name)
    if attribute.cause and len(change.causes) > 1:
        row["cause"] = attribute.cause
    if attribute.file and change.precondition is not None:
        row["mapped_at"] = {"file": attribute.file, "line": attribute.line}
    return row
