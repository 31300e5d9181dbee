"""Which hosts are this machine. Pure."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str | None) -> bool:
    """Whether what is sent to a host leaves this machine in no case."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
