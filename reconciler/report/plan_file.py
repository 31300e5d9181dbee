"""A saved plan's JSON in, the Plan out, or why it is none: nothing in it may have been edited. No I/O."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from reconciler.declare.errors import ReconcileError
from reconciler.declare.warned import Warned
from reconciler.plan.change import Action, AttributeChange, Cause, Change, Precondition
from reconciler.plan.digest import change_digest, plan_digest
from reconciler.plan.model import (
    FORMAT_VERSION,
    Access,
    Caution,
    Config,
    Ending,
    Kept,
    LooksRenamed,
    ObjectError,
    PartRead,
    Plan,
    RecordHead,
    Requests,
    Skip,
    Unmanaged,
)
from reconciler.report.jsonform import SEAL

AGAIN = "make the plan again: `reconcile plan --out FILE`"


Noun = TypeVar(
    "Noun", AttributeChange, Config, Ending, Kept, LooksRenamed, ObjectError, PartRead, Precondition, RecordHead, Requests, Skip
)


class PlanFileError(ReconcileError):
    """The file is no plan that this version can use."""


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
        raise PlanFileError("this is not a saved plan", "write one with `reconcile plan --out FILE`") from None


def is_genuine(plan: Plan) -> bool:
    """Whether what is shown is what would be done. What was redacted is in no file, and cannot be checked."""
    if plan.redacted:
        return True
    changes = [change for change in plan.changes if not any(a.redacted for a in change.attributes)]
    return all(change.digest == change_digest(change) for change in changes) and plan.digest == plan_digest(
        plan.app, plan.base_url, plan.only, plan.selected_causes, plan.changes, plan.kept, plan.part
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
        warnings=(warnings := _warnings(data)),
        ends=tuple(_read_ending(item) for item in data.get("ends", ())),
        looks_renamed=tuple(_known(LooksRenamed, item) for item in data.get("looks_renamed", ())),
        kept=tuple(_known(Kept, item) for item in data.get("kept", ())),
        cautions=tuple(_read_caution(item) for item in data.get("cautions", ())),
        unchanged=data["summary"]["unchanged"],
        adopted=data["summary"]["adopted"],
        only=tuple(data["selection"]["only"]),
        selected_causes=tuple(map(Cause, data["selection"]["causes"])),
        part=_known(PartRead, data["selection"]["part"]) if "part" in data["selection"] else None,
        config=_known(Config, data["config"]),
        record=_known(RecordHead, data.get("record", {})),
        requests=_known(Requests, data["requests"]),
        digest=data["digest"],
        safeguards=tuple(data["safeguards"]),
        redacted=data.get("redacted", False),
        provisioning=data.get("provisioning", ""),
        standing=_standing(data, warnings),
        ignored=data["summary"].get("ignored", 0),
        left=data["summary"].get("left", 0),
        outstanding=data["summary"].get("outstanding", 0),
    )


def _warnings(data: dict[str, Any]) -> tuple[Warned, ...]:
    """Those of an older file have no codes."""
    texts = data["warnings"]
    codes = [*data.get("warning_codes", ()), *[""] * len(texts)]
    return tuple(Warned(code, text) for code, text in zip(codes, texts, strict=False))


def _standing(data: dict[str, Any], warnings: tuple[Warned, ...]) -> tuple[Warned, ...]:
    """The warnings whose texts the file lists among those of what was so before."""
    texts = frozenset(data.get("standing", ()))
    return tuple(item for item in warnings if item.text in texts)


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
        data.get("commit", ""),
    )


def _read_ending(data: dict[str, Any]) -> Ending:
    return _known(Ending, data | data["declared_at"])


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
