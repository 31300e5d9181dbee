"""scim2-server in process: a service with resources of its own; what it serves is described once, which takes the most time."""

from __future__ import annotations

import functools
from typing import Any

from scim2_models import ScimProvider
from scim2_server.applications.wsgi import WSGIApplication
from scim2_server.memory import InMemoryStorage
from scim2_server.utils import load_default_provider


@functools.cache
def provider() -> ScimProvider:
    """The schemas and resource types of RFC 7643; nothing that serves them changes it."""
    return load_default_provider()


def application(storage: InMemoryStorage | None = None) -> Any:
    """A WSGI application over these resources, or over none yet."""
    return WSGIApplication(InMemoryStorage() if storage is None else storage, provider())
