"""Where an app's events go, as app.yaml says it, in a form that can wait on disk: references, never what they stand for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from reconciler.declare.model import App
from reconciler.declare.settings import Webhook

EMAIL, WEBHOOK = "email", "webhook"
CHANNELS = (EMAIL, WEBHOOK)


@dataclass(frozen=True)
class Target:
    """`token` is the reference to the app's own token, which no address may hold; both are empty of mail about several apps."""

    app: str
    token: str
    email: tuple[str, ...] = ()
    webhook: Webhook | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """Those that there are."""
        return (EMAIL,) * bool(self.email) + (WEBHOOK,) * (self.webhook is not None)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Target:
        """The target that `as_json` wrote. Raises KeyError and TypeError where it is none."""
        hook = data["webhook"]
        webhook = Webhook(hook["url"], tuple(hook["secrets"]), hook["format"]) if hook is not None else None
        return cls(data["app"], data["token"], tuple(data["email"]), webhook)


def target_of(app: App) -> Target:
    return Target(app.name, app.secretToken, app.notification.email, app.notification.webhook)
