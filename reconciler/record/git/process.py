"""How git is asked: settings and a token for its environment, and what it says put into our words."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from reconciler.declare.urls import is_loopback
from reconciler.processes import environment
from reconciler.processes.child import TooSlow, run
from reconciler.record.store import RecordError, Unreachable

TOKEN = "RECONCILE_GIT_TOKEN"
NAME, MAIL = "scim-reconciler", "scim-reconciler@localhost"
IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", NAME), ("EMAIL", MAIL))}


@dataclass(frozen=True)
class GitOutput:
    """How a git process ended; `errors` holds no secret."""

    code: int
    output: bytes
    errors: str


@dataclass(frozen=True)
class Git:
    """A way to run git, by the whole `environ`-ment of its processes; `secret` is what must not be shown of what they say."""

    environ: environment.Allowed = field(repr=False)
    secret: str = field(default="", repr=False)
    seconds: float = 600.0

    def run(
        self, *arguments: str, given: bytes = b"", extra: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> GitOutput:
        """Run git to its end. Raises RecordError where there is no git, Unreachable after `seconds`."""
        try:
            whole = environment.Allowed({**IDENTITY, **self.environ, **(extra or {})})
            ended = run(["git", *arguments], whole, given=given, seconds=self.seconds, folder=folder)
        except OSError as error:
            raise RecordError(
                f"git cannot be run: {error.strerror}",
                "install git 2.32 or newer, or use the local record: `record: {backend: local}` in reconciler.yaml",
            ) from None
        except TooSlow:
            raise Unreachable(
                f"`git {_command(arguments)}` has not answered for {self.seconds:.0f} seconds",
                "see that the remote can be reached",
            ) from None
        return GitOutput(ended.code, ended.output, redact(ended.errors.decode("utf-8", "replace"), self.secret))

    def must(self, *arguments: str, **how: Any) -> bytes:
        """The output of a run that has to succeed. Raises RecordError."""
        answer = self.run(*arguments, **how)
        if answer.code:
            raise explained(answer.errors)
        return answer.output


def _command(arguments: Iterable[str]) -> str:
    """What git was asked for, without where."""
    return next((word for word in arguments if not word.startswith("-")), "")


def finding(environ: Mapping[str, str]) -> Git:
    """Git that is asked which checkout a folder lies in."""
    return Git(environment.git_finding(environ), seconds=30)


def local(environ: Mapping[str, str]) -> Git:
    """Git on a repository that each call names, and that speaks to nobody."""
    return Git(environment.git_local(environ), _token(environ))


def signing(environ: Mapping[str, str], settings: Iterable[tuple[str, str]], more: Iterable[str] = ()) -> Git:
    """Git that signs commits, or looks at their signatures, by these settings and with these variables of the environment."""
    return Git(environment.git_signing(environ, settings, more), _token(environ), seconds=60)


def remote(environ: Mapping[str, str], settings: tuple[tuple[str, str], ...]) -> Git:
    """Git that speaks to the remote of these settings."""
    return Git(environment.git_remote(environ, settings), _token(environ))


def _token(environ: Mapping[str, str]) -> str:
    return environ.get(TOKEN, "").strip()


def token_settings(url: str, environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The token as a header for the origin of `url` alone. Raises RecordError."""
    token, parts = _token(environ), urlsplit(url)
    if not token or parts.scheme not in ("http", "https"):
        return ()
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise RecordError(f"{without_credentials(url)} is not encrypted: the token of {TOKEN} does not go there", "use https")
    if not token.isprintable() or not token.isascii():
        raise RecordError(f"{TOKEN} holds characters that no token has", "set it again, without line breaks")
    return _header(parts, f"Authorization: Basic {_basic(token)}")


def checkout_settings(url: str, settings: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The credential that the checkout keeps for the origin of `url`, as actions/checkout writes it; that of no other origin."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or (parts.scheme == "http" and not is_loopback(parts.hostname)):
        return ()
    for key, value in settings:
        match = re.fullmatch(r"http\.(.+)\.extraheader", key, re.IGNORECASE)
        if match and value.lower().startswith("authorization:") and value.isprintable() and _covers(match[1], parts):
            return _header(parts, value)
    return ()


def _covers(key: str, parts: SplitResult) -> bool:
    """Whether a setting for the URL `key` is one for the whole origin of these parts."""
    other = urlsplit(key)
    return other.path in ("", "/") and (other.scheme, other.hostname, other.port) == (parts.scheme, parts.hostname, parts.port)


def _header(parts: SplitResult, header: str) -> tuple[tuple[str, str], ...]:
    key = f"http.{parts.scheme}://{parts.netloc.rpartition('@')[2]}/.extraHeader"
    return (key, ""), (key, header), ("http.followRedirects", "false")


def _basic(token: str) -> str:
    return base64.b64encode(f"x-access-token:{token}".encode()).decode()


def redact(text: str, token: str) -> str:
    """Text without the token, as it is or encoded, and without user information in URLs."""
    for secret in (token, _basic(token)) if token else ():
        text = text.replace(secret, "[token]")
    return without_credentials(text)


def without_credentials(url: str) -> str:
    """An address as it may be shown: without user and password."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", url)


OTHER_HASH = (
    "the remote's objects are named by another hash than this checkout's (SHA-1 and SHA-256 do not mix)",
    "name a remote of the same kind as `record: {backend: git, remote: <name>}` in reconciler.yaml, or clone that remote again",
)
HIDDEN_FROM_PUSHES = (
    "the remote hides refs/reconcile/* from pushes",
    "let them be pushed; on a server of your own: git config --add receive.hideRefs '!refs/reconcile'; or name another remote",
)
HIDDEN_FROM_READERS = (
    "let it be read; on a server of your own: git config --add uploadpack.hideRefs '!refs/reconcile'; or name another remote"
)
REASONS = (
    (r"hash algorithm|mismatched algorithms", RecordError, *OTHER_HASH),
    (r"hidden ref", RecordError, *HIDDEN_FROM_PUSHES),
    (r"hook declined", RecordError, "a hook of the remote refuses this push",
     "let it take pushes to refs/reconcile/*, or name another remote in reconciler.yaml"),
    (r"dubious ownership", RecordError, "git does not trust this checkout", "git config --global --add safe.directory <folder>"),
    (r"safe\.bareRepository|must be run in a work tree", RecordError, "the current folder is not in a checkout: a folder that is "
     "laid out like a bare repository is not obeyed", "run this in a checkout of the repository, outside of that folder"),
    (r"not a git repository", RecordError, "this is not a Git repository", "run inside one, or use the local record: "
     "`record: {backend: local}` in reconciler.yaml"),
    (r"transport '[^']*' not allowed", RecordError, "the remote's address is not one that is followed",
     "use an https, ssh or file address"),
    (r"unable to update url base from redirection|returned error: 30\d", Unreachable, "the remote answers with a redirect, which "
     "is not followed", "give the remote the address to which it moved: git remote set-url"),
    (r"Authentication failed|could not read Username|could not read Password|Permission denied"
     r"|returned error: 40[13]|Host key verification failed|Write access to repository not granted", RecordError,
     "the remote rejected our credentials", f"set {TOKEN} to a token that may write contents, or for ssh GIT_SSH_COMMAND to an "
     "ssh with its key; credential helpers and core.sshCommand of git's configuration are not run"),
    (r"protected|GH0\d\d|denying|deny|prohibited|not allowed", RecordError, "the remote refuses this push",
     "let this identity create and update refs/reconcile/* on the remote"),
    (r"Could not resolve|Connection|timed out|unable to access|Network|hung up|early EOF|unreachable"
     r"|returned error: 5", Unreachable, "the remote cannot be reached",
     "see that the network and the host are up, then run it again"),
    (r"does not appear to be a git repository|not found|does not exist|Could not read from remote", Unreachable,
     "there is no such repository, or it cannot be read", f"fix its address (git remote -v), or set {TOKEN} if it is private"),
    (r"No space left|unable to write|Disk quota", RecordError, "git cannot write", "make room, or fix the permissions"),
)  # fmt: skip


def explained(errors: str) -> RecordError:
    """What git complained of, in our words and its own."""
    own = " ".join(line.strip() for line in errors.splitlines() if re.match(r"\s*(fatal|error|remote|!)", line))[:500]
    own = own or errors.strip()[-300:] or "no reason given"
    for pattern, kind, words, remedy in REASONS:
        if re.search(pattern, errors, re.IGNORECASE):
            return kind(f"{words}: {own}", remedy)
    return RecordError(f"git failed: {own}", "fix what git names, then run it again")


def not_signed(errors: str) -> RecordError:
    """Git could not sign a commit."""
    own = " ".join(line.strip() for line in errors.splitlines() if line.strip() and "fatal: failed to write" not in line)[:500]
    return RecordError(
        f"the record's commit could not be signed: {own or 'no reason given'}",
        "see that user.signingkey names a key that is there; one with a passphrase must be in an agent (SSH_AUTH_SOCK, gpg's); "
        "of a workflow that signs with gitsign, see that its job has `id-token: write`",
        "SigningFailed",
    )


def hidden(ref: str, shown_head: str | None) -> RecordError:
    """Of a push that was refused because the ref is not as the remote shows it: whoever pushes is shown something else."""
    if shown_head is None:
        return about(ref, RecordError(f"the remote has {ref}, and hides it from readers", HIDDEN_FROM_READERS))
    return about(ref, RecordError(*HIDDEN_FROM_PUSHES))


def about(ref: str, error: RecordError) -> RecordError:
    """The same of a ref that lies elsewhere than in refs/reconcile/."""
    folder = ref.rpartition("/")[0]
    message, remedy = (re.sub("refs/reconcile(?=[/'*])", folder, text) for text in (error.message, error.remedy))
    return type(error)(message, remedy, error.code)
