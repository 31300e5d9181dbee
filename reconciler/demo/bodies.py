"""What a simulated service makes of request bodies and shows of answers: a body and a profile's parts in, a body out. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declare.wording import plural
from reconciler.resolve.paths import PathError, parse_path

Resource = dict[str, Any]
COMMON = frozenset({"schemas", "id", "meta"})
DEACTIVATION: Resource = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "active", "value": False}],
}


def stored_user(body: Any, users: Mapping[str, Any], deprovision: Mapping[str, Any]) -> Resource | None:
    """What is kept of the body of a POST or PUT; None where the mandatory e-mail is missing."""
    if not isinstance(body, dict):
        return {}
    stored = users.get("stored")
    kept = {k: v for k, v in body.items() if k.lower() in COMMON or stored is None or _listed(stored, k)}
    if deprovision["inactive"] == "ignored":
        kept.pop("active", None)
    for name in users.get("single", ()):
        if isinstance(kept.get(name), list):
            kept[name] = kept[name][:1]
    known = {key for key in kept if key.lower().startswith("urn:")}
    kept["schemas"] = [urn for urn in body.get("schemas", []) if ":core:" in urn or urn in known]
    return _by_email(kept) if users["identity"] == "emails" else kept


def _by_email(user: Resource) -> Resource | None:
    """The primary e-mail, else the first, else userName is the identity, and the one e-mail that is kept."""
    emails = [item for item in user.get("emails") or [] if isinstance(item, dict) and item.get("value")]
    chosen = next((item for item in emails if item.get("primary") is True), emails[0] if emails else None)
    email = chosen["value"] if chosen else user.get("userName")
    if not isinstance(email, str) or "@" not in email:
        return None
    return {**user, "userName": email, "emails": [{**(chosen or {"type": "work"}), "value": email, "primary": True}]}


def modified(current: Resource, wanted: Resource, users: Mapping[str, Any]) -> Resource:
    """What a PUT leaves where only some attributes can be modified."""
    names = users.get("modifiable")
    if names is None:
        return wanted
    kept = {key: value for key, value in current.items() if not _listed(names, key) and key != "meta"}
    return {**kept, **{key: value for key, value in wanted.items() if _listed(names, key)}}


def patch_problem(operations: list[Any], patch: Mapping[str, Any]) -> str:
    """What the service cannot read of a PATCH; empty where it can."""
    for item in operations:
        path = str(item.get("path") or "")
        if "[" in path and not patch.get("valueFilters", True):
            return "path selectors that include filters are not supported"
        if not path and patch["dialect"] == "entra":
            return "an operation needs a path"
    return ""


def deactivates(operations: list[Any]) -> bool:
    """Whether a PATCH says `active: false`, in whatever dialect."""
    return any(str(value).lower() == "false" for item in operations for name, value in _touched(item) if name == "active")


def effective(operations: list[Any], users: Mapping[str, Any], inactive: str) -> list[Any]:
    """The operations that change anything."""
    return [kept for item in operations if (kept := _effective(item, users, inactive)) is not None]


def _effective(item: Resource, users: Mapping[str, Any], inactive: str) -> Resource | None:
    if item.get("path"):
        return item if _counts(_attribute(item["path"]), users, inactive) else None
    value = item.get("value")
    kept = {k: v for k, v in value.items() if _counts(_attribute(k), users, inactive)} if isinstance(value, dict) else {}
    return {**item, "value": kept} if kept else None


def _touched(item: Resource) -> list[tuple[str, Any]]:
    if item.get("path"):
        return [(_attribute(item["path"]), item.get("value"))]
    value = item.get("value")
    return [(_attribute(key), inner) for key, inner in value.items()] if isinstance(value, dict) else []


def _counts(name: str, users: Mapping[str, Any], inactive: str) -> bool:
    lists = [users[key] for key in ("stored", "modifiable") if key in users]
    return all(_listed(names, name) for names in lists) and not (name == "active" and inactive == "ignored")


def _attribute(path: str) -> str:
    """The name by which a profile lists what a path points to."""
    try:
        parsed = parse_path(path)
    except PathError:
        return path.lower()
    return parsed.urn.lower() if parsed.urn else parsed.attribute.lower()


def _listed(names: list[str], key: str) -> bool:
    return key.lower() in {name.lower() for name in names}


def group_problem(body: Any, settings: Mapping[str, Any]) -> str:
    """What the service refuses of a group's PATCH: too many members at once, all of them at once, paths with filters."""
    operations = body.get("Operations", []) if isinstance(body, dict) else []
    changed = 0
    for item in operations:
        path, value = str(item.get("path") or ""), item.get("value")
        if "[" in path and not settings["patch"].get("valueFilters", True):
            return "path selectors that include filters are not supported"
        if path == "members" and (item["op"].lower() == "replace" or not value):
            return "all members cannot be replaced or removed at once"
        changed += len(value) if path == "members" and isinstance(value, list) else path.startswith("members[")
    most = settings["groups"]["membersPerPatch"]
    return f"at most {plural(most, 'membership change')}" if changed > most else ""


def members_by_filter(body: Any) -> Any:
    """A remove with a value, which some services know and RFC 7644 does not, as the server behind understands it."""
    operations = []
    for item in body.get("Operations", []) if isinstance(body, dict) else []:
        value = item.get("value")
        if item["op"].lower() == "remove" and item.get("path") == "members" and isinstance(value, list):
            operations += [{"op": "remove", "path": f'members[value eq "{member["value"]}"]'} for member in value]
        else:
            operations.append(item)
    return {**body, "Operations": operations} if isinstance(body, dict) else body


def without_members(answer: Any) -> Any:
    """Groups as a service shows them that keeps their members to itself."""
    if isinstance(answer, dict) and isinstance(answer.get("Resources"), list):
        return {**answer, "Resources": [without_members(item) for item in answer["Resources"]]}
    return {**answer, "members": []} if isinstance(answer, dict) else answer
