"""The forms in which one attribute can be written, and what an error says of them: RFC 7644 §3.5.1, §3.5.2, §3.12. Pure."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from reconciler.scim.errors import PatchUnsupported, ServiceError
from reconciler.scim.patch import PATH, RFC, VALUE, WHOLE, operations
from reconciler.scim.profile import Patch

Resource = dict[str, Any]
PUT = "put"
OF_FORM = frozenset({None, "", "invalidPath", "noTarget", "invalidSyntax", "invalidFilter"})
OF_EVERY_VALUE = frozenset({"invalidPath", "mutability"})
REFUSED = frozenset({400, 409, 422})
NO_SUCH_METHOD = frozenset({404, 405, 501})


def alternatives(target: str, value: Any, live: Resource, patch: Patch = RFC, adds: Container[str] = ()) -> list[str]:
    """The forms of a change whose requests differ, in the order in which they are tried: a PUT of the resource comes last."""
    forms: list[str] = []
    requests: list[list[Resource]] = []
    for form in (PATH, WHOLE, VALUE) if patch.supported else ():
        request = operations([(target, value)], live, patch, adds, {target: form})
        if request not in requests:
            forms.append(form)
            requests.append(request)
    return [*forms, PUT]


def is_refusal(error: ServiceError) -> bool:
    """Whether the service has read a change and does not take it: nothing of it was done, since a PATCH is atomic."""
    return error.status in REFUSED or (error.status == 403 and bool(error.scim_type))


def is_of_form(error: ServiceError, form: str) -> bool:
    """Whether a change that was refused in one form may be taken in another."""
    if isinstance(error, PatchUnsupported) or (form == PUT and error.status in NO_SUCH_METHOD):
        return True
    return error.status in (400, 422) and error.scim_type in OF_FORM


def is_of_every_value(error: ServiceError) -> bool:
    """Whether any other value of the attribute would be refused too."""
    return error.scim_type in OF_EVERY_VALUE
