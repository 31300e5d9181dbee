"""Counts in words. Pure."""

from __future__ import annotations


def plural(number: int, noun: str) -> str:
    """`1 user`, `2 users`; the noun is one that takes an s."""
    return f"{number} {noun}" + "s" * (number != 1)
