"""An event as mail, as JSON and as a chat message: whatever a name or a service says stays text."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from jsonschema import Draft202012Validator

from reconciler.declare.schema import schema
from reconciler.declare.settings import TOLD
from reconciler.report.event.mail import html, text
from reconciler.report.event.model import Event
from reconciler.report.event.payload import body
from reconciler.report.event.words import headline, subject

EVENT = Event(
    "msg_" + "0" * 32, "wiki", "Wiki", "failure", "began", "Conflict", "2026-06-01T00:40:00Z", "2026-06-01T00:00:00Z", "c7",
    why="userName is taken", remedy="find out who has it", affected=tuple(f"User/u{n}@x.org" for n in range(5)), total=7,
    commands=("reconcile status --app wiki", "reconcile explain u0@x.org --app wiki"),
)  # fmt: skip
HOSTILE = (
    "\r\nBcc: all@x.org\r\n\r\n<script>alert(1)</script> `@channel` <!here> \u202e[x](http://evil) \x1b[31m ::error:: {{7*7}}"
)
EVIL = replace(EVENT, display_name=HOSTILE, reason=HOSTILE, why=HOSTILE, remedy=HOSTILE, affected=(HOSTILE,), commands=(HOSTILE,))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (EVENT, "7 objects could not be provisioned (Conflict)"),
        (replace(EVENT, total=1), "1 object could not be provisioned (Conflict)"),
        (replace(EVENT, total=0, reason="Timeout"), "the whole app could not be provisioned (Timeout)"),
        (replace(EVENT, kind="blocked", reason="lockout", total=1), "the safeguard lockout holds back 1 change"),
        (replace(EVENT, kind="blocked", reason="empty, lockout"), "the safeguards empty, lockout hold back 7 changes"),
        (replace(EVENT, kind="quarantine", reason="TooManyDeletes"), "in quarantine (TooManyDeletes)"),
        (replace(EVENT, kind="quarantine", reason="Off"), "provisioning is off after four weeks in quarantine"),
        (replace(EVENT, kind="drift"), "7 objects were changed at the service by somebody else"),
        (replace(EVENT, kind="approvalNeeded", reason="lockout"), "a plan waits for an approval (lockout)"),
        (replace(EVENT, kind="recovery", ended=("quarantine (X)", "drift (Y)")), "over: quarantine (X), drift (Y)"),
        (replace(EVENT, phase="changed"), "for another reason now, 7 objects could not be provisioned (Conflict)"),
        (replace(EVENT, phase="lasts"), "still, 7 objects could not be provisioned (Conflict)"),
        (replace(EVENT, phase="test"), "a test, nothing is wrong: 7 objects could not be provisioned (Conflict)"),
    ],
)
def test_one_line_says_what_happened(event: Event, words: str) -> None:
    assert headline(event) == words
    assert subject(event) == f"[reconcile] Wiki: {words}"


def test_a_mail_says_what_why_for_whom_and_what_to_type() -> None:
    assert (
        text(EVENT)
        == """Wiki: 7 objects could not be provisioned (Conflict)

Why: userName is taken
Since: 2026-06-01T00:00:00Z
Cycle: c7

For whom:
  User/u0@x.org
  User/u1@x.org
  User/u2@x.org
  User/u3@x.org
  User/u4@x.org
  and 2 more

What to do: find out who has it

Type next:
  reconcile status --app wiki
  reconcile explain u0@x.org --app wiki

--
reconcile tells each cause once: when it begins, when its reason changes and when it ends.
The section `notification` in app.yaml says who is told, and of what.
"""
    )


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_what_a_name_or_a_service_says_is_text_in_a_mail() -> None:
    calm, page = Tags(html(EVENT)), Tags(html(EVIL))
    assert page.tags == calm.tags and page.attributes == calm.attributes <= {"lang", "charset", "name", "content", "style"}
    for line in text(EVIL).splitlines():
        assert line.isprintable() and not line.startswith(("Bcc", "::"))
    assert "{{7*7}}" in text(EVIL) and "49" not in text(EVIL)
    assert len(subject(EVIL)) <= 150 and subject(EVIL).isprintable()


@pytest.mark.parametrize("kind", TOLD)
@pytest.mark.parametrize("event", [EVENT, EVIL, replace(EVENT, before="Timeout", cycle="", ended=("x",))])
def test_the_standard_body_is_as_its_schema_says(event: Event, kind: str) -> None:
    told = json.loads(body(replace(event, kind=kind), "standard"))
    Draft202012Validator(schema("notification")).validate(told)
    assert told["type"] == f"reconcile.{kind}" and told["data"]["total"] == 7


def test_a_body_is_small_whatever_the_service_says() -> None:
    long = replace(EVENT, why="x" * 1_000_000, remedy="y" * 1_000_000)
    assert all(len(body(long, form)) < 20_000 for form in ("standard", "slack", "teams"))


def test_slack_takes_no_markup_and_mentions_nobody() -> None:
    told = json.loads(body(EVIL, "slack"))
    header, *sections = told["blocks"]
    assert header["text"]["type"] == "plain_text" and len(header["text"]["text"]) <= 150
    for shown in (told["text"], *(section["text"]["text"] for section in sections)):
        assert "<" not in shown and ">" not in shown and len(shown) <= 3_000
    for section in sections:
        title, _, fence = section["text"]["text"].partition("```")
        assert fence.endswith("```") and "`" not in fence[:-3] and HOSTILE not in title
    names = [section["text"]["text"] for section in json.loads(body(EVENT, "slack"))["blocks"][1:]]
    assert names[1] == "*For whom*\n```" + "\n".join([*EVENT.affected, "and 2 more"]) + "```"


def test_teams_gets_text_that_is_never_read_as_markdown() -> None:
    told = json.loads(body(EVIL, "teams"))
    card = told["attachments"][0]["content"]
    assert (told["type"], card["type"], card["version"]) == ("message", "AdaptiveCard", "1.4")
    assert {row["type"] for row in card["body"]} == {"RichTextBlock"}
    assert all(run["type"] == "TextRun" and run["text"].isprintable() for row in card["body"] for run in row["inlines"])


def test_an_event_survives_being_written() -> None:
    assert Event.from_json(json.loads(json.dumps(EVENT.as_json()))) == EVENT
