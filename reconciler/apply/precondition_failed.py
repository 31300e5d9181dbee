"""Where a 412 goes: the answer that says that If-Match did not match (RFC 7644 §3.14). Sends what it is handed.

The whole way of it, for a PATCH, PUT or DELETE of one object (scim/answers.py makes it a StaleError, which is caught here):

1. The write carries the version that the object had when its values were compared with the plan (apply/as_planned.py): in a read
   right before it, or, of an update at a service that announces ETags, in the plan itself (apply/unread.py).
2. It is answered 412. The object is read again, and compared again.
3. Not as the plan saw it, or gone: somebody has changed it. The change ends as stale.
4. As the plan saw it, under the version that was refused: the service refuses its own versions. The write goes without, none is
   sent any more, and the apply says so once (apply/quirks.py).
5. As the plan saw it, under another version: where the version was the plan's own, somebody has changed what the plan does not
   rest on, and the write goes again with the new one. Else somebody is changing it right now: the change ends as stale.

A 412 to a write that carried no version ends the change as stale, too; to a create, which carries none, as failed. Stale
(apply/model.py) is caught in apply/execute.py and becomes the change's outcome, which cli/output.py prints with what to do: plan
again. The exit code is 5 (cli/write.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from reconciler.apply.model import Failed, Stale
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import StaleError

T = TypeVar("T")
Send = Callable[[str | None], T]
Look = Callable[[], str | None]

SAYS = "`etag: {supported: false}` in the profile"
CHANGED = "changed on the service since it was planned"
REFUSES_VERSIONS = (
    "the service refuses changes that carry its own version of an object (412), so none is sent to it from now on: what a change "
    f"replaces is read and compared before each write all the same. To set this from the start, write {SAYS}"
)


def conditionally(client: ScimClient, version: str | None, send: Send[T], look: Look) -> T:
    """What `send` returns with the version, which the object had a moment ago, or without one where the service refuses its own.

    `look` reads the object again and returns its version, or raises Failed where it is not as planned: the refusal is right then.
    Raises Stale, and what `send` raises else.
    """
    try:
        return send(version)
    except StaleError as error:
        if version is None:
            raise Stale(f"{CHANGED}: {error}") from None
        if _looked(look, error) != version:
            raise Stale(f"{CHANGED}: {error}", f"plan again; if nobody changed it, write {SAYS}") from None
    return _without(client, send, look)


def with_planned_version(client: ScimClient, version: str | None, send: Send[T], look: Look) -> T:
    """The same with a version that the object had when it was planned: its newer one is as good, where `look` raises nothing."""
    try:
        return send(version)
    except StaleError as error:
        now = _looked(look, error)
    return _without(client, send, look) if now == version else conditionally(client, now, send, look)


def _without(client: ScimClient, send: Send[T], look: Look) -> T:
    """The service refuses its own versions: none is sent any more, once it has taken one write without."""
    answer = conditionally(client, None, send, look)
    client.profile = replace(client.profile, etag=replace(client.profile.etag, supported=False))
    return answer


def _looked(look: Look, error: StaleError) -> str | None:
    try:
        return look()
    except Failed:
        raise Stale(f"{CHANGED}: {error}") from None
