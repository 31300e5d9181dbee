"""The comment that names the apps nobody plans: what is new first, each with what stays, within GitHub's limit."""

from __future__ import annotations

from reconciler.report.left_out import LeftOut, comment
from reconciler.report.markdown import COMMENT

GONE = LeftOut("crm", True, 12, "refs/reconcile/crm on origin")


def test_what_this_change_leaves_out_stands_above_what_was_left_out_before() -> None:
    text = comment([GONE, LeftOut("mute", False, token="MUTE_TOKEN")])
    assert "### Not planned here: 1 app is not declared and 1 app has no token\n" in text
    new, _, before = text.partition("<details><summary>Since before this change</summary>")
    assert "**`crm` is removed by this change**" in new and "holds **12 accounts that were active**" in new
    assert "**`mute` has no token here** (`MUTE_TOKEN`)" in before and "mute" not in new


def test_what_is_not_known_is_said() -> None:
    text = comment([LeftOut("a", True, error="no `remote` answers"), LeftOut("b", True), LeftOut("c", False, 1, "x")], "so")
    assert "nobody knows which accounts stay active there: ``no `remote` answers``." in text
    assert "`b` is removed by this change**, and it has no record: nothing was ever applied there." in text
    assert "`c` is not declared**, and its record, `x`, holds **1 account that was active**" in text
    assert "> [!WARNING]\n> So." in text


def test_a_name_is_text_whatever_it_holds() -> None:
    text = comment([LeftOut("<!-- @all", False, token="`[x](y)")])
    assert text.count("<!--") == 1 and "(`` `[x](y) ``)" in text


def test_a_thousand_apps_fit() -> None:
    text = comment([LeftOut(f"app{n}" + "x" * 60, n < 5, token="T" * 200) for n in range(1_000)])
    assert COMMENT.measure(text) <= COMMENT.most and "of 995 apps that were left out before" in text and "app4" in text
