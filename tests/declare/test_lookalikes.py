"""Names that look like others: validate warns, and whoever gains a privileged role under one stands in the caution block."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.declare.load import load
from reconciler.declare.lookalikes import check_names, looks, mixes
from tests.support.world import World

ALIKE = [
    ("\u0430da@x.org", "ada@x.org"),
    ("paypaI@x.org", "paypal@x.org"),
    ("adrnin", "admin"),
    ("bill1", "billl"),
    ("R00t", "root"),
    ("g\u03bfd", "god"),
    ("a\u200bda", "ada"),
    ("\uff41da", "ada"),
    ("\u0391da", "Ada"),
    ("\u0441\u043e\u0441\u0430", "coca"),
]
APART = [
    ("José", "Jose"),
    ("Müller", "Muller"),
    ("Łukasz", "Lukasz"),
    ("ø", "o"),
    ("Иван", "Ivan"),
    ("ada@x.org", "adam@x.org"),
    ("user10", "user11"),
    ("李明", "李朋"),
    ("김철수", "김철호"),
    ("محمد", "محمود"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_alike_have_one_look(one: str, other: str) -> None:
    assert looks([one])[0] == looks([other])[0]


@pytest.mark.parametrize(("one", "other"), APART)
def test_names_that_can_be_told_apart_have_two(one: str, other: str) -> None:
    assert looks([one])[0] != looks([other])[0]


@pytest.mark.parametrize("name", ["\u0430da", "ad\u0430 Lovelace", "pay\u03c1al@x.org", "李\u0430"])
def test_a_word_of_two_scripts_is_mixed(name: str) -> None:
    assert mixes(name)


@pytest.mark.parametrize(
    "name", ["ada@x.org", "иван@example.com", "Ελένη Smith", "山田ＡＢ太郎", "ソニーA", "김Kim", "Müller", "שלום", "क्षि"]
)
def test_a_word_of_one_script_is_not(name: str) -> None:
    assert not mixes(name)


def test_validate_warns_of_each_at_its_line(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.users(
        "userPrincipalName: ada@x.org, mail: ada@x.org",
        'userPrincipalName: "\\u0430da@x.org"',
        "userPrincipalName: bob@x.org",
        "userPrincipalName: Иван@x.org, mail: jose@x.org",
        "userPrincipalName: José@x.org",
    )
    world.groups("displayName: Admins", "displayName: Adrnins", "displayName: Ädmins")
    found = check_names(load(tmp_path / "desired").declarations)
    assert {(p.place.line, p.code, p.severity) for p in found} == {(3, "looks-alike", "warning")}
    assert len(found) == 2


@pytest.mark.parametrize(
    ("name", "live", "said"),
    [
        ("\\u0430da@x.org", "ada@x.org", "looks like ada@x.org, another account"),
        ("adrnin@x.org", "admin@x.org", "looks like admin@x.org"),
        ("p\\u0430vel@x.org", "bob@x.org", "mixes letters"),
        ("pavel@x.org", "bob@x.org", ""),
        ("Иван@x.org", "ivan@x.org", ""),
    ],
)
def test_a_privileged_gain_under_anothers_look_is_a_caution(world: World, name: str, live: str, said: str) -> None:
    world.seed(live)
    world.users(f'userPrincipalName: "{name}"')
    world.groups()
    world.assign(f'user: "{name}", role: Admin')
    cautions = [(item.code, item.line) for item in world.plan().cautions]
    assert cautions == ([("ConfusableName", 2)] if said else [])
    assert all(said in item.text for item in world.plan().cautions)
