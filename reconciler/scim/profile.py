"""What kinds of service can and cannot do, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """`page_size` is the `count` asked for; `rate_per_minute` is None where no limit is known."""

    name: str
    page_size: int = 200
    members_per_patch: int = 100
    groups: bool = True
    discovery: bool = True
    rate_per_minute: int | None = None
    filter_attributes: tuple[str, ...] | None = None


PROFILES = {
    "generic": Profile("generic"),
    "thousandeyes": Profile(
        "thousandeyes", groups=False, discovery=False, rate_per_minute=240, filter_attributes=("userName", "externalId")
    ),
}
