"""mappings.yaml in, how each attribute of a user or a group is derived out, with what is wrong in it. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.mapping_model import AttributeMapping, Clause, ObjectMapping, ScopingFilter
from reconciler.declare.notes import Notes
from reconciler.declare.place import Problem
from reconciler.declare.source_attributes import source_problem
from reconciler.declare.yaml.document import Document
from reconciler.declare.yaml.places import text_of


def mapping_of(document: Document, problems: list[Problem]) -> ObjectMapping | None:
    """The users' mapping of a mappings.yaml that stands for itself; None where it is too broken to be used."""
    declared = document.data.get("mappings")
    return object_mapping(document, declared, "users", Notes(problems)) if isinstance(declared, dict) else None


def object_mapping(document: Document, declared: dict[str, Any], kind: str, notes: Notes) -> ObjectMapping:
    """The mapping of `kind`, users or groups; `declared` is what stands below the key `mappings`."""
    data = declared.get(kind)
    place = document.locate_key(("mappings", kind))
    if not isinstance(data, dict):
        return ObjectMapping(enabled=False, place=place)
    actions = data.get("targetObjectActions")
    mapping = ObjectMapping(
        enabled=data.get("enabled", True) is not False,
        targetObjectActions=frozenset(actions) if actions or actions == [] else ObjectMapping().targetObjectActions,
        scopingFilters=_filters(document, kind, data),
        attributes=_attributes(document, kind, data.get("attributes"), notes),
        assertive=data.get("assertive") is True,
        place=place,
    )
    _check_mapping(document, kind, mapping, data.get("attributes"), notes)
    return mapping


def _check_mapping(document: Document, kind: str, mapping: ObjectMapping, rows: Any, notes: Notes) -> None:
    if kind == "users" and not mapping.enabled:
        notes.error(
            document,
            ("mappings", kind, "enabled"),
            "users-disabled",
            "the users' mapping cannot be switched off",
            "set `targetObjectActions: []`, or `provisioning: {status: off}` in app.yaml",
        )
    if mapping.enabled and not any(item.matchingPrecedence for item in mapping.attributes) and not _cut(document, kind, rows):
        notes.error(
            document,
            ("mappings", kind),
            "no-matching-attribute",
            "no mapping has a matchingPrecedence",
            "give the attribute that identifies an account `matchingPrecedence: 1`",
        )


def _attributes(document: Document, kind: str, rows: Any, notes: Notes) -> tuple[AttributeMapping, ...]:
    attributes = []
    seen: dict[str | int, AttributeMapping] = {}
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        path = ("mappings", kind, "attributes", number)
        if isinstance(row, dict) and isinstance(row.get("target"), str):
            item = _attribute(document, path, row)
            attributes.append(item)
            _check_attribute(document, path, row, item, kind, seen, notes)
    return tuple(attributes)


def _cut(document: Document, kind: str, rows: Any) -> bool:
    """Whether a matchingPrecedence may have been dropped."""
    base = ("mappings", kind, "attributes")
    return base in document.dropped or any(
        (*base, number) in document.dropped or (*base, number, "matchingPrecedence") in document.dropped
        for number in range(len(rows or ()))
    )


def _attribute(document: Document, path: tuple[Any, ...], row: dict[str, Any]) -> AttributeMapping:
    kind = next((k for k in ("source", "constant", "expression", "none") if k in row), "none")
    return AttributeMapping(
        row["target"],
        kind,
        row.get(kind),
        row.get("matchingPrecedence"),
        str(row.get("apply", "always")),
        row.get("default"),
        str(row.get("onNull", "clear")),
        row.get("ignoreDrift") is True,
        text_of(document, (*path, "target"), row["target"]),
        text_of(document, (*path, kind), row.get(kind)),
        row.get("caseExact"),
    )


def _check_attribute(
    document: Document, path: tuple[Any, ...], row: dict[str, Any], item: AttributeMapping, kind: str,
    seen: dict[str | int, AttributeMapping], notes: Notes,
) -> None:  # fmt: skip
    """`seen` are the mappings before it by target and by precedence, and it is added to them."""
    first = seen.setdefault(item.target.lower(), item)
    if first is not item:
        notes.error(
            document,
            (*path, "target"),
            "duplicate",
            f"{item.target} is mapped twice, first in line {first.place.line}",
            "keep one of the two",
        )
    rank = item.matchingPrecedence
    if isinstance(rank, int) and (first := seen.setdefault(rank, item)) is not item:
        notes.error(
            document,
            (*path, "matchingPrecedence"),
            "duplicate-precedence",
            f"{first.target} in line {first.place.line} has matchingPrecedence {rank} too",
            "give each matching attribute its own: the lowest is tried first",
        )
    if item.kind == "source" and isinstance(item.value, str):
        problem = source_problem(item.value, kind)
        if item.value == "appRoleAssignments":
            problem = ("appRoleAssignments must go through an expression", "use AssertiveAppRoleAssignmentsComplex")
        if problem:
            notes.error(document, (*path, "source"), "unknown-source", *problem)


def _filters(document: Document, kind: str, data: dict[str, Any]) -> tuple[ScopingFilter, ...]:
    rows = data.get("scopingFilters")
    filters = []
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        clauses = row.get("clauses") if isinstance(row, dict) else None
        base = ("mappings", kind, "scopingFilters", number, "clauses")
        items = [
            Clause(
                c["attribute"],
                c["operator"],
                c.get("value"),
                document.locate((*base, i)),
                {key: document.locate((*base, i, key)) for key in c},
            )
            for i, c in enumerate(clauses if isinstance(clauses, list) else ())
            if c is not None and {"attribute", "operator"} <= c.keys() and not document.lacks((*base, i))
        ]
        filters.append(
            ScopingFilter(str(row.get("name") or f"filter {number + 1}") if isinstance(row, dict) else "", tuple(items))
        )
    return tuple(filters)
