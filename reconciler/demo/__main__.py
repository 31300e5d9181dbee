"""`python -m reconciler.demo PROFILE --port N`: a simulated service on loopback; the token is in SCIM_TOKEN.

That of the profile thousandeyes has the administrative API too, with the same token.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from socketserver import ThreadingMixIn
from typing import Any, NoReturn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from reconciler.declare.profiles import names, settings
from reconciler.declare.wording import hint
from reconciler.demo import install
from reconciler.demo.answers import Application
from reconciler.demo.simulator import Simulator
from reconciler.demo.thousandeyes.service import ThousandEyes, owned_by_provisioning
from reconciler.report.safe import plain


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128  # sixteen connections at once, and a queue of five resets some of them


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def server(token: str | None = None) -> Application:
    """The real thing: scim2-server over memory, empty, which accepts this bearer token alone."""
    from scim2_server.memory import InMemoryStorage
    from scim2_server.testserver.application import BearerTokenApplication

    from reconciler.demo.extension import provider
    from reconciler.demo.held import hold_classes

    hold_classes()
    application: Application = BearerTokenApplication(InMemoryStorage(), provider(), bearer_tokens=[token] if token else [])
    return application


def simulated(profile: str, token: str | None) -> Application:
    """A service of this profile, empty."""
    if profile == "thousandeyes":
        return ThousandEyes(server(token), settings(profile), owned_by_provisioning(token))
    return Simulator(server(token), settings(profile))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str, code: str = "WrongUsage", remedy: str = "") -> NoReturn:
        """As `reconcile` says it, with its code and its exit code."""
        help_of = f"`{self.prog} --help` says what it takes"
        self.exit(64, f"{self.format_usage()}\nError: {plain(message)} [{code}]\n    {plain(remedy or help_of)}\n")


def main() -> None:
    """Serve until told to stop."""
    parser = _Parser(prog="python -m reconciler.demo", description=__doc__)
    parser.add_argument("profile", metavar="PROFILE", help=f"the kind of service to be: {', '.join(names())}")
    parser.add_argument("--port", type=int, default=8101, help="the port on 127.0.0.1")
    arguments = parser.parse_args()
    if arguments.profile not in names():
        parser.error(f"no profile {arguments.profile!r}", "UnknownName", hint(arguments.profile, names(), "there are "))
    if command := install():
        sys.exit(f"Error: scim2-server is not installed, so there is no service to start [DemoFailed]\n    {command}")
    service = simulated(arguments.profile, os.environ.get("SCIM_TOKEN"))
    with _listening(arguments.port, service) as listening, contextlib.suppress(KeyboardInterrupt):
        print(f"Listening on http://127.0.0.1:{listening.server_port}/v2 as {arguments.profile}; Ctrl-C ends it", flush=True)
        listening.serve_forever()


def _listening(port: int, service: Application) -> WSGIServer:
    try:
        return make_server("127.0.0.1", port, service, server_class=_Server, handler_class=_Quiet)
    except (OSError, OverflowError) as error:
        words = f"Error: port {port} cannot be listened on: {error} [CannotListen]"
        sys.exit(f"{words}\n    end what uses it, or take another: --port 8102")


if __name__ == "__main__":
    main()
