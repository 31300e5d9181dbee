"""What a process that is started gets to know of our environment: an allow list for each, and git's hardening. No I/O.

Nothing is passed on because nobody thought of it: a token of any app, or of anybody else, is in no child's environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NewType

Allowed = NewType("Allowed", dict[str, str])  # made here alone: the type checker lets no other environment reach a process

BASE = ("HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "TZ")
_PROXIES = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH")
# By which a person says that a checkout of another owner is trusted (safe.directory), and where to stop looking for one.
_FINDING = (
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "XDG_CONFIG_HOME",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
)
_IDENTITY = tuple(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL"))

LOCAL = (*BASE, *_IDENTITY)  # git on our own cache, and on one named repository
FINDING = (*BASE, *_FINDING)  # git asked where the checkout is
SIGNING = (*LOCAL, "SSH_AUTH_SOCK", "GNUPGHOME")  # git that signs, or looks at signatures, by ssh-keygen or gpg
# A program that signs with certificates, such as Sigstore's gitsign, speaks to an authority and a log that everybody may read.
CERTIFIED = (
    *_PROXIES,
    *_CERTIFICATES,
    "TUF_ROOT",
    *(f"GITSIGN_{name}" for name in ("CREDENTIAL_CACHE", "FULCIO_ROOT", "FULCIO_URL", "LOG", "REKOR_MODE", "REKOR_URL")),
    *(f"GITSIGN_{name}" for name in ("OIDC_CLIENT_ID", "OIDC_ISSUER", "TOKEN_PROVIDER")),
    *(f"GITSIGN_TIMESTAMP_{name}" for name in ("SERVER_URL", "CERT_CHAIN")),
    *(f"SIGSTORE_{name}" for name in ("ROOT_FILE", "REKOR_PUBLIC_KEY")),
)
# By which a step of a workflow gets a token of its identity (`id-token: write`).
WORKFLOW_IDENTITY = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL")
REMOTE = (*LOCAL, *_PROXIES, *_CERTIFICATES, "SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT")
GH_TOKENS = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
GH = (
    *FINDING,
    *_PROXIES,
    *_CERTIFICATES,
    *GH_TOKENS,
    "GH_HOST",
    "GH_REPO",
    "GH_CONFIG_DIR",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
)
OURSELVES = (
    *BASE,
    "LC_ALL",
    "LC_CTYPE",
    "TERM",
    "COLUMNS",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "PYTHONDONTWRITEBYTECODE",
    "XDG_CACHE_HOME",
    "RECONCILE_CACHE_DIR",
    "FORCE_COLOR",
)

# git-config(1): whatever can run a program, ask somebody, or send what we know elsewhere. A setting in the environment wins over
# every file.
HARDENED = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("core.editor", ":"),
    ("core.askPass", ""),
    ("core.gitProxy", "none"),
    ("core.attributesFile", os.devnull),
    ("core.excludesFile", os.devnull),
    ("credential.helper", ""),  # an empty one empties the list
    ("diff.external", ""),
    ("http.followRedirects", "false"),  # with or without a credential of ours
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("push.recurseSubmodules", "no"),
    ("push.gpgSign", "false"),
    ("commit.gpgSign", "false"),
    ("log.showSignature", "false"),
    ("protocol.allow", "never"),  # and GIT_ALLOW_PROTOCOL, which wins over what is said of one protocol
    ("safe.bareRepository", "explicit"),
    ("transfer.bundleURI", "false"),
    ("gc.autoDetach", "false"),
    ("gc.pruneExpire", "1.day.ago"),  # another run may be using what it wrote a moment ago
    ("push.followTags", "false"),
    ("fetch.writeCommitGraph", "false"),
)
# The programs that sign, by their names alone: a checkout's configuration may name a key, and no program.
SIGNERS = (("gpg.program", "gpg"), ("gpg.ssh.program", "ssh-keygen"), ("gpg.ssh.defaultKeyCommand", ""))
QUIET = {
    "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never", "GIT_PAGER": "cat", "GIT_EDITOR": ":",
    "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_ATTR_NOSYSTEM": "1", "LC_ALL": "C",
}  # fmt: skip
NOBODYS = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_SYSTEM": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull}
NOWHERE, ANYWHERE = "none", "file:http:https:ssh"  # GIT_ALLOW_PROTOCOL


def only(environ: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """These variables and PATH, in which a folder that is found from wherever we stand (`.`, `bin`, nothing) has no place."""
    path = os.pathsep.join(folder for folder in environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(folder))
    return {"PATH": path, **{name: environ[name] for name in names if name in environ}}


def git_finding(environ: Mapping[str, str]) -> Allowed:
    """For git that is asked for the checkout around a folder; who is trusted is a person's own setting."""
    trusted = _settings((*HARDENED, *_trusted(environ)))
    return Allowed({**only(environ, FINDING), **QUIET, "GIT_ALLOW_PROTOCOL": NOWHERE, **trusted})


def git_local(environ: Mapping[str, str]) -> Allowed:
    """For git on a repository that is named, which speaks to nobody; no file of a person's settings is read."""
    return Allowed({**only(environ, LOCAL), **QUIET, **NOBODYS, "GIT_ALLOW_PROTOCOL": NOWHERE, **_settings(HARDENED)})


def git_signing(environ: Mapping[str, str], settings: Iterable[tuple[str, str]], more: Iterable[str] = ()) -> Allowed:
    """For git that signs a commit, or looks at its signature, with the key and the known signers of `settings`.

    `more` are variables that the program needs which does it.
    """
    told = _settings((*HARDENED, *SIGNERS, *settings))
    return Allowed({**only(environ, (*SIGNING, *more)), **QUIET, **NOBODYS, "GIT_ALLOW_PROTOCOL": NOWHERE, **told})


def git_remote(environ: Mapping[str, str], settings: Iterable[tuple[str, str]]) -> Allowed:
    """For git that speaks to one remote, whose address and credential are in `settings`."""
    ssh = {} if "GIT_SSH" in environ else {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}  # nobody is there to answer a question
    return Allowed(
        {**ssh, **only(environ, REMOTE), **QUIET, **NOBODYS, "GIT_ALLOW_PROTOCOL": ANYWHERE, **_settings((*HARDENED, *settings))}
    )


def gh(environ: Mapping[str, str]) -> Allowed:
    """For gh: its token alone, and the hardening for the git that it may ask for the repository's name."""
    quiet = {
        "GH_PAGER": "cat",
        "GH_PROMPT_DISABLED": "1",
        "GH_NO_UPDATE_NOTIFIER": "1",
        "NO_COLOR": "1",
        "GH_EDITOR": ":",
        "GH_BROWSER": ":",
    }
    return Allowed({**only(environ, GH), **QUIET, **quiet, **_settings((*HARDENED, *_trusted(environ)))})


def ourselves(environ: Mapping[str, str], own: Mapping[str, str]) -> Allowed:
    """For this program run again, or a server that it brings: what `own` says, and how the machine is set up."""
    return Allowed({**only(environ, OURSELVES), **own})


def _settings(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """git-config(1), GIT_CONFIG_COUNT: seen by no other user, unlike a command line."""
    listed = list(pairs)
    numbered = {
        name: text
        for number, (key, value) in enumerate(listed)
        for name, text in ((f"GIT_CONFIG_KEY_{number}", key), (f"GIT_CONFIG_VALUE_{number}", value))
    }
    return {"GIT_CONFIG_COUNT": str(len(listed)), **numbered}


def _trusted(environ: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The folders that the environment calls safe; no other setting is taken from there."""
    count = environ.get("GIT_CONFIG_COUNT", "")
    for number in range(min(int(count), 1000) if count.isascii() and count.isdigit() else 0):
        if environ.get(f"GIT_CONFIG_KEY_{number}", "").lower() == "safe.directory":
            yield "safe.directory", environ.get(f"GIT_CONFIG_VALUE_{number}", "")
