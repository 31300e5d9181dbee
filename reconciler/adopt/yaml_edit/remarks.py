"""A row that is about to be written in, the comment that a reviewer needs beside it out. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from reconciler.declare.names import DEFAULT_ACCESS

SOUNDS_PRIVILEGED = "sounds privileged: add `privileged: true`, if it is"
NO_ROLE = "its members get no role by it"
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # between the words of orgAdmin, ITAdmin
WORD = re.compile(r"[^\W\d_]+")
# Whole words, and the ends of ones that are written together, as sysadmin; `admin` begins them in most languages too.
POWER = re.compile(r"(admin.*|.*admins?|.*administrators?|.*owners?|root|sudo|super|super-?users?|privileged)\Z")
NOT = frozenset({"non", "no", "not"})


def remark(kind: str, row: Mapping[str, Any]) -> str:
    """The comment for a row of roles.yaml or assignments.yaml, in our own words alone; empty where it needs none."""
    if kind == "roles" and "privileged" not in row:
        names = (str(row.get("displayName", "")), str(row.get("value", "")))
        return SOUNDS_PRIVILEGED if any(map(sounds_privileged, names)) else ""
    return NO_ROLE if kind == "assignments" and "group" in row and row.get("role") == DEFAULT_ACCESS else ""


def sounds_privileged(name: str) -> bool:
    """Whether a role's name or value says that its holders rule over others: `Organization Admin`, not `Non-admin`."""
    words = [word.lower() for word in WORD.findall(HUMP.sub(" ", unicodedata.normalize("NFKC", name)))]
    return any(POWER.match(word) and before not in NOT for before, word in pairwise(["", *words]))
