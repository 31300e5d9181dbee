"""notification of app.yaml: who is told of what, and each thing that is wrong in it at its place."""

from __future__ import annotations

import pytest

from reconciler.declare.load import load
from reconciler.declare.settings import Notification, Webhook
from tests.support.world import APP, World

HOOK = "webhook: {url: 'https://hooks.example.com/a?tenant=1', secret: '${env:HOOK_SECRET}'}"


def declared(world: World, text: str) -> Notification:
    world.write("apps/wiki/app.yaml", APP + f"notification: {{{text}}}\n")
    loaded = load(world.folder / "desired")
    assert loaded.problems == []
    return loaded.declarations.apps["wiki"].notification


def problem(world: World, text: str) -> tuple[str, str, str]:
    """Severity, code and what stands at the place of the one problem."""
    content = APP + f"notification: {{{text}}}\n"
    world.write("apps/wiki/app.yaml", content)
    (found,) = load(world.folder / "desired").problems
    assert found.message and found.remedy
    return (
        found.severity,
        found.code,
        content.splitlines()[found.place.line - 1][found.place.column - 1 :].split(",")[0].rstrip("}]"),
    )


def test_who_says_nothing_tells_nobody(world: World) -> None:
    assert load(world.folder / "desired").declarations.apps["wiki"].notification == Notification()


def test_mail_is_told_of_what_went_wrong_and_of_its_end(world: World) -> None:
    assert declared(world, "email: [ops@x.org]") == Notification(("ops@x.org",), ("failure", "blocked", "quarantine", "recovery"))


def test_kinds_stand_in_one_order_whatever_the_order_of_their_declaration(world: World) -> None:
    assert declared(world, "email: [ops@x.org], on: [drift, failure]").on == ("failure", "drift")
    assert declared(world, "email: [ops@x.org], onFailure: false").on == ("blocked", "quarantine", "recovery")
    assert declared(world, "email: [ops@x.org], on: [drift], onFailure: false").on == ("drift",)


def test_a_webhook_has_an_address_and_secrets(world: World) -> None:
    assert declared(world, HOOK).webhook == Webhook("https://hooks.example.com/a?tenant=1", ("${env:HOOK_SECRET}",))
    several = "webhook: {url: 'http://127.0.0.1:9/', secret: ['${env:A}', '${file:/run/secrets/b}']}"
    assert declared(world, several).webhook == Webhook("http://127.0.0.1:9/", ("${env:A}", "${file:/run/secrets/b}"))
    assert declared(world, "webhook: {url: '${env:SLACK_URL}', format: slack}").webhook == Webhook(
        "${env:SLACK_URL}", (), "slack"
    )


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("email: ['no address']", "schema-pattern", "'no address'"),
        ('email: ["a@x.org\\nBcc: b@x.org"]', "schema-pattern", '"a@x.org\\nBcc: b@x.org"'),
        ("email: ['a@x.org>']", "schema-pattern", "'a@x.org>'"),
        ("email: [a@x.org], on: [failures]", "not-one-of", "failures"),
        ("email: [a@x.org], on: [failure], onFailure: false", "contradiction", "false"),
        ("email: [a@x.org], remindAfter: 0h", "schema-pattern", "0h"),
        ("webhook: {url: 'https://hooks.example.com/a'}", "missing-key", "{url: 'https://hooks.example.com/a'"),
        ("webhook: {url: 'https://hooks.example.com/a', secret: whsec_abc}", "literal-secret", "whsec_abc"),
        ("webhook: {url: 'https://hooks.example.com/a', secret: ['${env:A}', whsec_abc]}", "literal-secret", "whsec_abc"),
        ("webhook: {url: 'https://hooks.example.com/a', secret: '${env:A:-x}'}", "literal-secret", "'${env:A:-x}'"),
        ("webhook: {url: 'http://hooks.example.com/a', secret: '${env:A}'}", "webhook-url", "'http://hooks.example.com/a'"),
        ("webhook: {url: 'http://10.0.0.7/a', secret: '${env:A}'}", "webhook-url", "'http://10.0.0.7/a'"),
        ("webhook: {url: 'https://a:b@x.org/', secret: '${env:A}'}", "webhook-url", "'https://a:b@x.org/'"),
        ("webhook: {url: 'https://x.org/?a=b c', secret: '${env:A}'}", "webhook-url", "'https://x.org/?a=b c'"),
        ("webhook: {url: 'https://x.org/${HOST}', secret: '${env:A}'}", "reference", "'https://x.org/${HOST}'"),
        ("webhook: {url: 'https://hooks.slack.com/services/T/B/x', format: slack}", "literal-secret", "'https://hooks.slack.com/services/T/B/x'"),
        ("webhook: {url: '${env:SLACK_URL}', format: slack, secret: '${env:A}'}", "unused", "'${env:A}'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_an_error_at_its_place(world: World, text: str, code: str, at: str) -> None:
    severity, found, where = problem(world, text)
    assert (severity, where) == ("error", at)
    assert found == code


def test_a_notification_to_nobody_is_a_warning(world: World) -> None:
    assert problem(world, "on: [failure]")[:2] == ("warning", "nobody-told")
