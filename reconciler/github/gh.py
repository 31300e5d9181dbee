"""GitHub through its own command `gh`: arguments and JSON on stdin in, JSON out; no text is ever put into a script."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.declare.errors import ReconcileError
from reconciler.processes import environment
from reconciler.processes.child import TooSlow, run

REPOSITORY = "repos/{owner}/{repo}"  # gh fills it in, from GH_REPO or the checkout's remote
# fullDatabaseId is a text of digits; databaseId is an Int of GraphQL, 32 bits, and newer comments have more.
COMMENTS = """query($owner: String!, $name: String!, $number: Int!, $endCursor: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { found: comments(first: 100, after: $endCursor) {
    nodes { number: fullDatabaseId body viewerDidAuthor } pageInfo { hasNextPage endCursor } } } } }"""
ISSUES = """query($owner: String!, $name: String!, $endCursor: String) {
  repository(owner: $owner, name: $name) { found: issues(first: 100, after: $endCursor, states: OPEN) {
    nodes { number body viewerDidAuthor } pageInfo { hasNextPage endCursor } } } }"""


class GitHubError(ReconcileError):
    """gh is missing, or GitHub refused."""

    @property
    def is_not_found(self) -> bool:
        """Whether GitHub answered that there is no such thing, or none for this token."""
        return "HTTP 404" in self.message


class Written(NamedTuple):
    """A comment or an issue of ours: its number and its text."""

    number: int
    body: str


def gh(*arguments: str, body: Any = None, folder: Path | None = None, seconds: float = 600.0) -> str:
    """What gh prints; `body` goes to its stdin as JSON. It runs in `folder`, whose remote says of which repository.

    Raises GitHubError, also where it has not answered after so many seconds.
    """
    given = b"" if body is None else json.dumps(body).encode()
    try:
        ran = run(["gh", *arguments], environment.gh(os.environ), given=given, seconds=seconds, folder=folder)
    except OSError:
        raise GitHubError("the command gh is not installed", "install GitHub's command line, https://cli.github.com") from None
    except TooSlow:
        raise GitHubError(f"`gh {' '.join(arguments[:4])}` has not answered for {seconds:g} seconds", "run it again") from None
    if ran.code:
        why = ran.errors.decode("utf-8", "replace").strip() or f"exit code {ran.code}"
        raise GitHubError(
            f"`gh {' '.join(arguments[:4])}`: {why}", "is GH_TOKEN set, and has it the permissions of `reconcile help github`?"
        )
    return ran.output.decode("utf-8", "replace")


def ask(path: str) -> Iterator[Any]:
    """The documents of all pages of a GET. Raises GitHubError."""
    yield from _documents(gh("api", "--paginate", f"{REPOSITORY}/{path}"))


def ask_once(path: str) -> Any:
    """The document of a GET, without further pages. Raises GitHubError."""
    return next(_documents(gh("api", f"{REPOSITORY}/{path}")))


def graphql(query: str, *fields: str, folder: Path | None = None, seconds: float = 600.0) -> Iterator[Any]:
    """The documents of all pages of a query about the repository; `fields` are more of its variables. Raises GitHubError."""
    given = [word for field in ("owner={owner}", "name={repo}", *fields) for word in ("-F", field)]
    yield from _documents(gh("api", "graphql", "--paginate", *given, "-f", f"query={query}", folder=folder, seconds=seconds))


def send(method: str, path: str, **body: Any) -> None:
    """A write. Raises GitHubError."""
    gh("api", "--method", method, f"{REPOSITORY}/{path}", "--input", "-", body=body)


def own(opening: str, pull_request: int | None = None) -> Written | None:
    """Our comment on a pull request, or our open issue, that begins so; one that somebody else wrote is never taken."""
    return next(all_own(opening, pull_request), None)


def all_own(opening: str, pull_request: int | None = None) -> Iterator[Written]:
    """Each of ours that begins so."""
    query, about = (ISSUES, []) if pull_request is None else (COMMENTS, [f"number={pull_request}"])
    for page in graphql(query, *about):
        holder = page["data"]["repository"]
        for node in (holder if pull_request is None else holder["pullRequest"])["found"]["nodes"]:
            if node["viewerDidAuthor"] and node["body"].startswith(opening):
                yield Written(int(node["number"]), node["body"])


def download(run: int, name: str, folder: Path) -> None:
    """An artifact's files, into a folder. Raises GitHubError."""
    gh("run", "download", str(run), "--name", name, "--dir", str(folder))


def _documents(text: str) -> Iterator[Any]:
    """gh prints the pages one after the other."""
    decoder, position = json.JSONDecoder(), 0
    while text[position:].strip():
        position += len(text[position:]) - len(text[position:].lstrip())
        try:
            document, position = decoder.raw_decode(text, position)
        except ValueError:
            raise GitHubError("gh answered something that is not JSON", "update gh") from None
        yield document
