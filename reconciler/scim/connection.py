"""test-connection: filter queries that must find nobody, then discovery and the mappings; each step in words."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.resolve.capabilities import Limited
from reconciler.resolve.mapping import CompiledMapping, compile_mapping
from reconciler.scim.client import ScimClient
from reconciler.scim.discovery import read_schemas, refined, schema_warnings
from reconciler.scim.errors import INCOMPATIBLE, OldScim, ReadError, ServiceError
from reconciler.scim.profile import Profile

KEEPS = {
    True: "which the service keeps, so that an update needs no read before it",
    False: "which the service does not keep, so that each object is read before its update",
    None: "which the first apply of many updates tries before it relies on it",
}


class Step(NamedTuple):
    """`needed` steps decide the exit code; discovery is optional, and a `warning` says what to fix.

    `code` is that of what failed, or of the warning; empty where all is well.
    """

    name: str
    ok: bool
    message: str
    remedy: str = ""
    needed: bool = True
    warning: bool = False
    code: str = ""


def run_test(client: ScimClient, limited: Limited, random_value: str) -> list[Step]:
    """The steps that were taken; the first needed one that fails is the last."""
    users, groups = compile_mapping(limited.app.users), compile_mapping(limited.app.groups)
    grouped = limited.app.groups.enabled and bool(limited.app.groups.attributes)
    asked = [("Users", _filterable(client.profile, users)), *([("Groups", _known(client.profile, groups))] if grouped else [])]
    steps: list[Step] = []
    for resource, path in asked:
        steps.append(_ask(client, resource, path, random_value))
        if not steps[-1].ok:
            return steps
    discovered, limiting = _discovery(client)
    steps += discovered if limiting else [*discovered, _writing(client.profile)]
    schemas = {} if limiting else read_schemas(client)
    said = [*limited.warnings, *schema_warnings(schemas, "Users", users)]
    if grouped:
        said += schema_warnings(schemas, "Groups", groups)
    return steps + [Step("mappings", False, item.text, needed=False, warning=True, code=item.code) for item in said]


def _ask(client: ScimClient, resource: str, path: str | None, random_value: str) -> Step:
    """Whether a random value finds nobody; where no matching attribute can be filtered on, whether there is a list at all."""
    filters = path is not None and client.profile.filters_on(path)
    name = f"GET /{resource}" + (f"?filter={path} eq ..." if filters else "" if path else "?count=1")
    try:
        found = _found(client, resource, path, random_value) if path else len(client.peek(resource))
    except ServiceError as error:
        return Step(name, False, error.message, _remedy(error, resource), code=error.code)
    if found and path:
        kind = "accounts" if resource == "Users" else "groups"
        return Step(
            name,
            False,
            f"the service ignores filters: a filter on a random value returned {kind} ({found})",
            "map a matching attribute that the service can filter on; where it filters on nothing, write into app.yaml "
            f"`profile: {{base: {client.profile.name}, filter: {{operators: []}}}}`, and all is read",
            code=INCOMPATIBLE,
        )
    return Step(name, True, "200 and an empty list, as it should be" if path else "200 and a list")


def _found(client: ScimClient, resource: str, path: str, value: str) -> int:
    """How many have the value, be they shown or only counted; where the service cannot filter, they are looked through here."""
    if not client.profile.filters_on(path):
        return len(client.find(resource, path, value))
    shown, total = client.filtered(resource, path, value)
    return max(len(shown), total)


def _known(profile: Profile, mapping: CompiledMapping) -> str | None:
    """The first matching attribute that the service can filter on."""
    targets = [mapping.slots[number].target for number in mapping.matching]
    return next((target for target in targets if profile.filters_on(target)), None)


def _filterable(profile: Profile, users: CompiledMapping) -> str:
    """Else one that it can: accounts are matched on this side."""
    known = profile.filter.attributes or ()
    return _known(profile, users) or (known[0] if known else users.slots[users.matching[0]].target)


def _discovery(client: ScimClient) -> tuple[list[Step], bool]:
    """A step for each document, and whether the service limits requests: then it is not asked for the next one."""
    steps: list[Step] = []
    for path in ("/ServiceProviderConfig", "/Schemas", "/ResourceTypes"):
        try:
            steps.append(_document(client, path))
        except ServiceError as error:
            steps.append(Step(f"GET {path}", False, f"{error.message} (nothing depends on it)", needed=False))
            if error.status == 429:
                return steps, True
    return steps, False


def _document(client: ScimClient, path: str) -> Step:
    """What ServiceProviderConfig says goes into the client's profile. Raises ServiceError."""
    if not client.profile.discovery:
        return Step(f"GET {path}", True, f"not asked: the profile {client.profile.name} has no discovery", needed=False)
    said = client.discover(path)
    if path == "/ServiceProviderConfig":
        client.profile = refined(client.profile, said)
    return Step(f"GET {path}", True, "answered", needed=False)


def _writing(profile: Profile) -> Step:
    """How changes will be sent, as far as profile and service say; what it refuses all the same, the first apply finds."""
    if not profile.patch.supported:
        form = "by PUT of the whole object, since PATCH is not supported"
    elif not profile.patch.valueFilters:
        form = "by PATCH, an attribute with several values as a whole, since paths hold no filters"
    else:
        form = f"by PATCH ({profile.patch.dialect})"
    versions = "with If-Match where a version is shown" if profile.etag.supported else "without If-Match"
    if profile.etag.announces():
        versions += f", {KEEPS[profile.etag.enforced]}"
    return Step("changes", True, f"sent {form}, {versions}", needed=False)


def _remedy(error: ServiceError, resource: str) -> str:
    words = error.message.lower()
    match error.status:
        case 401:
            return "the token is wrong or has expired: make a new one and set the variable that secretToken names"
        case 403:
            return f"the token is known but may not read {resource.lower()}: give its owner the rights that SCIM needs"
        case 404 | 501 if resource == "Groups":
            return "the service has no groups: write `groups: {enabled: false}` into mappings.yaml"
        case 404:
            return "tenantUrl is not the SCIM base URL: it often ends in /scim/v2"
        case 429:
            return "the service is limiting requests: wait, and see whether something else uses the same token"
        case 400:
            return "the service cannot filter on this attribute: give matchingPrecedence to one that it can"
    if isinstance(error, ReadError) and not isinstance(error, OldScim):
        return "tenantUrl shows a page that is not SCIM: check it, and whether a proxy or a login page answers"
    if "certificate" in words:
        return "the TLS certificate is not trusted: install the authority's certificate, or fix tenantUrl's host"
    if "ssl" in words or "tls" in words:
        return "no TLS could be agreed on: check that the port in tenantUrl speaks https, and which TLS versions it takes"
    if "name or service" in words or "nodename" in words or "getaddrinfo" in words or "name resolution" in words:
        return "the host in tenantUrl cannot be resolved: check its spelling and DNS"
    if "refused" in words:
        return "nothing listens there: check the host and port in tenantUrl"
    return error.remedy or "check tenantUrl and the network"
