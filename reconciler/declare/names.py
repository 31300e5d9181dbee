"""Names in, the same as they are compared out; the one that every app has; rows made of columns. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T", bound=tuple[Any, ...])

DEFAULT_ACCESS = "Default Access"  # the role that is built in, and gives nothing but access


def fold(name: str) -> str:
    """A name as it is compared: NFC, lower case."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).lower()


def fold_all(names: list[str]) -> list[str]:
    """`fold` for many names at once; those that are compared as they stand are not held twice."""
    text = "\n".join(names)
    lowered = text.lower() if text.isascii() else ""
    if lowered and lowered == text:
        return list(names)
    folded = lowered.split("\n")
    return folded if lowered and len(folded) == len(names) else [fold(name) for name in names]


DEFAULT_ACCESS_KEY = fold(DEFAULT_ACCESS)  # by which assignments name it


def tuples(kind: type[T], *columns: Iterable[Any]) -> list[T]:
    """Named tuples of a kind, from a column a field: 100,000 in a quarter of the time that `_make` takes."""
    return list(map(partial(tuple.__new__, kind), zip(*columns, strict=True)))


def user_address(name: str) -> str:
    """`User/ada@example.com`, of a userPrincipalName."""
    return f"User/{name}"


STRANGER = user_address("#")  # how the address begins under which the record keeps out an account that nobody declared


def group_address(name: str) -> str:
    """`Group/Engineers`, of a displayName."""
    return f"Group/{name}"


def kind_of(address: str) -> str:
    """`User` or `Group`: what the address `User/ada@example.com` is of."""
    return address.partition("/")[0]


def name_of(address: str) -> str:
    """The name in an address, as it is written there: a userPrincipalName or a group's displayName."""
    return address.partition("/")[2]


def row_key(address: str) -> str:
    """The name in an address as it is compared: the key of its row."""
    return fold(name_of(address))


def is_user(address: str) -> bool:
    return address.startswith("User/")


def is_group(address: str) -> bool:
    return address.startswith("Group/")
