"""Who approved pull requests: numbers in, names out. Asks GitHub through gh; what that does not tell is unknown, and no error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.github.gh import GitHubError, graphql

# A comment takes back no approval, so that only reviews which decide are asked for.
REVIEWS = """query($owner: String!, $name: String!, $number: Int!, $endCursor: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { mergedAt
    found: reviews(first: 100, after: $endCursor, states: [APPROVED, CHANGES_REQUESTED, DISMISSED]) {
    nodes { state submittedAt author { login } } pageInfo { hasNextPage endCursor } } } } }"""
NONE_SUCH = "Could not resolve to a PullRequest"
GONE = "ghost"  # what GitHub calls whoever has no account any more
AT_A_TIME = 6  # requests; GitHub asks for few side by side
PATIENCE = 30.0  # seconds; somebody waits for an answer that is whole without this


class Approvers(NamedTuple):
    """`by` holds the pull requests whose approvers are known; `why` says of the first one that is not, what GitHub or gh said."""

    by: dict[int, tuple[str, ...]]
    why: str = ""


def approvers(numbers: Iterable[int], folder: Path) -> Approvers:
    """Who approved each pull request of the repository that `folder` is a checkout of: one request each, several at a time.

    After a refusal nothing more is asked, unless it was of that one pull request: the next one would wait as long for the same.
    """
    asked, found, refused = sorted(set(numbers)), dict[int, tuple[str, ...]](), dict[int, GitHubError]()

    def ask(number: int) -> None:
        if all(NONE_SUCH in error.message for error in [*refused.values()]):
            try:
                found[number] = _approved(graphql(REVIEWS, f"number={number}", folder=folder, seconds=PATIENCE))
            except GitHubError as error:
                refused[number] = error

    for number in asked[:1]:  # alone: where GitHub is not at hand, nobody asks it several times
        ask(number)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        list(pool.map(ask, asked[1:]))
    return Approvers({number: found[number] for number in sorted(found)}, refused[min(refused)].message if refused else "")


def _approved(pages: Iterable[Any]) -> tuple[str, ...]:
    """Those whose last review before the merge approves, by name. Raises GitHubError."""
    try:
        reviews = sorted(_reviews(pages))
    except (KeyError, TypeError):
        raise GitHubError("gh answered something else than the reviews of a pull request", "update gh") from None
    last = {login: state for _, login, state in reviews}
    return tuple(sorted(login for login, state in last.items() if state == "APPROVED"))


def _reviews(pages: Iterable[Any]) -> Iterator[tuple[str, str, str]]:
    """(when, whose, state); ISO times of GitHub sort as text."""
    for page in pages:
        pull = page["data"]["repository"]["pullRequest"]
        for review in pull["found"]["nodes"]:
            at = str(review["submittedAt"])
            if pull["mergedAt"] is None or at <= pull["mergedAt"]:
                yield at, (review["author"] or {"login": GONE})["login"], str(review["state"])
