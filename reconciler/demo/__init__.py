"""Simulators of real services, for the demo and the tests: a real SCIM server, less what its profile says that it lacks."""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec


def install() -> str | None:
    """The command that brings the servers of the simulators to this very Python; None where they are there.

    This package is installed, so pip takes it as it is, and asks an index for the servers alone.
    """
    there = find_spec("scim2_server") and find_spec("aiosmtpd")
    return None if there else f"{shlex.quote(sys.executable)} -m pip install 'scim-reconciler[demo]'"
