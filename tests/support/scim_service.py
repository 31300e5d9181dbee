"""scim2-server in process: a service with resources of its own; what it serves is described once, which takes the most time."""

from __future__ import annotations

import functools
from typing import Any

from scim2_models import ScimProvider
from scim2_server.applications.wsgi import WSGIApplication
from scim2_server.memory import InMemoryStorage

from reconciler.demo import extension


@functools.cache
def provider() -> ScimProvider:
    """What the demo's server serves: RFC 7643, and an extension of its own. Nothing that serves it changes it."""
    return extension.provider()


def application(storage: InMemoryStorage | None = None) -> Any:
    """A WSGI application over these resources, or over none yet."""
    return WSGIApplication(InMemoryStorage() if storage is None else storage, provider())
