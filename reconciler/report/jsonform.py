"""A plan as JSON and back (schemas/plan.schema.json). No I/O."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from reconciler.declare.errors import ReconcileError
from reconciler.declare.names import is_group
from reconciler.plan.digest import change_digest, plan_digest
from reconciler.plan.model import (
    FORMAT_VERSION,
    Access,
    Action,
    AttributeChange,
    Cause,
    Caution,
    Change,
    Config,
    Kept,
    LooksRenamed,
    ObjectError,
    Plan,
    Precondition,
    RecordHead,
    Requests,
    Skip,
    Unmanaged,
)
from reconciler.report.headline import headline
from reconciler.resolve.canonical import sha256

SEAL = "content_digest"
AGAIN = "make the plan again: `reconcile plan --out FILE`"
Noun = TypeVar("Noun", AttributeChange, Config, Kept, LooksRenamed, ObjectError, Precondition, RecordHead, Requests, Skip)


class PlanFileError(ReconcileError):
    """The file is no plan that this version can use."""


def dumps(plans: list[Plan]) -> str:
    """The outer form, one plan an app."""
    document = {"format_version": FORMAT_VERSION, "plans": [to_json(plan) for plan in plans]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def to_json(plan: Plan) -> dict[str, Any]:
    """One plan as plain data, with a digest over all that it shows."""
    content = _shown(plan)
    return {**content, SEAL: content_digest(content)}


def content_digest(data: dict[str, Any]) -> str:
    """Over the canonical JSON of a plan but the digest itself: prose, access, safeguards and places too.

    It tells a file that was cut, mended or edited in part. Whoever forges a whole file makes a digest that fits, so no
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
        "record": plan.record._asdict(),
        "selection": {"only": list(plan.only), "causes": list(plan.selected_causes)},
        "digest": plan.digest,
        "summary": summary(plan),
        **({"headline": words} if (words := headline(plan, str)) else {}),
        "changes": [change_json(change) for change in plan.changes],
        **({"looks_renamed": [pair._asdict() for pair in plan.looks_renamed]} if plan.looks_renamed else {}),
        **({"kept": [item._asdict() for item in plan.kept]} if plan.kept else {}),
        "access": [_access(item) for item in plan.access],
        "skipped": [item._asdict() for item in plan.skipped],
        "unmanaged": [{"id": u.id, "userName": u.userName, "class": u.kind} for u in plan.unmanaged],
        "safeguards": list(plan.safeguards),
        "cautions": [_placed(item._asdict()) for item in plan.cautions],
        "warnings": list(plan.warnings),
        **({"standing": list(plan.standing)} if plan.standing else {}),
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


def _access(row: Access) -> dict[str, Any]:
    """A row; what nobody said is left out of it."""
    fields = _placed(row._asdict())
    return {name: value for name, value in fields.items() if value or name not in ("reason", "keeps", "then")}


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


def _read_attribute(data: dict[str, Any]) -> AttributeChange:
    return _known(AttributeChange, data | data.get("mapped_at", {}))


def loads(text: str) -> list[Plan]:
    """The plans of a saved file. Raises PlanFileError."""
    try:
        document = json.loads(text)
        version = str(document["format_version"])
        if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            raise PlanFileError(f"the plan has format {version}", "use the version of reconcile that wrote it")
        plans = [_plan(item) for item in document["plans"]]
        if any(SEAL not in item for item in document["plans"]):
            raise PlanFileError(f"the plan has no {SEAL}: an older version of reconcile wrote it", AGAIN)
        return plans
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PlanFileError("this is no saved plan", "write one with `reconcile plan --out FILE`") from None


def is_genuine(plan: Plan) -> bool:
    """Whether what is shown is what would be done. What was redacted is in no file, and cannot be checked."""
    if plan.redacted:
        return True
    changes = [change for change in plan.changes if not any(a.redacted for a in change.attributes)]
    return all(change.digest == change_digest(change) for change in changes) and plan.digest == plan_digest(
        plan.app, plan.base_url, plan.only, plan.selected_causes, plan.changes, plan.kept
    )


def _plan(data: dict[str, Any]) -> Plan:
    return Plan(
        data["app"],
        data["display_name"],
        data["target"]["base_url"],
        data["target"]["profile"],
        changes=tuple(_read_change(item) for item in data["changes"]),
        access=tuple(_read_access(item) for item in data.get("access", ())),
        skipped=tuple(_known(Skip, item) for item in data["skipped"]),
        unmanaged=tuple(Unmanaged(u["id"], u["userName"], u.get("class", "local")) for u in data["unmanaged"]),
        errors=tuple(_known(ObjectError, item) for item in data["errors"]),
        warnings=tuple(data["warnings"]),
        looks_renamed=tuple(_known(LooksRenamed, item) for item in data.get("looks_renamed", ())),
        kept=tuple(_known(Kept, item) for item in data.get("kept", ())),
        cautions=tuple(_read_caution(item) for item in data.get("cautions", ())),
        unchanged=data["summary"]["unchanged"],
        adopted=data["summary"]["adopted"],
        only=tuple(data["selection"]["only"]),
        selected_causes=tuple(map(Cause, data["selection"]["causes"])),
        config=_known(Config, data["config"]),
        record=_known(RecordHead, data.get("record", {})),
        requests=_known(Requests, data["requests"]),
        digest=data["digest"],
        safeguards=tuple(data["safeguards"]),
        redacted=data.get("redacted", False),
        provisioning=data.get("provisioning", ""),
        standing=tuple(data.get("standing", ())),
        ignored=data["summary"].get("ignored", 0),
        left=data["summary"].get("left", 0),
        outstanding=data["summary"].get("outstanding", 0),
    )


def _known(noun: type[Noun], data: dict[str, Any]) -> Noun:
    """Its own fields; what a later minor format added is left out, what it may lack has its default."""
    return noun(**{name: data[name] for name in noun._fields if name in data})


def _read_access(data: dict[str, Any]) -> Access:
    place = data["declared_at"]
    return Access(
        data["address"],
        data["name"],
        data["gains"],
        data["kind"],
        data["what"],
        data["privileged"],
        data["through"],
        place["file"],
        place["line"],
        data["until"],
        data.get("reason", ""),
        data.get("keeps", ""),
        data.get("then", ""),
    )


def _read_caution(data: dict[str, Any]) -> Caution:
    return Caution(data["code"], data["text"], data["declared_at"]["file"], data["declared_at"]["line"])


def _read_change(data: dict[str, Any]) -> Change:
    members = data.get("members", {"add": [], "remove": []})
    rests_on = data["precondition"]
    return Change(
        data["address"],
        Action(data["action"]),
        data["reason"],
        tuple(map(Cause, data["causes"])),
        data["declared_at"]["file"],
        data["declared_at"]["line"],
        data.get("name", ""),
        tuple(map(_read_attribute, data["attributes"])),
        tuple(members["add"]),
        tuple(members["remove"]),
        _known(Precondition, rests_on) if rests_on else None,
        data.get("adopts", False),
        data["digest"],
        tuple((member, Cause(cause)) for member, cause in members.get("causes", {}).items()),
    )
