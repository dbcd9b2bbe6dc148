"""Microsoft Teams, through a workflow that posts the Adaptive Card it is given."""

from __future__ import annotations

from typing import Any

from helpdesk_wellbeing.notices.channels.posting import post
from helpdesk_wellbeing.notices.content import Line, Message
from helpdesk_wellbeing.notices.people import Recipient

_VERSION = "1.4"  # the newest that every Teams client shows


class Teams:
    """One channel of Teams."""

    def __init__(self, url: str, *, loopback: bool = False) -> None:
        self._url, self._loopback = url, loopback

    def send(self, to: Recipient, message: Message, key: str) -> None:
        """Post it. A workflow knows no key, so nothing is posted again that may have arrived."""
        post("teams", self._url, payload(message), loopback=self._loopback)

    def close(self) -> None:
        """Nothing is kept."""


def payload(message: Message) -> dict[str, Any]:
    """The message as a card. Text stands in text runs, which know no Markdown: names may hold anything."""
    body = [_text([_run(message.subject, weight="Bolder", size="Medium")])]
    for part in message.parts:
        if part.title:
            body.append(_text([_run(part.title, weight="Bolder")]))
        body += [_text([_run("• "), _linked(line)]) for line in part.lines]
    if message.foot:
        body.append(_text([_run(message.foot, size="Small", isSubtle=True)]))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": _VERSION,
        "lang": message.language,
        "body": body,
    }
    attached = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attached]}


def _text(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs}


def _run(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **look}


def _linked(line: Line) -> dict[str, Any]:
    if line.url is None:
        return _run(line.text)
    return _run(line.text, selectAction={"type": "Action.OpenUrl", "url": line.url})
