"""What goes over the wire, held by a cassette recorded from a real service: any other request is a failure.

`RECORD_CASSETTES=1 pytest tests/apply/test_wire.py` records anew, from scim2-server in process.
"""

from __future__ import annotations

import os
from pathlib import Path

import vcr

from tests.support.world import World

CASSETTE = Path(__file__).parent.parent / "cassettes/test_wire/apply.yaml"
RECORDING = bool(os.environ.get("RECORD_CASSETTES"))


def tape() -> vcr.VCR:
    return vcr.VCR(
        record_mode="all" if RECORDING else "none",
        match_on=["method", "scheme", "host", "port", "path", "query", "body"],
        filter_headers=[("authorization", "filtered")],
        decode_compressed_response=True,
    )


def test_a_first_apply_and_an_edit_send_what_they_have_always_sent(world: World) -> None:
    if RECORDING:
        CASSETTE.unlink(missing_ok=True)
    with tape().use_cassette(str(CASSETTE)) as cassette:
        assert world.apply().complete
        world.users(
            "userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Architect, manager: grace@x.org",
            "userPrincipalName: grace@x.org, displayName: Grace, accountEnabled: false",
        )
        assert world.apply().complete
    assert RECORDING or cassette.all_played


def test_the_cassette_holds_no_token() -> None:
    assert "secret" not in CASSETTE.read_text(encoding="utf-8")
