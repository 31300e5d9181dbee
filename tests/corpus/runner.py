"""One world of the corpus: its declarations, a real SCIM service in process, and the commands run one after the other.

`world.yaml` holds `about` (what the world shows), optionally `profile` (the kind of service, simulated as declared; of one
with an API for roles beside SCIM both) and `git: true` (the record in Git, on a bare remote; with `commits: false` what comes
later is not committed), and `steps`, each with one key:

- `run: plan --format json`        a command line as it is typed, behind `reconcile`
- `plans:`                         the plan as text, Markdown and JSON
- `cycle:`                         a cycle of wiki by the running service, in this process
- `write: {path: text}`            a declaration file as a whole, below desired/
- `change: {path: {old: new}}`     a part of one
- `remove: path`                   a file or folder of declarations
- `seed: {userName: ...}`          an account that somebody makes on the service, or a group (`displayName`, `members` by name)
- `edit: {name: {path: value}}`    an account or group that somebody changes there
- `drop: name`                     one that somebody deletes there
- `aside: {path: text}`            a file elsewhere, in the folder above the checkout
- `approve:`                       an entry in approvals.yaml, as the last plan that was shown asks for
- `files:`                         the declarations as they are now are a part of what was said
- `env: {NAME: value}`             what the environment says from now on
- `clear: path`, `link: {path: target}`, `latin1: {path: text}`, `pipe: path`, `large: path`
                                 files that are no files of declarations
- `git: commit -m x`, `shallow:`   git in the checkout; the clone holds its newest commit alone
- `unplug:`, `forge:`, `key: ""`   the remote is gone; somebody pushes to the record; git has an SSH key, with this passphrase
- `rezip: {path: {old: new}}`      an archive above the checkout, with other words in it
- `day: 2026-06-02`, `tick: 61`    the day that it is from now on; seconds that pass
- `answer: {to: PATCH, number: 1, how: ...}`
      what the service does with the number-th such request of the next command, 0 for each: answers this status, or this JSON,
      which with a `scimType` is an error of SCIM; or
      `lose` (does it, and breaks off), `break` (breaks off), `kill` (does it, and the program dies), `interrupt` (does it, and
      Ctrl-C comes meanwhile), `unplug` (does it, and the remote goes away meanwhile); `meanwhile: apply` (does it, and another
      run of this command goes on meanwhile; it is shown first)

What comes of it is three texts: what was said; what was asked of the service, with what the journal held before each write; and
what is kept: record, log, and in Git the commits' messages. All is the same on every machine: the clock stands, ids are counted.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
import yaml

from reconciler.cli.main import run
from reconciler.cycle import base_commit, commit
from reconciler.cycle.clock import now
from reconciler.cycle.listener import SILENT
from reconciler.cycle.randomness import SystemChance
from reconciler.declare.profiles import settings
from reconciler.demo.answers import Application
from reconciler.demo.simulator import Simulator
from reconciler.demo.thousandeyes.service import ThousandEyes, owned_by_provisioning
from reconciler.service.events import as_text, of_result
from reconciler.service.order import Means, Order
from reconciler.service.result import CycleResult
from reconciler.service.worker import conducted
from tests.corpus.by_hand import ByHand
from tests.support.gitworld import ENV, git
from tests.support.scim_service import application

HERE = Path(__file__).parent
ENVIRON = {
    **ENV,
    "HOME": "/nowhere",
    "USER": "somebody",
    "COLUMNS": "120",
    "WIKI_TOKEN": "s3cr3t",
    "RECONCILE_CACHE_DIR": "",
    "GIT_AUTHOR_DATE": "2026-06-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-06-01T00:00:00Z",
}
COMMIT = re.compile(r"\b[0-9a-f]{40}\b")
PROCESS = re.compile(r"@\S+ \(pid \d+")
OVER_COMMITS = re.compile(r'("(?:content_digest|sum)": ?")[^"]+"')  # digests over what names a commit, another one each time
# What is another one on another machine, or each time: ssh-keygen's words, digests over the log, when a process said something,
# the version of this project.
OTHERS = [
    (re.compile(r"(commit could not be signed: ).*?(?= \[|$)", re.MULTILINE), r"\1<ssh-keygen's own words>"),
    (re.compile(r"(is written, SHA-256 |last knew record \d+, sha256:)[0-9a-f]{64}"), r"\1<digest>"),
    (re.compile(r'("?evidence"?: ?"|Evidence: \S+, )sha256:[0-9a-f]{64}'), r"\1<over the log>"),
    (re.compile(r'^\{.*"(a lock was broken)".*$', re.MULTILINE), r'{"activityDisplayName":"\1", of <process>}'),
    (re.compile(r"^\d{4}-\d\d-\d\dT[\d:]+Z (?=(?:error|warning|wiki): )", re.MULTILINE), "<time> "),
    (re.compile(r"\bended in \d+ s\b"), "ended in 0 s"),
    (re.compile(r"(\bscim-reconciler==)\d[\w.+]*"), r"\1<version>"),
]
NEWEST = '"hash": "sha256:'  # of a log, in a plan
OVER_NEWEST = re.compile(r'("content_digest": ?")[^"]+"')  # is over that, which is another one each time
MACHINES = re.compile(r'("(?:host|durationInMilliseconds|previous|hash)":|"hash": )("[^"]*"|[0-9]+)')
UNTOLD = ("lock", "lock.json", ".gitignore")  # they name this machine and process
SCIM = {"Content-Type": "application/scim+json"}


class Killed(BaseException):
    """The program has died in the middle of a request."""


class Service:
    """A service in process: keeps what is asked of it, and answers otherwise than it would where a step says so."""

    def __init__(self, profile: str | dict[str, Any], kept: Kept) -> None:
        inner = application()
        self.bare = httpx.Client(transport=httpx.WSGITransport(app=inner), base_url="http://127.0.0.1/v2", headers=SCIM)
        over = dict(profile) if isinstance(profile, dict) else {"base": profile}
        base = over.pop("base")
        said = settings(base, over)
        simulated: Application = Simulator(inner, said) if base != "generic" or over else inner
        if "roleSource" in said:
            simulated = ThousandEyes(inner, said, owned_by_provisioning(ENVIRON["WIKI_TOKEN"]))
        self.front = httpx.WSGITransport(app=simulated)
        self.kept, self.calls, self.reads = kept, [], []  # type: ignore[var-annotated]
        self.unplug: Callable[[], None] = lambda: None
        self.meanwhile: Callable[[str], None] = lambda line: None
        self.odd: list[dict[str, Any]] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix("/v2")
        call = f"{request.method} {path}"
        if request.method == "GET":
            self.reads.append(call)  # by several threads at once
            odd = self._odd(call)
        else:
            self._sort()
            match = request.headers.get("If-Match")
            self.calls += [call + (f"  If-Match: {match}" if match else ""), *_indented(request.read())]
            self.calls += [f"    journal: {line}" for line in self.kept.journal()]
            odd = self._odd(call)
        return self._answer(request, odd)

    def _odd(self, call: str) -> Any:
        for one in self.odd:
            if call.startswith(one["to"]):
                one["seen"] = one.get("seen", 0) + 1
                if one["number"] in (0, one["seen"]):
                    return one["how"]
        return None

    def _answer(self, request: httpx.Request, how: Any) -> httpx.Response:
        if how == "break":
            raise httpx.ConnectError("broken off")
        if isinstance(how, int):
            return httpx.Response(how, json={"status": str(how), "detail": "as the corpus says"})
        if isinstance(how, dict) and "scimType" in how:
            return httpx.Response(int(how["status"]), json=how)
        if isinstance(how, dict) and "meanwhile" not in how:
            return httpx.Response(200, json=how)
        if how == "interrupt":
            signal.raise_signal(signal.SIGINT)
        response = self.front.handle_request(request)
        if how == "kill":
            raise Killed
        if how == "unplug":
            self.unplug()
        if isinstance(how, dict):
            before = self.calls, self.reads, self.odd
            self.calls, self.reads, self.odd = [], [], []
            self.meanwhile(how["meanwhile"])
            self.calls, self.reads, self.odd = before
        if how == "lose":
            raise httpx.ReadError("broken off")
        return response

    def _sort(self) -> None:
        """Where a read was answered oddly, those that went on beside it are left out: they may have been sent or not."""
        odd = tuple(one["to"] for one in self.odd if one["to"].startswith("GET") and one.get("seen"))
        self.calls += sorted(call for call in self.reads if not odd or call.startswith(odd))
        self.reads = []

    def taken(self) -> list[str]:
        """What was asked since the last time; reads between two writes come in the order of their text."""
        self._sort()
        found, self.calls, self.odd = self.calls, [], []
        return found

    # What somebody does there by hand

    def seed(self, attributes: dict[str, Any]) -> None:
        kind = "Group" if "displayName" in attributes and "userName" not in attributes else "User"
        members = [{"value": self.find(name)["id"], "type": "User"} for name in attributes.pop("members", [])]
        more = {"members": members} if members else {}
        body = {"schemas": [f"urn:ietf:params:scim:schemas:core:2.0:{kind}"], **attributes, **more}
        self._done(self.bare.post(f"/{kind}s", json=body))

    def edit(self, name: str, values: dict[str, Any]) -> None:
        operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
        self._done(self.bare.patch(self._place(name), json=body))

    def drop(self, name: str) -> None:
        self._done(self.bare.delete(self._place(name)))

    def find(self, name: str) -> dict[str, Any]:
        for kind, key in (("Users", "userName"), ("Groups", "displayName")):
            for item in self.bare.get(f"/{kind}", params={"filter": f'{key} eq "{name}"'}).json().get("Resources", []):
                return dict(item)
        raise AssertionError(f"nobody on the service is called {name}")

    def _place(self, name: str) -> str:
        found = self.find(name)
        return f"/{found['meta']['resourceType']}s/{found['id']}"

    @staticmethod
    def _done(response: httpx.Response) -> None:
        assert response.is_success, response.text

    def state(self) -> list[str]:
        """Every account and group that is left at the end."""
        items = [item for kind in ("Users", "Groups") for item in self.bare.get(f"/{kind}").json().get("Resources", [])]
        return [json.dumps({key: item[key] for key in sorted(item) if key not in ("schemas", "meta")}) for item in items]


class Kept:
    """The files of the record, in the folder or on the remote: those that are new or changed since the last look."""

    def __init__(self, folder: Path, remote: Path | None) -> None:
        self.folder, self.remote, self.seen = folder, remote, {}  # type: ignore[var-annotated]
        self.lines: list[str] = []

    def journal(self) -> list[str]:
        """Lines of any journal that came since the last time."""
        texts = [file.read_text() for file in sorted(self.folder.rglob("*journal*.jsonl")) if file.is_file()]
        lines = [line for text in texts for line in text.splitlines()]
        new = lines[len(self.lines) :] if lines[: len(self.lines)] == self.lines else lines
        self.lines = lines
        return new

    def taken(self) -> list[str]:
        files = dict(self._files())
        said = [
            line for name, text in files.items() if self.seen.get(name) != text for line in (f"--- {name}", *text.splitlines())
        ]
        said += [f"--- {name} is gone" for name in self.seen if name not in files]
        self.seen = files
        return said

    def _files(self) -> Iterator[tuple[str, str]]:
        for root in sorted(self.folder.rglob(".reconcile")):
            for file in sorted(root.rglob("*")):
                if file.is_file() and file.name not in UNTOLD and not file.name.endswith(".known.json"):
                    yield str(file.relative_to(self.folder)), file.read_text()
        for ref in (
            git(self.remote, "for-each-ref", "--format=%(refname)", "refs/reconcile").split()
            if self.remote and self.remote.exists()
            else ()
        ):
            for path in git(self.remote, "ls-tree", "-r", "--name-only", ref).splitlines():  # type: ignore[arg-type]
                if path not in UNTOLD:
                    yield f"{ref}:{path}", git(self.remote, "show", f"{ref}:{path}")  # type: ignore[arg-type]
            yield f"{ref} says", git(self.remote, "log", "--format=%B", ref)  # type: ignore[arg-type]


class World(ByHand):
    """One world in a folder of its own; `play` gives the three texts."""

    def __init__(self, source: Path, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.source, self.patch = source, patch
        self.plan = yaml.safe_load((source / "world.yaml").read_text())
        in_git = self.plan.get("git", False)
        self.top = folder
        self.folder = folder / "checkout"
        self.folder.mkdir()
        self.desired = self.folder / "desired"
        for origin in (HERE / "base", source / "desired"):
            if origin.is_dir():
                shutil.copytree(origin, self.desired, dirs_exist_ok=True)
        self.remote = self._repository() if in_git else None
        self.kept = Kept(self.folder, self.remote)
        self.service = Service(self.plan.get("profile", "generic"), self.kept)
        self.service.unplug, self.service.meanwhile = self.unplug, self._go
        self.said: list[str] = []
        self.digest = ""
        self.asked: list[str] = []
        self.heads: list[str] = []
        self.left: list[str] = []

    def _repository(self) -> Path:
        remote = self.top / "remote.git"
        git(self.top, "init", "--bare", "--quiet", "--initial-branch=main", str(remote))
        git(self.folder, "init", "--quiet", "--initial-branch=main")
        git(self.folder, "remote", "add", "origin", f"file://{remote}")
        (self.desired / "reconciler.yaml").write_text("record: {backend: git, remote: origin}\n")
        self._commit()
        return remote

    def _commit(self) -> None:
        git(self.folder, "add", "desired")
        git(self.folder, "-c", "user.name=t", "-c", "user.email=t@x.org", "commit", "--quiet", "--allow-empty", "-m", "declared")
        git(self.folder, "push", "--quiet", "origin", "main")

    def begin(self) -> None:
        """From here on the environment, the folder and the network are the world's."""
        for name in list(os.environ):
            self.patch.delenv(name)
        for name, value in {**ENVIRON, "PATH": ENV["PATH"]}.items():
            self.patch.setenv(name, value)
        self.patch.chdir(self.folder)
        numbers = itertools.count(1)
        self.patch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=next(numbers), version=4))
        self.patch.setattr(secrets, "randbelow", lambda limit: next(numbers) % limit)
        self.patch.setattr("reconciler.scim.profile.CONCURRENCY", 1)  # one order of requests, always
        self.patch.setattr("reconciler.scim.rate.random.uniform", lambda *_: 0.0)  # no try waits for the one before it
        self.patch.setattr(httpx.HTTPTransport, "handle_request", lambda _, request: self.service.handle(request))

    def play(self) -> dict[str, str]:
        self.begin()
        with time_machine.travel("2026-06-01T08:00:00Z", tick=False) as self.clock:
            for step in self.plan["steps"]:
                ((name, value),) = step.items()
                getattr(self, name)(value)
        self.asked += ["# on the service at the end", *self.service.state()]
        texts = {"said.txt": self.said, "requests.txt": self.asked, "record.txt": self.left}
        return self._named({name: "\n".join(lines) + "\n" for name, lines in texts.items()})

    def _named(self, texts: dict[str, str]) -> dict[str, str]:
        """What is another one each time: commits are numbered as they come."""
        commits: dict[str, str] = {}
        number = lambda found: commits.setdefault(found[0], f"<commit {len(commits) + 1}>")  # noqa: E731
        if NEWEST in texts["said.txt"]:
            texts["said.txt"] = OVER_NEWEST.sub(r'\1<digest>"', texts["said.txt"])
        if self.remote:
            texts = {name: OVER_COMMITS.sub(r'\1<digest>"', text) for name, text in texts.items()}
        named = {
            name: COMMIT.sub(number, PROCESS.sub("@<host> (pid <pid>", _without_machine(text.replace(str(self.top), "<folder>"))))
            for name, text in texts.items()
        }
        for hash in self.heads:
            commits.setdefault(hash, f"<commit {len(commits) + 1}>")
        for hash, shown in commits.items():
            named = {name: text.replace(hash[:12], shown) for name, text in named.items()}
        return named

    # The steps

    def run(self, line: str) -> None:
        """`$DIGEST` is that of the plan which was first shown as JSON, `$REPOSITORY` the folder of this project.

        `$LOCK` is the lock's id and `$HEAD` the newest commit of the record of wiki in Git.
        """
        if self.remote and self.remote.exists() and self.plan.get("commits", True):
            self._commit()
        self._go(line)

    def _go(self, line: str) -> None:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with self.patch.context() as patch:
            for name, stream in (("stdin", io.StringIO()), ("stdout", out), ("stderr", err)):
                patch.setattr(sys, name, stream)
            try:
                ended = f"exit {run(self._arguments(line))}"
            except Killed:
                ended = "killed"
        said, told = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
        assert ENVIRON["WIKI_TOKEN"] not in said + told
        if not self.digest and "--format json" in line and "plans" in said:
            self.digest = json.loads(said)["plans"][0]["digest"]
        head = f"$ reconcile {line}"
        self.said += [head, ended, *said.splitlines(), *(f"! {text}" for text in told.splitlines()), ""]
        self.asked += [head, *self.service.taken(), ""]
        self.left += [head, *self.kept.taken(), ""]

    def _arguments(self, line: str) -> list[str]:
        text = line.replace("$DIGEST", self.digest).replace("$REPOSITORY", str(HERE.parent.parent))
        if self.remote and "$LOCK" in text:
            text = text.replace("$LOCK", json.loads(git(self.remote, "show", "refs/reconcile/wiki:lock.json"))["id"])
        if self.remote and "$HEAD" in text:
            text = text.replace("$HEAD", git(self.remote, "rev-parse", "refs/reconcile/wiki").strip())
        return shlex.split(text)

    def plans(self, _: None) -> None:
        for form in ("text", "markdown", "json"):
            self.run(f"plan --format {form}")

    def cycle(self, _: None) -> None:
        commit._revision.cache_clear()  # which holds for a process that runs one cycle
        base_commit._answer.cache_clear()
        stop = nullcontext[Callable[[], bool]](lambda: False)
        end = conducted(Path("desired"), "wiki", Order("c1", forced=True), Means(SILENT, now, SystemChance(), lambda: stop))
        assert isinstance(end, CycleResult), end
        head = "$ reconcile run --once"
        self.said += [head, *map(as_text, of_result(end)), ""]
        self.asked += [head, *self.service.taken(), ""]
        self.left += [head, *self.kept.taken(), ""]

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            (self.desired / path).parent.mkdir(parents=True, exist_ok=True)
            (self.desired / path).write_text(text)

    def change(self, files: dict[str, dict[str, str]]) -> None:
        for path, pairs in files.items():
            text = (self.desired / path).read_text()
            for old, new in pairs.items():
                assert old in text, f"{path} does not say {old}"
                text = text.replace(old, new)
            (self.desired / path).write_text(text)

    def remove(self, path: str) -> None:
        found = self.desired / path
        shutil.rmtree(found) if found.is_dir() else found.unlink()

    def aside(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            (self.top / path).parent.mkdir(parents=True, exist_ok=True)
            (self.top / path).write_text(text)

    def approve(self, _: None) -> None:
        entry = next(line.strip() for line in reversed(self.said) if line.strip().startswith("- {plan:"))
        entry = entry.replace("reason: say why", "reason: agreed on Monday")
        self.write({"apps/wiki/approvals.yaml": f"approvals:\n  {entry}\n"})

    def files(self, _: None) -> None:
        for file in sorted(self.desired.rglob("*.yaml")):
            self.said += [f"--- {file.relative_to(self.folder)}", *file.read_text().splitlines(), ""]

    def env(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            self.patch.setenv(name, value)

    def tick(self, seconds: int) -> None:
        self.clock.shift(seconds)

    def day(self, date: Any) -> None:
        self.clock.move_to(f"{date}T08:00:00Z", tick=False)

    def seed(self, attributes: dict[str, Any]) -> None:
        self.service.seed(dict(attributes))

    def edit(self, edits: dict[str, dict[str, Any]]) -> None:
        for name, values in edits.items():
            self.service.edit(name, values)

    def drop(self, name: str) -> None:
        self.service.drop(name)

    def answer(self, odd: dict[str, Any]) -> None:
        self.service.odd.append(dict(odd))


def _without_machine(text: str) -> str:
    """What the log says of the machine, of how long it took, and of the hashes over that; and what others say."""
    text = MACHINES.sub(r'\1"<another>"', text)
    for pattern, shown in OTHERS:
        text = pattern.sub(shown, text)
    return text


def _indented(content: bytes) -> list[str]:
    return [f"    {content.decode()}"] if content else []
