"""The body of a mail about an event: an Event in, its text and its HTML out. No I/O but the templates of this package."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from reconciler.report.event.model import Event
from reconciler.report.event.words import cut, headline, more, remedy_of
from reconciler.report.safe import plain

LONGEST = 1_000


def text(event: Event) -> str:
    return _environment().get_template("mail.txt").render(**_shown(event))


def html(event: Event) -> str:
    """Every text of YAML or of a service in it stays text; it asks nothing of any server."""
    return _environment().get_template("mail.html").render(**_shown(event))


def _shown(event: Event) -> dict[str, Any]:
    why, remedy = cut(event.why, LONGEST), remedy_of(event, LONGEST)
    return {"event": event, "headline": headline(event), "why": why, "remedy": remedy, "more": more(event)}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reconciler.report.event"),
        autoescape=select_autoescape(["html"], default=False),  # plain text has no markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["plain"] = plain
    return environment
