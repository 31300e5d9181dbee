"""The wire: a client for one SCIM service, and what each kind of service does in its own way."""

import sys

# httpx offers a command line of its own where rich is installed, and loads both; that takes as long as the rest of it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
