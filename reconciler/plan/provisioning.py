"""Whether an app takes writes: its provisioning in, what keeps apply from writing out. Pure."""

from __future__ import annotations

from typing import Literal

from reconciler.declare.model import App


def closed_by(app: App) -> Literal["manual", "off"] | None:
    """What keeps apply from writing to the app, whatever is planned; None where it may. An app that is both is manual."""
    if app.provisioning.mode == "manual":
        return "manual"
    return "off" if app.provisioning.status == "off" else None
