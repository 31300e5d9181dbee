"""The bare requests of an apply, a process of its own: POSTs, PATCHes or members in chunks, by so many plain workers.

`python -m tests.benchmarks.write_yardstick creates|updates|members URL COUNT WORKERS`
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import orjson

from tests.benchmarks.generate import as_stored, person

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
CHUNK, PAGE = 100, 200  # members in one request, as the profile has them; accounts on a page
Send = Callable[[str, str, Any], Any]


def creates(send: Send, count: int, workers: int) -> None:
    def one(number: int) -> None:
        send("POST", "/Users", {key: value for key, value in as_stored(number).items() if key != "id"})

    _spread(one, range(count), workers)


def updates(send: Send, count: int, workers: int) -> None:
    def one(number: int) -> None:
        send("PATCH", f"/Users/{number:032x}", _patch("replace", "displayName", person(number)["displayName"]))

    _spread(one, range(count), workers)


def members(send: Send, count: int, workers: int) -> None:
    """The pages of accounts side by side, a group, and one chunk after the other."""
    _spread(lambda start: send("GET", f"/Users?startIndex={start}&count={PAGE}", None), range(1, count + 1, PAGE), workers)
    id = send("POST", "/Groups", {"schemas": [GROUP], "displayName": "Everybody"})["id"]
    for start in range(0, count, CHUNK):
        inside = [{"value": f"{number:032x}"} for number in range(start, start + CHUNK)]
        send("PATCH", f"/Groups/{id}", _patch("add", "members", inside))


def _patch(operation: str, path: str, value: Any) -> Any:
    return {"schemas": [PATCH], "Operations": [{"op": operation, "path": path, "value": value}]}


def _spread(one: Callable[[int], Any], numbers: range, workers: int) -> None:
    if workers == 1:
        list(map(one, numbers))
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, numbers))


def main(what: str, url: str, count: int, workers: int) -> None:
    headers = {"Authorization": "Bearer token", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=url, limits=httpx.Limits(max_connections=workers), headers=headers) as client:

        def send(method: str, path: str, data: Any) -> Any:
            answer = client.request(method, path, content=orjson.dumps(data) if data is not None else None)
            answer.raise_for_status()
            return orjson.loads(answer.content)

        {"creates": creates, "updates": updates, "members": members}[what](send, count, workers)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
