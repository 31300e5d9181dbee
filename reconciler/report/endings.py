"""An assignment that has another last day than before, in words; data of a plan in, a sentence out. No I/O."""

from __future__ import annotations

from reconciler.declare.names import is_user, name_of
from reconciler.declare.wording import plural
from reconciler.plan.model import Ending


def ending_words(item: Ending) -> str:
    """`ada@example.com: Admin (privileged) now ends on 2027-01-31 (was: no end), roles.yaml:4; then the account is disabled`."""
    whom = name_of(item.address) if is_user(item.address) else f"{item.address} ({plural(item.people, 'member')})"
    what = item.what + (" (privileged)" if item.privileged else "")
    ends = f"now ends on {item.until} (was: {item.was or 'no end'})" if item.until else f"now has no end (was: {item.was})"
    reason = f", reason: {item.reason}" if item.reason else ""
    then = f"; then {item.then}" if item.then else ""
    return f"{whom}: {what} {ends}, {item.file}:{item.line}{reason}{then}"
