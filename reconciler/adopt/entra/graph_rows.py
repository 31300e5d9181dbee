"""One item of Graph's JSON or of the portal's CSV in, the row of a user or a group out, None for what is empty. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from reconciler.adopt.model import ImportRefused, Notes, Row
from reconciler.declare.names import fold
from reconciler.declare.source_attributes import MULTI_VALUED, USER_SOURCES
from reconciler.declare.yaml.scalars import can_hold

CUSTOM = re.compile(r"extension_\w+\Z")
GUEST = re.compile(r"#EXT#@.*\Z", re.IGNORECASE)
RENAMED = {
    "objectid": "id",
    "mobilephone": "mobile",
    "faxnumber": "facsimileTelephoneNumber",
    "officelocation": "physicalDeliveryOfficeName",
}
# Not read as text of their own, and no loss: what they say is read otherwise, or says nothing of the person.
ASIDE = frozenset({"manager", "businessPhones", "onPremisesExtensionAttributes", "deletedDateTime", "IsSoftDeleted"})

TRUE, FALSE = frozenset({"true", "yes"}), frozenset({"false", "no"})  # as Graph and the portal write them, folded

Json = dict[str, Any]


def user_row(item: Json, notes: Notes) -> Row:
    """All that an item says of a user but its manager; accountEnabled is not in it where nothing is said."""
    row = _texts(item, USER_SOURCES, notes)
    if isinstance(row.get("userPrincipalName"), str):
        row["userPrincipalName"] = user_name(row["userPrincipalName"])
    enabled = fold(str(row.pop("accountEnabled", None)).strip())
    if enabled in TRUE | FALSE:
        row["accountEnabled"] = None if enabled in TRUE else False  # true is what a row says by saying nothing
    phones = item.get("businessPhones")
    if isinstance(phones, list):
        row["telephoneNumber"] = phones[0] if phones and isinstance(phones[0], str) and phones[0] else None
    more = {**(item.get("onPremisesExtensionAttributes") or {}), **{k: v for k, v in item.items() if CUSTOM.match(k)}}
    texts = {key: str(value) for key, value in sorted(more.items()) if value not in (None, "") and can_hold(str(value))}
    if more:
        row["extensionAttributes"] = texts or None
    return row


def user_name(written: str) -> str:
    """A user's name as Entra itself provisions it: a guest's without the tenant's part (EN:how-provisioning-works)."""
    return GUEST.sub("", written)


def group_row(item: Json, notes: Notes) -> Row:
    """All that an item says of a group but its members."""
    return _texts(item, ("displayName", "id", "description", "mailNickname"), notes)


def is_neither(member: Json) -> bool:
    """Whether a member says that it is no user and no group: a device, a service principal, a contact."""
    kind = fold(str(member.get("objectType") or member.get("@odata.type") or "").rpartition(".")[2])
    return kind not in ("", "user", "group")


def merged(name: str, one: tuple[Json, Row], other: tuple[Json, Row]) -> tuple[Json, Row]:
    """Two rows of one object as one. Raises ImportRefused where they contradict each other."""
    said, also = ({**row, **{key: item[key] for key in ("manager", "members") if key in item}} for item, row in (one, other))
    differ = sorted(key for key in said.keys() & also.keys() if said[key] != also[key])
    if differ:
        raise ImportRefused(
            f"the export has two rows of {name}, and they differ in {', '.join(differ)}",
            "keep the file that is right, or export both again",
        )
    return {**other[0], **one[0]}, {**other[1], **one[1]}


def _texts(item: Json, known: Iterable[str], notes: Notes) -> Row:
    names = {fold(name): name for name in known}
    row: Row = {}
    for key, value in item.items():
        name = names.get(fold(RENAMED.get(fold(key), key)))
        if name is None or key in ASIDE:
            continue
        if name in MULTI_VALUED and isinstance(value, list):
            value = [text for text in value if isinstance(text, str) and can_hold(text)] or None
        elif isinstance(value, str) and not can_hold(value):
            notes.add(f"{name} is not imported: no YAML file can hold it", str(item.get("id")))
            value = None
        held = value not in (None, "") and (isinstance(value, (str, list)) or name == "accountEnabled")
        row[name] = value if held else None
    return row
