"""Whose an account or a group on the service is by today's declarations, as far as a record knows its id."""

from __future__ import annotations

from pathlib import Path

from reconciler.declare.load import load
from reconciler.plan.access_review.known import Known, known_by
from reconciler.record.entries import Entries
from tests.support.world import World


def test_an_id_is_whose_it_is_by_the_declared_id_an_earlier_name_or_the_name(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.users(
        "userPrincipalName: Eva@x.org, id: p-17",
        "userPrincipalName: eve@x.org, id: p-99",
        "userPrincipalName: bea@x.org, previously: [BOB@x.org]",
        "userPrincipalName: ada@x.org",
    )
    world.groups("displayName: Crew, previously: [Net]")
    entries = Entries(
        {
            "User/eve@x.org": {"id": "17", "declaredId": "p-17"},
            "User/bob@x.org": {"id": "2"},
            "User/ADA@x.org": {"id": "3"},
            "User/gone@x.org": {"id": "4"},
            "User/ada@x.org": {"id": "5", "declaredId": "p-5"},
            "Group/Net": {"id": "17"},
        }
    )
    known = known_by(entries, load(tmp_path / "desired").declarations)
    assert known == Known({"17": "eva@x.org", "2": "bea@x.org", "3": "ada@x.org", "4": "", "5": "ada@x.org"}, {"17": "crew"})
    other = Entries({"User/eve@x.org": {"id": "8", "declaredId": "p-1"}})
    assert known_by(other, load(tmp_path / "desired").declarations).users == {"8": ""}, "another person has the name"
