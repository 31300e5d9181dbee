"""What was cleared and stays, on a service that answers and does nothing: it is told once, and said by every plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.keeping import keeping, town
from tests.support.warned import texts
from tests.support.world import MAPPINGS

MAIL = "'emails[type eq \"work\"].value'"
ALL = MAPPINGS.replace(
    "  groups:\n",
    f"      - {{target: {MAIL}, source: mail}}\n      - {{target: nickName, source: mailNickname, onNull: keep}}\n  groups:\n",
)
ADA, GRACE = "userPrincipalName: ada@x.org", "userPrincipalName: grace@x.org"


@pytest.mark.parametrize(
    ("attribute", "path"), [("jobTitle: Countess", "title"), ("mail: ada@x.org", 'emails[type eq "work"].value')]
)
@pytest.mark.parametrize("status", [200, 204])
def test_what_was_cleared_and_stays_is_ignored_in_every_plan(tmp_path: Path, status: int, attribute: str, path: str) -> None:
    world = town(tmp_path, ALL)
    world.users(f"{ADA}, {attribute}", GRACE)
    world.converge()
    world.users(ADA, GRACE)
    service = keeping(world, "/Users/", status)
    (outcome,) = world.apply().outcomes
    assert (outcome.status, outcome.message) == ("ignored", f"the service ignored {path}")
    for _ in range(2):
        plan = world.plan()
        assert (plan.changes, plan.ignored) == ((), 1)
        (warning,) = [text for text in texts(plan.warnings) if path in text]
        assert f"still shows {path}, which the declaration clears, of 1 object: User/ada@x.org" in warning
        world.apply()
    assert len(service.sent) == 1
    world.transport.inner = service.inner
    world.edit("ada@x.org", path, None)
    assert (world.plan().changes, world.plan().ignored) == ((), 0)


def test_what_a_mapping_keeps_is_no_news(tmp_path: Path) -> None:
    world = town(tmp_path, ALL)
    world.users(f"{ADA}, mailNickname: al", GRACE)
    world.converge()
    world.users(ADA, GRACE)
    assert (world.plan().changes, world.plan().ignored) == ((), 0)
    world.converge()
    assert (world.plan().changes, world.plan().ignored) == ((), 0)


@pytest.mark.parametrize("status", [200, 204])
def test_an_element_that_was_removed_from_several_and_stays_is_ignored_in_every_plan(tmp_path: Path, status: int) -> None:
    world = town(tmp_path, ALL)
    world.users(f"{ADA}, mail: ada@x.org", GRACE)
    world.converge()
    added = [{"op": "add", "path": "emails", "value": [{"value": "other@x.org", "type": "work"}]}]
    world.bare.patch("Users", world.find("ada@x.org")["id"], added)
    world.users(ADA, GRACE)
    service = keeping(world, "/Users/", status)
    for _ in range(3):
        world.apply()
        plan = world.plan()
        (warning,) = texts(plan.warnings)
        assert (plan.changes, plan.ignored) == ((), 1) and 'still shows emails[type eq "work"].value' in warning
    (sent,) = service.sent
    assert [item["path"] for item in sent["Operations"]] == ['emails[type eq "work" and value eq "ada@x.org"]']
    world.transport.inner = service.inner
    world.bare.patch("Users", world.find("ada@x.org")["id"], sent["Operations"])
    assert (world.plan().changes, world.plan().ignored, world.find("ada@x.org")["emails"][0]["value"]) == ((), 0, "other@x.org")
