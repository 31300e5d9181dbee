"""A POST to an address that hangs: the error names the seconds that were waited."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from reconciler.scim import post
from reconciler.scim.errors import ServiceError


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes what comes, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(("scheme", "words", "seconds"), [("http", "answer", 2), ("https", "connection", 1)])
def test_the_error_names_the_seconds_that_were_waited(
    silent: int, monkeypatch: pytest.MonkeyPatch, scheme: str, words: str, seconds: int
) -> None:
    monkeypatch.setattr(post, "WHOLE", 2.0)
    monkeypatch.setattr(post, "CONNECT", 1.0)
    began = time.monotonic()
    with pytest.raises(ServiceError, match=f"no {words} within {seconds} s"):
        post.post(f"{scheme}://127.0.0.1:{silent}/hook", b"{}", {})
    assert seconds <= time.monotonic() - began + 0.1


def test_no_wait_for_bytes_ends_before_the_whole_of_which_the_error_speaks() -> None:
    waits = post.patience()
    assert waits["read"] == waits["write"] == post.WHOLE and waits["connect"] == post.CONNECT
