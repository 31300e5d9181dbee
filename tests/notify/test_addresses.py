"""Events go to no address that a pull request chose alone: its origin stands in the environment's list, as tokens' do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.declare.settings import Webhook
from reconciler.notify.addresses import resolve
from reconciler.notify.target import Target
from reconciler.scim.errors import CredentialError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = Webhook("https://hooks.example.com/a?b=c", ("${env:HOOK_SECRET}",))
ENVIRON = {"HOOK_SECRET": SECRET, "TOKEN": "the-token-of-wiki", "RECONCILE_ALLOWED_ORIGINS": "https://hooks.example.com"}


WIKI = Target("wiki", "${env:TOKEN}")


def test_an_allowed_origin_is_resolved_and_nothing_secret_is_in_its_representation() -> None:
    hook = resolve(WIKI, HOOK, ENVIRON)
    assert (hook.url, hook.format, hook.origin, len(hook.keys)) == (
        "https://hooks.example.com/a?b=c",
        "standard",
        "https://hooks.example.com",
        1,
    )
    assert repr(hook) == "Hook(format='standard', origin='https://hooks.example.com')"


def test_an_address_that_is_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    slack = Webhook("${env:SLACK}", (), "slack")
    environ = {"SLACK": "https://hooks.slack.com/services/T/B/x", "RECONCILE_ALLOWED_ORIGINS": "https://hooks.slack.com=SLACK"}
    assert resolve(WIKI, slack, environ).url.endswith("/T/B/x")
    (tmp_path / "hook").write_text("https://hooks.slack.com/services/T/B/y\n")
    from_file = replace(slack, url=f"${{file:{tmp_path}/hook}}")
    allowed = {"RECONCILE_SECRET_FOLDERS": str(tmp_path), "RECONCILE_ALLOWED_ORIGINS": "https://hooks.slack.com"}
    assert resolve(WIKI, from_file, allowed).url.endswith("/T/B/y")


@pytest.mark.parametrize(
    ("hook", "environ", "why"),
    [
        (HOOK, {"RECONCILE_ALLOWED_ORIGINS": ""}, "nothing has been allowed"),
        (HOOK, {"RECONCILE_ALLOWED_ORIGINS": "https://other.example.com"}, "nothing has been allowed"),
        (replace(HOOK, url="http://127.0.0.1:6379/"), {}, "nothing has been allowed"),
        (HOOK, {"RECONCILE_ALLOWED_ORIGINS": "https://hooks.example.com=OTHER"}, "only OTHER goes"),
        (HOOK, {"RECONCILE_ALLOWED_ORIGINS": "https://hooks.example.com,https://x.org=HOOK_SECRET"}, "binds it to https://x.org"),
        (replace(HOOK, url="https://${env:EVIL_HOST}/"), {"EVIL_HOST": "evil.example"}, "nothing has been allowed"),
        (replace(HOOK, url="https://hooks.example.com/${env:TOKEN}"), {}, "takes TOKEN for its address"),
        (replace(HOOK, url="https://hooks.example.com/${env:A_URL}"), {"A_URL": "the-token-of-wiki"}, "holds a token"),
        (replace(HOOK, url="${env:TOKEN}"), {}, "not an https URL"),
        (replace(HOOK, url="${env:GITHUB_TOKEN}"), {"GITHUB_TOKEN": "x"}, "takes GITHUB_TOKEN"),
        (replace(HOOK, secrets=("${env:GITHUB_TOKEN}",)), {"GITHUB_TOKEN": SECRET}, "takes GITHUB_TOKEN"),
        (replace(HOOK, secrets=("${env:NONE}",)), {}, "NONE is not set"),
        (HOOK, {"HOOK_SECRET": "hunter2-hunter2"}, "cannot sign"),
    ],
)  # fmt: skip
def test_everything_else_is_refused_before_a_request_and_without_its_secrets(
    hook: Webhook, environ: dict[str, str], why: str
) -> None:
    given = {**ENVIRON, **environ}
    with pytest.raises(CredentialError, match=why) as refused:
        resolve(WIKI, hook, given)
    said = f"{refused.value} {refused.value.remedy}"
    assert refused.value.remedy
    assert not any(secret in said for secret in (SECRET, "the-token-of-wiki", "hunter2"))
