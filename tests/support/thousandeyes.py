"""A simulated ThousandEyes in process, and the vendor's own models as readers that say what they do not know."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
from pydantic import BaseModel

from reconciler.declare.profiles import settings
from reconciler.demo.answers import Application
from reconciler.demo.thousandeyes.organisation import Person
from reconciler.demo.thousandeyes.permissions import ORGANIZATION_ADMIN
from reconciler.demo.thousandeyes.service import ThousandEyes, owned_by_provisioning
from reconciler.rolesources.thousandeyes import ThousandEyes as ThousandEyesDriver
from reconciler.scim.client import ScimClient
from reconciler.scim.profile import make_profile
from tests.support import scim_service
from tests.support.world import Clock, Counting, World

TOKEN, BOSS = "secret", "boss-secret"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


class Office:
    """The service with a clock; `boss` is another administrator with a token of their own, `ask` sends as provisioning does."""

    def __init__(self, clock: Clock | None = None, token: str = TOKEN, **overrides: Any) -> None:
        self.clock = clock or Clock()
        tokens = owned_by_provisioning(token) | {BOSS: "boss@example.net"}
        self.service = ThousandEyes(scim_service.application(), settings("thousandeyes", overrides), tokens, self.clock)
        self.organisation = self.service.organisation
        self.boss = self.organisation.person("Boss", "boss@example.net", roles=(ORGANIZATION_ADMIN,))
        self.production, self.staging = self.organisation.groups

    def transport(self) -> httpx.WSGITransport:
        return httpx.WSGITransport(app=self.service)

    def ask(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> httpx.Response:
        with httpx.Client(transport=self.transport(), base_url="http://127.0.0.1") as client:
            return client.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})

    def hire(self, email: str, name: str = "") -> Person:
        """An account that SCIM makes."""
        body = {"schemas": [USER], "userName": email, "emails": [{"value": email}], "displayName": name or email}
        answer = self.ask("POST", "/v2/Users", body)
        assert answer.status_code == 201, answer.text
        self.ask("GET", "/v7/users/current")
        found = self.organisation.by_email(email)
        assert found is not None
        return found

    def role(self, name: str) -> str:
        return self.organisation.role(name).id


def unknown(model: BaseModel, where: str = "") -> Iterator[str]:
    """The fields that a model of the vendor's kept although it does not know them, wherever they stand in it."""
    where = where or type(model).__name__
    yield from (f"{where}.{name}" for name in model.model_extra or ())
    for name in type(model).model_fields:
        value = getattr(model, name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, BaseModel):
                yield from unknown(item, f"{where}.{name}")


class Line(httpx.BaseTransport):
    """The way to the service: it keeps what went over it, and `before` and `after` each request a test may step in.

    What they return is answered instead; what they raise is what became of the request.
    """

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner, self.sent = inner, list[httpx.Request]()
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
        self.after: Callable[[httpx.Request], httpx.Response | None] = lambda request: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = self.before(request)
        if answer is None:
            answer = self.inner.handle_request(request)
            answer = self.after(request) or answer
        return answer

    def requests(self) -> list[str]:
        """What went over it since the last look, as method and path."""
        found = [f"{request.method} {request.url.path}" for request in self.sent]
        self.sent.clear()
        return found


class Running(Clock):
    """The machine's time; whoever sleeps is at once that much later."""

    def __call__(self) -> float:
        return time.time() + self.slept


class RolesWorld(World):
    """A world whose service is a ThousandEyes; `line` is the way to both of its APIs."""

    def __init__(self, folder: Path, **overrides: Any) -> None:
        super().__init__(folder, "thousandeyes", **overrides)
        self.clock = Running()
        self.now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.office = Office(self.clock, **overrides)
        self.line = Line(self.office.transport())
        self.transport = Counting(self.line)
        profile, plain = (make_profile(name, settings(name, overrides)) for name in ("thousandeyes", "generic"))
        inner = httpx.WSGITransport(app=self.office.service.scim.inner)
        self.bare = ScimClient("http://127.0.0.1/v2", TOKEN, plain, workers=1, transport=inner)
        self.client = ScimClient(
            "http://127.0.0.1/v2", TOKEN, profile, transport=self.transport, clock=self.clock, sleep=self.clock.sleep
        )
        self.role_source = ThousandEyesDriver(self.client.sender.beside("http://127.0.0.1/v7", TOKEN))

    def held(self, email: str) -> set[tuple[str, str]]:
        """(role, account group or all) of a person, by their names."""
        organisation = self.office.organisation
        person = organisation.by_email(email)
        assert person is not None
        everywhere = {(organisation.roles[id].name, "all") for id in person.everywhere}
        return everywhere | {
            (organisation.roles[id].name, organisation.groups[aid]) for aid, ids in person.groups.items() for id in ids
        }


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128  # sixteen connections at once, and a queue of five resets some of them


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(service: Application) -> Iterator[str]:
    """The URL of a WSGI service on loopback, until the block is left."""
    with make_server("127.0.0.1", 0, service, server_class=_Server, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def thousandeyes(token: str) -> Iterator[tuple[str, Office]]:
    """The origin of a ThousandEyes on loopback that never says that its rate is full, and what is behind it."""
    office = Office(Running(), token, rate={"perMinute": 100000, "burst": 10000})
    with serving(office.service) as url:
        yield url, office
