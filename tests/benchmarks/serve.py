"""A SCIM service that does nothing but hand out pre-serialised pages of users: its own cost must not be measured.

One user is made when asked for by id; `GET /asked` says how many requests there were since it was last asked.
`python -m tests.benchmarks.serve COUNT [alike] [SECONDS]` says its port; one in a hundred is not as declared, or, with `alike`,
all are; each answer takes so many seconds.
"""

from __future__ import annotations

import json
import re
import socketserver
import sys
import time
from typing import ClassVar

from tests.benchmarks.generate import PER_PAGE, account, pages, person

ONE = re.compile(rb"GET (?:/expressions)?/Users/([0-9a-f]{32}) ")
START = re.compile(rb"startIndex=(\d+)")
EMPTY = b'{"schemas": [], "totalResults": %d, "startIndex": 1, "itemsPerPage": 0, "Resources": []}'


class Pages(socketserver.StreamRequestHandler):
    """HTTP/1.1 with keep-alive, as little of it as a client needs."""

    answers: ClassVar[list[bytes]] = []
    with_expressions: ClassVar[list[bytes]] = []
    total: ClassVar[int] = 0
    alike: ClassVar[bool] = False
    asked: ClassVar[int] = 0
    latency: ClassVar[float] = 0.0
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while line := self.rfile.readline():
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            answer = self._answer(line)
            if self.latency:
                time.sleep(self.latency)
            self.wfile.write(answer)

    def _answer(self, line: bytes) -> bytes:
        if line.startswith(b"GET /asked "):
            asked, Pages.asked = Pages.asked, 0
            return http(b"%d" % asked)
        Pages.asked += 1
        if one := ONE.match(line):
            number = int(one[1], 16)
            return http(json.dumps(account(person(number), number, alike=self.alike)).encode())
        found = START.search(line)
        number = (int(found[1]) - 1) // PER_PAGE if found else 0
        answers = self.with_expressions if line.startswith(b"GET /expressions/") else self.answers
        return answers[number] if number < len(answers) else http(EMPTY % self.total)


def http(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head + body


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True


if __name__ == "__main__":
    Pages.total = int(sys.argv[1])
    Pages.alike = "alike" in sys.argv[2:]
    Pages.latency = next((float(word) for word in sys.argv[2:] if word != "alike"), 0.0)
    Pages.answers = [http(page) for page in pages(Pages.total, alike=Pages.alike)]
    Pages.with_expressions = [http(page) for page in pages(Pages.total, expressions=True)]
    with Server(("127.0.0.1", 0), Pages) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
