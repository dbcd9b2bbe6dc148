"""Two accounts in one installation: no row, label, cache or log line of one shows for the other."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator

import polars as pl
import pytest
import sqlalchemy as sa

from helpdesk_wellbeing.feed import MEMORY, Page
from helpdesk_wellbeing.store import Store, cutting, tables
from helpdesk_wellbeing.store.access import Access, Member, hash_of
from helpdesk_wellbeing.store.agreements import Agreements
from helpdesk_wellbeing.store.audit import Audit, Wanted
from helpdesk_wellbeing.store.glass import Glass, Opened
from helpdesk_wellbeing.store.inbox import Inbox
from helpdesk_wellbeing.store.installed import Installed
from helpdesk_wellbeing.store.notices import Notices
from helpdesk_wellbeing.store.proposals import Proposals
from helpdesk_wellbeing.store.said import Contest, Said
from helpdesk_wellbeing.store.seen import SeenFlags
from helpdesk_wellbeing.store.surveys import Surveys
from helpdesk_wellbeing.store.upkeep import Hidden, Upkeep
from helpdesk_wellbeing.store.work import Work
from helpdesk_wellbeing.store.writes import Writes
from helpdesk_wellbeing.surveys.model import State, Theme
from webhooks.door import PLATFORMS

OTHERS = "mark-globex"
MINE = "mark-acme"
MEMORY_OF_ACME = pl.DataFrame([("205", MINE)], schema=MEMORY, orient="row")


def rows_of(store, account):
    """All that is stored of an account, in every table."""
    with store._database.reading() as connection:
        number = connection.execute(
            sa.select(tables.accounts.c.number).where(tables.accounts.c.name == account)
        ).scalar()
        found = {}
        for table in tables.metadata.sorted_tables:
            column = table.c.number if table is tables.accounts else table.c.get("account")
            if column is not None:  # in plain words: this is asked for thousands of times
                rows = connection.exec_driver_sql(f'SELECT * FROM {table.name} WHERE "{column.name}" = {number}')
                found[table.name] = sorted(map(repr, rows))
        return found


def text_of(value):
    """What a caller gets to see."""
    if isinstance(value, pl.DataFrame):
        return repr(value.to_dicts())
    if isinstance(value, Iterator):
        return " ".join(map(text_of, value))
    if hasattr(value, "people"):
        return " ".join(text_of(frame) for frame in vars(value).values() if isinstance(frame, pl.DataFrame))
    return repr(value)


def steps(tools):
    """One call of every public method that takes an account: each as acme."""
    at, later, row_of = tools.MONDAY, tools.MONDAY + tools.timedelta(days=1), tools.row_of
    page = Page(
        "stream",
        tools.events_of("acme", "3"),
        1,
        MINE,
        tickets=tools.tickets_of("acme"),
        memory=MEMORY_OF_ACME,
        followed=at,
    )
    of_the_store = {
        "account": lambda s, a: s.account(a),
        "remembered": lambda s, a: s.remembered(a, ["205"]),
        "followed_since": lambda s, a: s.followed_since(a),
        "revision": lambda s, a: s.revision(a),
        "forget_account": lambda s, a: s.forget_account("third"),
        "has_account": lambda s, a: s.has_account(a),
        "update_account": lambda s, a: s.update_account(a, zone="Europe/Berlin", settings={"hard_tags": [MINE]}),
        "add_events": lambda s, a: s.add_events(a, tools.events_of(a, "2")),
        "commit_page": lambda s, a: s.commit_page(a, page),
        "add_told": lambda s, a: s.add_told(a, tools.events_of(a, "app:other")),
        "add_provisional": lambda s, a: s.add_provisional(a, tools.events_of(a, "webhook:other")),
        "all_events": lambda s, a: s.all_events(a, None, None),
        "all_events_span": lambda s, a: s.all_events_span(a),
        "read_events": lambda s, a: s.read_events(a, agent=OTHERS).vstack(s.read_events(a)),
        "iter_events": lambda s, a: s.iter_events(a),
        "event_span": lambda s, a: s.event_span(a),
        "tickets": lambda s, a: s.tickets(a),
        "tickets_among": lambda s, a: s.tickets_among(a, pl.Series([OTHERS, MINE]), at, later),
        "watermarks": lambda s, a: s.watermarks(a),
        "write_pieces": lambda s, a: s.write_pieces(
            a, at, {"days": row_of(pl.Schema({"piece": pl.Date}), piece=at.date())}
        ),
        "read_pieces": lambda s, a: s.read_pieces(a, "days"),
        "piece_marks": lambda s, a: s.piece_marks(a, "days", at.date()),
        "read_piece": lambda s, a: s.read_piece(a, "days", at),
        "join_pieces": lambda s, a: s.join_pieces(a, at, later),
        "drop_pieces_from": lambda s, a: s.drop_pieces_from(a, at),
        "write_checkpoint": lambda s, a: s.write_checkpoint(a, later, {MINE: b"x"}),
        "latest_checkpoint": lambda s, a: s.latest_checkpoint(a, later),
        "list_checkpoints": lambda s, a: s.list_checkpoints(a),
        "checkpoint_parts": lambda s, a: s.checkpoint_parts(a, at),
        "read_checkpoint_part": lambda s, a: s.read_checkpoint_part(a, at, MINE),
        "drop_checkpoints_after": lambda s, a: s.drop_checkpoints_after(a, at),
        "drop_checkpoint": lambda s, a: s.drop_checkpoint(a, at),
        "dirty_since": lambda s, a: s.dirty_since(a),
        "mark_dirty": lambda s, a: s.mark_dirty(a),
        "set_clean": lambda s, a: s.set_clean(a),
        "get_meta": lambda s, a: s.get_meta(a, "k"),
        "set_meta": lambda s, a: s.set_meta(a, "k", None),
        "replace_people": lambda s, a: s.replace_people(a, "platform", row_of(tools.PEOPLE, agent="x")),
        "replace_leave": lambda s, a: s.replace_leave(a, "file", tools.LEAVE.to_frame()),
        "replace_groups": lambda s, a: s.replace_groups(a, "platform", tools.GROUPS.to_frame()),
        "replace_on_call": lambda s, a: s.replace_on_call(a, "file", tools.ON_CALL.to_frame()),
        "directory": lambda s, a: s.directory(a),
        "told_by": lambda s, a: s.told_by(a, "people", "file"),
        "put_secret": lambda s, a: s.put_secret(a, "webhook_secret", MINE),
        "get_secret": lambda s, a: s.get_secret(a, "webhook_secret"),
        "has_secret": lambda s, a: s.has_secret(a, "webhook_secret"),
        "drop_secret": lambda s, a: s.drop_secret(a, "webhook_secret"),
        "writer": writes_alone,
        "writer_of": lambda s, a: s.writer_of(a),
        "create_account": lambda s, a: s.create_account("third"),
    }
    of_the_inbox = {
        "take": lambda s, a: s.inbox.take(a),
        "fail": lambda s, a: s.inbox.fail(a, [MINE, OTHERS], "unfit"),
        "finish": lambda s, a: s.inbox.finish(a, [MINE, OTHERS]),
        "forget": lambda s, a: s.inbox.forget(a, later),
    }
    of_the_work = {
        "run_of": lambda s, a: s.work.run_of(a),
        "note_run": lambda s, a: s.work.note_run(a, failures=1),
        "keep_answer": lambda s, a: s.work.keep_answer(a, at, tools.answer_of(a)),
        "answer_of": lambda s, a: s.work.answer_of(a),
    }
    wave = tools.wave_of("acme", "other")
    of_the_surveys = {
        "add": lambda s, a: s.surveys.add(a, *wave),
        "wave": lambda s, a: s.surveys.wave(a, "w"),
        "waves": lambda s, a: s.surveys.waves(a),
        "advance": lambda s, a: s.surveys.advance(a, "w", State.CLOSED, at.date()),
        "invitations": lambda s, a: s.surveys.invitations(a, "w"),
        "history": lambda s, a: s.surveys.history(a),
        "use": lambda s, a: s.surveys.use(a, "w", OTHERS, b"x", at),
        "sealed": lambda s, a: s.surveys.sealed(a, "w"),
        "settle": lambda s, a: s.surveys.settle(a, "w", [MINE, OTHERS], {"c2": {"mark": MINE}}),
        "result": lambda s, a: s.surveys.result(a, "w", "c"),
        "all_results": lambda s, a: s.surveys.all_results(a, "w"),
        "add_theme": lambda s, a: s.surveys.add_theme(a, Theme("t2", "w", MINE, MINE, at.date())),
        "answer_theme": lambda s, a: s.surveys.answer_theme(a, "t", MINE, at.date()),
        "themes": lambda s, a: s.surveys.themes(a),
        "rename_person": lambda s, a: s.surveys.rename_person(a, OTHERS, "x"),
    }
    of_the_proposals = {
        "add": lambda s, a: s.proposals.add(a, tools.proposal_of(a, "other")),
        "get": lambda s, a: s.proposals.get(a, "p"),
        "listed": lambda s, a: s.proposals.listed(a),
        "about": lambda s, a: s.proposals.about(a, "team", OTHERS, at),
        "change": lambda s, a: s.proposals.change(a, "p", ("open",), "snoozed", later, by=MINE, snoozed_until=later),
        "counts": lambda s, a: s.proposals.counts(a),
        "choose": lambda s, a: s.proposals.choose(a, "p", [MINE]),
        "renew": lambda s, a: s.proposals.renew(a, "p", {"of": MINE}, at),
        "ask": lambda s, a: s.proposals.ask(a, "p", ["x"], at),
        "answer": lambda s, a: s.proposals.answer(a, "p", MINE, "yes", at),
        "consents": lambda s, a: s.proposals.consents(a, "p"),
        "policy": lambda s, a: s.proposals.policy(a),
        "keep_policy": lambda s, a: s.proposals.keep_policy(a, {"public_url": "other"}),
    }
    of_the_writes = {
        "plan": lambda s, a: s.writes.plan(a, [tools.Planned("k2", "p", "move", MINE, {})], at),
        "claim": lambda s, a: s.writes.claim(a, later, later, "me"),
        "sending": lambda s, a: s.writes.sending(a, "k", {"before": MINE}, at, later, "me"),
        "unsent": lambda s, a: s.writes.unsent(a, "k", {"before": MINE}, "me"),
        "touched": lambda s, a: s.writes.touched(a, at - tools.timedelta(days=1)),
        "later": lambda s, a: s.writes.later(a, "k", later, "me"),
        "put_off": lambda s, a: s.writes.put_off(a, later),
        "end": lambda s, a: s.writes.end(a, "k", "written", {"platform": MINE}, at, "me"),
        "get": lambda s, a: s.writes.get(a, "k"),
        "of_proposal": lambda s, a: s.writes.of_proposal(a, "p"),
        "cancel": lambda s, a: s.writes.cancel(a, "p", "withdrawn", later),
        "sent_since": lambda s, a: s.writes.sent_since(a, at - tools.timedelta(days=1)),
        "written": lambda s, a: s.writes.written(a, "move", at),
        "counts": lambda s, a: s.writes.counts(a),
        "cancel_all": lambda s, a: s.writes.cancel_all(a, "withdrawn", later),
        "waiting_since": lambda s, a: s.writes.waiting_since(a),
        "made_ticket": lambda s, a: s.writes.made_ticket(a, "other", at),
        "made_tickets": lambda s, a: s.writes.made_tickets(a),
    }
    of_the_installed = {
        "keep": lambda s, a: s.installed.keep(a, "view", "view", MINE, at),
        "things": lambda s, a: s.installed.things(a),
        "forget": lambda s, a: s.installed.forget(a, "field"),
        "add_token": lambda s, a: s.installed.add_token(a, "h2", MINE, at),
        "tokens": lambda s, a: s.installed.tokens(a),
        "drop_tokens": lambda s, a: s.installed.drop_tokens(a, MINE),
    }
    of_the_audit = {
        "add": lambda s, a: s.audit.add(a, at, "accepted", by=MINE),
        "entries": lambda s, a: s.audit.entries(a),
        "newest": lambda s, a: s.audit.newest(a, Wanted()),
        "head": lambda s, a: s.audit.head(a),
        "about": lambda s, a: s.audit.about(a, OTHERS),
        "verify": lambda s, a: s.audit.verify(a),
        "verify_on": lambda s, a: s.audit.verify_on(a, s.audit.head(a)),
        "word_of": lambda s, a: s.audit.word_of(a, OTHERS),
        "persons": lambda s, a: s.audit.persons(a),
        "naming": lambda s, a: s.audit.naming(a, OTHERS),
        "cut": lambda s, a: s.audit.cut(a, at, later),
        "forget": lambda s, a: s.audit.forget(a, OTHERS),
    }
    of_the_notices = {
        "look_at": lambda s, a: s.notices.look_at(a, at),
        "add": lambda s, a: s.notices.add(a, tools.notice_of(a, "other")),
        "waiting": lambda s, a: s.notices.waiting(a, later),
        "claim": lambda s, a: s.notices.claim(a, "n", later, later),
        "later": lambda s, a: s.notices.later(a, "n", later, MINE),
        "put_off": lambda s, a: s.notices.put_off(a, later),
        "sent": lambda s, a: s.notices.sent(a, "n", later),
        "give_up": lambda s, a: s.notices.give_up(a, "n", "dropped", MINE),
        "listed": lambda s, a: s.notices.listed(a, at),
        "drop_waiting": lambda s, a: s.notices.drop_waiting(a),
        "tidy": lambda s, a: s.notices.tidy(a, later),
        "forget": lambda s, a: s.notices.forget(a, OTHERS),
        "opened": lambda s, a: s.notices.opened(a, at),
    }
    of_the_agreements = {
        "add": lambda s, a: s.agreements.add(a, at, {"state": "waiting", "by": MINE}),
        "entries": lambda s, a: s.agreements.entries(a),
        "in_force": lambda s, a: s.agreements.in_force(a, later),
        "waiting": lambda s, a: s.agreements.waiting(a),
    }
    of_the_said = {
        "object_to": lambda s, a: s.said.object_to(a, OTHERS, "LD3", at),
        "withdraw": lambda s, a: s.said.withdraw(a, OTHERS, "LD3"),
        "objections": lambda s, a: s.said.objections(a),
        "contest": lambda s, a: s.said.contest(
            a, Contest("other", MINE, "agent", MINE, at.date(), "other", True, at, later)
        ),
        "contests": lambda s, a: s.said.contests(a),
        "end_contest": lambda s, a: s.said.end_contest(a, "c", at),
        "say": lambda s, a: s.said.say(a, MINE, "hours", {"schedule": "Mon 09:00-12:00"}, at),
        "unsay": lambda s, a: s.said.unsay(a, OTHERS, "hours"),
        "words": lambda s, a: s.said.words(a),
    }
    of_the_seen = {
        "note": lambda s, a: s.seen.note(a, {(MINE, "agent", MINE, at.date())}, later),
        "first_seen": lambda s, a: s.seen.first_seen(a),
        "spells": lambda s, a: s.seen.spells(a),
    }
    of_agreeing = {Agreements: of_the_agreements, Said: of_the_said, SeenFlags: of_the_seen}
    of_the_upkeep = {
        "agreed": lambda s, a: s.upkeep.agreed(a, at),
        "roles": lambda s, a: s.upkeep.roles(a),
        "retention": lambda s, a: s.upkeep.retention(a),
        "keep_retention": lambda s, a: s.upkeep.keep_retention(a, {"events": 300}),
        "ran": lambda s, a: s.upkeep.ran(a),
        "note_ran": lambda s, a: s.upkeep.note_ran(a, {"at": MINE}),
        "floor": lambda s, a: s.upkeep.floor(a),
        "raise_floor": lambda s, a: s.upkeep.raise_floor(a, at - tools.timedelta(days=9), at),
        "history_start": lambda s, a: s.upkeep.history_start(a),
        "forget_history_start": lambda s, a: s.upkeep.forget_history_start(a),
        "cut_events": lambda s, a: s.upkeep.cut_events(a, later, 9),
        "cut_state": lambda s, a: s.upkeep.cut_state(a, later),
        "cut_facts": lambda s, a: s.upkeep.cut_facts(a, later + tools.timedelta(days=9), transitions=False),
        "cut": lambda s, a: [s.upkeep.cut(a, kind, later) for kind in cutting.ROWS],
        "is_erased": lambda s, a: s.upkeep.is_erased(a, OTHERS),
        "not_erased": lambda s, a: s.upkeep.not_erased(a, [MINE]),
        "erasing": lambda s, a: s.upkeep.erasing(a),
        "begin_erasing": lambda s, a: s.upkeep.begin_erasing(a, "x", MINE, at),
        "hidden": lambda s, a: s.upkeep.hidden(a, "x"),
        "event_days": lambda s, a: s.upkeep.event_days(a),
        "hide_in_events": lambda s, a: s.upkeep.hide_in_events(a, OTHERS, s.upkeep.event_days("globex")),
        "hide_elsewhere": lambda s, a: s.upkeep.hide_elsewhere(a, Hidden("globex", (OTHERS,)), at),
        "counts_of": lambda s, a: s.upkeep.counts_of(a, Hidden("x")),
        "rows_of": lambda s, a: s.upkeep.rows_of(a, Hidden("x")),
        "size_of": lambda s, a: s.upkeep.size_of(a),
        "is_compact_due": lambda s, a: s.upkeep.is_compact_due(a),
        "compacted": lambda s, a: s.upkeep.compacted(a),
        "purge": lambda s, a: s.upkeep.purge(a),
    }
    return {**of_agreeing, **of_the_doors(tools), Store: of_the_store, Inbox: of_the_inbox, Work: of_the_work,
            Surveys: of_the_surveys, Proposals: of_the_proposals, Writes: of_the_writes, Installed: of_the_installed,
            Audit: of_the_audit, Notices: of_the_notices, Upkeep: of_the_upkeep}  # fmt: skip


def of_the_doors(tools):
    """Who may sign in, who has, and who opened whose page."""
    at, later = tools.MONDAY, tools.MONDAY + tools.timedelta(hours=1)
    member = Member(MINE, MINE, MINE, frozenset(), at, MINE)
    opened = Opened("g", MINE, MINE, MINE, MINE, at, later, None)
    of_access = {
        "put_member": lambda s, a: s.access.put_member(a, member),
        "member": lambda s, a: s.access.member(a, OTHERS),
        "members": lambda s, a: s.access.members(a),
        "begin_session": lambda s, a: s.access.begin_session(a, MINE, MINE, MINE, "oidc", at, later),
        "session": lambda s, a: s.access.session(a, MINE, at),
        "sessions": lambda s, a: s.access.sessions(a, at),
        "saw_session": lambda s, a: s.access.saw_session(a, hash_of(MINE), at),
        "end_session": lambda s, a: s.access.end_session(a, hash_of(OTHERS)),
        "end_sessions_of": lambda s, a: s.access.end_sessions_of(a, [OTHERS]),
        "end_sessions_by": lambda s, a: s.access.end_sessions_by(a, "oidc"),
        "use_state": lambda s, a: s.access.use_state(a, OTHERS, at, later),
        "leavers": lambda s, a: s.access.leavers(a),
        "keep_leavers": lambda s, a: s.access.keep_leavers(a, [MINE], [OTHERS], at),
        "left_at": lambda s, a: s.access.left_at(a, MINE),
        "make_link": lambda s, a: s.access.make_link(a, at, later),
        "link_opens": lambda s, a: s.access.link_opens(a, OTHERS, at),
        "use_link": lambda s, a: s.access.use_link(a, OTHERS, at),
        "drop_member": lambda s, a: s.access.drop_member(a, OTHERS),
    }
    of_glass = {
        "add": lambda s, a: s.glass.add(a, opened),
        "of": lambda s, a: s.glass.of(a, OTHERS) + s.glass.of(a, MINE),
        "open_to": lambda s, a: s.glass.open_to(a, OTHERS, at),
        "told": lambda s, a: s.glass.told(a, "of-globex", at),
        "close": lambda s, a: s.glass.close(a, "of-globex", at),
    }
    return {Access: of_access, Glass: of_glass}


def writes_alone(store, account):
    with store.writer(account, "a test"):
        return store.writer_of("globex")


def takes_an_account(kind):
    """Its public methods that have an account among their parameters."""
    found = set()
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        parameters = inspect.signature(method).parameters
        is_of_account = "account" in parameters or ("name" in parameters and "account" in name)
        if not name.startswith("_") and is_of_account:
            found.add(name)
    return found


def test_every_method_that_takes_an_account_is_tried(tools):
    for kind, tried in steps(tools).items():
        assert set(tried) == takes_an_account(kind)


def test_no_method_shows_or_changes_anything_of_the_other_account(store, tools):
    tried = {f"{kind.__name__}.{name}": call for kind, calls in steps(tools).items() for name, call in calls.items()}
    before = rows_of(store, "globex")
    assert sum(OTHERS in str(rows) for rows in before.values()) >= 6

    for name, call in tried.items():
        assert OTHERS not in text_of(call(store, "acme")), name
        assert rows_of(store, "globex") == before, name


def test_what_the_other_account_has_under_the_same_id_is_its_own(store, tools):
    same = tools.events_of("acme").with_columns(id=pl.lit("mark-globex-1"), actor=pl.lit("mine"))

    assert store.add_events("acme", same).new == 1
    assert store.read_events("globex")["actor"].to_list() == [OTHERS]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_every_endpoint_keeps_the_accounts_apart(client, store, tools, caplog):
    caplog.set_level(logging.DEBUG)
    before = rows_of(store, "globex")
    tried = set()
    body = tools.call_of("acme")
    for rule in client.application.url_map.iter_rules():
        tried.add(rule.endpoint)
        shown = client.get(rule.rule).get_data(as_text=True)
        assert "mark-" not in shown, rule.rule
        of_globex = [line for line in shown.splitlines() if "globex" in line]
        assert not any("acme" in line for line in of_globex)
    for platform in PLATFORMS:
        at = f"/webhooks/{platform}/"
        kept = client.post(f"{at}acme", data=body, headers=tools.signed("acme", body))
        crossed = client.post(f"{at}globex", data=body, headers=tools.signed("acme", body))
        nobody = client.post(f"{at}nobody", data=body, headers=tools.signed("acme", body))
        assert kept.status_code == (200 if platform == "zendesk" else 401)
        assert (crossed.status_code, crossed.data) == (nobody.status_code, nobody.data)
        assert crossed.status_code == 401
        assert "globex" not in kept.text + crossed.text

    pages = {"pulse.show", "pulse.take", "consent.show", "consent.take", "api_document.openapi_json", "static_file",
             "front_door"}  # fmt: skip
    # tried elsewhere: the API's in tests/api with the other account's token, pages in tests/pages with the other
    # account's session, those inside a helpdesk in tests/webhooks with the other account's proof
    elsewhere = ("api.", "pages.", "setup.", "zaf.", "freshdesk_app.")
    assert {one for one in tried if not one.startswith(elsewhere)} == {"healthz", "readyz", "metrics"} | pages
    assert rows_of(store, "globex") == before
    assert store.inbox.depth()["acme"].waiting == 2
    assert "globex" not in caplog.text
    assert "mark-" not in caplog.text
