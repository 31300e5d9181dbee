"""WSGI middleware in front of a real SCIM server: it takes away and limits what a profile says, and adds nothing.

The profile is data (schemas/profile.schema.json), so a new one needs no code here either.
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from reconciler.demo import bodies
from reconciler.demo.filters import filter_problem

DISCOVERY = ("ServiceProviderConfig", "Schemas", "ResourceTypes")
PHRASES = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
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


class Simulator:
    """One service; `settings` are a profile's, `base` the path before /Users. Safe to use from several threads."""

    def __init__(
        self, inner: Application, settings: Mapping[str, Any], base: str = "/v2", clock: Callable[[], float] = time.time
    ) -> None:
        self.inner, self.settings, self.base, self.clock = inner, settings, base, clock
        self._lock = threading.Lock()
        self._since, self._count = 0.0, 0
        self._tokens, self._at, self._reset = float("inf"), 0.0, 0.0

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            answer = self._serve(environ)
        except Refused as error:
            answer = Answer(error.status, error.headers, json.dumps(_scim_error(error)).encode())
        answer = self._shaped(answer)
        headers = {**answer.headers, **self._rate_headers(), "Content-Length": str(len(answer.content))}
        status = f"{answer.status} {PHRASES.get(answer.status, 'Status')}"
        start_response(status, list(headers.items()))
        return [answer.content]

    def _serve(self, environ: Environ) -> Answer:
        parts = environ.get("PATH_INFO", "").removeprefix(self.base).strip("/").split("/")
        kind, id, method = parts[0], "/".join(parts[1:]), environ["REQUEST_METHOD"]
        self._check_headers(environ)
        self._check_rate(method)
        self._check_endpoint(kind)
        if method == "GET":
            return self._get(environ, kind, id)
        body = _json(environ)
        if kind == "Users" and method == "DELETE":
            return self._delete(environ)
        if kind == "Users" and method == "PATCH":
            return self._patch(environ, body)
        if kind == "Users":
            return self._write(environ, body, method)
        if kind == "Groups" and method == "PATCH":
            problem = bodies.group_problem(body, self.settings)
            if problem:
                raise Refused(400, problem, "invalidValue")
            body = bodies.members_by_filter(body)
        return self._call(environ, body=body)

    # What is refused

    def _check_headers(self, environ: Environ) -> None:
        for name in self.settings.get("headers", {}):
            if not environ.get("HTTP_" + name.upper().replace("-", "_")):
                raise Refused(403, f"the header {name} is required")

    def _check_rate(self, method: str) -> None:
        rate = self.settings.get("rate")
        if rate is None or "perMinute" not in rate or (rate.get("counts") == "writes" and method == "GET"):
            return
        with self._lock:
            now = self.clock()
            begins = self._next(rate, now)
            self._reset = begins if begins > now else self._since + 60
            if begins > now:
                after = {"Retry-After": str(int(begins - now) + 1)} if rate.get("retryAfter", True) else {}
                raise Refused(429, "too many requests", **after)

    def _next(self, rate: Mapping[str, Any], now: float) -> float:
        """When the request of now may come: now, or once the minute is over or the bucket of a burst holds a token again."""
        if now - self._since >= 60:
            self._since, self._count = now, 0
        second = float(rate["perMinute"]) / 60
        self._tokens = min(float(rate.get("burst", 1)), self._tokens + (now - self._at) * second)
        self._at = now
        if self._count >= rate["perMinute"]:
            return self._since + 60
        if self._tokens < 1:
            return now + (1 - self._tokens) / second
        self._count, self._tokens = self._count + 1, self._tokens - 1
        return now

    def _rate_headers(self) -> dict[str, str]:
        rate = self.settings.get("rate") or {}
        values = {
            "limit": int(rate.get("perMinute", 0)),
            "remaining": max(int(rate.get("perMinute", 0)) - self._count, 0),
            "reset": int(self._reset) + 1,
        }
        return {name: str(values[key]) for key, name in rate.get("headers", {}).items()}

    def _check_endpoint(self, kind: str) -> None:
        lacking = kind == "Bulk" or (kind == "Groups" and not self.settings["groups"]["supported"])
        if lacking or (kind in DISCOVERY and not self.settings["discovery"]):
            raise Refused(404, f"there is no /{kind}")

    # What is limited

    def _get(self, environ: Environ, kind: str, id: str) -> Answer:
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        problem = filter_problem(query.get("filter"), self.settings["filter"])
        if problem:
            raise Refused(400, problem, "invalidFilter")
        if kind in ("Users", "Groups") and not id:
            paging = self.settings["paging"]
            query["count"] = str(min(int(query.get("count", paging["most"])), paging["most"]))
        answer = self._call({**environ, "QUERY_STRING": urlencode(query)})
        if kind == "Groups" and not self.settings["groups"]["membersReadable"] and answer.status == 200:
            return answer._replace(content=json.dumps(bodies.without_members(json.loads(answer.content))).encode())
        return answer

    def _write(self, environ: Environ, body: Any, method: str) -> Answer:
        """POST and PUT of a user."""
        stored = bodies.stored_user(body, self.settings["users"], self.settings["deprovision"])
        if stored is None:
            raise Refused(400, "an e-mail is mandatory", "invalidValue")
        if method == "PUT":
            current = self._call({**environ, "REQUEST_METHOD": "GET"})
            if current.status != 200:
                return current
            stored = bodies.modified(json.loads(current.content), stored, self.settings["users"])
        return self._call(environ, body=stored)

    def _patch(self, environ: Environ, body: Any) -> Answer:
        patch = self.settings["patch"]
        if not patch["supported"]:
            raise Refused(501, "PATCH is not supported")
        operations = body.get("Operations", []) if isinstance(body, dict) else []
        problem = bodies.patch_problem(operations, patch)
        if problem:
            raise Refused(400, problem, "invalidPath")
        inactive = self.settings["deprovision"]["inactive"]
        if inactive == "deletes" and bodies.deactivates(operations):
            return self._call({**environ, "REQUEST_METHOD": "DELETE"}, body=None)
        kept = bodies.effective(operations, self.settings["users"], inactive)
        if not kept:  # 200, and nothing has changed
            return self._call({**environ, "REQUEST_METHOD": "GET"}, body=None)
        return self._call(environ, body={**body, "Operations": kept})

    def _delete(self, environ: Environ) -> Answer:
        if self.settings["deprovision"]["delete"] == "removes":
            return self._call(environ)
        answer = self._call(
            {**environ, "REQUEST_METHOD": "PATCH", "CONTENT_TYPE": "application/scim+json"}, body=bodies.DEACTIVATION
        )
        return Answer(204, {}, b"") if answer.status < 300 else answer

    # The real server

    def _call(self, environ: Environ, body: Any = None) -> Answer:
        content = json.dumps(body).encode() if body is not None else b""
        head: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            head.update(status=int(status.split()[0]), headers=dict(headers))

        parts = self.inner({**environ, "wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}, start)
        return Answer(head["status"], head["headers"], b"".join(parts))

    def _shaped(self, answer: Answer) -> Answer:
        """Errors as the service words them."""
        if answer.status < 400:
            return answer
        if self.settings["errors"] == "scim":
            return answer._replace(headers={"Content-Type": "application/scim+json", **answer.headers})
        detail = json.loads(answer.content or b"{}").get("detail", "")
        problem = {"type": "about:blank", "title": PHRASES.get(answer.status, "Error"), "status": answer.status, "detail": detail}
        headers = {key: value for key, value in answer.headers.items() if key.lower() != "content-type"}
        return Answer(answer.status, {**headers, "Content-Type": "application/problem+json"}, json.dumps(problem).encode())


def _json(environ: Environ) -> Any:
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        return json.loads(content) if content else None
    except ValueError:
        raise Refused(400, "the body is no JSON", "invalidSyntax") from None


def _scim_error(error: Refused) -> dict[str, Any]:
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(error.status), "detail": error.detail}
    return body | ({"scimType": error.scim_type} if error.scim_type else {})
