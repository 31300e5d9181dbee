"""What RFC 7643 says of a target's shape, and whether a mapping can fill it: mappings and paths in, words out. Pure.

A target in a schema that is not the RFC's own is taken as it stands; the service's /Schemas judges it.
"""

from __future__ import annotations

from reconciler.declare.mapping_model import AttributeMapping
from reconciler.declare.source_attributes import MULTI_VALUED
from reconciler.resolve.paths import Path
from reconciler.resolve.rfc7643 import ADDRESS, ENTERPRISE, OF_ENTERPRISE, USER, VALUE

SCHEMAS = ("user", "group")  # what the URN of a schema ends with
READ_ONLY = frozenset({"id", "meta", "groups", "schemas"})
SEVERAL = frozenset(name.lower() for name, parts in USER.items() if parts in (VALUE, ADDRESS)) - READ_ONLY
PLAIN = {
    "": frozenset(name.lower() for name, parts in USER.items() if not parts) - READ_ONLY,
    ENTERPRISE.lower(): frozenset(name.lower() for name, parts in OF_ENTERPRISE.items() if not parts),
}
# By these names we write them ourselves, when an account is disabled or a membership changes.
OURS = ("active", "members")
LISTS = ("AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex", "RemoveDuplicates", "Split")

STRAIGHT = MULTI_VALUED - {"appRoleAssignments"}  # which no mapping takes as it is

Finding = tuple[str, str] | None
CLEAR = (
    "a password stands here for everybody who reads this file, and would be the same for all accounts",
    "let one be generated: `expression: 'RandomString(16, 2, 2, 2, 2)'` with `apply: create`",
)


def is_plain(path: Path) -> bool:
    """Whether the RFC's own schemas give the attribute one value without parts."""
    return path.attribute.lower() in PLAIN.get((path.urn or "").lower(), ())


def is_text(path: Path) -> bool:
    """Whether the RFC's own schemas call the target a string."""
    name, sub = path.attribute.lower(), (path.sub or "").lower()
    if sub:
        return path.urn is None and (name == "name" or name in SEVERAL) and sub != "primary"
    return is_plain(path) and path.filter is None and name != "active"


def ignores_case(path: Path) -> bool:
    """What services compare without regard to case, where the mapping says nothing (RFC 7643 §4.1.1, §8.7.1)."""
    attribute, leaf = path.attribute.lower(), (path.sub or path.attribute).lower()
    return attribute == "username" or (attribute == "emails" and leaf in ("emails", "value"))


def is_single(path: Path) -> bool:
    """Whether the target can hold one value alone."""
    return path.sub is not None or is_plain(path)


def misfit(item: AttributeMapping, path: Path, kind: str) -> Finding:
    """Why a mapping of an object type (`users` or `groups`) cannot fill its target, and what to do; None where it can."""
    findings = (_name(item, path), _secret(item), _members(item, path, kind), _reference(item, path), _parts(item, path))
    return next(filter(None, findings), None) or _count(item, path)


def is_password(target: str) -> bool:
    """Whether a target is a password, of the RFC's schema or of another one."""
    return target.rpartition(":")[2].lower() == "password"


def _secret(item: AttributeMapping) -> Finding:
    return CLEAR if is_password(item.target) and (item.kind == "constant" or item.default is not None) else None


def _name(item: AttributeMapping, path: Path) -> Finding:
    name = path.attribute.lower()
    if path.urn is not None and name in SCHEMAS and path.urn[-1].isdigit():
        if path.sub is not None:
            return f"{item.target} has a dot after the schema's name", f"write `{path.urn}:{path.attribute}:{path.sub}`"
        return f"{item.target} names a schema, and no attribute of it", f"add what is meant, such as `{item.target}:department`"
    if path.urn is None and name in READ_ONLY:
        return f"{item.target} belongs to the service", "map another attribute"
    if path.urn is None and name in OURS and item.target not in OURS:
        return f"{item.target} is an attribute that is written as a whole", f"write it as `{name}`"
    return None


def _members(item: AttributeMapping, path: Path, kind: str) -> Finding:
    target, source = item.target == "members", item.kind == "source" and item.value == "members"
    if target and kind == "users":
        return "members is an attribute of groups", "map it under `groups`, from the source members"
    if target != source:
        return "the source members goes to the target members, and nothing else does", "map members from members"
    return None


def _reference(item: AttributeMapping, path: Path) -> Finding:
    if item.kind == "source" and item.value == "manager" and path.attribute.lower() != "manager":
        return (
            "the source manager refers to another account, and this target holds no reference",
            "map it to `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager`",
        )
    return None


def _parts(item: AttributeMapping, path: Path) -> Finding:
    name = path.attribute
    if is_plain(path) and (path.sub or path.filter):
        return f"{name} is one value without parts", f"write it as `{path.urn + ':' if path.urn else ''}{name}`"
    if path.filter is not None and path.sub is None:
        return "a filter alone points to an element, not to a value", f"add what is meant, such as `{item.target}.value`"
    if path.urn is None and name.lower() == "name" and path.sub is None:
        return "name is made of parts", "map name.givenName, name.familyName, name.formatted"
    if path.urn is None and name.lower() in SEVERAL and path.filter is None and not _gives_several(item):
        return f"{name} holds several values", f'say which is meant: `{name}[type eq "work"].value`'
    return None


def _gives_several(item: AttributeMapping) -> bool:
    match item.kind:
        case "constant":
            return isinstance(item.value, list)
        case "expression":
            return "AppRoleAssignmentsComplex(" in str(item.value)
        case kind:
            return kind == "none"


def _given(item: AttributeMapping, key: str) -> object:
    return item.default if key == "default" else item.value if item.kind == key else None


def _count(item: AttributeMapping, path: Path) -> Finding:
    if not is_single(path):
        return None
    parts = next((key for key in ("constant", "default") if isinstance(_given(item, key), dict)), None)
    if parts is not None:
        return f"its {parts} is a mapping, and the target holds one value without parts", f"give one value as `{parts}`"
    listed = next((value for value in (item.value, item.default) if isinstance(value, list)), None)
    call = str(item.value).partition("(")[0].strip() if item.kind == "expression" else ""
    if listed or call in LISTS or (item.kind == "source" and item.value in STRAIGHT):
        return f"{listed or item.value} has several values, and the target holds one", "take one with Item, or all with Join"
    return None


class Targets:
    """Targets in the order of a mapping, so that one can be found that another would undo."""

    def __init__(self) -> None:
        self._places: dict[tuple[object, ...], str] = {}
        self._shapes: dict[tuple[str, str], dict[tuple[bool, bool], str]] = {}

    def add(self, path: Path, target: str) -> None:
        """`target` is the path as it is written."""
        self._places.setdefault((*_whose(path), *_place(path)), target)
        self._shapes.setdefault(_whose(path), {}).setdefault(_shape(path), target)

    def clash(self, path: Path) -> str | None:
        """The earlier target that one value would undo: the same in another spelling, or its whole or a part of it."""
        same = self._places.get((*_whose(path), *_place(path)))
        others = (target for shape, target in self._shapes.get(_whose(path), {}).items() if shape != _shape(path))
        return same if same is not None else next(others, None)


def _whose(path: Path) -> tuple[str, str]:
    return (path.urn or "").lower(), path.attribute.lower()


def _place(path: Path) -> tuple[object, str]:
    return path.filter, (path.sub or "").lower()


def _shape(path: Path) -> tuple[bool, bool]:
    return path.filter is not None, path.sub is not None
