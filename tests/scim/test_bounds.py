"""Whatever a service sends has bounds: what goes beyond one is an error in words, what is large or slow within them is read."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

import httpx
import orjson
import pytest

from reconciler.cycle.read import _shallow
from reconciler.plan.live import project_users
from reconciler.resolve.canonical import canonical
from reconciler.scim import answers, bodies, paging
from reconciler.scim.bodies import LARGEST, MOST_CODINGS, Unreadable, decoded
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import LostAnswer, ReadError, ServiceError
from reconciler.scim.paging import CursorPage, Page, by_cursor, whole
from reconciler.scim.profile import PROFILES
from tests.scim.test_reading import mapping

ADA = {"id": "1", "userName": "ada"}
MIB = 1024 * 1024


class Stream(httpx.SyncByteStream):
    """A body that is made while it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces


def client(answer: Callable[[httpx.Request], httpx.Response], timer: Callable[[], float] = lambda: 0.0) -> ScimClient:
    return ScimClient(
        "https://x.org",
        "secret",
        PROFILES["generic"],
        transport=httpx.MockTransport(answer),
        sleep=lambda seconds: None,
        timer=timer,
        workers=1,
    )


def streamed(pieces: Callable[[], Iterator[bytes]], encoding: str = "", status: int = 200) -> Callable[[Any], httpx.Response]:
    headers = {"Content-Encoding": encoding} if encoding else {}
    return lambda request: httpx.Response(status, headers=headers, stream=Stream(pieces()))


def endless(piece: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: (piece for _ in count())


def deflated(raw: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(raw) + packer.flush()


# Size and encoding


@pytest.mark.parametrize("pieces", [endless(bytes(MIB)), endless(b" " * 700), endless(gzip.compress(bytes(MIB)))])
def test_an_answer_without_an_end_is_left(pieces: Callable[[], Iterator[bytes]]) -> None:
    with client(streamed(pieces)) as service, pytest.raises(ReadError, match="larger than 64 MiB") as error:
        service.get("Users", "1")
    assert error.value.request == "GET /Users/1" and error.value.status == 200 and "paging" in error.value.remedy


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_unpacks_to_too_much_is_left_while_it_is_unpacked(times: int) -> None:
    bomb = bytes(2 * LARGEST)
    for _ in range(times):
        bomb = gzip.compress(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable, match="larger than 64 MiB"):
            for _ in decoded(iter([bomb]), ", ".join(["gzip"] * times)):
                pass
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_an_encoding_round_an_encoding_has_an_end() -> None:
    with pytest.raises(Unreadable, match=f"encoded {MOST_CODINGS + 1} times"):
        decoded(iter([b""]), ",".join(["gzip"] * (MOST_CODINGS + 1)))


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "BR"])
def test_an_encoding_that_nobody_asked_for_is_an_error(encoding: str) -> None:
    with client(streamed(lambda: iter([b"{}"]), encoding)) as service, pytest.raises(ReadError, match="not asked for"):
        service.get("Users", "1")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_is_not_encoded_as_it_says_is_an_error(encoding: str) -> None:
    answer = streamed(lambda: iter([b'{"id": "1"}']), encoding)
    with client(answer) as service, pytest.raises(ReadError, match="cannot be decoded"):
        service.get("Users", "1")


@pytest.mark.parametrize(("encoding", "pack"), [
    ("", bytes), ("identity", bytes), ("utf-8", bytes), ("gzip", gzip.compress), ("X-GZip", gzip.compress),
    ("deflate", zlib.compress), ("deflate", lambda raw: deflated(raw, -zlib.MAX_WBITS)),
    ("gzip, gzip", lambda raw: gzip.compress(gzip.compress(raw))),
    ("deflate, gzip", lambda raw: gzip.compress(zlib.compress(raw))),
])  # fmt: skip
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_an_encoding_that_was_asked_for_is_read_however_it_comes(
    encoding: str, pack: Callable[[bytes], bytes], size: int
) -> None:
    raw = orjson.dumps({**ADA, "title": "é" * 300_000})
    packed = pack(raw)
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)] if len(packed) < 20_000 or size > 7 else [packed]
    with client(streamed(lambda: iter([b"", *pieces]), encoding)) as service:
        assert service.get("Users", "1") == orjson.loads(raw)


def test_a_page_that_is_large_is_read() -> None:
    page = {"totalResults": 100, "Resources": [{"id": str(n), "userName": "x" * 600_000} for n in range(100)]}
    raw = orjson.dumps(page)
    assert 50 * MIB < len(raw) < LARGEST
    with client(streamed(lambda: iter([raw]))) as service:
        assert len(service.find("Users", "userName", "x")) == 100


def test_a_large_answer_of_nothing_but_values_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LARGE", MIB)
    raw = b'{"totalResults": 1, "Resources": [' + b"{}," * MIB + b"{}]}"
    with client(streamed(lambda: iter([raw]))) as service, pytest.raises(ReadError, match="more than a value for every 8 bytes"):
        service.find("Users", "userName", "x")


def test_a_large_answer_of_short_values_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LARGE", MIB)
    group = {"id": "1", "displayName": "Net", "members": [{"value": str(n % 10)} for n in range(100_000)]}
    with client(streamed(lambda: iter([orjson.dumps(group)]))) as service:
        assert service.get("Groups", "1") == group


@pytest.mark.parametrize("send", [
    lambda service: service.create("Users", {}), lambda service: service.patch("Users", "1", []),
])  # fmt: skip
def test_a_write_whose_answer_is_too_much_may_have_been_done(send: Callable[[ScimClient], object]) -> None:
    with client(streamed(endless(bytes(MIB)))) as service, pytest.raises(LostAnswer, match="larger than 64 MiB"):
        send(service)


@pytest.mark.parametrize("send", [
    lambda service: service.replace("Users", "1", {}), lambda service: service.delete("Users", "1"),
])  # fmt: skip
def test_a_write_that_says_it_was_done_is_read_back_whatever_else_it_says(send: Callable[[ScimClient], object]) -> None:
    with client(streamed(endless(bytes(MIB)))) as service:
        assert send(service) is None


def test_of_an_error_the_beginning_is_read() -> None:
    answer = streamed(endless(b"no such thing. "), status=400)
    with client(answer) as service, pytest.raises(ServiceError, match="answered 400: no such thing") as error:
        service.get("Users", "1")
    assert len(error.value.message) < 600


@pytest.mark.parametrize("detail", [
    b"[" * 1000 + b"]" * 1000, b'{"a":' * 500 + b"1" + b"}" * 500, b'"' + b"x" * 30_000 + b'"', b"1e99",
])  # fmt: skip
def test_words_of_any_shape_are_short_words(detail: bytes) -> None:
    raw = b'{"status": 400, "detail": %b, "scimType": %b}' % (detail, detail)
    with client(streamed(lambda: iter([raw]), status=400)) as service, pytest.raises(ServiceError, match="answered 400") as error:
        service.get("Users", "1")
    assert len(str(error.value)) < 1200


@pytest.mark.parametrize("value", [b"9" * 10 * MIB, b"1e999", b"[" * 2000 + b"]" * 2000, b"NaN", b'"\\ud800"'])
def test_values_that_nobody_can_hold_are_an_error(value: bytes) -> None:
    answer = streamed(lambda: iter([b'{"id": "1", "title": %b}' % value]))
    with client(answer) as service, pytest.raises(ReadError, match="not JSON"):
        service.get("Users", "1")


def nested(depth: int) -> Any:
    return orjson.loads(b"[" * depth + b"]" * depth)


def test_what_is_nested_deeper_than_a_record_holds_is_an_error() -> None:
    project = _shallow(partial(project_users, mapping()))
    with pytest.raises(ReadError, match="nested too deep"):
        project([{**ADA, "title": nested(300)}])
    answer = streamed(lambda: iter([orjson.dumps({**ADA, "title": nested(200)}).replace(b"[]", orjson.dumps(nested(200)))]))
    with client(answer) as service:
        with pytest.raises(ReadError, match="nested too deep"):
            service.get("Users", "1")
        assert service.patch("Users", "1", []) is None  # it is read back


def test_what_is_nested_less_is_read_and_what_is_not_kept_is_not_looked_at() -> None:
    project = _shallow(partial(project_users, mapping()))
    (found,) = project([{**ADA, "title": nested(200), "other": nested(1000)}])
    assert canonical(found.values[1]).count("[") == 200


@pytest.mark.parametrize("total", ['"' + "9" * 5000 + '"', '"²"', "-1e300", '"-1"', "null", "[]", "1.5"])
def test_a_total_of_any_shape_is_an_error_in_words(total: str) -> None:
    raw = b'{"totalResults": %b, "Resources": []}' % total.encode()
    with client(streamed(lambda: iter([raw]))) as service, pytest.raises(ReadError):
        service.peek("Users")


@pytest.mark.parametrize("total", ["0", '"0"', "9223372036854775807"])
def test_a_total_as_text_or_beyond_all_measure_is_one(total: str) -> None:
    raw = b'{"totalResults": %b, "Resources": []}' % total.encode()
    with client(streamed(lambda: iter([raw]))) as service:
        assert service.peek("Users") == []


# Time


def test_an_answer_that_drips_is_left_when_its_time_is_over() -> None:
    now, asked = [0.0], []

    def drip(request: httpx.Request) -> httpx.Response:
        asked.append(request)

        def pieces() -> Iterator[bytes]:
            while True:
                now[0] += 50
                yield b" "

        return httpx.Response(200, stream=Stream(pieces()))

    with client(drip, lambda: now[0]) as service:
        with pytest.raises(ReadError, match="took longer than 180 s") as error:
            service.get("Users", "1")
        with pytest.raises(LostAnswer, match="took longer than 180 s"):
            service.patch("Users", "1", [])
    assert len(asked) == 2 and now[0] <= 2 * 200 and error.value.request == "GET /Users/1"


def test_an_answer_that_is_slow_is_waited_for() -> None:
    now = [0.0]

    def pieces() -> Iterator[bytes]:
        for byte in orjson.dumps(ADA):
            now[0] += 5
            yield bytes([byte])

    with client(streamed(pieces), lambda: now[0]) as service:
        assert service.get("Users", "1") == ADA and now[0] > 120


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says what it likes, until nobody listens any more."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            try:
                talk(connection)
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        thread.join()
        listening.close()


def real(url: str, timer: Callable[[], float] = lambda: 0.0) -> ScimClient:
    return ScimClient(url, "secret", PROFILES["generic"], sleep=lambda seconds: None, timer=timer)


def forever(text: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        while True:
            connection.sendall(text)

    return talk


@pytest.mark.parametrize("before", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"])
def test_an_answer_that_never_begins_is_left_when_its_time_is_over(before: bytes) -> None:
    ticks = count(0, 20)
    late = pytest.raises(ReadError, match="took longer than 180 s")
    with raw_server(forever(before)) as url, real(url, lambda: float(next(ticks))) as service, late:
        service.get("Users", "1")


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"])
def test_headers_have_an_end(start: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        forever(b"X-" + b"a" * 1000 + (b": 1\r\n" if start.endswith(b"OK\r\n") else b""))(connection)

    with raw_server(talk) as url, real(url) as service, pytest.raises(ServiceError, match="no connection"):
        service.discover("/Schemas")


def test_a_real_answer_is_read_within_its_time() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"id":')
        connection.sendall(b' "1"}')

    with raw_server(talk) as url, real(url) as service:
        assert service.get("Users", "1") == {"id": "1"}


# Pages and objects


def shelf(length: int, total: int) -> Callable[[int], Page]:
    """Pages of somebody new, for ever, of a service that says how many it has."""

    def fetch(start: int) -> Page:
        shown = range(start, start + length)
        return Page(list(map(str, shown)), list(shown), total)

    return fetch


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("total", [300, 1000])
def test_a_service_that_shows_twice_as_many_as_it_says_is_left(total: int, workers: int) -> None:
    with pytest.raises(ReadError, match=f"reports {total:,}") as error:
        whole(shelf(50, total), workers)
    assert "vendor" in error.value.remedy


def test_the_same_by_cursor() -> None:
    numbers = count(1)

    def fetch(cursor: str) -> CursorPage:
        number = next(numbers)
        return CursorPage(Page([str(number)], [number], 300), str(number))

    with pytest.raises(ReadError, match="no end"):
        by_cursor(fetch)
    assert next(numbers) < 700


def test_pages_without_anybody_have_an_end_too() -> None:
    numbers = count(1)
    with pytest.raises(ReadError, match="no end"):
        by_cursor(lambda cursor: CursorPage(Page([], [], 3), str(next(numbers))))


@pytest.mark.parametrize("size", [1, 20, 1000])
def test_a_total_that_is_the_length_of_the_page_bounds_nothing(size: int) -> None:
    def fetch(start: int) -> Page:
        shown = range(start, min(start + 20, size + 1))
        return Page(list(map(str, shown)), list(shown), len(shown))

    assert sorted(whole(fetch, 1)[0]) == list(range(1, size + 1))


def test_a_total_that_is_too_small_is_no_error_up_to_twice_as_many() -> None:
    def fetch(start: int) -> Page:
        shown = range(start, min(start + 50, 551))
        return Page(list(map(str, shown)), list(shown), 300)

    assert len(whole(fetch, 1)[0]) == 550


def test_nobody_reads_more_objects_than_a_machine_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_OBJECTS", 500)
    with pytest.raises(ReadError, match="no end"):
        whole(shelf(50, 1_000_000), 1)


def test_what_is_read_takes_little_more_than_what_is_kept() -> None:
    """Pages are gone once they have been looked at, whatever stands in them."""

    def answer(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params["startIndex"])
        items = [
            {"id": f"{n:08}", "userName": f"user{n:08}@example.com", "title": "T" * 40, "other": [{"value": "v" * 200}]}
            for n in range(start, min(start + 200, 20_001))
        ]
        return httpx.Response(200, json={"totalResults": 20_000, "Resources": items})

    tracemalloc.start()
    try:
        with client(answer) as service:
            found = service.read_all("Users", lambda page: project_users(mapping(), page))
            kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 20_000 and peak < 4 * kept


def test_the_bounds_are_as_said() -> None:
    assert (bodies.LARGEST, paging.MOST_OBJECTS) == (64 * MIB, 5_000_000)
