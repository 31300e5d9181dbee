"""Codes of access reviews in files. Pure."""

from __future__ import annotations

from reconciler.codes.model import Code, Example

OWN = """review: q2
started: "2026-06-01"
due: "2026-06-30"
scope: {apps: [wiki], roles: [], groups: [], privileged: false, source: service}
files: 1
reviewer: grace@example.com
digest: "sha256:a8f30924d96e7851ca0d1e3ac4d78a87173c28d9343dd60aa15a27f72618ac6e"
access:
  - app: wiki
    user: grace@example.com
    name: Grace
    role: User
    privileged: false
    source: declared
    why: "desired/apps/wiki/assignments.yaml:3"
    decision: keep
    reason: runs the wiki
"""  # its digest is of what it says, so that only the decision is wrong

CODES = (
    Code(
        "review-altered",
        "A review's rows were changed",
        "Something else than decisions and reasons was changed in the file since the review was started.",
        "A reviewer would decide about another list than the one that was true.",
        "Restore the rows from Git, and fill in `decision` and `reason` alone.",
        shown="a row of a review that somebody removed by hand",
    ),
    Code(
        "review-changed",
        "A closed review was changed",
        "Files of a review are not those with which it was closed, by the log of its apps (a warning).",
        "What an audit rests on does not change: decisions and reasons are those of the evidence.",
        "Restore the files from Git as they were then; the evidence has them in `files/`.",
        shown="a decision that somebody changed after `reconcile review close`",
    ),
    Code(
        "review-close-unknown",
        "A review was closed by hand",
        "`closed.yaml` ends a review, and the log of its apps knows of no such end (a warning).",
        "Nobody checked that all is decided, and that what was taken away is gone; there is no evidence.",
        "Remove `closed.yaml`, and end the review with `reconcile review close`.",
        shown="a `closed.yaml` that somebody wrote",
    ),
    Code(
        "review-not-closed",
        "A closed review has open decisions",
        "`closed.yaml` ends a review in which not everything is decided.",
        "`reconcile review close` writes that file once all is decided, so somebody else wrote it.",
        "Remove `closed.yaml`, decide what is missing, and end the review with `reconcile review close`.",
        shown="a `closed.yaml` that somebody wrote beside rows without a decision",
    ),
    Code(
        "review-file-missing",
        "A file of a review is missing",
        "The review was started with more files than are there.",
        "Nobody would review the people in it.",
        "Restore it from Git.",
        shown="one of three files of a review was deleted",
    ),
    Code(
        "review-name",
        "The folder and the review have two names",
        "`review:` in the file is not the name of its folder.",
        "Which review the decisions belong to is not clear.",
        "Give both one name.",
        shown="a folder of a review that was renamed",
    ),
    Code(
        "review-reason",
        "An access is kept without a reason",
        "A row of a review says `keep`, and its `reason` is empty.",
        "The reason is what an audit asks for.",
        "Write `reason: ...` beside the decision.",
        shown="`decision: keep` with nothing else",
    ),
    Code(
        "review-reviewer-left",
        "A reviewer has left",
        "The reviewer of a file with open decisions is disabled in the directory, or no longer declared (a warning).",
        "Nobody decides what is missing.",
        "Decide there in their place, and say so in `reason`: the pull request shows who did.",
        shown="`accountEnabled: false` of a manager who has decisions to make",
    ),
    Code(
        "review-self",
        "Somebody decides about their own access",
        "The reviewer of a file is a person in it.",
        "Nobody can review their own access.",
        "Start the review again with somebody else, whom `--otherwise` names.",
        Example("reviews/q2/grace@example.com.yaml", OWN),
    ),
    Code(
        "review-still-declared",
        "Taken away by a review, and still declared",
        "A review decided that somebody is to lose an access, and the declaration still gives it (a warning).",
        "The decision has no effect.",
        "Take it out, or run `reconcile review apply NAME`.",
        shown="`decision: remove`, while the assignment is still in `assignments.yaml`",
    ),
)
