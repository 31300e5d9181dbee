"""An app and its record in, a client for its service out. Reads the environment; the client does I/O."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.declare.model import App

if TYPE_CHECKING:
    from reconciler.record.model import Record
    from reconciler.scim.client import ScimClient


@contextmanager
def connect(
    app: App, record: Record | None, tell: Callable[[str], None], but: frozenset[int] = frozenset(),
    answered: Callable[[str, int], None] = lambda method, status: None,
    paged: Callable[[str, int, int], None] = lambda resource, length, total: None,
) -> Iterator[ScimClient]:  # fmt: skip
    """A client for the app, once the rule of allowed origins has been kept; a status in `but` is final at once.

    `tell` hears of waits, `answered` of each request and `paged` of each page (as ScimClient says it), from any thread. An error
    that ends the work on the app names it.
    """
    from reconciler.scim.client import ScimClient
    from reconciler.scim.credentials import resolve
    from reconciler.scim.errors import ServiceError
    from reconciler.scim.profile import profile_of
    from reconciler.scim.sender import AGAIN

    reach = resolve(app, os.environ, record.base_url if record else None)
    client = ScimClient(
        reach.base_url, reach.token, profile_of(app), again=AGAIN - but, tell=tell, shown=reach.shown, answered=answered,
        paged=paged,
    )  # fmt: skip
    try:
        with client:
            if record is not None and record.base_url == reach.base_url:  # of a version that kept the URL itself
                record.describe(reach.shown, record.declared)
            yield client
    except ServiceError as error:
        error.service = f"{app.displayName} ({reach.shown})"
        raise
