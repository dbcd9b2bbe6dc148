"""All words that readers meet in pages, templates and rules; `make messages` brings the catalogues up to date.

Run: python -m helpdesk_wellbeing.web.messages
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.signals.presets import presets
from helpdesk_wellbeing.translations import LOCALES

ROOT = Path(__file__).parents[2]
COMPLETE = ("nl",)
PREPARED = ("de", "fr")  # present, to be translated; not offered to readers until they are complete
# The Freshworks app's own pages are no templates of ours; its words are in its scripts.
_METHODS = [("freshdesk/app/files/**", "ignore"), ("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)
_ROOMS = ("helpdesk_wellbeing", "webhooks")
_WORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "N_": None}


def found() -> Catalog:
    """Every message with the places where it stands; templates must parse."""
    catalog = Catalog(project="helpdesk-wellbeing", charset="utf-8", fuzzy=False)
    for room in _ROOMS:
        lines = extract_from_dir(
            str(ROOT / room), _METHODS, {"**.html": {"silent": "false", "trimmed": "true"}}, _WORDS,
        )  # fmt: skip
        for file, line, message, _, context in lines:
            catalog.add(message, None, [(f"{room}/{file}", line)], context=context)
    for rule in load_rules(SIGNALS).values():
        for text in texts_of(rule):
            catalog.add(text, None, [(f"helpdesk_wellbeing/rules/catalogue/{rule.id}.toml", 1)])
    for preset in presets().values():
        catalog.add(preset.source, None, [("helpdesk_wellbeing/signals/presets.toml", 1)])
    return catalog


def texts_of(rule: Rule) -> Iterator[str]:
    """What a reader meets of a rule."""
    yield from (rule.title, rule.says, rule.why, rule.source, rule.needs, *rule.may_be_wrong)


def file_of(language: str) -> Path:
    """The catalogue of a language."""
    return LOCALES / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """The catalogue as it stands; an empty one where there is none."""
    file = file_of(language)
    if not file.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with file.open("rb") as text:
        return read_po(text, locale=language)


def update(language: str) -> int:
    """Add what is new, take away what is gone; how many messages still wait for a translation."""
    catalog, template = read(language), found()
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.header_comment = (
        f"# Words of helpdesk-wellbeing in the language {language}. Brought up to date by make messages."
    )
    catalog.project, catalog.version = "helpdesk-wellbeing", "1"
    catalog.msgid_bugs_address = catalog.last_translator = "helpdesk-wellbeing"
    catalog.creation_date = catalog.revision_date = _NEVER  # or each run would be a change
    file = file_of(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as text:
        write_po(text, catalog, width=120, sort_output=True, no_location=True, omit_header=False)
    return sum(not (message.string and all(message.string)) for message in catalog if message.id)


def main() -> None:
    """Bring all catalogues up to date."""
    for language in (*COMPLETE, *PREPARED):
        print(f"{language}: {update(language)} messages wait for a translation")


if __name__ == "__main__":
    main()
