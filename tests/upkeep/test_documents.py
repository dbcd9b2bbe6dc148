"""Papers: true to what the account is set to, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpdesk_wellbeing import rules
from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store.tables import agreements
from helpdesk_wellbeing.upkeep.documents import KINDS, document
from helpdesk_wellbeing.upkeep.documents.texts import RULES, TEXTS
from helpdesk_wellbeing.upkeep.retention import set_retention
from tests.upkeep_desk import LAST, NOOR


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
    assert "| `rebalance` | nothing is written |" in before
    assert "This account needs none" in before

    set_retention(store, "acme", {"sessions": 9}, "Ida", LAST)
    policy.change(store, "acme", "Ida", LAST, modes={"rebalance": "approve"}, stopped=True)
    agree(store)

    after = document("works-council", store, "acme", "en", LAST)
    assert "| sessions, after their end | 9 |" in after
    assert "| audit log, break-glass | 546 |" in after
    assert "| `rebalance` | written after a person accepted |" in after
    assert "Acting is stopped" in after
    assert "Agreed on 2026-10-01 by Works council, Management" in after
    dutch = document("works-council", store, "acme", "nl", LAST)
    assert "Afgesproken op 2026-10-01" in dutch
    assert "heeft ingestemd" in dutch


def test_limits_come_from_the_rules_also_from_the_admins_own(store, home):
    assert "`rest_h < required_h`" in document("works-council", store, "acme", "nl", LAST)
    assert "Korte dagelijkse rust" in document("works-council", store, "acme", "nl", LAST)
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


def test_every_text_and_every_shipped_rule_has_its_dutch():
    assert [key for key, said in TEXTS.items() if set(said) != {"en", "nl"} or not all(said.values())] == []
    shipped = load_rules(SIGNALS)
    assert set(RULES) == set(shipped)
    assert [id for id, said in RULES.items() if said["of"] != shipped[id].title] == []


def test_a_paper_that_there_is_not_is_refused(store):
    with pytest.raises(ConfigError):
        document("mood", store, "acme", "en")
    with pytest.raises(ConfigError):
        document("dpia", store, "acme", "xx")
