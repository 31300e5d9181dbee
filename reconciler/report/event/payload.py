"""The JSON of an event for a webhook: the event itself, or a message for Slack or Teams. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from reconciler.report.event.model import Event
from reconciler.report.event.words import cut, headline, more, remedy_of, subject

LONGEST = 1_000  # characters of a text of the service
MOST_IN_A_BLOCK = 2_900  # Slack takes 3,000 in a section


def body(event: Event, form: str) -> bytes:
    """The bytes that are sent, and signed; `form` is standard, slack or teams."""
    return orjson.dumps(FORMS[form](event))


def standard(event: Event) -> dict[str, Any]:
    """As schemas/notification.schema.json describes it. Texts of the service are as they came, but for their length."""
    return {
        "type": f"reconcile.{event.kind}",
        "timestamp": event.at,
        "data": {
            "id": event.id,
            "app": event.app,
            "displayName": event.display_name,
            "phase": event.phase,
            "reason": event.reason,
            "before": event.before or None,
            "since": event.since,
            "cycle": event.cycle or None,
            "headline": headline(event),
            "why": event.why[:LONGEST],
            "remedy": event.remedy[:LONGEST],
            "affected": [name[:LONGEST] for name in event.affected],
            "total": event.total,
            "commands": list(event.commands),
            "ended": list(event.ended),
            "thread": list(event.thread),
        },
    }


def slack(event: Event) -> dict[str, Any]:
    """A message for an incoming webhook; `plain_text` and escaped fences take no markup and no mention from a name."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": subject(event), "emoji": False}}]
    sections = [("", [cut(event.why, LONGEST)] if event.why else []), *_lists(event)]
    for title, lines in sections:
        if lines:
            fence = f"```{_escaped(chr(10).join(lines))[:MOST_IN_A_BLOCK]}```"
            text = f"*{title}*\n{fence}" if title else fence
            blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}})
    return {"text": _escaped(subject(event)), "blocks": blocks}


def teams(event: Event) -> dict[str, Any]:
    """An Adaptive Card for a workflow's webhook; a RichTextBlock's runs are text, where a TextBlock would read Markdown."""
    heading = {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": subject(event), "weight": "Bolder"}]}
    rows = [heading, *([_run(cut(event.why, LONGEST))] if event.why else [])]
    for title, lines in _lists(event):
        if lines:
            rows += [_run(title), *(_run(line, "Monospace") for line in lines)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": rows,
    }
    return {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}


FORMS: dict[str, Callable[[Event], dict[str, Any]]] = {"standard": standard, "slack": slack, "teams": teams}


def _lists(event: Event) -> list[tuple[str, list[str]]]:
    left = more(event)
    return [
        ("For whom", [*(cut(name) for name in event.affected), *([left] if left else [])]),
        ("What to do", remedy_of(event, LONGEST)),
        ("Type next", [cut(command, LONGEST) for command in event.commands]),
    ]


def _run(text: str, font: str = "Default") -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, "fontType": font}]}


def _escaped(text: str) -> str:
    """Slack's three characters, and the backtick that would end a fence."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "ˋ")
