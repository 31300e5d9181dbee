"""A self-contained page: a template and its data in, HTML out, with a policy by which it can ask nobody for anything."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reconciler.report.safe import plain

POLICY = "default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"


def page(template: str, title: str, **data: Any) -> str:
    """The template filled with `data`, which is escaped; `title` is its heading. Every text is shown as `plain` shows it."""
    style, script = _part("page.css"), _part("page.js")
    policy = POLICY.format(style=_allowed(style), script=_allowed(script))
    return _environment().get_template(template).render(title=title, style=style, script=script, policy=policy, **data)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reconciler.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    return environment


@cache
def _part(name: str) -> Markup:
    """A file that stands in the page as it is: ours, and without anything to fill in."""
    loader = _environment().loader
    assert loader is not None
    return Markup(loader.get_source(_environment(), name)[0].strip("\n"))


def _allowed(text: str) -> str:
    """The source expression that lets just this text in (CSP Level 3, 2.3.1)."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
