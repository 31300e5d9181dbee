"""What a reviewer is told beside who has what: the last sign-in, in whatever way a service tells it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.cycle.access_review import _last


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
