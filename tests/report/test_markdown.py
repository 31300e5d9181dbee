"""The comment: rendered by GitHub's own CommonMark and GFM parser, whatever names hold, within GitHub's limits."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.declare.warned import Warned
from reconciler.plan.change import AttributeChange, Change
from reconciler.plan.model import Access, Config, ObjectError, Plan, Requests, Skip, Unmanaged
from reconciler.plan.reviewed.compare import Moved
from reconciler.report import plan_diff
from reconciler.report.markdown import COMMENT, SUMMARY, render
from reconciler.report.markdown import how_to_go_on as notes
from reconciler.report.names import known
from reconciler.report.safe import plain
from tests.support.budget import examples
from tests.support.world import World

DIGEST = "sha256:" + "a" * 64
FIRST = f"<!-- reconcile:plan app=wiki digest={DIGEST} format=1.0 -->"
HOSTILE = {
    "backticks": "a`b``c```d````e", "ends in backticks": "`x`", "pipes": "a|b\\|c\\\\|d", "mention": "@octocat and @org/team",
    "html": "<b onclick=x>&lt;</details><script>alert(1)</script>", "comment": "<!-- reconcile:plan app=wiki digest=x -->",
    "comment's end": "--> <h1>x", "newlines": "a\n\n# heading\n```\n~~~\n> q\n| a |\n|---|", "carriage return": "a\r\nb\rc",
    "right-to-left": "abc\u202egpj.exe\u2066", "zero width": "a\u200b@\u200boctocat", "workflow command": "::error::x",
    "old workflow command": "##[error]x", "link": "[x](https://evil.example)", "image": "![x](https://evil.example/y.png)",
    "autolinks": "https://evil.example www.evil.example <https://evil.example> a@evil.example", "references": "#1 GH-1 a/b#2",
    "emphasis": "*a* __b__ ~~c~~ ***", "math": "$x$ $$y$$ $`z`$", "emoji": ":tada: :+1:", "entity": "&#64;octocat &lt;b&gt;",
    "footnote": "[^1]: x", "fence": "~~~~\n````\n</details>", "task": "- [x] y", "spaces": "  a  ", "empty": " ",
    "backslashes": "\\`a\\|", "nul-like": "\u2028\u2029\x1b[31m", "table row": "| x | y |",
}  # fmt: skip


def plan_of(name: str) -> Plan:
    """A plan that has the name everywhere that a name can stand."""
    user, group = f"User/{name}", f"Group/{name}"
    place = (f"desired/{name}.yaml", 3)
    changes = (
        Change(user, "create", name, ("config",), *place, name, (AttributeChange(name, None, name),)),
        Change(
            user,
            "update",
            name,
            ("drift",),
            *place,
            name,
            (
                AttributeChange(name, name, f"{name}!"),
                AttributeChange("emails", [{"value": name}], [{"value": "b", "x": name}]),
                AttributeChange("id", None, None, generated=name),
            ),
        ),
        Change(user, "disable", name, ("time",), *place, name, (AttributeChange("active", True, False),)),
        Change(user, "delete", name, ("config",), *place, name),
        Change(group, "update", name, ("config",), *place, name, (), (user,), (user,)),
    )
    access = (Access(user, "N" + name, True, "role", name, True, name, *place, name),)
    return Plan(
        "wiki",
        name,
        "https://x",
        "generic",
        changes,
        access,
        (Skip(user, "NotAssigned", name, name), Skip(user, "DefaultAccessRole", name, name)),
        (Unmanaged(name, name),),
        (ObjectError(user, "X", name, name),),
        (Warned("LeftOut", name),),
        only=(user,),
        config=Config("d", "3f2c1ab", True),
        requests=Requests(1, 2),
        digest=DIGEST,
        safeguards=({"name": name, "status": "blocked", "detail": name},),
    )


class _Page(HTMLParser):
    """The tags with their attributes, and the text inside and outside of code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.code, self.prose = "", ""
        self.comments: list[str] = []
        self.depth = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(f"{tag} {attributes}")
        self.depth += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        self.depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.code += data
        else:
            self.prose += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def page(text: str) -> _Page:
    return _Page(cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE))


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_name_changes_nothing_but_the_text_inside_code(name: str) -> None:
    text = render(plan_of(name))
    found, harmless = page(text), page(render(plan_of("harmless")))
    assert found.tags == harmless.tags
    assert found.prose.split() == harmless.prose.split()
    assert found.comments == harmless.comments == [FIRST[4:-3]]
    assert text.count("<!--") == 1 and text.startswith(FIRST + "\n")
    assert re.sub(r"\s+", " ", plain(name)).strip().replace("<!--", "\\u003c!--")[:8] in re.sub(r"\s+", " ", found.code)


BLOB = "https://h.example/o/r/blob/" + "a" * 40


def test_on_github_each_place_is_a_link_to_its_line_at_the_commit() -> None:
    place = f"[`desired/n.yaml:3`]({BLOB}/desired/n.yaml#L3)"
    plan = replace(
        plan_of("n"),
        warnings=(Warned("LeftOut", "two people, desired/a b.yaml:1 and (desired/t.yaml:7), differ; see `desired/m.yml:2`"),),
    )
    text = render(plan, blob=BLOB)
    assert f"| {place} |" in text, "of access"
    assert text.count(f"Declared in {place}.\n\n</details>") == 3, "below each fence, in which nothing is a link"
    assert (
        f"([`desired/t.yaml:7`]({BLOB}/desired/t.yaml#L7))," in text and f"[`desired/m.yml:2`]({BLOB}/desired/m.yml#L2)" in text
    )
    assert "](" not in render(plan)


def test_links_below_many_changes_are_counted() -> None:
    text = render(
        replace(big(5), changes=tuple(replace(c, line=n, reason=f"{n}") for n, c in enumerate(big(50).changes))), blob=BLOB
    )
    assert "#L29) and 20 more lines." in text and "#L30)" not in text


@given(
    st.lists(st.sampled_from([*HOSTILE.values(), "..", ".", "/", "%2e%2e", "\\", "?", "#"]), min_size=1, max_size=5).map("".join)
)
@settings(max_examples=examples(100))
def test_no_file_name_leads_a_link_out_of_the_commit_or_ends_it(name: str) -> None:
    text = render(plan_of(name), blob=BLOB)
    found, harmless = page(text), page(render(plan_of("harmless"), blob=BLOB))
    links = re.findall(r"a \[\('href', '([^']*)'\)\]", "\n".join(found.tags))
    for link in links:
        path, _, line = link.removeprefix(BLOB + "/").partition("#")
        assert link.startswith(BLOB + "/") and line == "L3" and unquote(path) == f"desired/{name}.yaml"
        assert not {".", "..", ""} & set(unquote(path).replace("\\", "\\").split("/"))
    assert [tag for tag in found.tags if not re.match("/?a", tag)] == [t for t in harmless.tags if not re.match("/?a", t)]
    assert found.comments == [FIRST[4:-3]]


MARKUP = st.sampled_from(
    [
        *HOSTILE.values(),
        *"`|@#<>&[]()!*_~$:-=+\\/\"'{}%^ \t\n\r",
        "<!--",
        "-->",
        "```",
        "~~~",
        "\\|",
        "::",
        "</",
        "\n\n",
        "\n    ",
        "http://",
        "\u202e",
        "\u200d",
        "\ud800",
        "\0",
        "\x85",
    ]
)
NAMES = st.lists(MARKUP | st.text(max_size=4), min_size=1, max_size=12).map("".join).filter(bool)


@given(NAMES)
@settings(max_examples=examples(100))
def test_whatever_a_name_is_made_of_it_stays_text(name: str) -> None:
    assume(known([name]).is_one(name))  # one of digits, or of our own words alone, is text without being marked
    text = render(plan_of(name))
    found, harmless = page(text), page(render(plan_of("harmless")))
    assert (found.tags, found.comments, found.prose.split()) == (harmless.tags, [FIRST[4:-3]], harmless.prose.split())
    assert text.count("<!--") == 1 and text.startswith(FIRST + "\n")
    assert not [line for line in text.split("\n") if line.lstrip().startswith("::") or "##[" in line]


@given(NAMES)
@settings(max_examples=examples(100))
def test_what_stands_above_a_plan_is_text_too(name: str) -> None:
    def above(name: str) -> _Page:
        plan = plan_of(name)
        moved = plan_diff.render("markdown", {"wiki": [Moved(f"User/{name}", "update", None, ("service",), (name, name))]})
        told = notes.said([name, f"x{name}"], [moved])
        return page("\n\n".join([notes.stale(plan, "https://h", told), notes.waiting(plan, ""), notes.drift(plan, "https://h")]))

    found, harmless = above(name), above("harmless")
    assert (found.tags, found.comments, found.prose.split()) == (harmless.tags, [], harmless.prose.split())


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_line_is_a_workflow_command_when_it_is_printed(name: str) -> None:
    from reconciler.report.text import render as as_text

    for text in (render(plan_of(name)), as_text(plan_of(name), lambda text, code: text)):
        assert not [line for line in text.split("\n") if line.lstrip().startswith("::") or "##[" in line]


def test_pipes_and_backslashes_are_shown_as_they_are_but_where_a_cell_would_split() -> None:
    found = page(render(plan_of("a|b")))
    assert found.code.count("a|b") > 20 and "\\" not in found.code


def test_a_comment_opens_with_the_verdict_and_the_counts(world: World) -> None:
    plan = world.plan()
    lines = render(plan).split("\n")
    assert lines[0] == f"<!-- reconcile:plan app=wiki digest={plan.digest} format=1.0 -->"
    said = "2 people gain access, 1 of them a privileged role (`Admin`), 1 group created"
    assert lines[1] == f"### `wiki`: **changes to review**: {said}"
    assert lines[3] == "3 to create, 0 to update, 0 to disable."
    world.converge()
    assert render(world.plan()).split("\n")[1] == "### `wiki`: **no changes**"


def test_the_verdict_names_what_stands_in_the_way() -> None:
    plan = plan_of("x")
    assert "**blocked by a safeguard**" in render(plan)
    assert "**errors**" in render(replace(plan, safeguards=()))
    assert "**changes to review**" in render(replace(plan, safeguards=({"name": "a", "status": "ok"},), errors=()))


def test_a_caution_stands_for_deletes_disables_privileged_gains_and_blocked_safeguards_only() -> None:
    plan = plan_of("x")
    block = render(plan).partition("> [!CAUTION]\n")[2].partition("\n\n")[0]
    assert [line.split()[2].strip("*") for line in block.splitlines()] == ["safeguard", "deletes", "gains", "disables"]
    calm = replace(
        plan,
        safeguards=(),
        changes=plan.changes[:2] + plan.changes[4:],
        access=(plan.access[0]._replace(privileged=False), plan.access[0]._replace(gains=False)),
    )
    assert "CAUTION" not in render(calm)


def test_a_long_caution_is_counted() -> None:
    changes = tuple(replace(plan_of(f"u{n}").changes[2], address=f"User/u{n}", reason=f"r{n}") for n in range(25))
    text = render(replace(plan_of("x"), changes=changes, access=(), safeguards=()))
    assert "User/u19`" in text.partition("<details>")[0] and "and 5 more, below" in text and "User/u20`" not in text


@pytest.mark.parametrize(("count", "folded"), [(20, False), (21, True)])
def test_the_access_table_has_20_rows_then_a_count_and_the_full_list(count: int, folded: bool) -> None:
    row = plan_of("x").access[0]
    plan = replace(plan_of("x"), access=tuple(row._replace(address=f"User/u{n}", what=f"role {n}") for n in range(count)))
    text = render(plan)
    table = text.partition("**Access**")[2].partition("\n\n<details>")[0]
    assert table.count("| gains |") == 20
    assert ("and 1 more: all 21 rows of access" in text) is folded
    assert text.count("| gains |") == 20 + (21 if folded else 0)
    assert page(text).tags.count("table []") == (2 if folded else 1)


def test_the_differences_have_their_sign_in_column_0_and_drift_apart(world: World) -> None:
    world.converge()
    world.edit("grace@x.org", "displayName", "Admiral")
    world.users(
        "userPrincipalName: ada@x.org, displayName: Countess, jobTitle: Engineer, manager: grace@x.org",
        "userPrincipalName: grace@x.org, displayName: Grace",
    )
    text = render(world.plan())
    declared, drift = text.partition("1 declared change<")[2].split("1 change that undoes drift", 1)
    assert "! update User/ada@x.org (Countess)\n" in declared and "```diff\n" in declared
    assert '-   displayName: "Ada"\n+   displayName: "Countess"\n```' in declared
    assert "[drift]" in drift and '-   displayName: "Admiral"\n+   displayName: "Grace"' in drift and "Admiral" not in declared


def test_what_is_inside_a_value_is_shown_item_by_item() -> None:
    text = render(plan_of("n"))
    assert "    emails:\n+     b: " in text and "-     n: " in text


def test_skipped_and_unmanaged_are_counted_and_folded() -> None:
    text = render(replace(plan_of("n"), changes=()))
    assert "<details><summary>2 skipped (1 DefaultAccessRole, 1 NotAssigned)</summary>" in text
    assert "<details><summary>1 unmanaged: never touched</summary>" in text


def test_the_fold_of_the_skipped_says_to_each_what_would_help_it() -> None:
    skipped = (
        Skip("Group/g", "NotAssigned", "r", "assign the group"),
        Skip("User/a", "NotAssigned", "r", "assign the user"),
        Skip("User/b", "NotAssigned", "r", "assign the user"),
        Skip("User/c", "Odd", "is odd", "even it out"),
    )
    text = render(replace(plan_of("n"), skipped=skipped))
    assert (
        "NotAssigned (1): assign the group\n  Group/g\nNotAssigned (2): assign the user\n  User/a, User/b\n"
        "Odd (1): even it out\n  User/c: is odd\n"
    ) in text


def test_the_footer_names_digest_commit_and_requests() -> None:
    footer = render(plan_of("n")).rstrip("\n").rpartition("\n\n")[2]
    assert footer == (
        f"<sub>digest `{DIGEST}`, commit `3f2c1ab` and files that differ from it; an apply sends about "
        "3 requests, 2 of them writes</sub>"
    )


def big(count: int) -> Plan:
    changes = tuple(
        Change(
            f"User/{'ä' * 20}{n}@x.org", "create", f"is {n} in scope", ("config",), "f", n, "", (AttributeChange("x", None, n),)
        )
        for n in range(count)
    )
    skips = tuple(Skip(f"User/s{n}", "DefaultAccessRole", "r", "m") for n in range(count))
    return replace(plan_of("x"), changes=changes, skipped=skips)


@pytest.mark.parametrize("limit", [COMMENT, SUMMARY], ids=["comment", "summary"])
@pytest.mark.parametrize("count", [10, 1_000, 20_000])
def test_a_plan_of_any_size_fits_and_says_what_was_cut_and_where_the_whole_is(count: int, limit: object) -> None:
    assert limit in (COMMENT, SUMMARY)
    where = "[this run](https://example.com/1)"
    text = render(big(count), limit, where)  # type: ignore[arg-type]
    found = page(text)
    assert limit.measure(text) <= limit.most  # type: ignore[attr-defined]
    assert text.startswith(FIRST) and text.endswith("</sub>\n")
    assert found.tags.count("details []") == found.tags.count("/details")
    cut = "> Cut to " in text
    assert cut == (count == 20_000 or (count == 1_000 and limit is COMMENT))
    if cut:
        shown = int(re.search(r"shows ([\d,]+) of [\d,]+ declared changes", text)[1].replace(",", ""))  # type: ignore[index]
        # Between changes, not inside one: the last one that is shown has its attribute.
        assert text.count("\n+   x: ") == text.count("\n+ create User/") == shown > 100
        assert f"The whole plan is in {where}." in text
        assert limit.most - limit.measure(text) < 2_000  # type: ignore[attr-defined]


def test_a_value_of_any_length_leaves_room_for_the_rest() -> None:
    text = render(plan_of("n" * 200_000))
    assert COMMENT.measure(text) < 65_536 and "characters)" in text


def test_a_group_of_100000_members_leaves_room_for_the_rest() -> None:
    members = tuple(f"User/u{n}" for n in range(100_000))
    plan = replace(plan_of("n"), changes=(replace(plan_of("n").changes[4], add=members, remove=()),))
    assert "and 99,800 more members" in render(plan) and "Cut to" not in render(plan)
