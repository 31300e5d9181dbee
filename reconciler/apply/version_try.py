"""Whether a service keeps its word on If-Match (RFC 7644 §3.14): found out once, by a write that is to be made anyway.

A service that announces ETags and ignores If-Match would lose what somebody changed between a plan and its write. So the first of
many updates is sent with a version that its object does not have, right after the object was read and compared with the plan, as
is done where there are no ETags: 412 says that the service keeps them, and the write goes again with the right one. Where it is
taken, what was to be done is done, under the care that an update has there, and every other object is read before its write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reconciler.apply.quirks import Quirks
from reconciler.plan.change import Change
from reconciler.scim.attribute_forms import is_refusal
from reconciler.scim.errors import ServiceError, StaleError

T = TypeVar("T")


def trying(quirks: Quirks, change: Change, version: str | None, send: Callable[[str | None], T], then: Callable[[], T]) -> T:
    """What `send` returns with another version, where the service has taken that, else what `then` does.

    Raises what both raise, but for a refusal of the first: that may be of the version.
    """
    other = another(version) if version is not None and quirks.tries_versions(change) else None
    if other is None:
        return then()
    quirks.tries_no_more()
    try:
        answer = send(other)
    except StaleError:
        quirks.found_versions(kept=True)
    except ServiceError as error:
        if not is_refusal(error):
            raise
    else:
        quirks.found_versions(kept=False)
        return answer
    return then()


def another(version: str) -> str | None:
    """A version of the same form that the object does not have: its first digit or letter is another one."""
    start = version.find('"') + 1
    at = next((number for number in range(start, len(version)) if version[number].isascii() and version[number].isalnum()), None)
    if at is None:
        return None
    letter = version[at]
    other = str((int(letter) + 5) % 10) if letter.isdigit() else "b" if letter in "aA" else "a"
    return version[:at] + other + version[at + 1 :]
