"""The page of environment variables: what the code reads, each with what it is for."""

from __future__ import annotations

import re

from tests.support.servers import ROOT

HEAD = """# Environment variables

Beside these, `app.yaml` names variables of its own for tokens and addresses (`${env:NAME}`). `reconcile help NAME` prints one.
"""
VARIABLES = {
    "RECONCILE_ALLOWED_ORIGINS": "Where each token may go: `https://scim.example.com=WIKI_SCIM_TOKEN`, separated by commas.",
    "RECONCILE_URL_VARIABLES": "Names of further variables that an address may take, beside those on `_URL` or `_HOST`.",
    "RECONCILE_SECRET_FOLDERS": "Folders from which `${file:...}` may read, with colons or commas between; else `/run/secrets`.",
    "RECONCILE_SMTP_URL": "The mail server of notifications.",
    "RECONCILE_GIT_TOKEN": "The token with which the record is pushed, and `run --pull` fetches, over HTTPS.",
    "RECONCILE_SIGNING_KEY": "The text of an SSH key that signs the record, for a runner that has no file of it.",
    "RECONCILE_REDACT_KEY": "The key of the hashes that `plan --redact` prints, so that nobody else can link them to names.",
    "RECONCILE_RECORD_FOLDER": "A folder whose local record is accepted although it is inside of the checkout.",
    "RECONCILE_CACHE_DIR": "The folder that keeps parsed files; nothing is kept where it is empty.",
    "NO_COLOR": "No colours, whatever its value.",
    "COLUMNS": "The width at which text wraps on a terminal, instead of the terminal's own.",
    "CI": "Set by CI systems: a local record inside of the checkout is refused, and each token's origin has to be allowed.",
    "GH_REPO": "The repository that `gh` speaks to; passed on to it.",
    "GH_HOST": "The GitHub host that `gh` speaks to; passed on to it.",
    "GH_TOKEN": "The token of `gh`; never sent to a service.",
    "GITHUB_TOKEN": "The same, as workflows name it.",
    "GH_ENTERPRISE_TOKEN": "The same, for a GitHub of your own.",
    "GITHUB_ENTERPRISE_TOKEN": "The same, as workflows name it.",
    "GH_CONFIG_DIR": "The folder of `gh`'s configuration; passed on to it.",
    "GITHUB_ACTIONS": "`true` in a workflow: the log then has what GitHub tells of the run.",
    "GITHUB_ACTOR": "Who began a run; kept in the log.",
    "GITHUB_EVENT_NAME": "What began a run; after a pull request no record adds to the origins that are allowed.",
    "GITHUB_EVENT_PATH": "The file that tells of the event: commits of the pull request are read from it.",
    "GITHUB_REF_NAME": "The branch on which merged pull requests are looked for.",
    "GITHUB_REPOSITORY": "The repository of links, and in the log.",
    "GITHUB_RUN_ATTEMPT": "Kept in the log.",
    "GITHUB_RUN_ID": "Kept in the log, and the run of links.",
    "GITHUB_SERVER_URL": "The host of links.",
    "GITHUB_SHA": "Compared with the checkout, to know the commit of a pull request.",
    "GITHUB_WORKFLOW": "Kept in the log.",
    "GITHUB_WORKSPACE": "The checkout of a workflow: a local record inside of it is refused.",
    "NOTIFY_SOCKET": "systemd's socket, which is told how `reconcile run` is.",
    "WATCHDOG_USEC": "How often systemd's watchdog is told that `reconcile run` goes on.",
    "WATCHDOG_PID": "The process that the watchdog is for.",
    "SCIM_TOKEN": "The token that `python -m reconciler.demo` accepts.",
}
# Set for children, passed on to them as they are, or parts of a request that the simulators read.
NOT_LISTED = {
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_RUNTIME_TOKEN", "FORCE_COLOR", "GH_BROWSER",
    "GH_EDITOR", "GH_NO_UPDATE_NOTIFIER",
    "GH_PAGER", "GH_PROMPT_DISABLED", "NO_PROXY", "RECONCILE_COMPLETE", "COMP_LINE", "COMP_WORDBREAKS", "HOME", "PATH",
    "GIT_CONFIG_COUNT", "GIT_DEFAULT_BRANCH",
}  # fmt: skip
READ = re.compile(r'"((?:RECONCILE|GITHUB|GH|ACTIONS|NO|FORCE)_[A-Z_]+|CI|COLUMNS)"|os\.environ(?:\.get\(|\[)"([A-Z_]+)"')


def read_by_the_code() -> set[str]:
    """Every variable that stands in the code, by its name."""
    texts = (file.read_text(encoding="utf-8") for file in (ROOT / "reconciler").rglob("*.py"))
    return {found for text in texts for names in READ.findall(text) for found in names if found}


def page() -> str:
    """The whole page, as Markdown."""
    return HEAD + "".join(f"\n### {name}\n\n{text}\n" for name, text in VARIABLES.items())
