"""What a reviewer is told beside who has what: since when by the log, and the last sign-in in whatever way a service tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.cycle.access_review import _last, _since


def line(at: str, gains: bool, status: str = "success", what: str = "Admin") -> str:
    access = [{"address": "User/Ada@x.org", "gains": gains, "kind": "role", "what": what}]
    told = {"activityDateTime": at, "provisioningStatusInfo": {"status": status}, "reconcile": {"access": access}}
    return json.dumps(told)


def test_since_is_the_last_gain_that_came_about_and_no_loss_followed() -> None:
    lines = [
        line("1", True),
        line("2", False),
        line("3", True),
        line("4", True, "failure"),
        "{torn",
        line("5", True, what="User"),
    ]
    key = ("user/ada@x.org", "role", "admin")
    assert _since(["\n".join(lines).encode()])[key] == "3"
    assert key not in _since(["\n".join([*lines, line("6", False)]).encode()])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"lastLogin": "2026-01-02"}, "2026-01-02"),
        ({"urn:x:2.0:User": {"lastSuccessfulLoginDate": "2026-01-02"}}, "2026-01-02"),
        ({"lastSignOn": {"at": "2026-01-02", "remoteIp": "192.0.2.1"}}, "2026-01-02"),
        ({"LASTLOGONTIME": 1767312000000}, "1767312000000"),
        ({"lastLogin": True, "name": {"lastLogin": "x"}}, ""),
        ({"lastLogin": None}, ""),
        ({"lastLogin": "x" * 200}, "x" * 100),
    ],
)  # fmt: skip
def test_the_last_sign_in_is_found_under_the_names_that_services_use(said: dict[str, Any], told: str) -> None:
    assert _last(said) == told
