"""An access review: who is asked about whom, what a file says, and what is wrong with decisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.declare.load import load
from reconciler.declare.model import Declarations
from reconciler.declare.reviews import Reviews, read_reviews, read_rules
from reconciler.declare.yaml.document import parse
from reconciler.plan.access.held import Held, Source
from reconciler.plan.access_review.check import check_reviews
from reconciler.plan.access_review.progress import progress
from reconciler.plan.access_review.rows import data_of, digest_of, head_of
from reconciler.plan.access_review.share import (
    DISABLED,
    NO_MANAGER,
    NO_RULE,
    NOT_THERE,
    THEMSELVES,
    Named,
    Row,
    Shared,
    by_manager,
    by_rules,
    share,
)
from reconciler.report.access_review import as_text, codeowners, document, file_names
from tests.report.test_markdown import HOSTILE
from tests.support.world import APP, MAPPINGS, World

EVIL = " ".join(HOSTILE.values())
HEAD = {
    "review": "Q4",
    "reviewer": "boss@x.org",
    "started": "2026-11-01",
    "due": "2026-12-15",
    "scope": {"apps": ["wiki"], "roles": [], "groups": [], "privileged": False, "source": "service"},
    "files": 1,
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.users(
        "userPrincipalName: ada@x.org, manager: boss@x.org",
        "userPrincipalName: bob@x.org, manager: left@x.org",
        "userPrincipalName: eve@x.org, manager: EVE@x.org",
        "userPrincipalName: boss@x.org, mail: the.boss@x.org",
        "userPrincipalName: left@x.org, accountEnabled: false",
    )
    world.groups("displayName: Inner, members: [bob@x.org]", "displayName: Team, members: [{group: Inner}, ada@x.org]")
    world.assign("user: ada@x.org, role: Admin", "group: Team, role: User", "user: bob@x.org, role: User, expires: 2026-01-01")
    return world


def declared(world: World) -> Declarations:
    loaded = load(world.folder / "desired")
    assert loaded.errors == []
    return loaded.declarations


def row(who: str, what: str = "Admin", kind: str = "role", **more: object) -> Row:
    address, source = (who, Source.UNMANAGED) if who.startswith("#") else (f"User/{who}", Source.DECLARED)
    held = Held(address, who, who, kind, what, True, source, id=who[1:] if who.startswith("#") else "")
    return Row("wiki", held._replace(**more))  # type: ignore[arg-type]


def people(shared: Shared) -> dict[str, list[str]]:
    return {reviewer: [item.who for item in rows] for reviewer, rows in shared.files.items()}


def test_a_manager_is_asked_and_nobody_about_themselves(world: World) -> None:
    rows = [row(f"{name}@x.org") for name in ("eve", "bob", "ada", "boss")] + [row("#17", login="ghost")]
    shared = share(rows, by_manager(declared(world).users), "sec@x.org")
    assert people(shared) == {"boss@x.org": ["ada@x.org"], "sec@x.org": ["ghost", "bob@x.org", "boss@x.org", "eve@x.org"]}
    assert shared.fallen == {NO_MANAGER: {"boss@x.org", "ghost"}, NOT_THERE: {"bob@x.org"}, THEMSELVES: {"eve@x.org"}}
    alone = share([row("eve@x.org"), row("boss@x.org")], by_manager(declared(world).users), "EVE@x.org")
    assert alone.alone == {THEMSELVES: {"eve@x.org"}} and people(alone) == {"EVE@x.org": ["boss@x.org"]}


def test_the_first_rule_that_fits_says_who_is_asked_by_name_or_mail(world: World, tmp_path: Path) -> None:
    file = tmp_path / "reviewers.yaml"
    file.write_text("reviewers: [{role: admin, reviewer: The.Boss@x.org}, {app: wiki, group: Team, reviewer: owner}]\n")
    rules, problems = read_rules(file)
    assert problems == []
    rows = [row("ada@x.org"), row("boss@x.org"), row("ada@x.org", "Team", "group"), row("ada@x.org", "Auditor")]
    shared = share(rows, by_rules(rules, declared(world).users), "sec@x.org")
    assert people(shared) == {"boss@x.org": ["ada@x.org"], "owner": ["ada@x.org"], "sec@x.org": ["ada@x.org", "boss@x.org"]}
    assert shared.fallen == {NO_RULE: {"ada@x.org"}, THEMSELVES: {"boss@x.org"}}
    file.write_text("reviewers: [{role: admin}]\n")
    assert [str(problem.place).rpartition("/")[2] for problem in read_rules(file)[1]] == ["reviewers.yaml:1:13"]


def test_a_rule_names_nobody_who_is_disabled(world: World) -> None:
    users = declared(world).users
    shared = share([row("ada@x.org")], by_rules([{"reviewer": "LEFT@x.org"}], users), "sec@x.org")
    assert people(shared) == {"sec@x.org": ["ada@x.org"]} and shared.fallen == {DISABLED: {"ada@x.org"}}
    assert [Named(users).is_disabled(name) for name in ("left@x.org", "boss@x.org", "sec@x.org")] == [True, False, False]


def test_hostile_names_stay_text_in_the_file_its_name_and_codeowners() -> None:
    data = data_of(HEAD, [row("ada@x.org", EVIL, name=EVIL, login="\ud800\0")])
    again = parse(document(data).encode(), "x.yaml")
    (said,) = again.data["access"]
    assert not again.problems and said["role"] == said["name"] == EVIL and digest_of(again.data) == again.data["digest"]
    names = file_names(["../../etc/passwd", "..", "closed", "A b@x.org", "a-b@x.org", "eve @x.org\n* @evil"])
    assert names == {
        "..": "reviewer", "../../etc/passwd": "-..-etc-passwd", "A b@x.org": "A-b@x.org", "a-b@x.org": "a-b@x.org-2",
        "closed": "closed-2", "eve @x.org\n* @evil": "eve-@x.org---@evil",
    }  # fmt: skip
    lines = codeowners("desired", "Q4", names, {}).splitlines()
    assert len(lines) == 6 and sum(not line.startswith("# ") for line in lines) == 1


def reviews(world: World, decisions: list[str], rows: list[Row]) -> Reviews:
    text = document(data_of(HEAD, rows))
    for decision in decisions:
        text = text.replace("decision:\n    reason:\n", decision + "\n", 1)
    folder = world.folder / "desired/reviews/Q4"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "boss.yaml").write_text(text)
    return read_reviews(world.folder / "desired")


def told(world: World, found: Reviews) -> list[tuple[str, str, str]]:
    problems = check_reviews(found, declared(world), "2026-06-01")
    return [(p.severity, p.code, p.place.file.rpartition("/")[2] + f":{p.place.line}") for p in problems]


def test_a_removal_that_is_still_declared_is_told_at_the_line_that_gives_it(world: World) -> None:
    rows = [row("ada@x.org"), row("bob@x.org", "User"), row("bob@x.org", "Team", "group"), row("#9")]
    found = reviews(world, ["decision: remove"] * 4, rows)
    assert told(world, found) == [
        ("warning", "review-still-declared", "assignments.yaml:2"),
        ("warning", "review-still-declared", "assignments.yaml:3"),
        ("warning", "review-still-declared", "a.yaml:2"),
    ]
    words = [problem.message for problem in check_reviews(found, declared(world), "2026-06-01")]
    assert "bob@x.org was to lose User in wiki" in words[1] and words[1].endswith("still has it here through group Team")
    (world.folder / "desired/reviews/Q4/closed.yaml").write_text(f"closed: 2026-12-01\nevidence: sha256:{'0' * 64}\n")
    assert told(world, read_reviews(world.folder / "desired")) == []


def test_a_decision_is_keep_with_a_reason_or_remove_and_nobody_s_own(world: World) -> None:
    rows = [row("ada@x.org"), row("eve@x.org"), row("boss@x.org")]
    found = reviews(world, ["decision: keep", "decision: keep\n    reason: work", "decision: keep\n    reason: me"], rows)
    assert [code for _, code, _ in told(world, found)] == ["review-reason", "review-self"]
    wrong = reviews(world, ["decision: maybe"], rows)
    assert [(p.severity, p.place.line, p.place.column) for p in wrong.problems] == [("error", 17, 15)] and wrong.by_name == {
        "Q4": []
    }


def test_what_is_called_otherwise_since_is_still_declared(world: World) -> None:
    rows = [row("ada@x.org", value="admin"), row("bob@x.org", "Team", "group")]
    found = reviews(world, ["decision: remove"] * 2, rows)
    world.write("apps/wiki/roles.yaml", "roles: [{value: admin, displayName: Chief}, {value: user, displayName: User}]\n")
    world.groups(
        "displayName: Inner, members: [bob@x.org]",
        "displayName: Crew, previously: [Team], members: [{group: Inner}, ada@x.org]",
    )
    world.assign("user: ada@x.org, role: Chief")
    assert [code for _, code, _ in told(world, found)] == ["review-still-declared"] * 2


def test_nobody_decides_about_themselves_by_an_earlier_name(world: World) -> None:
    world.users("userPrincipalName: boss2@x.org, previously: [boss@x.org]", "userPrincipalName: ada@x.org")
    world.groups()
    world.assign()
    rules = [{"reviewer": "boss@x.org"}]
    shared = share([row("boss2@x.org"), row("ada@x.org")], by_rules(rules, declared(world).users), "sec@x.org")
    assert people(shared) == {"boss2@x.org": ["ada@x.org"], "sec@x.org": ["boss2@x.org"]}
    found = reviews(world, ["decision: remove"], [row("boss2@x.org")])
    assert [code for _, code, _ in told(world, found)] == ["review-self"]


def test_a_row_or_a_file_that_went_is_noticed(world: World) -> None:
    found = reviews(world, [], [row("ada@x.org"), row("bob@x.org")])
    assert told(world, found) == []
    file = world.folder / "desired/reviews/Q4/boss.yaml"
    before, _, _ = file.read_text().rpartition("  - app:")
    file.write_text(before)
    assert [code for _, code, _ in told(world, read_reviews(world.folder / "desired"))] == ["review-altered"]
    file.write_text(document(data_of({**HEAD, "files": 3}, [])).replace("access:\n", "access: []\n"))
    assert [code for _, code, _ in told(world, read_reviews(world.folder / "desired"))] == ["review-file-missing"]


def test_a_review_is_overdue_where_a_decision_is_missing_after_its_last_day(world: World) -> None:
    found = reviews(world, ["decision: remove"], [row("ada@x.org"), row("bob@x.org")])
    (part,) = progress(found.by_name["Q4"], Named(declared(world).users))
    assert (part.rows, part.remove, len(part.missing)) == (2, 1, 1)
    assert not part.is_overdue("2026-12-15") and part.is_overdue("2026-12-16")
    assert "Q4, due 2026-12-15, overdue: 1 of 2 rows decided" in as_text({"Q4": [part]}, {"Q3": True}, "2026-12-16")
    assert not part._replace(missing=()).is_overdue("2026-12-16")


def test_loading_does_not_look_at_reviews_and_knows_the_folder(world: World) -> None:
    before = declared(world).digest
    folder = world.folder / "desired/reviews/Q4"
    folder.mkdir(parents=True)
    (folder / "x.yaml").write_text("[")
    assert declared(world).digest == before
    (folder.parent / "odd.yaml").write_text("")
    assert {problem.code for problem in read_reviews(world.folder / "desired").problems} >= {"no-meaning"}


def test_an_account_that_scope_all_gives_is_declared_where_the_person_is(world: World) -> None:
    rows = [row("ada@x.org", "an account", "account"), row("left@x.org", "an account", "account"), row("ada@x.org", "User")]
    found = reviews(world, ["decision: remove"] * 3, rows)
    world.assign()
    assert told(world, found) == []
    world.write("apps/wiki/app.yaml", APP + "provisioning: {scope: all}\n")
    assert told(world, found) == [("warning", "review-still-declared", "a.yaml:2")]
    (problem,) = check_reviews(found, declared(world), "2026-06-01")
    assert problem.message.endswith("has it here, since provisioning.scope is all") and "scoping filter" in problem.remedy
    out = "scopingFilters: [{clauses: [{attribute: userPrincipalName, operator: NOT EQUALS, value: ada@x.org}]}]"
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("  users:\n", f"  users:\n    {out}\n"))
    assert told(world, found) == []


def test_a_reviewer_who_cannot_decide_any_more_is_told_while_decisions_are_missing(world: World) -> None:
    found = reviews(world, ["decision: remove"], [row("ada@x.org"), row("bob@x.org")])
    assert [code for _, code, _ in told(world, found)] == ["review-still-declared"], "who was never declared may be a mailbox"
    file = world.folder / "desired/reviews/Q4/boss.yaml"
    head = head_of(HEAD, "boss@x.org", True)
    file.write_text(document(data_of(head, [row("ada@x.org")])))
    found = read_reviews(world.folder / "desired")
    assert told(world, found) == []
    world.users(
        "userPrincipalName: ada@x.org", "userPrincipalName: bob@x.org", "userPrincipalName: boss@x.org, accountEnabled: false"
    )
    (problem,) = check_reviews(found, declared(world), "2026-06-01")
    assert (problem.severity, problem.code, problem.place.line) == ("warning", "review-reviewer-left", 4)
    assert "boss@x.org is disabled in the directory" in problem.message
    assert problem.remedy.startswith("whoever may change this file decides here in their place")
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: bob@x.org")
    (problem,) = check_reviews(found, declared(world), "2026-06-01")
    assert "boss@x.org is no longer declared" in problem.message
    (part,) = progress(found.by_name["Q4"], Named(declared(world).users))
    assert as_text({"Q4": [part]}, {}, "2026-06-01").endswith("; the reviewer is no longer declared\n")
    file.write_text(file.read_text().replace("decision:", "decision: remove"))
    assert "review-reviewer-left" not in {code for _, code, _ in told(world, read_reviews(world.folder / "desired"))}
