"""Codes of services, secrets and settings. Pure."""

from __future__ import annotations

from reconciler.codes.model import Code, Example
from reconciler.codes.samples import CREDENTIALS, app

CODES = (
    Code(
        "literal-secret",
        "A secret is in a file",
        "A token, a signing secret or a header with a credential is written out, or has a default.",
        "Whoever can read the repository, or its history, can use it.",
        "Write `${env:NAME}` or `${file:/path}`, and revoke what was written: it stays in the history.",
        Example("apps/wiki/app.yaml", app(credentials=CREDENTIALS.replace("${env:WIKI_TOKEN}", "hunter2"))),
    ),
    Code(
        "reference",
        "Not a reference",
        "A reference reads `${env:NAME}`, `${env:NAME:-default}` (of a URL alone) or `${file:PATH}`.",
        "It would be sent as it stands.",
        "Correct it.",
        Example("apps/wiki/app.yaml", app(credentials=CREDENTIALS.replace("https://wiki.example.com", "${WIKI_URL}"))),
    ),
    Code(
        "tenant-url",
        "Not a URL that a token may go to",
        "`tenantUrl` is an https URL (http to this machine alone) without user, query or dot segments.",
        "The token would go over the wire in the clear, or to another place than the text shows.",
        "Write the service's own SCIM base URL.",
        Example("apps/wiki/app.yaml", app(credentials=CREDENTIALS.replace("https:", "http:"))),
    ),
    Code(
        "url-variable",
        "A URL takes what is not for it",
        "A `tenantUrl` takes variables whose names end in _URL or _HOST, or that `RECONCILE_URL_VARIABLES` lists; never a file.",
        "A URL goes to the service and is shown in messages: a secret in it would be given away.",
        "Write the URL, or give the variable such a name.",
        Example("apps/wiki/app.yaml", app(credentials=CREDENTIALS.replace("wiki.example.com", "${env:WIKI_TOKEN}"))),
    ),
    Code(
        "foreign-token",
        "Not an app's token",
        "`secretToken` names a variable that holds something else (such as GITHUB_TOKEN), or a path with `..` in it.",
        "A pull request could have that secret sent to a service.",
        "Name the variable, or the whole path of the file, that holds this app's own token.",
        Example("apps/wiki/app.yaml", app(credentials=CREDENTIALS.replace("WIKI_TOKEN", "GITHUB_TOKEN"))),
    ),
    Code(
        "token-in-url",
        "The URL holds a token",
        "With what is in the environment, the `tenantUrl` contains the value of a token.",
        "A URL is shown in messages and kept in logs.",
        "Leave it out, and revoke it.",
        shown="`WIKI_URL` in the environment, whose value ends in the token's",
    ),
    Code(
        "shared-token",
        "One token goes to two services",
        "Two apps with different origins name the same token.",
        "Each of the services could use it on the other.",
        "Give each app a token of its own, or bind this one to both origins in `RECONCILE_ALLOWED_ORIGINS`.",
        shown="two apps at two hosts, both with `secretToken: ${env:SCIM_TOKEN}`",
    ),
    Code(
        "header",
        "A header that changes a request",
        "A profile adds a header that proxies or frameworks act on.",
        "It could turn a read into a write, or send the token elsewhere.",
        "Remove it: a header that is added is User-Agent, Accept-Language, or an X- one that no proxy acts on.",
        Example("apps/wiki/app.yaml", app("profile: {base: generic, headers: {X-HTTP-Method-Override: DELETE}}\n")),
    ),
    Code(
        "nobody-told",
        "Nobody is notified",
        "`notification` names neither an address nor a webhook (a warning).",
        "What goes wrong at night, nobody sees.",
        "Add `email: [...]` or a webhook.",
        Example("apps/wiki/app.yaml", app("notification: {on: [failure]}\n")),
    ),
    Code(
        "contradiction",
        "Two settings contradict one another",
        "`onFailure` is false, and `on` lists failure.",
        "Which of them holds is not clear.",
        "Leave out one of the two.",
        Example("apps/wiki/app.yaml", app("notification: {email: [ops@example.com], onFailure: false, on: [failure]}\n")),
    ),
    Code(
        "unused",
        "A secret that nothing uses",
        "A webhook of Slack or Teams has a signing secret, and these check no signature.",
        "It looks as if messages were signed.",
        "Leave out `secret`.",
        Example(
            "apps/wiki/app.yaml",
            app("notification:\n  webhook: {url: '${env:SLACK_URL}', format: slack, secret: '${env:HOOK_SECRET}'}\n"),
        ),
    ),
    Code(
        "webhook-url",
        "Not a URL for a webhook",
        "The address of a webhook is an https URL without user or fragment.",
        "Messages hold personal data, and would go in the clear.",
        "Give an https URL.",
        Example(
            "apps/wiki/app.yaml",
            app("notification:\n  webhook: {url: 'http://hooks.example.com/x', secret: '${env:HOOK_SECRET}'}\n"),
        ),
    ),
    Code(
        "placeholder",
        "A reason that was not filled in",
        "The `reason` of an approval is empty words, such as `...` or `TODO`.",
        "It is shown in the plan's first line and in the log: it is what an audit asks for.",
        "Say why the plan may go through.",
        Example(
            "apps/wiki/approvals.yaml",
            f"approvals:\n  - {{plan: 'sha256:{'0f' * 32}', safeguard: empty, reason: TODO}}\n",
        ),
    ),
    Code(
        "other-backend",
        "A setting of another kind of record",
        "`reconciler.yaml` gives a key that the chosen backend does not have: "
        "`path` is local's; `remote`, `ref`, `sign`, `allowedSigners`, `allowedIdentities` and `unsignedUntil` are git's.",
        "The record would lie elsewhere, or be less protected, than the file makes believe: a local one is never signed.",
        "Choose the backend that the key belongs to, or remove the key.",
        Example("reconciler.yaml", "record: {backend: local, remote: origin}\n"),
    ),
)
