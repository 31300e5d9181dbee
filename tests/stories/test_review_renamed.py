"""A review of people, groups and accounts that are called otherwise, or declared, since it was started; on a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.declare.yaml.scalars import scalar
from tests.stories.test_review import ASSIGNMENTS, PEOPLE, START, decide
from tests.support.servers import Desk, scim_server

CLOSE = ("review", "close", "2026-Q4", "--evidence", "q4.zip")
OWN = "eve@x.org, id: p-17, displayName: Eve, manager: grace@x.org"


def started(folder: Path, url: str) -> Desk:
    desk = Desk(folder, url)
    desk.people(*PEOPLE[:2], OWN)
    desk.write("apps/wiki/assignments.yaml", ASSIGNMENTS)
    assert desk.reconcile("apply", "--auto-approve").code == 0
    assert desk.reconcile(*START, "--otherwise", "boss@x.org").code == 0
    return desk


@pytest.mark.parametrize("by", ["id", "previously"])
def test_who_is_called_otherwise_since_still_has_it_and_loses_it(tmp_path: Path, by: str) -> None:
    with scim_server() as url:
        desk = started(tmp_path, f"{url}/{by}/v2")
        folder = tmp_path / "desired/reviews/2026-Q4"
        decide(folder / "boss@x.org.yaml")
        decide(folder / "grace@x.org.yaml", removed=("eve@x.org: Admin", "ada@x.org: Net"))
        now = OWN.replace("eve@", "eva@").replace("id: p-17", "id: p-17" if by == "id" else "previously: [eve@x.org]")
        desk.people(*PEOPLE[:2], now)
        crew = "groups: [{displayName: Crew, previously: [Net], members: [ada@x.org, grace@x.org]}]\n"
        desk.write("directory/groups/a.yaml", crew)
        desk.write("apps/wiki/assignments.yaml", ASSIGNMENTS.replace("eve@", "eva@").replace("Net,", "Crew,"))
        assert desk.reconcile("apply", "--auto-approve").code == 0
        desk.people(*PEOPLE[:2], now.replace(" previously: [eve@x.org],", ""))
        desk.write("directory/groups/a.yaml", crew.replace(" previously: [Net],", ""))
        warned = desk.reconcile("validate")
        assert "assignments.yaml:5:1: warning: eve@x.org, who is eva@x.org now, was to lose Admin in wiki" in warned.out, warned
        assert "a.yaml:1:" in warned.out and "ada@x.org was to lose group Net in wiki" in warned.out
        refused = desk.reconcile(*CLOSE)
        assert refused.code == 1 and "assignments.yaml:5: eve@x.org, who is eva@x.org now," in refused.err, refused
        applied = desk.reconcile("review", "apply", "2026-Q4")
        assert applied.code == 0 and "2 removals: 2 out of the declarations, 0 left to you" in applied.out, applied
        desk.write("apps/wiki/assignments.yaml", (tmp_path / "desired/apps/wiki/assignments.yaml").read_text()
                   + "  - {user: ada@x.org, role: User}\n")  # fmt: skip
        refused = desk.reconcile(*CLOSE)
        assert refused.code == 1 and "eve@x.org, who is eva@x.org now, still has Admin in wiki on the service" in refused.err
        assert "ada@x.org still has group Net, which is Crew now, in wiki" in refused.err, refused
        closes_once_applied(desk)


def closes_once_applied(desk: Desk) -> None:
    assert desk.reconcile("apply", "--auto-approve").code == 0
    closed = desk.reconcile(*CLOSE)
    assert closed.code == 0, closed
    assert desk.reconcile("access", "--verify", "q4.zip").code == 0


def test_an_account_that_was_declared_since_is_declared(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/{tmp_path.name}/v2")
        desk.people(*PEOPLE[:2])
        assert desk.reconcile("apply", "--auto-approve").code == 0
        desk.seed("temp@x.org", roles=[{"value": "admin"}])
        (account,) = desk.find("temp@x.org")
        assert desk.reconcile(*START, "--otherwise", "boss@x.org").code == 0
        for file in (tmp_path / "desired/reviews/2026-Q4").iterdir():
            of_nobody, filled = f"    account: {scalar(account['id'])}\n", "    user: none\n"
            file.write_text(file.read_text().replace(of_nobody, filled + of_nobody))
            decide(file, removed=("none: Admin",))
            file.write_text(file.read_text().replace(filled, ""))
        assert desk.reconcile("import", "--app", "wiki", "--only", f"#{account['id']}").code == 0
        warned = desk.reconcile("validate")
        assert warned.code == 0 and "warning: temp@x.org was to lose Admin in wiki" in warned.out, warned
        assert desk.reconcile("apply", "--auto-approve").code == 0
        users = next(file for file in (tmp_path / "desired/directory/users").iterdir() if "temp@" in file.read_text())
        users.write_text(users.read_text().replace("temp@x.org", "tina@x.org\n    previously: [temp@x.org]"))
        assigned = tmp_path / "desired/apps/wiki/assignments.yaml"
        assigned.write_text(assigned.read_text().replace("temp@", "tina@"))
        assert desk.reconcile("apply", "--auto-approve").code == 0
        refused = desk.reconcile(*CLOSE)
        assert refused.code == 1 and "temp@x.org, who is tina@x.org now, was to lose Admin in wiki" in refused.err, refused
        assert "revoke" not in refused.err
        applied = desk.reconcile("review", "apply", "2026-Q4")
        assert applied.code == 0 and "1 removal: 1 out of the declarations, 0 left to you" in applied.out, applied
        refused = desk.reconcile(*CLOSE)
        assert refused.code == 1 and "still has Admin in wiki on the service [ReviewOpen]" in refused.err, refused
        assert "stays open: apply, and close it again" in refused.err and "revoke" not in refused.err
        assert desk.reconcile("apply", "--auto-approve").code == 0
        assert desk.reconcile(*CLOSE).code == 0


def test_a_name_that_is_somebody_else_s_by_now_takes_nothing_from_them(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/{tmp_path.name}/v2")
        eve, bob = "eve@x.org, id: p-17, manager: grace@x.org", "bob@x.org, id: p-18, manager: grace@x.org"
        assigned = "assignments:\n  - {user: eve@x.org, role: Admin}\n  - {user: bob@x.org, role: Admin} # stays\n"
        assigned += "  - {group: Net, role: User}\n  - {group: Ops, role: User}\n"
        groups = "groups:\n" + "".join(
            f"  - {{displayName: {name}, id: {name}, members: [eve@x.org]}}\n" for name in ("Net", "Ops")
        )
        desk.people(*PEOPLE[:2], eve, bob)
        renamed = tmp_path / "desired/directory/groups/a.yaml"
        desk.write("directory/groups/a.yaml", groups)
        desk.write("apps/wiki/assignments.yaml", assigned)
        assert desk.reconcile("apply", "--auto-approve").code == 0
        assert desk.reconcile(*START, "--otherwise", "boss@x.org").code == 0
        decide(tmp_path / "desired/reviews/2026-Q4/grace@x.org.yaml", removed=("eve@x.org: Admin", "eve@x.org: Net"))
        assigned, groups = (text.replace("eve@", "eva@").replace(": Net", ": Crew", 1) for text in (assigned, groups))
        desk.people(*PEOPLE[:2], eve.replace("eve@", "eva@"), bob)
        desk.write("directory/groups/a.yaml", groups)
        desk.write("apps/wiki/assignments.yaml", assigned)
        assert desk.reconcile("apply", "--auto-approve").code == 0
        desk.people(*PEOPLE[:2], eve.replace("eve@", "eva@"), bob.replace("bob@", "eve@"))
        desk.write("directory/groups/a.yaml", groups.replace(": Ops,", ": Net,", 1))
        desk.write("apps/wiki/assignments.yaml", assigned.replace("bob@", "eve@").replace("Ops", "Net"))
        assert desk.reconcile("apply", "--auto-approve").code == 0
        warned = desk.reconcile("validate")
        assert warned.out.count("warning: ") == 2 == warned.out.count("eve@x.org, who is eva@x.org now, was to lose "), warned
        applied = desk.reconcile("review", "apply", "2026-Q4")
        assert applied.code == 0 and "2 removals: 2 out of the declarations, 0 left to you" in applied.out, applied
        left = (tmp_path / "desired/apps/wiki/assignments.yaml").read_text()
        assert left.startswith("assignments:\n  - {user: eve@x.org, role: Admin} # stays\n") and "eva@" not in left
        assert (
            "{displayName: Net, id: Ops, members: [eva@x.org]}" in renamed.read_text() and renamed.read_text().count("eva@") == 1
        )
        refused = desk.reconcile(*CLOSE)
        assert refused.code == 1 and refused.err.count("eve@x.org, who is eva@x.org now, still has ") == 2, refused
        closes_once_applied(desk)


def test_a_reviewer_s_name_that_is_somebody_else_s_by_now_reviews_nobody_themselves(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/{tmp_path.name}/v2")
        grace, eve = "grace@x.org, id: p-1", "eve@x.org, id: p-17, manager: grace@x.org"
        desk.write("directory/groups/a.yaml", "groups: []\n")
        for people in (
            (grace, eve),
            (grace.replace("grace@", "gina@"), eve.replace("grace@", "gina@")),
            (grace.replace("grace@", "gina@"), eve.replace("grace@", "gina@").replace("eve@", "grace@")),
        ):
            desk.people(*people)
            names = [one.partition(",")[0] for one in people]
            rows = "".join(f"  - {{user: {name}, role: User}}\n" for name in names)
            desk.write("apps/wiki/assignments.yaml", "assignments:\n" + rows)
            assert desk.reconcile("apply", "--auto-approve").code == 0
            if people[0] == grace:
                assert desk.reconcile(*START, "--otherwise", "boss@x.org").code == 0
                for file in (tmp_path / "desired/reviews/2026-Q4").iterdir():
                    decide(file)
        checked = desk.reconcile("validate")
        assert checked.code == 0 and "review-self" not in checked.out, checked
        closed = desk.reconcile(*CLOSE)
        assert closed.code == 0, closed


def test_an_account_that_was_made_anew_is_found_by_the_name_of_today(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = started(tmp_path, f"{url}/{tmp_path.name}/v2")
        folder = tmp_path / "desired/reviews/2026-Q4"
        decide(folder / "boss@x.org.yaml")
        decide(folder / "grace@x.org.yaml", removed=("eve@x.org: Admin",))
        desk.people(*PEOPLE[:2], OWN.replace("eve@", "eva@"))
        desk.write("apps/wiki/assignments.yaml", ASSIGNMENTS.replace("eve@", "eva@").rpartition("  - {")[0])
        assert desk.reconcile("apply", "--auto-approve").code == 0
        (account,) = desk.find("eva@x.org")
        with desk.client() as client:
            client.delete("Users", account["id"])
        desk.seed("eva@x.org", roles=[{"value": "admin"}])
        refused = desk.reconcile(*CLOSE)
        assert refused.code == 1 and "eva@x.org now, still has Admin in wiki on the service" in refused.err, refused
