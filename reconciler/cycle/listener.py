"""Who hears of a pass while it goes on. No I/O of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Tell = Callable[[str], None]


class Listener(NamedTuple):
    """`waits` hears, from any thread, of each wait for a service; `says` what a person should know; `notes` what to keep."""

    waits: Tell
    says: Tell
    notes: Tell


SILENT = Listener(*[lambda words: None] * 3)
