"""The words of other languages, for pages and papers: catalogues are read as they are; English is in the code."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LOCALES = Path(__file__).parent / "web" / "locale"


@cache
def catalogue(language: str) -> NullTranslations:
    """The words of a language, compiled in memory when first asked for."""
    file = LOCALES / language / "LC_MESSAGES" / "messages.po"
    if not file.exists():
        return NullTranslations()
    with file.open("rb") as text:
        compiled = BytesIO()
        write_mo(compiled, read_po(text, locale=language))
    return Translations(BytesIO(compiled.getvalue()))


def translated(language: str, text: str, /, **values: object) -> str:
    """A message in a language, with the values in their places; as it stands where the catalogue has none."""
    said = str(catalogue(language).gettext(text)) if text else ""  # the empty message is the catalogue's head
    return said % values if values else said
