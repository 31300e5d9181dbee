"""WSGI middleware in front of a real SCIM server: it takes away and limits what a profile says, and adds nothing.

The profile is data (schemas/profile.schema.json), so a new one needs no code here either.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from reconciler.demo import bodies
from reconciler.demo.answers import Answer, Application, Environ, Refused, body_of, problem, sent
from reconciler.demo.budget import Budget
from reconciler.demo.filters import filter_problem

DISCOVERY = ("ServiceProviderConfig", "Schemas", "ResourceTypes")


class Simulator:
    """One service; `settings` are a profile's, `base` the path before /Users. Safe to use from several threads."""

    def __init__(
        self, inner: Application, settings: Mapping[str, Any], base: str = "/v2", clock: Callable[[], float] = time.time
    ) -> None:
        self.inner, self.settings, self.base = inner, settings, base
        self.budget = Budget(settings.get("rate"), clock)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            answer = self._serve(environ)
        except Refused as error:
            answer = Answer(error.status, error.headers, json.dumps(_scim_error(error)).encode())
        return sent(self._shaped(answer), self.budget.headers(), start_response)

    def _serve(self, environ: Environ) -> Answer:
        parts = environ.get("PATH_INFO", "").removeprefix(self.base).strip("/").split("/")
        kind, id, method = parts[0], "/".join(parts[1:]), environ["REQUEST_METHOD"]
        self._check_headers(environ)
        self.budget.take(method)
        self._check_endpoint(kind)
        if method == "GET":
            return self._get(environ, kind, id)
        body = body_of(environ)
        if kind == "Users" and method == "DELETE":
            return self._delete(environ)
        if kind == "Users" and method == "PATCH":
            return self._patch(environ, body)
        if kind == "Users":
            return self._write(environ, body, method)
        if kind == "Groups" and method == "PATCH":
            complaint = bodies.group_problem(body, self.settings)
            if complaint:
                raise Refused(400, complaint, "invalidValue")
            body = bodies.members_by_filter(body)
        return self.call(environ, body=body)

    # What is refused

    def _check_headers(self, environ: Environ) -> None:
        for name in self.settings.get("headers", {}):
            if not environ.get("HTTP_" + name.upper().replace("-", "_")):
                raise Refused(403, f"the header {name} is required")

    def _check_endpoint(self, kind: str) -> None:
        lacking = kind == "Bulk" or (kind == "Groups" and not self.settings["groups"]["supported"])
        if lacking or (kind in DISCOVERY and not self.settings["discovery"]):
            raise Refused(404, f"there is no /{kind}")

    # What is limited

    def _get(self, environ: Environ, kind: str, id: str) -> Answer:
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        complaint = filter_problem(query.get("filter"), self.settings["filter"])
        if complaint:
            raise Refused(400, complaint, "invalidFilter")
        if kind in ("Users", "Groups") and not id:
            paging = self.settings["paging"]
            query["count"] = str(min(int(query.get("count", paging["most"])), paging["most"]))
        answer = self.call({**environ, "QUERY_STRING": urlencode(query)})
        if kind == "Groups" and not self.settings["groups"]["membersReadable"] and answer.status == 200:
            return answer._replace(content=json.dumps(bodies.without_members(json.loads(answer.content))).encode())
        return answer

    def _write(self, environ: Environ, body: Any, method: str) -> Answer:
        """POST and PUT of a user."""
        stored = bodies.stored_user(body, self.settings["users"], self.settings["deprovision"])
        if stored is None:
            raise Refused(400, "an e-mail is mandatory", "invalidValue")
        if method == "PUT":
            current = self.call({**environ, "REQUEST_METHOD": "GET"})
            if current.status != 200:
                return current
            stored = bodies.modified(json.loads(current.content), stored, self.settings["users"])
        return self.call(environ, body=stored)

    def _patch(self, environ: Environ, body: Any) -> Answer:
        patch = self.settings["patch"]
        if not patch["supported"]:
            raise Refused(501, "PATCH is not supported")
        operations = body.get("Operations", []) if isinstance(body, dict) else []
        complaint = bodies.patch_problem(operations, patch)
        if complaint:
            raise Refused(400, complaint, "invalidPath")
        inactive = self.settings["deprovision"]["inactive"]
        if inactive == "deletes" and bodies.deactivates(operations):
            return self.call({**environ, "REQUEST_METHOD": "DELETE"}, body=None)
        kept = bodies.effective(operations, self.settings["users"], inactive)
        if not kept:  # 200, and nothing has changed
            return self.call({**environ, "REQUEST_METHOD": "GET"}, body=None)
        return self.call(environ, body={**body, "Operations": kept})

    def _delete(self, environ: Environ) -> Answer:
        if self.settings["deprovision"]["delete"] == "removes":
            return self.call(environ)
        answer = self.call(
            {**environ, "REQUEST_METHOD": "PATCH", "CONTENT_TYPE": "application/scim+json"}, body=bodies.DEACTIVATION
        )
        return Answer(204, {}, b"") if answer.status < 300 else answer

    # The real server

    def call(self, environ: Environ, body: Any = None) -> Answer:
        """What the server behind answers, unlimited and uncounted."""
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
        headers = {key: value for key, value in answer.headers.items() if key.lower() != "content-type"}
        return Answer(
            answer.status,
            {**headers, "Content-Type": "application/problem+json"},
            json.dumps(problem(answer.status, detail)).encode(),
        )


def _scim_error(error: Refused) -> dict[str, Any]:
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(error.status), "detail": error.detail}
    return body | ({"scimType": error.scim_type} if error.scim_type else {})
