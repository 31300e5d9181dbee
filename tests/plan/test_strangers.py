"""Active accounts that nobody manages are named where they hold what is privileged or managed, and count where they are live."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.report import markdown, text
from tests.plan.test_policies import ENOUGH, rule
from tests.plan.test_safeguards import Town
from tests.support.warned import texts
from tests.support.world import MAPPINGS, World

ADMIN = [{"value": "admin", "display": "Admin"}]


def test_who_holds_a_privileged_role_and_is_nobodys_is_named(world: World) -> None:
    world.converge()
    world.seed("stranger@x.org")
    world.edit("stranger@x.org", "roles", ADMIN)
    plan = world.plan()
    (said,) = [line for line in texts(plan.warnings) if "(privileged)" in line]
    assert said in text.render(plan, lambda words, _: words)
    assert "holds Admin (privileged) on the service, and nobody manages it" in markdown.render(plan)
    assert said.startswith("an active account holds Admin (privileged) on the service, and nobody manages it: stranger@x.org")


@pytest.mark.parametrize(("role", "mark"), [("User", ""), ("Admin", " (privileged)")])
def test_who_is_inside_a_managed_group_and_is_nobodys_is_named(world: World, role: str, mark: str) -> None:
    world.assign(f"group: Net, role: {role}")
    world.converge()
    stranger, gone = world.seed("stranger@x.org"), world.seed("gone@x.org", active=False)
    inside = [{"op": "add", "path": "members", "value": [{"value": stranger}, {"value": gone}]}]
    world.bare.patch("Groups", world.group("Net")["id"], inside)
    plan = world.plan()
    (said,) = [text for text in texts(plan.standing) if text.startswith("Group/Net")]
    assert said.startswith(f"Group/Net{mark} holds an account that nobody manages: stranger@x.org; kept")
    assert plan.changes == () and said in text.render(plan, lambda words, _: words)
    assert "holds an account that nobody manages" in markdown.render(plan)


def test_whom_an_assertive_group_mapping_takes_out_is_no_warning(world: World) -> None:
    world.converge()
    inside = [{"op": "add", "path": "members", "value": [{"value": world.seed("stranger@x.org")}]}]
    world.bare.patch("Groups", world.group("Net")["id"], inside)
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("  groups:\n", "  groups:\n    assertive: true\n"))
    assert not any("nobody manages" in said for said in texts(world.plan().warnings))
    world.converge()
    assert not any("nobody manages" in said for said in texts(world.plan().warnings))


def test_strangers_count_as_holders(tmp_path: Path) -> None:
    found = Town(tmp_path, 2, "lockout: {role: Admin, minimumActive: 1}")
    rule(found, ENOUGH)
    found.seed("stranger@x.org")
    assert found.blocking() == ["lockout"] and any("0 hold Admin" in text for text in texts(found.plan().standing))
    found.edit("stranger@x.org", "roles", ADMIN)
    rule(found, "{name: None, holders: {role: Admin, maximum: 0}, remedy: take it away}")
    assert any("1 holds Admin" in text for text in texts(found.plan().standing)), [*texts(found.plan().standing)]
    rule(found, ENOUGH)
    assert found.blocking() == [] and not any("0 hold Admin" in text for text in texts(found.plan().standing))
