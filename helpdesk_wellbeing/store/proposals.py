"""What was proposed to people and what became of it, who was asked for consent, and how an account acts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.dialect import insert_if_free, upsert
from helpdesk_wellbeing.store.events import Owned
from helpdesk_wellbeing.store.tables import consents, policies, proposals


@dataclass(frozen=True)
class Kept:
    """A proposal as it is stored; `body` is that of `plan.proposal.to_json`."""

    id: str
    action: str
    subject_kind: str
    subject: str
    state: str
    made_at: datetime
    expires_at: datetime
    snoozed_until: datetime | None
    changed_at: datetime
    decided_by: str | None
    reason: str | None
    body: dict[str, Any]


@dataclass(frozen=True)
class Consent:
    """One receiver's answer; None: not yet."""

    agent: str
    asked_at: datetime
    answer: str | None
    answered_at: datetime | None


class Proposals:
    """Proposals of every account."""

    def __init__(self, read: Owned, write: Owned) -> None:
        self._read = read
        self._write = write

    def add(self, account: str, new: Kept) -> bool:
        """Keep a new proposal; false when there is one of this id."""
        with self._write(account) as (connection, owner):
            row = {
                "account": owner.number, "id": new.id, "action": new.action, "subject_kind": new.subject_kind,
                "subject": new.subject, "state": new.state, "made_at": micros(new.made_at),
                "expires_at": micros(new.expires_at), "changed_at": micros(new.changed_at),
                "snoozed_until": _micros(new.snoozed_until), "decided_by": new.decided_by, "reason": new.reason,
                "body": json.dumps(new.body, ensure_ascii=False),
            }  # fmt: skip
            return insert_if_free(connection, proposals, row)

    def get(self, account: str, id: str) -> Kept | None:
        """One proposal; None when there is none of this id."""
        with self._read(account) as (connection, owner):
            query = sa.select(proposals).where(proposals.c.account == owner.number, proposals.c.id == id)
            row = connection.execute(query).one_or_none()
            return None if row is None else _kept(row)

    def listed(
        self, account: str, states: Collection[str] | None = None, *, since: datetime | None = None
    ) -> list[Kept]:
        """Those in these states (default: all) that changed at `since` or later, oldest first."""
        query = sa.select(proposals).order_by(proposals.c.made_at, proposals.c.id)
        if states is not None:
            query = query.where(proposals.c.state.in_(sorted(states)))
        if since is not None:
            query = query.where(proposals.c.changed_at >= micros(since))
        with self._read(account) as (connection, owner):
            return [_kept(row) for row in connection.execute(query.where(proposals.c.account == owner.number))]

    def about(self, account: str, kind: str, subject: str, since: datetime) -> list[Kept]:
        """Those made at `since` or later for a subject, or that say something of it, the latest first."""
        id = json.dumps(subject, ensure_ascii=False)
        words = [f'"kind": {json.dumps(kind)}, "id": {id}']
        if kind == "agent":
            words += [f'"{part}": {id}' for part in ("giver", "receiver")]
        is_subject = sa.and_(proposals.c.subject_kind == kind, proposals.c.subject == subject)
        says = [proposals.c.body.contains(word, autoescape=True) for word in words]
        query = sa.select(proposals).where(proposals.c.made_at >= micros(since), sa.or_(is_subject, *says))
        with self._read(account) as (connection, owner):
            mine = query.where(proposals.c.account == owner.number)
            found = connection.execute(mine.order_by(proposals.c.made_at.desc(), proposals.c.id))
            return [_kept(row) for row in found]

    def counts(self, account: str) -> dict[str, int]:
        """How many proposals are in each state."""
        with self._read(account) as (connection, owner):
            query = sa.select(proposals.c.state, sa.func.count().label("n")).where(proposals.c.account == owner.number)
            return {row.state: row.n for row in connection.execute(query.group_by(proposals.c.state))}

    def change(
        self,
        account: str,
        id: str,
        was: Collection[str],
        state: str,
        at: datetime,
        *,
        by: str | None = None,
        reason: str | None = None,
        snoozed_until: datetime | None = None,
    ) -> bool:
        """Put it into a state, if it is in one of those that it `was` to be in; whether it was."""
        values: dict[str, Any] = {"state": state, "changed_at": micros(at), "snoozed_until": _micros(snoozed_until)}
        if by is not None:
            values["decided_by"] = by
        if reason is not None:
            values["reason"] = reason
        with self._write(account) as (connection, owner):
            this = sa.and_(proposals.c.account == owner.number, proposals.c.id == id)
            change = proposals.update().where(this, proposals.c.state.in_(sorted(was))).values(**values)
            return connection.execute(change).rowcount == 1

    def renew(self, account: str, id: str, body: Mapping[str, Any], expires_at: datetime) -> bool:
        """Replace what it says and when it expires while it is open; whether it was."""
        values = {"body": json.dumps(body, ensure_ascii=False), "expires_at": micros(expires_at)}
        with self._write(account) as (connection, owner):
            this = sa.and_(proposals.c.account == owner.number, proposals.c.id == id, proposals.c.state == "open")
            return connection.execute(proposals.update().where(this).values(values)).rowcount == 1

    def choose(self, account: str, id: str, tickets: Collection[str]) -> None:
        """Keep which of its tickets were accepted."""
        with self._write(account) as (connection, owner):
            this = sa.and_(proposals.c.account == owner.number, proposals.c.id == id)
            body = json.loads(connection.execute(sa.select(proposals.c.body).where(this)).scalar_one())
            body["chosen"] = sorted(tickets)
            connection.execute(proposals.update().where(this).values(body=json.dumps(body, ensure_ascii=False)))

    # consent

    def ask(self, account: str, id: str, agents: Collection[str], at: datetime) -> None:
        """Note that these are asked; who was asked already stays so."""
        with self._write(account) as (connection, owner):
            for agent in sorted(agents):
                row = {"account": owner.number, "proposal": id, "agent": agent, "asked_at": micros(at)}
                insert_if_free(connection, consents, row)

    def answer(self, account: str, id: str, agent: str, answer: str, at: datetime) -> bool:
        """Keep an answer (yes | no); false when this agent was not asked or has answered."""
        with self._write(account) as (connection, owner):
            mine = sa.and_(
                consents.c.account == owner.number, consents.c.proposal == id, consents.c.agent == agent,
                consents.c.answer.is_(None),
            )  # fmt: skip
            change = consents.update().where(mine).values(answer=answer, answered_at=micros(at))
            return connection.execute(change).rowcount == 1

    def consents(self, account: str, id: str) -> list[Consent]:
        """Who was asked about a proposal, by agent."""
        with self._read(account) as (connection, owner):
            mine = sa.and_(consents.c.account == owner.number, consents.c.proposal == id)
            found = connection.execute(sa.select(consents).where(mine).order_by(consents.c.agent))
            return [Consent(row.agent, instant(row.asked_at), row.answer, _instant(row.answered_at)) for row in found]

    # policy

    def policy(self, account: str) -> dict[str, Any] | None:
        """How the account acts, as `acting.policy` wrote it; None when nothing was ever set."""
        with self._read(account) as (connection, owner):
            body = connection.execute(sa.select(policies.c.body).where(policies.c.account == owner.number)).scalar()
            return None if body is None else dict(json.loads(body))

    def keep_policy(self, account: str, policy: Mapping[str, Any]) -> None:
        """Replace how the account acts."""
        with self._write(account) as (connection, owner):
            connection.execute(
                upsert(connection, policies), {"account": owner.number, "body": json.dumps(policy, ensure_ascii=False)}
            )


def _kept(row: sa.Row[Any]) -> Kept:
    return Kept(
        id=row.id,
        action=row.action,
        subject_kind=row.subject_kind,
        subject=row.subject,
        state=row.state,
        made_at=instant(row.made_at),
        expires_at=instant(row.expires_at),
        snoozed_until=_instant(row.snoozed_until),
        changed_at=instant(row.changed_at),
        decided_by=row.decided_by,
        reason=row.reason,
        body=json.loads(row.body),
    )


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _instant(stored: int | None) -> datetime | None:
    return None if stored is None else instant(stored)
