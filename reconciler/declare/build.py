"""The documents of one app in, an App out, with what is wrong in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declare import profiles
from reconciler.declare.model import (
    App,
    AttributeMapping,
    Clause,
    Deprovisioning,
    ObjectMapping,
    Problem,
    Provisioning,
    Role,
    ScopingFilter,
)
from reconciler.declare.names import DEFAULT_ACCESS_KEY, fold
from reconciler.declare.safeguards import read_approvals, read_safeguards
from reconciler.declare.source_attributes import source_problem
from reconciler.declare.urls import REFERENCE, TOKEN, URL_REMEDIES, _stand_in, url_problem
from reconciler.declare.yaml.document import Document
from reconciler.declare.yaml.places import text_of

REMOVAL = ("deprovisioning", "removedFromDirectory")
USER_ROLE = Role("user", "User", "User")


class _Notes:
    """Adds errors and warnings at a path of a document."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def error(self, document: Document, path: tuple[Any, ...], code: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(document.locate(path), "error", code, message, remedy))

    def not_yet(self, document: Document, path: tuple[Any, ...], what: str) -> None:
        place = document.locate_key(path)
        self.problems.append(
            Problem(
                place, "warning", "no-effect-yet", f"{what} has no effect yet", "it is checked, and will count in a later version"
            )
        )


def build_app(folder: str, documents: Mapping[str, Document], problems: list[Problem]) -> App:
    """Put one app together but for its assignments. Of app.yaml and mappings.yaml there is at least an empty document."""
    notes = _Notes(problems)
    document, mappings = documents["app"], documents["mappings"]
    data, declared = document.data, mappings.data.get("mappings", {})
    credentials, name = data.get("adminCredentials", {}), data.get("app", folder)
    if fold(name) != fold(folder):
        notes.error(document, ("app",), "app-name", f"the folder is named {folder}, the app {name}", "give both one name")
    _check_credentials(document, credentials, notes)
    roles = _roles(documents.get("roles"), notes)
    profile, settings = profiles.declared(document, problems)
    provisioning, deprovisioning = data.get("provisioning", {}), data.get("deprovisioning", {})
    for holder, path in ((data, ("notification",)), (provisioning, ("provisioning", "interval"))):
        if path[-1] in holder:
            notes.not_yet(document, path, path[-1])
    return App(
        name=name,
        displayName=data.get("displayName") or name,
        profile=profile,
        tenantUrl=str(credentials.get("tenantUrl")),
        secretToken=str(credentials.get("secretToken")),
        provisioning=Provisioning(**_known(Provisioning, provisioning)),
        deprovisioning=Deprovisioning(**_known(Deprovisioning, deprovisioning)),
        roles=roles,
        assignments=(),
        users=_object_mapping(mappings, declared, "users", notes),
        groups=_object_mapping(mappings, declared, "groups", notes),
        place=document.locate(("app",)),
        url_place=document.locate(("adminCredentials", "tenantUrl")),
        token_place=document.locate(("adminCredentials", "secretToken")),
        settings=settings,
        removal_place=document.locate_key(REMOVAL if REMOVAL[-1] in deprovisioning else ("app",)),
        safeguards=read_safeguards(document, roles, problems),
        approvals=read_approvals(documents["approvals"], problems) if "approvals" in documents else (),
    )


def _known(kind: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in kind.__dataclass_fields__}


def _check_credentials(document: Document, credentials: dict[str, Any], notes: _Notes) -> None:
    token, url = credentials.get("secretToken"), credentials.get("tenantUrl")
    where = ("adminCredentials", "secretToken")
    if isinstance(token, str) and not TOKEN.match(token):
        notes.error(
            document,
            where,
            "literal-secret",
            "a secret token must be a reference, without a default",
            "write ${env:NAME} or ${file:/path}, and revoke a token that was written here",
        )
    if not isinstance(url, str):
        return
    where = ("adminCredentials", "tenantUrl")
    if "${" in REFERENCE.sub("", url):
        notes.error(
            document,
            where,
            "reference",
            "a reference reads ${env:NAME}, ${env:NAME:-default} or ${file:PATH}",
            "mend the reference",
        )
        return
    message = url_problem(REFERENCE.sub(_stand_in, url))
    if message:
        notes.error(document, where, "tenant-url", message, URL_REMEDIES.get(message, "give an https URL"))


def _roles(document: Document | None, notes: _Notes) -> dict[str, Role]:
    if document is None:
        return {USER_ROLE.key: USER_ROLE}
    by_key: dict[str, Role] = {}
    values: dict[Any, int] = {}
    rows = document.data.get("roles")
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        if not isinstance(row, dict) or not isinstance(row.get("displayName"), str):
            continue
        key = fold(row["displayName"])
        if key in by_key or key == DEFAULT_ACCESS_KEY:
            notes.error(
                document,
                ("roles", number, "displayName"),
                "duplicate",
                f"the role {row['displayName']} stands twice or is built in",
                "keep one",
            )
        first = values.setdefault(row.get("value"), number) if isinstance(row.get("value"), str) else number
        if first != number:
            notes.error(
                document,
                ("roles", number, "value"),
                "duplicate",
                f"{rows[first]['displayName']} in line {document.locate(('roles', first)).line} has the value "
                f"{row['value']!r} too",
                "give each role its own",
            )
        kinds = row.get("allowedMemberTypes")
        by_key.setdefault(
            key,
            Role(
                key,
                str(row.get("value")),
                row["displayName"],
                row.get("privileged") is True,
                row.get("enabled", True) is not False,
                tuple(kinds) if isinstance(kinds, list) else ("User", "Group"),
                document.locate(("roles", number)),
            ),
        )
    return by_key


def mapping_of(document: Document, problems: list[Problem]) -> ObjectMapping | None:
    """The users' mapping of a mappings.yaml that stands for itself; None where it is too broken to be used."""
    declared = document.data.get("mappings")
    return _object_mapping(document, declared, "users", _Notes(problems)) if isinstance(declared, dict) else None


def _object_mapping(document: Document, declared: dict[str, Any], kind: str, notes: _Notes) -> ObjectMapping:
    data = declared.get(kind)
    place = document.locate_key(("mappings", kind))
    if not isinstance(data, dict):
        return ObjectMapping(enabled=False, place=place)
    rows = data.get("attributes")
    attributes = []
    seen: dict[str | int, AttributeMapping] = {}
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        path = ("mappings", kind, "attributes", number)
        if not isinstance(row, dict) or not isinstance(row.get("target"), str):
            continue
        item = _attribute(document, path, row)
        attributes.append(item)
        _check_attribute(document, path, row, item, kind, seen, notes)
    mapping = ObjectMapping(
        enabled=data.get("enabled", True) is not False,
        targetObjectActions=frozenset(data.get("targetObjectActions") or ("create", "update", "delete"))
        if data.get("targetObjectActions") != []
        else frozenset(),
        scopingFilters=_filters(document, kind, data),
        attributes=tuple(attributes),
        assertive=data.get("assertive") is True,
        place=place,
    )
    if kind == "users" and not mapping.enabled:
        notes.error(
            document,
            ("mappings", kind, "enabled"),
            "users-disabled",
            "the users' mapping cannot be switched off",
            "say `targetObjectActions: []`, or `provisioning: {status: off}` in app.yaml",
        )
    if mapping.enabled and not any(item.matchingPrecedence for item in attributes) and not _cut(document, kind, rows):
        notes.error(
            document,
            ("mappings", kind),
            "no-matching-attribute",
            "no mapping has a matchingPrecedence",
            "give the attribute that identifies an account `matchingPrecedence: 1`",
        )
    return mapping


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
    seen: dict[str | int, AttributeMapping], notes: _Notes,
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
        name = str(row.get("name") or f"filter {number + 1}") if isinstance(row, dict) else ""
        filters.append(ScopingFilter(name, tuple(items)))
    return tuple(filters)
