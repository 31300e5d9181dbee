"""GET /audit-user-events: an activity log and a query in, a page of it out. Reads the clock that is handed in, else pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from reconciler.demo.answers import Refused
from reconciler.demo.thousandeyes.organisation import Organisation, Person, moment
from reconciler.demo.thousandeyes.permissions import VIEW_LOG

PAGE = 50
UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def page(organisation: Organisation, viewer: Person, aid: str | None, query: Mapping[str, str], here: str) -> dict[str, Any]:
    """Newest first; who may not view the log of others sees their own part. Raises Refused."""
    start, end = _range(query, organisation.clock())
    events = [event for event in reversed(organisation.events) if _fits(event, start, end)]
    seen = [event for event in events if event["uid"] == viewer.uid or _visible(organisation, viewer, event, aid, query)]
    begin = _offset(query.get("cursor"))
    links = {"self": {"href": here}}
    if begin + PAGE < len(seen):
        links["next"] = {"href": f"{here}?{urlencode({**query, 'cursor': str(begin + PAGE)})}"}
    shown = {"auditEvents": [_without_nothing(event) for event in seen[begin : begin + PAGE]], "_links": links}
    return shown | ({"startDate": start} if start else {}) | ({"endDate": end} if start else {})


def _visible(
    organisation: Organisation, viewer: Person, event: Mapping[str, Any], aid: str | None, query: Mapping[str, str]
) -> bool:
    """Whether the viewer may see what another did there."""
    everywhere = query.get("useAllPermittedAids") == "true"
    there = event["aid"]
    return (everywhere or there == aid) and VIEW_LOG in organisation.may(viewer, there)


def _range(query: Mapping[str, str], now: float) -> tuple[str, str]:
    """The times between which events are shown; an empty start is that of the log."""
    window, start, end = (query.get(name, "") for name in ("window", "startDate", "endDate"))
    if window and (start or end):
        raise Refused(400, "window cannot be used with startDate or endDate")
    if window:
        match = re.fullmatch(r"(\d{1,6})([smhdw]?)", window)
        if match is None:
            raise Refused(400, "window is a number and s, m, h, d or w")
        start = moment(now - timedelta(**{UNITS[match[2]]: int(match[1])}).total_seconds())
    for text in filter(None, (start, end)):
        try:
            datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise Refused(400, f"{text} is not a date and time in UTC") from None
    return start, end or moment(now)


def _fits(event: Mapping[str, Any], start: str, end: str) -> bool:
    return start <= str(event["date"]) <= end


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdigit():
        raise Refused(400, "the cursor is not one of ours")
    return int(cursor)


def _without_nothing(event: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if value not in (None, [])}
