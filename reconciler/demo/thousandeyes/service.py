"""Both APIs of ThousandEyes at one origin: SCIM as its profile says, and /v7 before the same accounts, within one rate. WSGI."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.demo.answers import Answer, Application, Environ
from reconciler.demo.simulator import Simulator
from reconciler.demo.thousandeyes.administrative import BASE, Administrative
from reconciler.demo.thousandeyes.organisation import OWNER, Organisation, Person

PAGE = 200


class ThousandEyes:
    """`inner` is the SCIM server with the accounts; `tokens` are those of /v7, by the e-mail of whose they are.

    An account that SCIM makes is a Regular User in all account groups; one that it deletes is gone.
    """

    def __init__(
        self,
        inner: Application,
        settings: Mapping[str, Any],
        tokens: Mapping[str, str],
        clock: Callable[[], float] = time.time,
        base: str = "/v2",
    ) -> None:
        self.scim = Simulator(inner, settings, base, clock)
        self.organisation = Organisation(clock)
        self.administrative = Administrative(self.organisation, tokens, self.scim.budget, self._renamed)
        self._token, self._read = next(iter(tokens), ""), False

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(BASE + "/"):
            self._read_all()
            return self.administrative(environ, start_response)
        heard: list[str] = []

        def listening(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            heard.append(status)
            return start_response(status, headers)

        content = b"".join(self.scim(environ, listening))
        if environ["REQUEST_METHOD"] != "GET" and heard[0].startswith("2"):
            self._hear(environ, content)
        return [content]

    def _read_all(self) -> None:
        """Accounts that were there before."""
        with self.organisation.lock:
            start = 1
            while not self._read:
                found = json.loads(self._ask("GET", "/Users", f"startIndex={start}&count={PAGE}").content)
                for user in found.get("Resources") or ():
                    self._take(user)
                start += PAGE
                self._read = start > found.get("totalResults", 0)

    def _hear(self, environ: Environ, content: bytes) -> None:
        """An account that SCIM has made, changed or deleted."""
        parts = environ.get("PATH_INFO", "").removeprefix(self.scim.base).strip("/").split("/")
        if parts[0] != "Users":
            return
        id = parts[1] if len(parts) > 1 else json.loads(content or b"{}").get("id", "")
        answer = self._ask("GET", f"/Users/{id}")
        with self.organisation.lock:
            if answer.status == 200:
                self._take(json.loads(answer.content))
            else:
                people = self.organisation.people
                for uid in [uid for uid, person in people.items() if person.scim == id]:
                    del people[uid]

    def _take(self, user: Mapping[str, Any]) -> None:
        people = self.organisation.people.values()
        email = str(user.get("userName", ""))
        person = next((person for person in people if person.scim == user["id"]), None) or self.organisation.by_email(email)
        if person is None:
            person = self.organisation.person("", email)
        person.scim, person.name = user["id"], str(user.get("displayName") or email)

    def _renamed(self, person: Person) -> None:
        """Into SCIM, which shows the same account."""
        if person.scim:
            operation = {"op": "replace", "path": "displayName", "value": person.name}
            body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
            self._ask("PATCH", f"/Users/{person.scim}", body=body)

    def _ask(self, method: str, path: str, query: str = "", body: Any = None) -> Answer:
        """The SCIM server itself, which nobody counts."""
        return self.scim.call(
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": self.scim.base + path,
                "QUERY_STRING": query,
                "SERVER_NAME": "127.0.0.1",
                "SERVER_PORT": "80",
                "SERVER_PROTOCOL": "HTTP/1.1",
                "wsgi.url_scheme": "http",
                "CONTENT_TYPE": "application/scim+json",
                "HTTP_AUTHORIZATION": f"Bearer {self._token}",
            },
            body,
        )


def owned_by_provisioning(token: str | None) -> dict[str, str]:
    """The token of SCIM for /v7 too: that of the organization's own account for provisioning."""
    return {token: OWNER[1]} if token else {}
