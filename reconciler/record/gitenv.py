"""How git is started: a clean environment, a token that stays in it, and what git says put into our words."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reconciler.declare.hosts import is_loopback
from reconciler.record.store import RecordError, Unreachable

TOKEN = "RECONCILE_GIT_TOKEN"
NAME, MAIL = "scim-reconciler", "scim-reconciler@localhost"
# Variables that would turn git to another repository, or make it print what it sends.
DROPPED = re.compile("GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_.*|COMMON_DIR|NAMESPACE|PREFIX|QUARANTINE_PATH"
                     "|SHALLOW_FILE|GRAFT_FILE|REPLACE_.*|TRACE.*|CURL_VERBOSE|CONFIG_PARAMETERS|REFLOG_ACTION"
                     "|AUTHOR_DATE|COMMITTER_DATE|EXTERNAL_DIFF|LITERAL_PATHSPECS)")  # fmt: skip
ALWAYS = (
    ("core.hooksPath", os.devnull),  # a person's own hooks are not for our commits
    ("gc.autoDetach", "false"),
    ("gc.pruneExpire", "1.day.ago"),  # another run may be using what it wrote a moment ago
    ("push.followTags", "false"),
    ("fetch.writeCommitGraph", "false"),
)


@dataclass(frozen=True)
class Answer:
    """How a git process ended; `errors` holds no secret."""

    code: int
    output: bytes
    errors: str


@dataclass(frozen=True)
class Git:
    """A way to run git. `environ` is the caller's environment, `settings` git settings for these runs alone."""

    environ: Mapping[str, str]
    settings: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    seconds: float = 600.0

    def run(self, *arguments: str, given: bytes = b"", extra: Mapping[str, str] | None = None) -> Answer:
        """Run git to its end. Raises RecordError where there is no git, Unreachable after `seconds`."""
        environment = {**self._environment(), **(extra or {})}
        try:
            # A session of its own: an interrupt at the terminal must not tear a push apart.
            process = subprocess.Popen(["git", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=environment, start_new_session=True)  # fmt: skip
        except OSError as error:
            raise RecordError(f"git cannot be run: {error.strerror}", "install git 2.31 or newer, or use the local "
                              "record: `record: {backend: local}` in reconciler.yaml") from None  # fmt: skip
        try:
            output, errors = process.communicate(given, self.seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                raise Unreachable(f"`git {arguments[-1]}` has not answered for {self.seconds:.0f} seconds",
                                  "see that the remote can be reached") from None  # fmt: skip
            raise
        return Answer(process.returncode, output, redact(errors.decode("utf-8", "replace"), self.environ))

    def must(self, *arguments: str, given: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
        """The output of a run that has to succeed. Raises RecordError."""
        answer = self.run(*arguments, given=given, extra=extra)
        if answer.code:
            raise explained(answer.errors)
        return answer.output

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in self.environ.items() if not DROPPED.fullmatch(name) and name != TOKEN}
        before = kept.get("GIT_CONFIG_COUNT", "")
        first = int(before) if before.isdigit() else 0
        pairs = enumerate([*ALWAYS, *self.settings], first)
        config = {name: value for number, (key, text) in pairs
                  for name, value in ((f"GIT_CONFIG_KEY_{number}", key), (f"GIT_CONFIG_VALUE_{number}", text))}  # fmt: skip
        identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
                    for what, value in (("NAME", NAME), ("EMAIL", MAIL))}  # fmt: skip
        count = {"GIT_CONFIG_COUNT": str(first + len(ALWAYS) + len(self.settings))}
        return {**identity, **kept, **config, **count, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def token_settings(url: str, environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The token as a header for the origin of `url` alone, in place of any other. Raises RecordError."""
    token, parts = environ.get(TOKEN, "").strip(), urlsplit(url)
    if not token or parts.scheme not in ("http", "https"):
        return ()
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise RecordError(f"{shown(url)} is not encrypted: the token of {TOKEN} does not go there", "use https")
    if not token.isprintable() or not token.isascii():
        raise RecordError(f"{TOKEN} holds characters that no token has", "set it anew, without line breaks")
    key = f"http.{parts.scheme}://{parts.netloc.rpartition('@')[2]}/.extraHeader"
    return (key, ""), (key, f"Authorization: Basic {_basic(token)}"), ("http.followRedirects", "false")


def _basic(token: str) -> str:
    return base64.b64encode(f"x-access-token:{token}".encode()).decode()


def redact(text: str, environ: Mapping[str, str]) -> str:
    """Text without the token, as it is or encoded, and without user information in URLs."""
    token = environ.get(TOKEN, "").strip()
    for secret in (token, _basic(token)) if token else ():
        text = text.replace(secret, "[token]")
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


def shown(url: str) -> str:
    return re.sub(r"(?<=://)[^/@\s]+@", "", url)


REASONS = (
    (r"dubious ownership", RecordError, "git does not trust this checkout", "git config --global --add safe.directory <folder>"),
    (r"not a git repository", RecordError, "this is no Git repository", "run inside one, or use the local record: "
     "`record: {backend: local}` in reconciler.yaml"),
    (r"Authentication failed|could not read Username|could not read Password|Permission denied"
     r"|returned error: 40[13]|Host key verification failed|Write access to repository not granted", RecordError,
     "the remote refuses who we are", f"set {TOKEN} to a token that may write contents, or mend the ssh key"),
    (r"protected|GH0\d\d|hook declined|denying|deny|prohibited|not allowed", RecordError, "the remote refuses this push",
     "let this identity create and update refs/reconcile/* on the remote"),
    (r"Could not resolve|Connection|timed out|unable to access|Network|hung up|early EOF|unreachable"
     r"|returned error: 5", Unreachable, "the remote cannot be reached",
     "see that the network and the host are up, then run it again"),
    (r"does not appear to be a git repository|not found|does not exist|Could not read from remote", Unreachable,
     "there is no such repository, or it cannot be read", f"mend its address (git remote -v), or set {TOKEN} if it is private"),
    (r"No space left|unable to write|Disk quota", RecordError, "git cannot write", "make room, or mend the permissions"),
)  # fmt: skip


def explained(errors: str) -> RecordError:
    """What git complained of, in our words and its own."""
    own = " ".join(line.strip() for line in errors.splitlines() if re.match(r"\s*(fatal|error|remote|!)", line))[:500]
    own = own or errors.strip()[-300:] or "no reason given"
    for pattern, kind, words, remedy in REASONS:
        if re.search(pattern, errors, re.IGNORECASE):
            return kind(f"{words}: {own}", remedy)
    return RecordError(f"git failed: {own}", "mend what git names, then run it again")
