"""Entra's synchronization schema ("Review your schema", Download) in, mappings that mean the same out. Pure.

Shapes: Graph resource synchronizationSchema, objectMapping, attributeMapping, filter (facts: provisioning.md §1.3, §1.4).
What has no equivalent is listed with its reason, and stands as a comment in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from reconciler.adopt.entra import terms
from reconciler.adopt.entra.terms import Json, Untranslatable
from reconciler.adopt.model import ImportRefused
from reconciler.declare.mapping_model import AttributeMapping
from reconciler.declare.names import fold
from reconciler.declare.yaml.scalars import can_hold
from reconciler.resolve.expressions.language import compile_expression
from reconciler.resolve.paths import parse_path
from reconciler.resolve.targets import OURS, Targets, ignores_case, misfit

ENTRA = frozenset({"azure active directory", "microsoft entra id", "azureactivedirectory", ""})
FLOWS = {"add": "create", "update": "update", "delete": "delete"}
NOBODY = {"name": "Not translated: lets nobody through until it is fixed", "clauses": [{"attribute": "", "operator": "IS NULL"}]}


@dataclass
class Side:
    """The mapping of one object type as mappings.yaml has it, and what was left out of it."""

    kind: str
    enabled: bool = False
    actions: list[str] = field(default_factory=list)
    filters: list[Json] = field(default_factory=list)
    attributes: list[Json] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@dataclass
class Translated:
    users: Side
    groups: Side
    left: list[str]

    def all_left(self) -> list[str]:
        """Everything that was left out, with the object type that it is of."""
        return [*self.left, *(f"{side.kind}: {line}" for side in (self.users, self.groups) for line in side.left)]


def translate(data: Any) -> Translated:
    """The whole schema. Raises ImportRefused where it is none, or maps no users."""
    sides: dict[str, Side] = {}
    left: list[str] = []
    for rule, mapping in _object_mappings(data):
        name = str(mapping.get("name") or f"{mapping.get('sourceObjectName')} to {mapping.get('targetObjectName')}")
        kind = {"user": "users", "group": "groups"}.get(str(mapping.get("sourceObjectName")).lower())
        if str(rule.get("sourceDirectoryName") or "").lower() not in ENTRA:
            left.append(f"{name}: its source is {rule.get('sourceDirectoryName')}, and only Entra's directory is one here")
        elif kind is None:
            left.append(f"{name}: only users and groups are provisioned")
        elif kind in sides:
            left.append(f"{name}: {kind} are mapped by another object mapping already")
        else:
            sides[kind] = _side(kind, mapping, _exact(data, rule, mapping))
    if "users" not in sides:
        raise ImportRefused(
            "the file holds no object mapping from Entra's users",
            "download it under Attribute mappings, Show advanced options, Review your schema",
        )
    return Translated(sides["users"], sides.get("groups", Side("groups")), left)


def _object_mappings(data: Any) -> Iterator[tuple[Json, Json]]:
    data = data.get("schema", data) if isinstance(data, dict) else {}
    for rule in _dicts(data.get("synchronizationRules")):
        for mapping in _dicts(rule.get("objectMappings")):
            yield rule, mapping


def _exact(data: Json, rule: Json, mapping: Json) -> dict[str, bool]:
    """Folded name of each text attribute of the target's object -> whether its case is exact, where its directory says so."""
    directories = _named(data.get("schema", data).get("directories"), rule.get("targetDirectoryName"))
    objects = [element for item in directories for element in _named(item.get("objects"), mapping.get("targetObjectName"))]
    attributes = [element for item in objects for element in _dicts(item.get("attributes"))]
    return {
        fold(str(item.get("name"))): item["caseExact"]
        for item in attributes
        if isinstance(item.get("caseExact"), bool) and str(item.get("type") or "String").lower() == "string"
    }


def _named(value: Any, name: Any) -> list[Json]:
    return [item for item in _dicts(value) if fold(str(item.get("name"))) == fold(str(name))]


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _side(kind: str, mapping: Json, exact: Mapping[str, bool]) -> Side:
    flows = {FLOWS.get(word.strip().lower()) for word in str(mapping.get("flowTypes") or "Add, Update, Delete").split(",")}
    actions = [action for action in FLOWS.values() if action in flows]
    side = Side(kind, mapping.get("enabled") is not False, actions)
    if kind == "users" and not side.enabled:
        side.enabled, side.actions = True, []
        side.left.append("enabled: the users' mapping cannot be switched off, so `targetObjectActions` is empty instead")
    _filters(side, mapping.get("scope") or {})
    taken = Targets()
    for item in _dicts(mapping.get("attributeMappings")):
        try:
            row = {**_attribute(kind, item), **_case(item, exact)}
            if not all(can_hold(value) for value in row.values() if isinstance(value, str)):
                raise Untranslatable("it holds a character that no YAML file can")
            if taken.clash(parse_path(row["target"])) is not None:
                raise Untranslatable("it is mapped twice, and the first is kept")
            side.attributes.append(row)
            taken.add(parse_path(row["target"]), row["target"])
        except Untranslatable as error:
            side.left.append(f"{item.get('targetAttributeName')}: {error} ({_source_text(item)})")
    _renumber(side)
    return side


def _renumber(side: Side) -> None:
    """Ours must all differ: of equal ones the first that stands there is tried first."""
    matching = sorted((row for row in side.attributes if "matchingPrecedence" in row), key=itemgetter("matchingPrecedence"))
    if len({row["matchingPrecedence"] for row in matching}) < len(matching):
        for number, row in enumerate(matching, 1):
            row["matchingPrecedence"] = number
        order = ", ".join(f"{row['target']} {row['matchingPrecedence']}" for row in matching)
        side.left.append(f"matchingPriority: several have the same, so they are numbered in order instead ({order})")


def _source_text(item: Json) -> str:
    source = item.get("source") if isinstance(item.get("source"), dict) else {}
    return str((source or {}).get("expression") or (source or {}).get("name") or "no source")


def _attribute(kind: str, item: Json) -> Json:
    """One attribute mapping. Raises Untranslatable."""
    row: Json = {"target": terms.target(str(item.get("targetAttributeName") or ""))}
    row.update(terms.source(kind, item.get("source") or {}))
    name = next(key for key in row if key != "target")
    problem = misfit(AttributeMapping(row["target"], name, row[name]), parse_path(row["target"]), kind)
    if problem:
        raise Untranslatable(problem[0])
    flow = str(item.get("flowType") or "Always")
    if flow not in ("Always", "ObjectAddOnly"):
        raise Untranslatable(f"flowType {flow} has no equivalent")
    priority = item.get("matchingPriority") or 0
    if isinstance(priority, int) and priority > 0:
        row["matchingPrecedence"] = priority
    default = item.get("defaultValue")
    if default not in (None, "") and row.get("constant") is None:
        row["default"] = default
    if flow == "ObjectAddOnly":
        row["apply"] = "create"
    elif _may_be_null(kind, row):
        row["onNull"] = "keep"  # Entra provisions no nulls (EN:known-issues)
    generated = "expression" in row and compile_expression(row["expression"]).generated
    if generated and (row.get("apply") != "create" or "matchingPrecedence" in row):
        raise Untranslatable("it gives another value each time, and applies not only at creation")
    return row


def _case(item: Json, exact: Mapping[str, bool]) -> Json:
    """`caseExact` where the service's attribute differs from what holds when nothing is said."""
    name = str(item.get("targetAttributeName"))
    case, path = exact.get(fold(name)), parse_path(name)
    same = case is None or case is not ignores_case(path) or path.attribute.lower() in OURS
    return {} if same else {"caseExact": case}


def _may_be_null(kind: str, row: Json) -> bool:
    never = ("displayName", "members") if kind == "groups" else ("userPrincipalName",)
    if "expression" in row:
        compiled = compile_expression(row["expression"])
        return not (set(compiled.sources) <= {"IsSoftDeleted"} or "AssertiveAppRoleAssignmentsComplex" in compiled.functions)
    return "source" in row and row["source"] not in never


def _filters(side: Side, scope: Json) -> None:
    """Filters are alternatives. One that cannot be translated whole is left out, and then fewer are in scope, not more."""
    groups = _dicts(scope.get("groups"))
    for number, group in enumerate(groups, 1):
        name = "".join(filter(can_hold, str(group.get("name") or f"filter {number}")))
        try:
            clauses = [terms.clause(side.kind, clause) for clause in _dicts(group.get("clauses"))]
            if clauses:
                side.filters.append({"name": name, "clauses": clauses})
        except Untranslatable as error:
            side.left.append(f"scoping filter {name}: {error}")
    hidden = [key for key in ("inputFilterGroups", "categoryFilterGroups") if scope.get(key)]
    side.left += [f"scope.{key}: it has no equivalent" for key in hidden]
    lost = any(_dicts(group.get("clauses")) for group in groups) and not side.filters
    if hidden or lost:
        key = "userPrincipalName" if side.kind == "users" else "displayName"
        side.filters = [{**NOBODY, "clauses": [{**NOBODY["clauses"][0], "attribute": key}]}]  # type: ignore[dict-item]
