"""What simulated services answer: a status with its headers and content, or a refusal. No I/O but reading a request's body."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

PHRASES = {
    200: "OK",
    201: "Created",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    501: "Not Implemented",
}
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    content: bytes


class Refused(Exception):
    """An answer that is an error of the simulated service."""

    def __init__(self, status: int, detail: str, scim_type: str | None = None, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.scim_type, self.headers = status, detail, scim_type, headers


def sent(answer: Answer, headers: dict[str, str], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The answer as WSGI wants it, with more headers."""
    shown = {**answer.headers, **headers, "Content-Length": str(len(answer.content))}
    start_response(f"{answer.status} {PHRASES.get(answer.status, 'Status')}", list(shown.items()))
    return [answer.content]


def problem(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """An error as RFC 9457 has it."""
    return {"type": "about:blank", "title": PHRASES.get(status, "Error"), "status": status, "detail": detail, **more}


def body_of(environ: Environ) -> Any:
    """The JSON that was sent, None where nothing was. Raises Refused."""
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        return json.loads(content) if content else None
    except ValueError:
        raise Refused(400, "the body is no JSON", "invalidSyntax") from None
