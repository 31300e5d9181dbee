"""A SCIM service that takes writes and keeps them in memory, as fast as it can or so many seconds a request later.

`python -m tests.benchmarks.write_server SEEDED LATENCY yes|no [NAME]` says its port; `no`: without ETags. NAME is what all
accounts are called, if not as they are declared.
"""

from __future__ import annotations

import socketserver
import sys
import time
from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import orjson

from tests.benchmarks.generate import as_stored

PRECONDITION_FAILED = 412
Answer = tuple[int, Any]


class Service(socketserver.StreamRequestHandler):
    """HTTP/1.1 with keep-alive, as little of it as a client needs."""

    stored: ClassVar[dict[str, dict[str, dict[str, Any]]]] = {"Users": {}, "Groups": {}}
    numbers: ClassVar[Iterator[int]] = count(1_000_000)  # beyond those of the accounts that are there
    latency: ClassVar[float] = 0.0
    etags: ClassVar[bool] = False
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while line := self.rfile.readline():
            headers: dict[bytes, bytes] = {}
            while (header := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = header.partition(b":")
                headers[name.lower()] = value.strip()
            content = self.rfile.read(int(headers.get(b"content-length", 0)))
            time.sleep(self.latency)
            method, target, _ = line.decode().split(" ", 2)
            status, data = self._answer(method, target, orjson.loads(content) if content else {}, headers.get(b"if-match"))
            body = orjson.dumps(data)
            head = b"HTTP/1.1 %d X\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
            self.wfile.write(head + body)

    def _answer(self, method: str, target: str, data: Any, if_match: bytes | None) -> Answer:
        url = urlsplit(target)
        kind, _, id = url.path.strip("/").partition("/")
        if kind == "ServiceProviderConfig":
            return 200, {"patch": {"supported": True}, "etag": {"supported": self.etags}, "filter": {"supported": True}}
        if kind not in self.stored:
            return 404, {}
        if method == "GET":
            return self._read(kind, id, parse_qs(url.query))
        if method == "POST":
            id = f"{next(self.numbers):032x}"
            self.stored[kind][id] = versioned({**data, "id": id}, 1)
            return 201, self.stored[kind][id]
        return self._patch(kind, id, data, if_match)

    def _read(self, kind: str, id: str, query: dict[str, list[str]]) -> Answer:
        if id:
            found = self.stored[kind].get(id)
            return (404, {}) if found is None else (200, found)
        items = list(self.stored[kind].values())
        start, most = int(query.get("startIndex", ["1"])[0]), min(int(query.get("count", ["100"])[0]), 1000)
        page = items[start - 1 : start - 1 + most]
        return 200, {"totalResults": len(items), "itemsPerPage": len(page), "startIndex": start, "Resources": page}

    def _patch(self, kind: str, id: str, data: Any, if_match: bytes | None) -> Answer:
        found = self.stored[kind][id]
        version = found.get("meta", {}).get("version", "")
        if if_match is not None and if_match.decode() != version:
            return PRECONDITION_FAILED, {}
        for operation in data["Operations"]:
            if operation["path"] == "members":
                found.setdefault("members", []).extend(operation["value"])
            else:
                found[operation["path"]] = operation["value"]
        return 200, versioned(found, int(version[3:-1] or 0) + 1)


def versioned(item: dict[str, Any], number: int) -> dict[str, Any]:
    if Service.etags:
        item["meta"] = {"version": f'W/"{number}"'}
    return item


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


if __name__ == "__main__":
    seeded, Service.latency, Service.etags = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3] == "yes"
    for number in range(seeded):
        item = as_stored(number, *sys.argv[4:])
        Service.stored["Users"][item["id"]] = versioned(item, 1)
    with Server(("127.0.0.1", 0), Service) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
