"""Papers: true to what the account is set to, in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from helpdesk_wellbeing import rules
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.pages.known import Known
from helpdesk_wellbeing.pages.settings import people as settings_people
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store.tables import agreements
from helpdesk_wellbeing.upkeep.documents import KINDS, document
from helpdesk_wellbeing.upkeep.documents.texts import TEXTS
from helpdesk_wellbeing.upkeep.retention import set_retention
from tests.upkeep_desk import CATALOGUE, LAST, NOOR, PIET


def agree(store, **changes):
    agreement = {"parties": ["Works council", "Management"], "agreed_on": "2026-10-01", "dpia_on": "2026-09-01",
                 "works_council": "consented", "signals": ["WT4"], "retention_weeks": {"audit": 78}}  # fmt: skip
    body = {"state": "in force", "by": "Ida", "widens": [], "agreement": agreement | changes}
    with store._database.writing() as connection:
        row = {"account": 1, "seq": 1, "at": 1_790_000_000_000_000, "body": json.dumps(body)}
        connection.execute(agreements.insert(), row)


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_paper_is_whole_in_both_languages_and_names_nobody(store, kind, language):
    text = document(kind, store, "acme", language, LAST)

    assert text.startswith("# ")
    assert "acme" in text
    assert "{" not in text
    assert NOOR not in text
    assert "Zwanenburg" not in text


def test_settings_and_agreements_are_seen_in_the_papers(store):
    before = document("works-council", store, "acme", "en", LAST)
    assert "Europe/Amsterdam" in before
    assert "| sessions, after their end | 30 |" in before
    assert "| move tickets within a team | nothing is written |" in before
    assert "This account needs none" in before

    set_retention(store, "acme", {"sessions": 9}, "Ida", LAST)
    policy.change(store, "acme", "Ida", LAST, modes={"rebalance": "approve"}, stopped=True)
    agree(store)

    after = document("works-council", store, "acme", "en", LAST)
    assert "| sessions, after their end | 9 |" in after
    assert "| audit log, break-glass | 546 |" in after
    assert "| move tickets within a team | written after a person accepted |" in after
    assert "Acting is stopped" in after
    assert "Agreed on 1 Oct 2026 by Works council, Management" in after
    dutch = document("works-council", store, "acme", "nl", LAST)
    assert "Afgesproken op 1 okt 2026" in dutch
    assert "heeft ingestemd" in dutch


def test_limits_come_from_the_rules_also_from_the_admins_own(store, home):
    dutch = document("works-council", store, "acme", "nl", LAST)
    assert "rust: minder dan wat nodig is (11 of 14 uur, per land)" in dutch
    assert "Korte dagelijkse rust" in dutch
    assert "Arbeidstijdenwet art. 5:3" in dutch
    shipped = load_rules(SIGNALS)["backlog_growth"]
    own = home / "rules"
    own.mkdir()
    file = Path(rules.__file__).parent / "catalogue" / "backlog_growth.toml"
    source = file.read_text("utf-8").replace(shipped.title, "Rising pile")
    (own / "backlog_growth.toml").write_text(source, "utf-8")

    assert "Rising pile" in document("dpia", store, "acme", "nl", LAST)


def test_what_is_not_agreed_is_said_to_be_held_back(store):
    store.update_account("acme", settings={"subdomain": "acme", "client_id": "x"})
    agree(store)

    parts = document("works-council", store, "acme", "en", LAST).split("### ")
    held = {part.split()[0]: "In force: no: not agreed" in part for part in parts[1:]}
    assert (held["WT4"], held["WT1"], held["LD6"]) == (False, True, False)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_limits_are_said_in_words_with_their_units_and_no_value_by_the_name_it_has_in_a_file(store, language):
    text = document("works-council", store, "acme", language, LAST)

    assert re.findall(r"`[^`\n]*[<>=][^`\n]*`|\b[a-z]+_[a-z0-9_]+ *[<>=:]", text) == []
    for rule in load_rules(SIGNALS).values():
        own = {one.value for one in rule.comparisons() if "_" in one.value}
        assert [name for name in own if name in text] == []


def test_every_text_has_its_dutch():
    assert [key for key, said in TEXTS.items() if set(said) != {"en", "nl"} or not all(said.values())] == []


def test_a_paper_that_there_is_not_is_refused(store):
    with pytest.raises(ConfigError):
        document("mood", store, "acme", "en")
    with pytest.raises(ConfigError):
        document("dpia", store, "acme", "xx")


def test_the_papers_count_the_people_that_settings_count(store):
    assert any("(3 known)" in document(kind, store, "acme", "en", LAST) for kind in KINDS)
    gone = pl.col("agent") == NOOR
    people = store.directory("acme").people.with_columns(
        excluded=gone, identity=pl.when(pl.col("agent") == PIET).then(pl.lit("shared")).otherwise("identity")
    )
    store.replace_people("acme", "file", people)
    viewer = Viewer("acme", "email:ida@example.com", "Ida", None, frozenset({Role.ADMIN}))
    assert settings_people.build(Known(store, CATALOGUE), viewer, LAST).total == 1
    papers = [document(kind, store, "acme", "en", LAST) for kind in KINDS]
    assert any("(1 known)" in paper for paper in papers)
    assert not any("(3 known)" in paper for paper in papers)
    assert any("page *About me*" in paper for paper in papers)
