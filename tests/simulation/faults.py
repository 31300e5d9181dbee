"""What a seed lets go wrong: on the wire, on the disk, with the process; and another administrator at work."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx

from reconciler.record.local import LocalStore
from reconciler.record.model import Record
from reconciler.record.store import RecordError

BREAKS: dict[str, type[httpx.TransportError]] = {
    "refused": httpx.ConnectError, "reset before": httpx.ReadError, "reset after": httpx.ReadError,
    "timeout before": httpx.ReadTimeout, "timeout after": httpx.ReadTimeout, "closed after": httpx.RemoteProtocolError,
}  # fmt: skip
STATUSES = {"500 before": 500, "500 after": 500, "502 after": 502, "503 before": 503, "504 after": 504, "412": 412}
HOSTILE = ("another's id", "another's account", "empty id", "dots for an id", "nothing done", "oversized", "never ends")
WIRE = (*BREAKS, *STATUSES, "429 storm", "truncated", "slow page", "page repeats", "short list", *HOSTILE)
DISK = ("disk full before", "disk full torn")
DEATHS = (
    "kill before request",
    "kill after request",
    "kill before journal",
    "kill in journal",
    "kill after journal",
    "kill before save",
    "kill in save",
    "kill after save",
    "kill before clear",
    "kill after clear",
)
EDIT = "edit between requests"
EVERY = (*WIRE, *DISK, *DEATHS, EDIT)


class Killed(BaseException):
    """As SIGKILL: nothing that the process would still have done is done."""


class Fate:
    """The dice of one seed. `rates` are probabilities by fault; while `calm`, nothing happens."""

    def __init__(self, random: Random) -> None:
        self.random, self.counts = random, Counter[str]()
        self.rates: dict[str, float] = {}
        self.calm, self.dead, self.storm = True, False, 0

    def arm(self) -> None:
        """A few kinds of fault, each often enough to be met; a hostile service is so in several ways."""
        self.calm, self.storm = False, 0
        hostile = self.random.sample(HOSTILE, self.random.randint(1, 3)) if self.random.random() < 0.3 else []
        kinds = {*self.random.sample(EVERY, self.random.randint(0, 5)), *hostile}
        self.rates = {kind: self.random.choice((0.02, 0.1, 0.3)) for kind in sorted(kinds)}

    def strikes(self, kind: str) -> bool:
        hit = not self.calm and kind in self.rates and self.random.random() < self.rates[kind]
        self.counts[kind] += hit
        return hit

    def die(self, kind: str) -> None:
        """Raises Killed, and ever after: a dead process writes nothing more."""
        self.dead = self.dead or self.strikes(kind)
        if self.dead:
            raise Killed(kind)


class Disk(LocalStore):
    """A record on a disk that may be full, of a process that may die."""

    def __init__(self, root: Path, fate: Fate) -> None:
        super().__init__(root, "wiki")
        self.fate = fate

    def journal(self, *lines: dict[str, Any]) -> None:
        self.fate.die("kill before journal")
        self._full()
        for kind in ("kill in journal", "disk full torn"):
            if self.fate.strikes(kind):
                self._torn(b"\n".join(json.dumps(line).encode() for line in lines))
                self.fate.dead = kind == "kill in journal"
                raise Killed(kind) if self.fate.dead else RecordError("the disk is full", "make room")
        super().journal(*lines)
        self.fate.die("kill after journal")

    def _torn(self, whole: bytes) -> None:
        self._prepare()
        with open(self.journal_file, "ab") as file:
            file.write(whole[: self.fate.random.randrange(len(whole))])

    def _full(self) -> None:
        if self.fate.strikes("disk full before"):
            raise RecordError("the disk is full", "make room")

    def save(self, record: Record, adopted: int = 0) -> None:
        self.fate.die("kill before save")
        self._full()
        if self.fate.strikes("kill in save"):
            self._prepare()
            self.record_file.with_suffix(".tmp").write_bytes(b'{"version":1,"app":"wi')
            self.fate.dead = True
            raise Killed("kill in save")
        super().save(record, adopted)
        self.fate.die("kill after save")

    def clear_journal(self) -> None:
        self.fate.die("kill before clear")
        super().clear_journal()
        self.fate.die("kill after clear")

    def log(self, lines: list[dict[str, Any]]) -> None:
        if self.fate.dead:
            raise Killed("dead")
        super().log(lines)


class Endless(httpx.SyncByteStream):
    """A body that goes on and on; `between` is called before each piece."""

    def __init__(self, between: Callable[[], None], piece: bytes = bytes(1024 * 1024)) -> None:
        self.between, self.piece = between, piece

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.between()
            yield self.piece


class Wire(httpx.BaseTransport):
    """Requests on their way to the service and back. `seen` hears of each write that reached it.

    `empty`: the service shows a group without members as such, and not as a group of which nothing is known. `strangers` are
    the ids of those with whom a hostile one answers; `left` those of whom it has said that a write was done, which was not,
    and `lies` how often; `denied` accounts that it made, and answered as if they were a stranger's: these nobody knows as ours.
    """

    empty = False
    strangers: tuple[str, ...] = ()

    def __init__(
        self,
        inner: httpx.BaseTransport,
        fate: Fate,
        wait: Callable[[float], None],
        edit: Callable[[], None],
        seen: Callable[[httpx.Request, httpx.Response], None],
    ) -> None:
        self.inner, self.fate, self.wait, self.edit, self.seen = inner, fate, wait, edit, seen
        self.left: set[str] = set()
        self.lies = 0
        self.denied: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.fate.die("kill before request")
        if self.fate.strikes(EDIT):
            self.edit()
        response = self._served(request)
        self.fate.die("kill after request")
        return response

    def _served(self, request: httpx.Request) -> httpx.Response:
        if self.fate.storm:
            self.fate.storm -= 1
            return httpx.Response(429, headers={"Retry-After": "1"})
        for kind in (*BREAKS, *STATUSES):
            if (kind != "412" or "If-Match" in request.headers) and self.fate.strikes(kind):
                if kind.endswith("after"):
                    self._reach(request)
                if kind in BREAKS:
                    raise BREAKS[kind](kind)
                return httpx.Response(STATUSES[kind], json={"status": str(STATUSES[kind]), "detail": kind})
        return self._answered(request)

    def _answered(self, request: httpx.Request) -> httpx.Response:
        fate = self.fate
        if fate.strikes("429 storm"):
            fate.storm = fate.random.randint(0, 7)
            return httpx.Response(429, headers={"Retry-After": "1"})
        if fate.strikes("slow page"):
            self.wait(50.0)
        query = parse_qs(request.url.query.decode())
        listing = request.method == "GET" and "startIndex" in query
        if listing and query["startIndex"] != ["1"] and fate.strikes("page repeats"):
            query["startIndex"] = ["1"]
            request.url = request.url.copy_with(query=urlencode(query, doseq=True).encode())
        if (nothing := self._nothing_done(request)) is not None:
            return nothing
        response = self._hostile(request, self._reach(request))
        if listing and response.is_stream_consumed and response.is_success and fate.strikes("short list"):
            data = response.json()
            data["Resources"] = data.get("Resources", [])[:-1]
            return httpx.Response(200, json=data)
        if not response.is_stream_consumed:
            return response
        if response.content and fate.strikes("truncated"):
            return httpx.Response(response.status_code, content=response.content[: len(response.content) // 2])
        return response

    def _nothing_done(self, request: httpx.Request) -> httpx.Response | None:
        """A service that says it was done: 204 without a body, or 200 and the object as it was."""
        if request.method not in ("PATCH", "PUT", "DELETE") or not self.fate.strikes("nothing done"):
            return None
        found = self.inner.handle_request(httpx.Request("GET", request.url))
        if found.status_code != 200:
            return None
        found.read()
        self.left.add(request.url.path.rpartition("/")[2])
        self.lies += 1
        if request.method == "DELETE" or self.fate.random.random() < 0.5:
            return httpx.Response(204)
        return self._shown(found) if self.empty and "/Groups" in request.url.path else found

    def _hostile(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        """An answer that is somebody else's, nobody's, too much, or never all there."""
        fate = self.fate
        if fate.strikes("oversized"):
            return httpx.Response(200, stream=Endless(lambda: None))
        if fate.strikes("never ends"):
            return httpx.Response(200, stream=Endless(lambda: self.wait(30.0), b" "))
        data = response.json() if response.is_success and response.content else {}
        if not isinstance(data, dict) or "id" not in data or "/Users" not in request.url.path:
            return response
        for kind, id in (("empty id", ""), ("dots for an id", "..")):
            if fate.strikes(kind):
                return httpx.Response(response.status_code, json={**data, "id": id})
        if not self.strangers:
            return response
        for kind in ("another's id", "another's account"):
            if fate.strikes(kind):
                self.denied |= {data["id"]} if request.method == "POST" else set()
                there = self.inner.handle_request(httpx.Request("GET", f"http://127.0.0.1/v2/Users/{self.strangers[-1]}"))
                there.read()
                return httpx.Response(200, json={**data, "id": self.strangers[-1]}) if kind == "another's id" else there
        return response

    def _reach(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        response.read()
        if request.method != "GET":
            self.seen(request, response)
        return self._shown(response) if self.empty and "/Groups" in request.url.path and response.content else response

    def _shown(self, response: httpx.Response) -> httpx.Response:
        data = response.json()
        for group in data.get("Resources", [data]):
            if "displayName" in group:
                group.setdefault("members", [])
        return httpx.Response(response.status_code, json=data)
