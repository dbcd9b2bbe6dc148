"""Papers about an account, written from what it is set to at this moment, in English and Dutch; Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from helpdesk_wellbeing.errors import ConfigError

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.upkeep.documents.letter import Letter
    from helpdesk_wellbeing.upkeep.documents.running import Running
    from helpdesk_wellbeing.upkeep.documents.wording import Wording

Kind = Literal["agents", "dpia", "processing", "works-council"]
KINDS: tuple[Kind, ...] = ("agents", "dpia", "processing", "works-council")
LANGUAGES = ("en", "nl")


def letter_to_agents(store: Store, account: str, language: str, now: datetime) -> Letter:
    """The letter to agents, to be shown; in English where it is not written in that language."""
    from helpdesk_wellbeing.upkeep.documents.letter import letter_of
    from helpdesk_wellbeing.upkeep.documents.running import running_of
    from helpdesk_wellbeing.upkeep.documents.wording import Wording

    return letter_of(running_of(store, account, now), Wording(language if language in LANGUAGES else "en"))


def document(kind: str, store: Store, account: str, language: str, now: datetime | None = None) -> str:
    """One paper: `agents` (the letter to those it is about), `dpia` (draft of the assessment of risks), `processing`
    (the record of GDPR article 30) or `works-council` (all that a council needs to decide).

    Raises ConfigError for another kind or language.
    """
    from helpdesk_wellbeing.upkeep.documents import letter, papers
    from helpdesk_wellbeing.upkeep.documents.running import running_of
    from helpdesk_wellbeing.upkeep.documents.wording import Wording

    written: Mapping[str, Callable[[Running, Wording], str]] = {
        "agents": lambda running, say: letter.as_markdown(letter.letter_of(running, say)),
        "dpia": papers.dpia,
        "processing": papers.processing,
        "works-council": papers.works_council,
    }
    if kind not in written:
        raise ConfigError(f"report: {kind!r} is none; there are {', '.join(KINDS)}")
    if language not in LANGUAGES:
        raise ConfigError(f"report: {language!r} is not a language of these papers; there are {', '.join(LANGUAGES)}")
    return written[kind](running_of(store, account, now or datetime.now(UTC)), Wording(language))
