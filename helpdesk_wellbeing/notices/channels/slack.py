"""Slack, through an incoming webhook."""

from __future__ import annotations

from typing import Any

from helpdesk_wellbeing.notices.channels.posting import post
from helpdesk_wellbeing.notices.content import Line, Message
from helpdesk_wellbeing.notices.people import Recipient

_LONGEST = 2900  # of a section; Slack takes 3,000
_LONGEST_HEADER = 150


class Slack:
    """One channel of Slack."""

    def __init__(self, url: str, *, loopback: bool = False) -> None:
        self._url, self._loopback = url, loopback

    def send(self, to: Recipient, message: Message, key: str) -> None:
        """Post it. Slack knows no key, so nothing is posted again that may have arrived."""
        post("slack", self._url, payload(message), loopback=self._loopback)

    def close(self) -> None:
        """Nothing is kept."""


def payload(message: Message) -> dict[str, Any]:
    """The message in Slack's blocks; `text` is what notifications show."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": message.subject[:_LONGEST_HEADER], "emoji": False}}
    ]
    for part in message.parts:
        lines = [f"*{_plain(part.title)}*"] if part.title else []
        for text in _sections([*lines, *(f"• {_linked(line)}" for line in part.lines)]):
            blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}})
    if message.foot:
        blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": message.foot, "emoji": False}]})
    return {"text": _plain(message.subject), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _sections(lines: list[str]) -> list[str]:
    """Lines put together into texts that are short enough; a line is never cut."""
    texts = [""]
    for line in lines:
        joined = f"{texts[-1]}\n{line}" if texts[-1] else line
        if len(joined) <= _LONGEST:
            texts[-1] = joined
        else:
            texts.append(line)
    return texts


def _linked(line: Line) -> str:
    text = _plain(line.text)
    return text if line.url is None else f"<{line.url}|{text}>"


def _plain(text: str) -> str:
    """As Slack wants it: these three signs alone begin links and calls of everybody. `*`, `_`, `~` and backquotes
    would only change how it looks; a zero-width space before them keeps them as they are."""
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "¦")):
        text = text.replace(sign, written)
    for sign in "*_~`":
        text = text.replace(sign, f"\u200b{sign}")
    return text
