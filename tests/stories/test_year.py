"""A year of one app: people come, move and go, hands edit, reviews are held, and the log can still say who had what, and why.

Commands in process, a real SCIM service behind them, the record on a real ref in Git, the clock where the story wants it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import time_machine

from reconciler.cycle.clock import now, today
from reconciler.record.git.log import head_file
from reconciler.record.log.chain import Link, hash_of
from tests.corpus.runner import World
from tests.support.gitworld import ENV

SHOWN = {"admin": "Admin", "user": "User", "editor": "Editor"}
APP = """app: wiki
displayName: Wiki
adminCredentials: {tenantUrl: "http://127.0.0.1/v2", secretToken: "${env:WIKI_TOKEN}"}
safeguards: {accidentalDeletions: {count: 3, percent: 20, minimumExisting: 5}}
"""
ROLES = """roles:
  - {value: admin, displayName: Admin, privileged: true}
  - {value: user, displayName: User}
  - {value: editor, displayName: Editor}
"""
REF = "refs/reconcile/wiki"
MOVERS = [f"p{number}" for number in range(6)]
Held = set[tuple[str, str]]


class Ran(NamedTuple):
    """What a command said."""

    code: int
    out: str


class Year(World):
    """The app; `people`, `net`, `ops` and `direct` (who, role, what else is said) are what the next commit declares.

    `truth` is what active people of ours held on the service at each time.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        source = folder / "source"
        source.mkdir()
        (source / "world.yaml").write_text("git: true\nsteps: []\n")
        self.committed = ""
        super().__init__(source, folder, patch)
        self.people = {"ada": "", "grace": "", "joan": ""}
        self.net, self.ops = {"ada", "joan"}, set[str]()
        self.direct: list[tuple[str, str, str]] = [("grace", "Admin", ""), ("ada", "Admin", "")]
        self.truth: dict[str, Held] = {}

    # What is declared

    def declare(self) -> None:
        people = [f"  - {{userPrincipalName: {who}@x.org, manager: grace@x.org{more}}}\n" for who, more in self.people.items()]
        inside = {"Net": self.net, "Ops": self.ops}
        groups = [
            f"  - {{displayName: {group}, members: [{', '.join(f'{who}@x.org' for who in sorted(members))}]}}\n"
            for group, members in inside.items()
        ]
        direct = [f"  - {{user: {who}@x.org, role: {role}{more}}}\n" for who, role, more in self.direct]
        roles = ["  - {group: Net, role: User}\n", "  - {group: Ops, role: Editor}\n"]
        self.write(
            {
                "apps/wiki/app.yaml": APP,
                "apps/wiki/roles.yaml": ROLES,
                "apps/wiki/assignments.yaml": "assignments:\n" + "".join([*roles, *direct]),
                "directory/users/a.yaml": "users:\n" + "".join(people),
                "directory/groups/a.yaml": "groups:\n" + "".join(groups),
            }
        )

    def _commit(self) -> None:
        """Only where something is to be committed: most commands only look."""
        texts = "".join(file.read_text() for file in sorted(self.desired.rglob("*.yaml")))
        if texts != self.committed:
            dates = {f"GIT_{who}_DATE": now() for who in ("AUTHOR", "COMMITTER")}
            ENV.update(dates)  # as the story's clock shows it: what was declared then is looked for by it
            super()._commit()
            for name in dates:
                del ENV[name]
            self.committed = texts

    # What is done

    def ask(self, line: str) -> Ran:
        """A command line, and what it printed on both streams."""
        said = len(self.said)
        self.run(line)
        head, ended, *lines = self.said[said:]
        return Ran(int(ended.removeprefix("exit ")), "\n".join(lines))

    def json(self, line: str) -> Any:
        ran = self.ask(line)
        return json.loads("\n".join(text for text in ran.out.splitlines() if not text.startswith("!")))

    def merged(self, date: str, pull: int) -> None:
        """A pull request is merged: its plan is applied, and nothing else."""
        self.day(date)
        self.declare()
        file = self.top / f"0-pull-{pull}-wiki.json"
        assert self.ask(f"plan --out {file}").code == 0, self.said[-20:]
        assert self.ask(f"apply {file}").code == 0, self.said[-20:]
        self.saw()

    def scheduled(self, date: str) -> None:
        """What time and hands have changed is put right."""
        self.day(date)
        assert self.ask("apply --auto-approve").code == 0, self.said[-20:]
        self.saw()

    def saw(self) -> None:
        self.truth[f"{today()}T12:00:00Z"] = self.held()

    def held(self) -> Held:
        """What each active account has there, of people who are declared or were."""
        items = [item for kind in ("Users", "Groups") for item in self.service.bare.get(f"/{kind}").json().get("Resources", [])]
        users = {i["id"]: i for i in items if "userName" in i and i.get("active", True) and not i["userName"].startswith("mal")}
        has = {id: {SHOWN[role["value"]] for role in item.get("roles") or ()} for id, item in users.items()}
        for group in (item for item in items if "userName" not in item):
            for member in group.get("members") or ():
                has.get(member["value"], set()).add("group " + group["displayName"])
        return {(users[id]["userName"], what) for id, whats in has.items() for what in whats or {"an account"}}


def answered(rows: list[dict[str, Any]]) -> Held:
    return {
        (row["login"], ("group " if row["kind"] == "group" else "") + row["what"])
        for row in rows
        if row["known"] and row["login"] != "mal@y.org"
    }


# The year


def lived(year: Year) -> None:
    year.merged("2026-01-05", 1)
    for who in MOVERS:  # joiners
        year.people[who] = ""
    year.net |= set(MOVERS)
    year.merged("2026-02-02", 2)
    year.net.discard("joan")  # a mover, with a temporary role
    year.direct += [("joan", "User", ""), ("joan", "Admin", ", expires: 2026-03-31, reason: NET-1")]
    year.merged("2026-02-20", 3)
    year.day("2026-03-09")  # a hand gives a role, and takes somebody out of a group
    year.edit({"p0@x.org": {"roles": [{"value": "admin"}]}})
    year.edit({"Net": {"members": [{"value": year.service.find(f"{who}@x.org")["id"]} for who in ("ada", "p0", "p1")]}})
    year.scheduled("2026-03-10")
    year.scheduled("2026-04-01")  # the temporary role ends
    del year.people["p5"]  # a leaver
    year.net.discard("p5")
    year.merged("2026-04-15", 4)
    first_review(year)
    year.day("2026-06-10")  # somebody must be out now, and an account that nobody declared
    assert year.ask("revoke joan@x.org --reason INC-7 --auto-approve").code == 0
    year.seed({"userName": "mal@y.org", "active": True})
    mal = year.service.find("mal@y.org")["id"]
    assert year.ask(f"revoke --id {mal} --reason INC-8 --auto-approve").code == 0
    assert year.service.find("mal@y.org")["active"] is False
    year.saw()
    reorganised(year)
    year.people["eve"] = ""  # a joiner, who administers for a month
    year.direct.append(("eve", "Admin", ", expires: 2026-09-30, reason: NET-9"))
    year.merged("2026-09-01", 6)
    year.scheduled("2026-10-01")
    second_review(year)
    year.people["eve"] = ", accountEnabled: false"
    year.merged("2026-12-01", 8)


def reorganised(year: Year) -> None:
    """Five people move from one role to another at once: blocked, until that very plan is approved."""
    year.day("2026-07-01")
    moving = set(MOVERS[:5])
    year.net, year.ops = year.net - moving, year.ops | moving
    year.declare()
    file = year.top / "0-pull-5-wiki.json"
    assert year.ask(f"plan --out {file}").code == 3
    refused = year.ask(f"apply {file}")
    assert refused.code == 3 and "accidentalDeletions" in refused.out
    year.ask("plan")
    year.approve(None)
    assert year.ask(f"apply {file}").code == 0, year.said[-30:]
    year.saw()


def decided(year: Year, name: str, remove: tuple[str, str]) -> None:
    """Each reviewer keeps everything but one thing of one person."""
    for file in (year.desired / "reviews" / name).glob("*@*.yaml"):
        head, *rows = file.read_text().split("  - app:")
        for number, row in enumerate(rows):
            out = f"user: {remove[0]}\n" in row and f": {remove[1]}\n" in row
            rows[number] = row.replace("decision:\n    reason:\n", f"decision: {'remove' if out else 'keep'}\n    reason: work\n")
        file.write_text("  - app:".join([head, *rows]))


def first_review(year: Year) -> None:
    """Ada's administration goes; the review closes only once it is gone from the service."""
    year.day("2026-05-04")
    start = "review start --app wiki --privileged --name first --by manager --due 2026-05-31 --otherwise boss@x.org"
    assert year.ask(start).code == 0
    close = f"review close first --evidence {year.top / 'first.zip'}"
    undecided = year.ask(close)
    assert undecided.code == 1 and "decision" in undecided.out
    decided(year, "first", ("ada@x.org", "Admin"))
    declared = year.ask(close)
    assert declared.code == 1 and "ada@x.org was to lose Admin" in declared.out
    year.direct.remove(("ada", "Admin", ""))
    year.declare()
    there = year.ask(close)
    assert there.code == 1 and "ada@x.org still has Admin in wiki on the service" in there.out
    year.merged("2026-05-05", 9)
    assert year.ask(close).code == 0, year.said[-20:]


def second_review(year: Year) -> None:
    year.day("2026-11-02")
    start = "review start --app wiki --role Editor --name second --by manager --due 2026-11-30 --otherwise boss@x.org"
    assert year.ask(start).code == 0
    decided(year, "second", ("p4@x.org", "Editor"))
    year.ops.discard("p4")
    year.direct.append(("p4", "User", ""))
    year.merged("2026-11-03", 7)
    assert year.ask(f"review close second --evidence {year.top / 'second.zip'}").code == 0, year.said[-20:]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    with pytest.MonkeyPatch.context() as patch:
        found = Year(tmp_path_factory.mktemp("year"), patch)
        found.begin()
        with time_machine.travel("2026-01-01T08:00:00Z", tick=False) as found.clock:
            lived(found)
            found.day("2026-12-31")
            yield found


DAYS = (
    "2026-01-05", "2026-01-20", "2026-03-10", "2026-03-31", "2026-04-01", "2026-04-30", "2026-05-10", "2026-06-20", "2026-07-01",
    "2026-09-15", "2026-10-15", "2026-12-24",
)  # fmt: skip
PULLS = {"2026-01-05": 1, "2026-02-02": 2, "2026-02-20": 3, "2026-04-15": 4, "2026-05-05": 9, "2026-07-01": 5, "2026-09-01": 6,
         "2026-11-03": 7, "2026-12-01": 8}  # fmt: skip


def rows_at(year: Year, time: str) -> list[dict[str, Any]]:
    (answer,) = year.json(f"access --at {time} --format json")
    assert answer["unknown"] == []
    return list(answer["rows"])


def then(year: Year, time: str) -> Held:
    return year.truth[max(at for at in year.truth if at <= time)]


def test_on_twelve_days_it_says_what_was_there(year: Year) -> None:
    for day in DAYS:
        assert answered(rows_at(year, day)) == then(year, f"{day}T23:59:59Z"), day


def test_what_a_hand_changed_at_a_time_that_nobody_knows_is_said_to_be_unknown(year: Year) -> None:
    for time in ("2026-02-10", "2026-03-09"):
        rows = rows_at(year, time)
        doubted = {row["login"] for row in rows if not row["known"]}
        assert answered(rows) < then(year, f"{time}T23:59:59Z") and {"p0@x.org", "p2@x.org"} <= doubted, time


def test_every_grant_names_its_line_its_pull_request_and_its_approval(year: Year) -> None:
    for day in DAYS:
        for row in rows_at(year, day):
            if row["login"] == "mal@y.org":
                continue
            gave = row["gave"]
            assert gave["file"].startswith("desired/") and gave["line"] and gave["commit"], (day, row)
            when = gave["at"][:10]
            assert gave["pullRequest"] == PULLS.get(when), (day, row)
            assert [item["safeguard"] for item in gave["approvals"]] == ["accidentalDeletions"] * (when == "2026-07-01"), (
                day,
                row,
            )
            assert gave["readBack"] == "asWritten", (day, row)


def test_what_went_names_what_took_it(year: Year) -> None:
    (answer,) = year.json("access --diff 2026-03-20 2026-06-20 --format json")
    lost = {(row["login"], row["what"]): row["took"] for row in answer["rows"] if row["change"] == "lost"}
    # A temporary role ended by itself; a leaver went by a pull request; who was revoked lost what was left.
    assert lost[("joan@x.org", "Admin")]["at"].startswith("2026-04-01") and lost[("joan@x.org", "Admin")]["pullRequest"] is None
    assert lost[("p5@x.org", "User")]["pullRequest"] == 4 and lost[("ada@x.org", "Admin")]["pullRequest"] == 9
    assert lost[("joan@x.org", "User")]["at"].startswith("2026-06-10") and len(lost) >= 5


def in_remote(year: Year, *words: str, data: bytes = b"") -> bytes:
    """What git says there, of an index of its own."""
    environ = {"GIT_INDEX_FILE": str(year.top / "index"), **ENV}
    call = ["git", "-C", str(year.remote), *words]
    return subprocess.run(call, env=environ, input=data, check=True, capture_output=True).stdout


def rewritten(year: Year, files: dict[str, bytes]) -> str:
    """Somebody pushes a ref of their own making: a commit without a past, with these files."""
    in_remote(year, "read-tree", "--empty")
    for path, data in files.items():
        blob = in_remote(year, "hash-object", "-w", "--stdin", data=data).decode().strip()
        in_remote(year, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    tree = in_remote(year, "write-tree").decode().strip()
    commit = in_remote(year, "commit-tree", tree, "-m", "as if nothing had happened").decode().strip()
    in_remote(year, "update-ref", REF, commit)
    return commit


def files_of(year: Year) -> dict[str, bytes]:
    paths = in_remote(year, "ls-tree", "-r", "--name-only", REF).decode().splitlines()
    return {path: in_remote(year, "show", f"{REF}:{path}") for path in paths}


def trusted(year: Year, commit: str) -> None:
    assert year.ask(f"record trust {commit} --app wiki").code == 0, year.said[-5:]


def test_a_rewritten_ref_a_dropped_line_and_a_lost_week_are_found(year: Year) -> None:
    assert year.ask("record verify").code == 0
    whole, head = files_of(year), year.json("record verify --format json")["apps"][0]["head"]["hash"]
    log = sorted(path for path in whole if path.startswith("log/") and path.endswith(".jsonl"))

    # The newest records are gone, and the chain that is left is whole: the ref was rewritten, and the head is not in there.
    last = json.loads(whole[log[-2]].splitlines()[-1])
    ended = {path: data for path, data in whole.items() if path != log[-1]}
    fork = rewritten(year, ended | {"log/head.json": head_file(Link(last["reconcile"]["chain"]["number"], hash_of(last)))})
    refused = year.ask("record verify")
    assert refused.code == 1 and "was rewritten" in refused.out, refused.out
    assert year.ask("plan").code == 1 and year.ask("apply --auto-approve").code == 1
    trusted(year, fork)
    assert year.ask("record verify").code == 0
    shorter = year.ask(f"record verify --app wiki --since {head}")
    assert shorter.code == 1, shorter.out

    # A line in the middle.
    many = max(log, key=lambda path: len(whole[path].splitlines()))
    lines = whole[many].splitlines(keepends=True)
    trusted(year, rewritten(year, whole | {many: b"".join([lines[0], *lines[2:]])}))
    dropped = year.ask("record verify")
    assert dropped.code == 1 and "is missing" in dropped.out, dropped.out

    # A week: of what it told nobody knows, which is said; what was declared then is told as no more than that.
    week = [path for path in log if b'"activityDateTime":"2026-04-15' in whole[path]]
    assert week
    trusted(year, rewritten(year, {path: data for path, data in whole.items() if path not in week}))
    unsure = year.ask("access --at 2026-04-20 --format json")
    assert unsure.code == 1 and "the log has a gap between" in unsure.out
    (answer,) = year.json("access --at 2026-04-20 --format json")
    assert not any(row["known"] for row in answer["rows"])
    declared = {(row["login"], row["what"]): row["declared"] for row in answer["rows"] if row["declared"]}
    assert {(who, what.removeprefix("group ")) for who, what in then(year, "2026-04-20T00:00:00Z")} == declared.keys()
    assert declared[("p0@x.org", "Net")]["file"] == "desired/directory/groups/a.yaml"
    assert declared[("grace@x.org", "Admin")]["file"] == "desired/apps/wiki/assignments.yaml"
    assert not any(who == "p5@x.org" for who, _ in declared), "who left by the lost change"
    text = year.ask("access --at 2026-04-20 --role Admin").out
    assert "NOT KNOWN: declared (desired/apps/wiki/assignments.yaml:" in text and "not confirmed by a log" in text
    (before,) = year.json("access --at 2026-03-15 --format json")
    assert all(row["declared"] is None for row in before["rows"] if row["known"]) and any(row["known"] for row in before["rows"])
    assert year.ask("record verify").code == 1

    trusted(year, rewritten(year, whole))
    assert year.ask("record verify").code == 0


def test_reviews_close_with_what_was_read_back(year: Year) -> None:
    status = year.ask("review status")
    assert "first: closed" in status.out and "second: closed" in status.out
    assert all((year.top / f"{name}.zip").is_file() for name in ("first", "second"))
