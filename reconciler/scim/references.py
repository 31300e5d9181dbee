"""References in adminCredentials: what the environment and files give for them, and what of it may be shown."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from reconciler.scim.errors import CredentialError, SecretMissing

REFERENCE = re.compile(r"\$\{(?:env:([A-Za-z_]\w*)(?::-([^}]*))?|file:([^}]+))\}")
VARIABLES, FOLDERS, FOLDER = "RECONCILE_URL_VARIABLES", "RECONCILE_SECRET_FOLDERS", "/run/secrets"
# What these hold is no app's token, whatever app.yaml says.
FOREIGN = (
    "RECONCILE_GIT_TOKEN",
    "RECONCILE_REDACT_KEY",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)


class Part(NamedTuple):
    """A piece of a text: what it is, and what it was declared as where the environment gave it."""

    value: str
    declared: str


def parts(text: str, environ: Mapping[str, str], what: str) -> list[Part]:
    """A text piece by piece, references replaced; `what` names it. Raises CredentialError."""
    found, end = [], 0
    for match in REFERENCE.finditer(text):
        found += [Part(text[end : match.start()], text[end : match.start()]), _given(match, environ, what)]
        end = match.end()
    return [*found, Part(text[end:], text[end:])]


def expanded(pieces: Sequence[Part]) -> str:
    """The text that the pieces make."""
    return "".join(piece.value for piece in pieces)


def shown(pieces: Sequence[Part]) -> str:
    """A base URL as plans and records may hold it: its origin, and its path as declared where the environment gave it.

    `https://api.example.com/${env:WIKI_PATH}/v2#4f0c1a2b3d5e`: what follows # stands for the whole URL, so that another path
    behind the same name is another place. A URL whose path the environment gave no part of is shown as it is.
    """
    url = expanded(pieces).rstrip("/")
    start = url.find("/", url.find("://") + 3) if url.find("/", url.find("://") + 3) >= 0 else len(url)
    text, at, hidden = url[:start], 0, False
    for value, declared in pieces:
        piece = url[max(at, start) : at + len(value)]
        at += len(value)
        given = value != declared and piece.strip("/") != ""
        hidden |= given
        text += _slashed(piece, declared, text) if given else piece
    return f"{text}#{hashlib.sha256(url.encode()).hexdigest()[:12]}" if hidden else text


def usable_in_url(name: str, environ: Mapping[str, str]) -> bool:
    """Whether a variable may stand in a tenantUrl: what it holds goes to the service, and is no secret."""
    return name not in FOREIGN and (name.endswith(("_URL", "_HOST")) or name in _listed(environ.get(VARIABLES, "")))


def secret_file(path: str, environ: Mapping[str, str], what: str) -> Path:
    """The file that `${file:PATH}` means, links followed. Raises CredentialError where no folder of secrets holds it."""
    try:
        folders = [Path(folder).resolve() for folder in _listed(environ.get(FOLDERS, ""), os.pathsep) or [FOLDER]]
        found = Path(path).resolve()
    except (OSError, ValueError, RuntimeError):  # a path that cannot be one, or links in a circle
        raise SecretMissing(f"{what}: the file {path} cannot be read", "create it, or correct the path") from None
    if ".." in Path(path).parts or not any(folder in found.parents for folder in folders):
        raise CredentialError(
            f"{what}: the file {path} is not below {', '.join(map(str, folders))}",
            f"put the token there, or name its folder in {FOLDERS}",
        )
    return found


def _given(match: re.Match[str], environ: Mapping[str, str], what: str) -> Part:
    name, default, path = match.groups()
    if path is not None:
        try:
            return Part(secret_file(path, environ, what).read_text(encoding="utf-8").strip(), match[0])
        except (OSError, ValueError):
            raise SecretMissing(f"{what}: the file {path} cannot be read", "create it, or correct the path") from None
    if environ.get(name):
        return Part(environ[name], f"${{env:{name}}}")
    if not default:
        raise SecretMissing(f"{what}: the environment variable {name} is not set", f"set {name}")
    return Part(default, default)


def _slashed(piece: str, declared: str, before: str) -> str:
    """What stands for a piece of a path, with the slashes that it begins and ends with."""
    first = "/" if piece.startswith("/") and not before.endswith("/") else ""
    return f"{first}{declared}{'/' if piece.endswith('/') else ''}"


def _listed(text: str, also: str = ",") -> list[str]:
    return [item.strip() for item in text.replace(also, ",").split(",") if item.strip()]
