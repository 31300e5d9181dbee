"""What only the mapping room can judge: expressions, target paths, filter clauses. Declarations in, problems out. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.mapping_model import AttributeMapping, ObjectMapping
from reconciler.declare.model import App, Declarations, Role
from reconciler.declare.place import Place, Problem
from reconciler.declare.source_attributes import DEFAULT_DOMAIN, source_problem
from reconciler.resolve.capabilities import capabilities, check_capabilities
from reconciler.resolve.expressions.functions import FUNCTIONS
from reconciler.resolve.expressions.language import Expression, ExpressionError, compile_expression
from reconciler.resolve.filters import OPERATORS, Finding, check_clause
from reconciler.resolve.paths import PathError, parse_path
from reconciler.resolve.rfc7643 import meant
from reconciler.resolve.scope import Refusal, member_type, refusal
from reconciler.resolve.targets import CLEAR, Targets, is_password, misfit

OTHER = {"User": "assign a group", "Group": "assign its members themselves"}


def check(declarations: Declarations) -> list[Problem]:
    """Every mapping that cannot be compiled, at its place."""
    partial = [
        problem
        for app in declarations.partial.values()
        for kind in ("users", "groups")
        for problem in _mapping(getattr(app, kind), kind)
    ]
    whole = (problem for app in declarations.apps.values() for problem in _app(app))
    return [*partial, *whole, *_without_domain(declarations)]


def check_mapping(mapping: ObjectMapping, kind: str) -> list[Problem]:
    """Every mapping of one object type (`users` or `groups`) that cannot be compiled, at its place."""
    return list(_mapping(mapping, kind))


def check_assignments(declarations: Declarations) -> list[Problem]:
    """Each assignment whose role is disabled, or not open to a user or a group; Default Access is meant to give nothing."""
    return [problem for app in declarations.apps.values() for problem in _without_effect(app)]


def _app(app: App) -> Iterator[Problem]:
    users = list(_mapping(app.users, "users"))
    yield from users
    yield from _mapping(app.groups, "groups")
    sound = not users
    wanted = not {"disable", "empty"}.isdisjoint((app.deprovisioning.outOfScope, app.deprovisioning.removedFromDirectory))
    yield from check_capabilities(app)
    able = capabilities(app)
    if sound and wanted and able.inactive == "ignored":
        yield Problem(
            app.users.place,
            "warning",
            "cannot-disable",
            f"{able.service} ignores `active`, so accounts out of scope are retained",
            "set `delete` or `retain` in deprovisioning, or fix the profile's deprovision.inactive",
        )
    elif sound and wanted and not _disables(app):
        yield Problem(
            app.users.place,
            "warning",
            "cannot-disable",
            "no mapping gives `active: false` for a soft-deleted user, so accounts out of scope are retained",
            'map `active` from Switch([IsSoftDeleted], , "False", "True", "True", "False")',
        )


def _disables(app: App) -> bool:
    from reconciler.resolve.mapping import compile_mapping

    return compile_mapping(app.users).disables()


def _mapping(mapping: ObjectMapping, kind: str) -> Iterator[Problem]:
    paths = Targets()
    for item in mapping.attributes:
        yield from _target(item, kind, paths)
        yield from _attribute(item, kind)
    for scoping in mapping.scopingFilters:
        for clause in [clause for clause in scoping.clauses if clause.operator in OPERATORS]:  # the schema refuses others
            unknown = source_problem(clause.attribute, kind)
            finding = check_clause(clause) or (Finding(*unknown, "attribute") if unknown else None)
            if finding:
                place = clause.places.get(finding.key, clause.place)
                yield Problem(place, "error", "scoping-filter", finding.message, finding.remedy)


def _target(item: AttributeMapping, kind: str, paths: Targets) -> Iterator[Problem]:
    """`paths` are the targets before it, and it is added to them."""
    try:
        path = parse_path(item.target)
    except PathError as error:
        yield Problem(
            item.target_text.at(error.column),
            "error",
            "target-path",
            f"{item.target!r} is not a SCIM path: {error}",
            'for example name.givenName or emails[type eq "work"].value',
        )
        return
    wrong, other = misfit(item, path, kind), paths.clash(path)
    if wrong:
        yield Problem(item.place, "error", "target", *wrong)
        return
    if other is not None and other.lower() != item.target.lower():  # those are reported where they are read
        yield Problem(
            item.place, "error", "duplicate", f"{item.target} and {other} write the same attribute", "keep one of the two"
        )
    paths.add(path, item.target)
    if remedy := meant(path, kind):
        yield Problem(item.place, "warning", "unknown-target", f"RFC 7643 has no {item.target}", remedy)


def _attribute(item: AttributeMapping, kind: str) -> Iterator[Problem]:
    if item.kind != "expression":
        return
    try:
        expression = compile_expression(str(item.value))
    except ExpressionError as error:
        yield Problem(item.value_text.at(error.column), "error", "expression", error.message, error.remedy)
        return
    if expression.generated:
        yield from _generated(item, expression)
    elif not expression.sources and is_password(item.target):
        yield Problem(item.value_text.at(1), "error", "target", *CLEAR)
    for name in expression.sources:
        if name != DEFAULT_DOMAIN and (unknown := source_problem(name, kind)):
            column = str(item.value).find(f"[{name}]") + 2
            yield Problem(item.value_text.at(column), "error", "unknown-source", *unknown)


def _without_domain(declarations: Declarations) -> Iterator[Problem]:
    """Each expression that calls DefaultDomain(), where reconciler.yaml names none."""
    apps = declarations.apps.values() if declarations.default_domain is None else ()
    for item in (item for app in apps for mapping in (app.users, app.groups) for item in mapping.attributes):
        column = str(item.value).find("DefaultDomain") + 1
        if item.kind == "expression" and column and DEFAULT_DOMAIN in _sources(str(item.value)):
            yield Problem(
                item.value_text.at(column),
                "error",
                "no-default-domain",
                "DefaultDomain() gives the tenant's domain, and reconciler.yaml does not name it",
                "write `defaultDomain: example.com` in reconciler.yaml, with the domain that Entra marks as primary",
            )


def _sources(text: str) -> tuple[str, ...]:
    try:
        return compile_expression(text).sources
    except ExpressionError:
        return ()  # which has been told


def _generated(item: AttributeMapping, expression: Expression) -> Iterator[Problem]:
    """Guid, Now and RandomString: compared, they would make a change for ever."""
    names = [name for name in FUNCTIONS if name in expression.functions and FUNCTIONS[name].generated]
    place = item.value_text.at(expression.text.find(names[0]) + 1)
    what = f"{' and '.join(names)} gives another value each time"
    if item.matchingPrecedence:
        yield Problem(
            place,
            "error",
            "generated-value",
            f"{what}, so no account can be matched by it",
            "match by an attribute that identifies the user",
        )
    elif item.apply != "create":
        yield Problem(place, "error", "generated-value", f"{what}, so the account would change for ever", "add `apply: create`")


def _without_effect(app: App) -> Iterator[Problem]:
    closed = {(key, member): why for key, role in app.roles.items() for member in OTHER if (why := refusal(role, member))}
    for item in app.assignments if closed else ():
        member = member_type(item)
        if why := closed.get((item.role, member)):
            yield Problem(Place(item.file, item.line), "warning", *_nobody(app.roles[item.role], member, why))


def _nobody(role: Role, member: str, why: Refusal) -> tuple[str, str, str]:
    """Code, message and remedy of an assignment whose role is refused."""
    match why:
        case "disabled":
            return (
                "role-disabled",
                f"the role {role.displayName} is disabled, so this assignment gives it to nobody",
                "remove the assignment, or `enabled: false` from the role in roles.yaml",
            )
        case "member type":
            return (
                "role-member-type",
                f"the role {role.displayName} is not open to a {member.lower()}, so this assignment gives it to nobody",
                f"{OTHER[member]}, or add {member} to the role's allowedMemberTypes in roles.yaml",
            )
