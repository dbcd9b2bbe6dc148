"""Setting up a Zendesk account and taking all of it out again, over HTTP against the simulated one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from connectors.session import Limits
from connectors.zendesk.client import ZendeskApi
from connectors.zendesk.settings import WRITING_SCOPES, ZendeskSettings
from connectors.zendesk.simulated import Faults, Options, SimulatedZendesk, Site
from connectors.zendesk.writing import Writing
from connectors.zendesk.written import Change, Created, NewTicket
from connectors.zendesk.written import Written as WrittenThere
from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.errors import BadPayload, PlatformError
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.store.writes import Planned
from tests.dying import Killed, killed_after, killed_in_turn
from webhooks import known
from webhooks.zendesk import guards, provisioning, removal
from webhooks.zendesk.provisioning import Account, Outcome
from webhooks.zendesk.things import FIELD, TRIGGER, TRIGGER_WEBHOOK, VIEW, WEBHOOK, Told, endpoint
from webhooks.zendesk.translate import SUBSCRIPTIONS

URL = "https://wellbeing.example.com"
START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
QUICK = Limits(connect_s=2.0, read_s=2.0, attempts=3, first_backoff_s=0.001, longest_backoff_s=0.002)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def desk(tickets: int = 6) -> pl.DataFrame:
    """Open tickets of one agent; the first one is closed."""
    rows: list[dict[str, Any]] = []
    for no in range(1, tickets + 1):
        at = datetime.fromtimestamp(START.timestamp() + 600 * no, UTC)
        usual = {"account": "a", "channel": "email", "grade": "A", "ticket": str(no), "at": at}
        customer = {"actor": "5001", "actor_kind": "requester"}
        agent = {"actor": "1001", "actor_kind": "agent"}
        steps: list[dict[str, Any]] = [
            customer | {"kind": "created", "status": "new", "group": "11", "priority": "normal"},
            customer | {"kind": "tagged", "after": "vip"},
            agent | {"kind": "assigned", "after": "1001"},
            agent | {"kind": "status", "before": "new", "after": "closed" if no == 1 else "open"},
        ]
        rows += [dict.fromkeys(SCHEMA) | usual | {"id": f"{no}.{i}"} | step for i, step in enumerate(steps)]
    plain = {name: (dtype if isinstance(dtype, pl.Datetime) else pl.String()) for name, dtype in SCHEMA.items()}
    return pl.DataFrame(rows, schema=plain).cast(SCHEMA)


@dataclass
class Place:
    """A simulated account and our store beside it."""

    server: SimulatedZendesk
    store: Store
    clock: list[datetime] = field(default_factory=list)

    @property
    def writing(self) -> Writing:
        settings = ZendeskSettings(
            account="acme", subdomain="acme", base_url=self.server.base_url, client_id=self.server.client_id,
            client_secret=self.server.client_secret, scopes=WRITING_SCOPES, reserve=0.0,
        )  # fmt: skip
        return Writing(ZendeskApi(settings, limits=QUICK, sleep=lambda seconds: None))

    def account(self) -> Account:
        return Account(self.writing, self.store, "acme")

    def plan(self, told: Told = "events", url: str = URL) -> dict[str, str]:
        return {step.name: step.verdict for step in provisioning.plan(self.account(), url, told)}

    def install(self, told: Told = "events", url: str = URL) -> Outcome:
        account = self.account()
        return provisioning.carry_out(account, provisioning.plan(account, url, told), url, told, "Admin 01")

    def uninstall(self) -> removal.Removed:
        self.clock[0] += timedelta(minutes=5)  # the export does not know the last minute
        account = self.account()
        return removal.carry_out(account, removal.plan(account), "Admin 01", sleep=lambda seconds: None)

    def ours(self) -> list[str]:
        """Titles of what is ours there."""
        found = [thing for things in self.server.configuration().values() for thing in things]
        return sorted(
            t.get("title") or t["name"] for t in found if "[helpdesk-wellbeing " in (t.get("description") or "")
        )

    def thing(self, name: str) -> dict[str, Any]:
        """One thing of ours as the account has it."""
        number = self.store.installed.things("acme")[name].platform_id
        found = [thing for things in self.server.configuration().values() for thing in things]
        return next(thing for thing in found if str(thing["id"]) == number)

    def tickets(self) -> dict[str, tuple[Any, ...]]:
        """Tags, fields, status and who has it, of every ticket that is there."""
        numbers = [str(no) for no in range(1, 20)]
        numbers += list(self.store.writes.made_tickets("acme"))
        states = self.writing.tickets(numbers)
        return {
            t: (sorted(s.tags), dict(s.fields), s.status, s.assignee, s.group)
            for t, s in states.items()
            if not s.is_gone
        }

    def write(self, ticket: str, tag: str, label: str | None) -> None:
        """As a suggestion or a move does."""
        state = self.writing.ticket(ticket)
        fields = {self.store.installed.things("acme")[FIELD].platform_id: label}
        change = Change(tags=state.tags_with({tag}), fields=fields, note="It may go to somebody with more room.")
        assert isinstance(self.writing.update(ticket, change, state.stamp, "key"), WrittenThere)

    def survey(self) -> str:
        made = self.writing.create_ticket(
            NewTicket("How is it going?", "A link", requester="1001", tags=frozenset({"wellbeing_survey"})), "wave-1"
        )
        assert isinstance(made, Created)
        self.store.writes.made_ticket("acme", made.state.ticket, NOW)
        return made.state.ticket


@pytest.fixture
def place(tmp_path: Any) -> Iterator[Callable[..., Place]]:
    running: list[SimulatedZendesk] = []
    stores: list[Store] = []

    def make(faults: Faults | None = None, tickets: int = 6, **options: Any) -> Place:
        usual: dict[str, Any] = {"unlimited": True, "allowed_scopes": WRITING_SCOPES, "job_polls": 1}
        clock = [START + timedelta(days=1)]
        site = Site(desk(tickets), options=Options(**(usual | options)))
        server = SimulatedZendesk(site, now=lambda: clock[0], faults=faults).start()
        store = open_store(f"sqlite:///{tmp_path / f'{len(stores)}.db'}")
        store.create_account("acme", platform="zendesk", settings={"subdomain": "acme"})
        running.append(server)
        stores.append(store)
        return Place(server, store, clock)

    yield make
    for server in running:
        server.stop()
    for store in stores:
        store.close()


def test_what_is_needed_is_made_and_its_ids_are_noted(place: Callable[..., Place]) -> None:
    here = place()
    outcome = here.install()
    assert [step.name for step in outcome.made] == [FIELD, VIEW, WEBHOOK]
    assert not outcome.failed
    assert set(here.store.installed.things("acme")) == {FIELD, VIEW, WEBHOOK}
    field, view, webhook = here.thing(FIELD), here.thing(VIEW), here.thing(WEBHOOK)
    assert (field["type"], field["visible_in_portal"], field["editable_in_portal"]) == ("text", False, False)
    assert {(c["field"], c["value"]) for c in view["conditions"]["all"]} == {
        ("current_tags", "wellbeing_suggested"), ("status", "solved"),
    }  # fmt: skip
    assert webhook["endpoint"] == "https://wellbeing.example.com/webhooks/zendesk/acme"
    assert (webhook["status"], set(webhook["subscriptions"])) == ("active", set(SUBSCRIPTIONS))


def test_the_webhooks_secret_is_kept_before_the_webhook_calls(place: Callable[..., Place]) -> None:
    here = place()
    here.install()
    number = str(here.thing(WEBHOOK)["id"])
    assert here.store.get_secret("acme", known.SECRET) == here.writing.signing_secret(number)
    calls = [(method, path) for method, path, _ in here.server.calls]
    read = calls.index(("GET", f"/api/v2/webhooks/{number}/signing_secret"))
    assert read < calls.index(("PUT", f"/api/v2/webhooks/{number}"))


def test_a_secret_that_was_there_is_taken_for_some_days_more(place: Callable[..., Place]) -> None:
    here = place()
    here.store.put_secret("acme", known.SECRET, "the-secret-of-before")
    here.install()
    found = known.from_store(here.store)("zendesk", "acme")
    assert found is not None
    assert found[1:] == ("the-secret-of-before",)


def test_a_second_install_changes_nothing(place: Callable[..., Place]) -> None:
    here = place()
    here.install()
    before, entries = here.server.configuration(), len(here.store.audit.entries("acme"))
    here.server.calls.clear()
    assert set(here.plan().values()) == {"keep"}
    here.install()
    assert here.server.configuration() == before
    assert {method for method, path, _ in here.server.calls if path.startswith("/api/")} == {"GET"}
    assert len(here.store.audit.entries("acme")) == entries


def test_what_an_admin_changed_is_mended_and_what_they_renamed_is_not(place: Callable[..., Place]) -> None:
    here = place()
    here.install()
    view, webhook = here.thing(VIEW)["id"], here.thing(WEBHOOK)["id"]
    here.writing.update_thing("views", str(view), {"title": "Voorstellen", "active": False})
    here.writing.update_thing("webhooks", webhook, {**here.thing(WEBHOOK), "endpoint": "https://elsewhere.example"})
    assert here.plan() == {FIELD: "keep", VIEW: "mend", WEBHOOK: "mend"}
    here.install()
    assert (here.thing(VIEW)["title"], here.thing(VIEW)["active"]) == ("Voorstellen", True)
    assert here.thing(WEBHOOK)["endpoint"].startswith(URL)
    assert set(here.plan().values()) == {"keep"}


def test_what_an_admin_deleted_is_made_again(place: Callable[..., Place]) -> None:
    here = place()
    here.install()
    here.server.others.drops_field(str(here.thing(FIELD)["id"]))
    assert here.plan() == {FIELD: "create", VIEW: "keep", WEBHOOK: "keep"}
    here.install()
    assert here.thing(FIELD)["type"] == "text"


def test_a_secret_that_an_admin_made_anew_is_taken_over(place: Callable[..., Place]) -> None:
    here = place()
    here.install()
    number = str(here.thing(WEBHOOK)["id"])
    here.writing._session.request("POST", f"/api/v2/webhooks/{number}/signing_secret", json={})
    assert here.plan()[WEBHOOK] == "mend"
    here.install()
    assert here.store.get_secret("acme", known.SECRET) == here.writing.signing_secret(number)


def test_killed_after_any_request_the_next_install_goes_on_and_nothing_is_there_twice(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place()
    killed = killed_in_turn(monkeypatch, here.install)
    assert killed > 5
    here.install()
    assert here.ours() == ["Helpdesk wellbeing: acme", "Wellbeing: suggested", "Wellbeing: what was suggested"]
    assert set(here.plan().values()) == {"keep"}
    assert here.thing(WEBHOOK)["status"] == "active"
    assert here.store.get_secret("acme", known.SECRET) == here.writing.signing_secret(str(here.thing(WEBHOOK)["id"]))


@pytest.mark.parametrize("number", range(2, 14))
def test_killed_once_at_each_request_one_more_install_is_enough(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    here = place()
    with monkeypatch.context() as patched:
        killed_after(patched, number)
        with suppress(Killed):
            here.install("trigger")
    here.install("trigger")
    assert len(here.ours()) == 4
    assert set(here.plan("trigger").values()) == {"keep"}
    told = [entry.body["things"][0]["id"] for entry in here.store.audit.entries("acme") if entry.what == "installed"]
    assert {thing.platform_id for thing in here.store.installed.things("acme").values()} <= set(told)


@pytest.mark.parametrize("fault", ["lost", "late_error"])
def test_an_answer_that_is_lost_makes_nothing_twice(place: Callable[..., Place], fault: str) -> None:
    here = place(Faults(share={fault: 1.0}, only="ticket_fields|views|webhooks", in_a_row=1))
    for _ in range(4):
        here.install()
    assert len(here.ours()) == 3
    assert {"create", "remove"}.isdisjoint(here.plan().values())


def test_what_is_there_twice_is_taken_away_once(place: Callable[..., Place]) -> None:
    here = place()
    here.install()
    here.writing.create_thing("views", {"title": "A copy", "description": here.thing(VIEW)["description"], "all": []})
    steps = provisioning.plan(here.account(), URL, "events")
    assert [(s.verdict, s.title) for s in steps if s.verdict != "keep"] == [("remove", "A copy")]
    here.install()
    assert len(here.ours()) == 3


def test_news_by_trigger_leaves_survey_tickets_out_and_goes_back_to_events_without_a_gap(
    place: Callable[..., Place],
) -> None:
    here = place()
    here.install("trigger")
    assert set(here.store.installed.things("acme")) == {FIELD, VIEW, TRIGGER_WEBHOOK, TRIGGER}
    assert here.account().told == "trigger"
    trigger = here.thing(TRIGGER)
    assert guards.leaves_out(trigger)
    assert trigger["actions"][0]["value"][0] == here.thing(TRIGGER_WEBHOOK)["id"]
    old = here.store.get_secret("acme", known.SECRET)
    outcome = here.install("events")
    assert [(s.verdict, s.name) for s in outcome.made][-3:] == [
        ("create", WEBHOOK), ("remove", TRIGGER), ("remove", TRIGGER_WEBHOOK),
    ]  # fmt: skip
    assert old in (known.from_store(here.store)("zendesk", "acme") or ())


def test_a_right_that_is_missing_is_told_with_the_next_step_and_the_rest_goes_on(place: Callable[..., Place]) -> None:
    here = place(Faults(share={"forbid": 1.0}, only="ticket_fields$"))
    outcome = here.install()
    assert [step.name for step in outcome.made] == [VIEW, WEBHOOK]
    assert len(outcome.failed) == 1
    for word in ("acme", "custom field", "403", "admin", "`write`", "run install again"):
        assert word in outcome.failed[0]


def test_what_works_is_not_taken_away_while_what_replaces_it_was_not_accepted(place: Callable[..., Place]) -> None:
    here = place()
    here.install("events")
    here.server.faults = Faults(share={"forbid": 1.0}, only="triggers$|webhooks$")
    outcome = here.install("trigger")
    here.server.faults = Faults()
    assert [step.verdict for step in outcome.made] == ["keep", "keep"]
    assert "stays until the rest is in place" in outcome.failed[-1]
    assert here.thing(WEBHOOK)["status"] == "active"


def test_another_webhook_at_our_address_is_named(place: Callable[..., Place]) -> None:
    here = place()
    by_hand = {"name": "By hand", "status": "active", "endpoint": endpoint(URL, "acme"),
               "http_method": "POST", "request_format": "json"}  # fmt: skip
    here.writing.create_thing("webhooks", by_hand)
    here.install()
    assert [("By hand" in line) for line in provisioning.strangers(here.account(), URL)] == [True]


# ---- guards


def test_rules_that_a_survey_ticket_could_set_off_are_named_and_left_as_they_are(place: Callable[..., Place]) -> None:
    here = place()
    before = here.server.configuration()
    found = guards.look(here.writing)
    assert [(rule.kind, rule.title) for rule in found.rules] == [
        ("trigger", "Notify requester"), ("automation", "Close ticket 4 days after it was solved"),
        ("SLA policy", "Standard"),
    ]  # fmt: skip
    assert "satisfaction surveys are on" in found.notes[0]
    assert here.server.configuration() == before
    assert any("Contains none of the following · wellbeing_survey" in line for line in found.lines())


def test_a_rule_with_the_condition_is_not_named_nor_one_that_is_switched_off(place: Callable[..., Place]) -> None:
    here = place(sla=False)
    made = {"title": "Theirs", "actions": [{"field": "priority", "value": "high"}]}
    guarded = {"all": [{"field": "current_tags", "operator": "not_includes", "value": "spam wellbeing_survey"}]}
    here.writing.create_thing("triggers", {**made, "conditions": guarded})
    here.writing.create_thing("triggers", {**made, "conditions": {"all": []}, "active": False})
    found = guards.look(here.writing)
    assert "Theirs" not in [rule.title for rule in found.rules]
    assert "SLA policies could not be read (403" in found.unread[0]


@pytest.mark.parametrize(
    ("condition", "leaves_out"),
    [
        ({"field": "current_tags", "operator": "not_includes", "value": "wellbeing_survey"}, True),
        ({"field": "current_tags", "operator": "not_includes", "value": ["a", "wellbeing_survey"]}, True),
        ({"field": "current_tags", "operator": "not_includes", "value": "wellbeing_survey_old"}, False),
        ({"field": "current_tags", "operator": "includes", "value": "wellbeing_survey"}, False),
    ],
)
def test_only_contains_none_of_our_tag_leaves_survey_tickets_out(condition: dict[str, Any], leaves_out: bool) -> None:
    assert guards.leaves_out({"conditions": {"all": [condition]}}) is leaves_out
    assert guards.leaves_out({"filter": {"all": [condition]}}) is leaves_out
    assert not guards.leaves_out({"conditions": {"any": [condition]}})


# ---- uninstall


@pytest.mark.parametrize("told", ["events", "trigger"])
def test_after_install_use_and_uninstall_the_account_is_as_before(place: Callable[..., Place], told: Told) -> None:
    here = place()
    configuration, tickets = here.server.configuration(), here.tickets()
    here.install(told)
    here.write("2", "wellbeing_suggested", "suggested")
    here.write("3", "wellbeing_moved", "moved")
    here.server.others.edit("4", "1001", {"tags": ["vip", "wellbeing_moved"]})  # as a merge hands them on
    survey = here.survey()
    assert here.tickets() != tickets
    removed = here.uninstall()
    assert removed.is_whole
    assert (removed.tickets.cleaned, removed.tickets.deleted) == (3, [survey])
    assert here.server.configuration() == configuration
    assert here.tickets() == tickets
    assert here.store.installed.things("acme") == {}
    assert here.store.get_secret("acme", known.SECRET) is None
    assert policy.policy_of(here.store, "acme").stopped
    assert here.store.audit.verify("acme").problem is None


def test_killed_after_any_request_the_next_uninstall_goes_on_to_the_end(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place()
    configuration, tickets = here.server.configuration(), here.tickets()
    here.install()
    here.write("2", "wellbeing_suggested", "suggested")
    here.survey()
    killed = killed_in_turn(monkeypatch, here.uninstall)
    assert killed > 5
    here.uninstall()
    assert here.server.configuration() == configuration
    assert here.tickets() == tickets
    assert here.store.get_secret("acme", known.SECRET) is None
    assert removal.plan(here.account()).is_nothing


@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.prove), pytest.param(3, marks=pytest.mark.prove)]
)
def test_against_a_hostile_server_it_comes_to_the_same_end(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("webhooks.zendesk.cleaning.A_JOB", 5)
    here = place(tickets=14)
    configuration, tickets = here.server.configuration(), here.tickets()
    here.server.faults = Faults.hostile_to_writes(seed, late=0.0, collide=0.0, conflict=0.1)
    persisting(here.install)
    here.server.faults = Faults()
    assert len(here.ours()) == 3
    for number in range(2, 15):
        here.write(str(number), "wellbeing_suggested", "suggested")
    here.survey()
    here.server.faults = Faults.hostile_to_writes(seed, late=0.0, collide=0.0, conflict=0.1)
    persisting(here.uninstall)
    here.server.faults = Faults()
    assert here.server.configuration() == configuration
    assert here.tickets() == tickets


def persisting(act: Callable[[], Any]) -> None:
    """Run it again until it says that all is done, as an admin would."""
    for _ in range(20):
        with suppress(PlatformError, BadPayload):
            done = act()
            failed = done.failed if isinstance(done, Outcome) else not done.is_whole
            if not failed:
                return
    raise AssertionError("it never came to its end")


def test_closed_tickets_keep_their_tags_and_that_is_said(place: Callable[..., Place]) -> None:
    here = place()
    here.install()
    here.write("2", "wellbeing_suggested", "suggested")
    here.server.others.close("2", "1001")
    removed = here.uninstall()
    assert removed.tickets.closed == ["2"]
    assert any("closed tickets keep our tags" in line for line in removed.tickets.lines())
    assert removed.is_whole


def test_tickets_that_may_not_be_written_are_named_and_the_field_stays_for_the_next_run(
    place: Callable[..., Place],
) -> None:
    here = place()
    here.install()
    here.write("2", "wellbeing_suggested", "suggested")
    here.server.api.options = here.server.api.writes.options = Options(
        unlimited=True, allowed_scopes=WRITING_SCOPES, unwritable_groups=frozenset({11})
    )
    removed = here.uninstall()
    assert removed.tickets.failed == {"2": "Forbidden"}
    assert not removed.is_whole
    assert FIELD in here.store.installed.things("acme")


def test_uninstall_of_what_an_admin_has_deleted_forgets_it(place: Callable[..., Place]) -> None:
    here = place()
    here.install()
    here.server.others.drops_field(str(here.thing(FIELD)["id"]))
    assert here.uninstall().is_whole
    assert here.store.installed.things("acme") == {}
    assert here.ours() == []


def test_what_was_written_after_the_plan_is_cleaned_too(place: Callable[..., Place]) -> None:
    here = place()
    tickets = here.tickets()
    here.install()
    account = here.account()
    planned = removal.plan(account)
    survey = here.survey()
    here.write("3", "wellbeing_moved", "moved")
    now = datetime.now(UTC)
    here.store.writes.plan("acme", [Planned("k", "p", "move", "3", {})], now)
    here.store.writes.end("acme", "k", "written", {}, now, "me")
    done = removal.carry_out(account, planned, "Admin 01", sleep=lambda seconds: None)
    assert (done.tickets.cleaned, done.tickets.deleted) == (1, [survey])
    assert here.tickets() == tickets


def test_where_nothing_is_installed_there_is_nothing_to_remove(place: Callable[..., Place]) -> None:
    here = place()
    assert removal.plan(here.account()).is_nothing
    assert not any(path.startswith("/api/v2/incremental") for _, path, _ in here.server.calls)
