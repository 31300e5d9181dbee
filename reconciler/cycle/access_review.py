"""One app in; what a reviewer should know of who has what there, and whether it is gone, out. Reads record, log and service."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from reconciler.cycle.clock import now
from reconciler.cycle.had import past_in
from reconciler.cycle.held import counts_of, held_when_applied
from reconciler.cycle.listener import Listener
from reconciler.cycle.read_reviewed import read_with_reviewed
from reconciler.cycle.session import read_and_plan
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.declare.reviews import Reviewed
from reconciler.plan.access.held import Held, dated, held
from reconciler.plan.access_review.read_back import ReadBack, read_back
from reconciler.plan.access_review.share import Row
from reconciler.scim.client import Resource

# What services call the time of the last sign-in, which SCIM has no name for; beside it PingOne's {"at": ...}.
SIGNED_IN = frozenset(
    {
        "lastaccess", "lastlogin", "lastloginat", "lastlogindate", "lastlogintime", "lastlogon", "lastlogontime", "lastsignin",
        "lastsigninat", "lastsignindatetime", "lastsignon", "lastsuccessfullogindate",
    }
)  # fmt: skip
LONGEST = 100  # characters of a time
Key = tuple[str, str, str]  # address, kind and what, folded


def rows_now(app: App, declarations: Declarations, listener: Listener) -> list[Row]:
    """As the service shows it. Raises RecordError, CredentialError and ServiceError."""
    with read_and_plan(app, declarations, listener) as session:
        found = held(session.planned.context)
        signed_in = dict(session.client.read_all("Users", _signed_in))
        past = past_in(app, declarations, session.store, session.record)
    return _rows(app, dated(found, past, now()), signed_in)


def rows_when_applied(app: App, declarations: Declarations) -> list[Row] | None:
    """As it was last applied; None where there is no record. Raises RecordError."""
    found = held_when_applied(app, declarations)
    return None if found is None else _rows(app, found.rows, {})


def _rows(app: App, found: Iterable[Held], signed_in: Mapping[str, str]) -> list[Row]:
    return [Row(app.name, row, row.since, signed_in.get(fold(row.login)) or row.last_login) for row in found]


def _signed_in(page: list[Resource]) -> list[tuple[str, str]]:
    """(folded userName, when that one last signed in) of one page of /Users."""
    return [(fold(str(item.get("userName", ""))), _last(item)) for item in page]


def _last(item: Resource) -> str:
    inner = [value for name, value in item.items() if name.lower().startswith("urn:") and isinstance(value, dict)]
    for part in (item, *inner):
        for name, value in part.items():
            if fold(name) in SIGNED_IN:
                told = value.get("at") if isinstance(value, dict) else value
                return str(told)[:LONGEST] if isinstance(told, (str, int)) and not isinstance(told, bool) else ""
    return ""


class Seen(NamedTuple):
    """What became of removals in one app, and how many accounts its service showed."""

    read_back: list[ReadBack]
    counts: dict[str, int]


def removed(app: App, declarations: Declarations, rows: Collection[Reviewed], listener: Listener) -> Seen:
    """Whether what was to be removed is gone from the service. Raises RecordError, CredentialError and ServiceError."""
    read = partial(read_with_reviewed, rows=rows)
    with read_and_plan(app, declarations, listener, read=read) as session:
        context = session.planned.context
        return Seen(read_back(context, rows), counts_of(context))
