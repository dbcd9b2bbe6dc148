"""What we need in a Zendesk account: found, planned, made, mended, and taken away again.

Everything of ours carries a mark in its description, so that it is found again when its id was never noted: after a
process that was killed, or an answer that was lost. What people call it and where it stands is theirs to change; what
it does is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.session import HttpRefused
from connectors.zendesk.written import Conflict, Done, Kind, Made, Refused, Unknown
from helpdesk_wellbeing.said import N_, Said
from webhooks import installing, known
from webhooks.installing import DELETED, FOUND_AGAIN, OLD_SECRET_KEPT, TWICE, NotMade, Outcome, changed
from webhooks.zendesk import things
from webhooks.zendesk.things import (
    FIELD,
    TRIGGER,
    TRIGGER_WEBHOOK,
    VIEW,
    WEBHOOK,
    Told,
    Wanted,
    endpoint,
    mark,
    wanted,
)

if TYPE_CHECKING:
    from connectors.zendesk.writing import Writing
    from helpdesk_wellbeing.store import Store

_ORDER: tuple[Kind, ...] = ("ticket_fields", "views", "webhooks", "triggers")  # a trigger names its webhook
_SECRET_DIFFERS = "its signing secret"
_BY_NOW: Mapping[Told, str] = {"events": N_("news comes by events now"), "trigger": N_("news comes by trigger now")}


Step = installing.Step[Kind]


class Account:
    """What is set up in one account, read once; and what of it is ours."""

    def __init__(self, writing: Writing, store: Store, account: str) -> None:
        self.writing = writing
        self.store = store
        self.account = account
        self.lacking: list[str] = []  # what the account's plan or our rights do not have
        self.shown: dict[Kind, list[dict[str, Any]]] = {kind: self._read(kind) for kind in _ORDER}

    def _read(self, kind: Kind) -> list[dict[str, Any]]:
        try:
            return self.writing.things(kind)
        except HttpRefused as refused:
            if refused.status not in (402, 404):
                raise
            self.lacking.append(f"{kind.replace('_', ' ')}: {refused}")
            return []

    def ours(self, name: str, kind: Kind) -> list[dict[str, Any]]:
        """Everything of ours by that name: the noted one first, then those that carry our mark, oldest first."""
        noted = self.store.installed.things(self.account).get(name)
        found = [
            row
            for row in self.shown[kind]
            if mark(self.account, name) in str(row.get("description") or "")
            or (noted is not None and str(row.get("id")) == noted.platform_id)
        ]
        first = noted.platform_id if noted is not None else None
        return sorted(found, key=lambda row: (str(row["id"]) != first, str(row.get("created_at")), str(row["id"])))

    @property
    def told(self) -> Told:
        """How Zendesk tells us of news now; by events when nothing is there."""
        is_trigger = self.ours(TRIGGER_WEBHOOK, "webhooks") and not self.ours(WEBHOOK, "webhooks")
        return "trigger" if is_trigger else "events"

    @property
    def field(self) -> str | None:
        """The id of our custom field, if it is there."""
        ours = self.ours(FIELD, "ticket_fields")
        return str(ours[0]["id"]) if ours else None


# ---- the plan -------------------------------------------------------------------------------------------------------


def plan(account: Account, url: str, told: Told) -> list[Step]:
    """What `install` would do, in its order: everything wanted, then what is there twice or of the other way."""
    steps, surplus = [], []
    for one in wanted(account.account, url, told):
        if one.kind == "webhooks" and any(line.startswith("webhooks") for line in account.lacking):
            continue
        ours = account.ours(one.name, one.kind)
        steps.append(_step(account, one, ours[0] if ours else None))
        surplus += [_removal(one.name, one.kind, row, TWICE) for row in ours[1:]]
    other: tuple[tuple[str, Kind], ...] = (
        ((TRIGGER, "triggers"), (TRIGGER_WEBHOOK, "webhooks")) if told == "events" else ((WEBHOOK, "webhooks"),)
    )
    for name, kind in other:
        surplus += [_removal(name, kind, row, Said(_BY_NOW[told])) for row in account.ours(name, kind)]
    return steps + _triggers_first(surplus)


def removals(account: Account) -> list[Step]:
    """Everything of ours that is in the account, in the order in which it can go: our field last."""
    names: tuple[tuple[str, Kind], ...] = (
        (TRIGGER, "triggers"), (WEBHOOK, "webhooks"), (TRIGGER_WEBHOOK, "webhooks"), (VIEW, "views"),
        (FIELD, "ticket_fields"),
    )  # fmt: skip
    return [_removal(name, kind, row, "") for name, kind in names for row in account.ours(name, kind)]


def _step(account: Account, one: Wanted, row: Mapping[str, Any] | None) -> Step:
    noted = account.store.installed.things(account.account).get(one.name)
    if row is None:
        return Step("create", one.name, one.kind, one.title, None, "" if noted is None else DELETED)
    title, number = _title(row), str(row["id"])
    is_noted = noted is not None and noted.platform_id == number
    different = list(_differences(account, one, row))
    if different:
        return Step("mend", one.name, one.kind, title, number, changed(different), is_noted)
    return Step("keep", one.name, one.kind, title, number, "" if is_noted else FOUND_AGAIN, is_noted)


def _differences(account: Account, one: Wanted, row: Mapping[str, Any]) -> Iterator[str]:
    """What of a thing isn't as we need it."""
    yield from things.differences(one, row, mark(account.account, one.name))
    if one.kind == "triggers" and [_action(a) for a in row.get("actions") or ()] != _actions(account):
        yield "actions"
    if one.kind == "webhooks":
        kept = account.store.get_secret(account.account, known.SECRET)
        if kept != account.writing.signing_secret(str(row["id"])):
            yield _SECRET_DIFFERS


def _action(action: Mapping[str, Any]) -> tuple[str, str]:
    value = action.get("value")
    return str(action.get("field")), str(value[0] if isinstance(value, list) and value else value)


def _actions(account: Account) -> list[tuple[str, str]]:
    ours = account.ours(TRIGGER_WEBHOOK, "webhooks")
    return [("notification_webhook", str(ours[0]["id"]))] if ours else []


def _removal(name: str, kind: Kind, row: Mapping[str, Any], why: str) -> Step:
    return Step("remove", name, kind, _title(row), str(row["id"]), why)


def _triggers_first(steps: Sequence[Step]) -> list[Step]:
    """A webhook that a trigger names can't be deleted."""
    return sorted(steps, key=lambda step: step.kind != "triggers")


def _title(row: Mapping[str, Any]) -> str:
    return str(row.get("title") or row.get("name") or "")


def strangers(account: Account, url: str) -> list[str]:
    """A line for each webhook that somebody else made and that calls the same address as ours."""
    mine = {str(row["id"]) for name in (WEBHOOK, TRIGGER_WEBHOOK) for row in account.ours(name, "webhooks")}
    return [
        Said(
            N_(
                "another webhook calls the same address: %(title)s (%(id)s); delete it by hand, because the secret "
                "that signs its calls is taken for %(days)s days after this installation and no longer"
            ),
            title=_title(row),
            id=row["id"],
            days=OLD_SECRET_KEPT.days,
        )
        for row in account.shown["webhooks"]
        if row.get("endpoint") == endpoint(url, account.account) and str(row["id"]) not in mine
    ]


# ---- making it so ---------------------------------------------------------------------------------------------------


def carry_out(account: Account, steps: Sequence[Step], url: str, told: Told, by: str) -> Outcome:
    """Make a plan come true. Each id is noted, and stands in the audit, as soon as it is known.

    What is refused is told in `failed`, and the rest goes on. Raises PlatformError when nothing goes.
    """
    bodies = {one.name: one for one in wanted(account.account, url, told)}
    who = f"zendesk {account.account}"
    return installing.carry_out(steps, lambda step: _made(account, step, bodies.get(step.name), by), who)


def _made(account: Account, step: Step, one: Wanted | None, by: str) -> Step:
    if step.verdict == "remove":
        remove(account, step, by)
        return step
    assert one is not None
    if step.verdict == "create":
        return _create(account, step, one, by)
    if not step.noted:
        _note(account, step, by, _row(account, step))
    if step.verdict == "mend":
        _mend(account, step, one)
        installing.tell(account, "installed", step, by)
    return step


def _create(account: Account, step: Step, one: Wanted, by: str) -> Step:
    body = _body(account, one)
    if one.kind == "webhooks":
        body["status"] = "inactive"  # until its secret is kept: what it sends before would be refused
    answer = account.writing.create_thing(one.kind, body)
    row: Mapping[str, Any]
    if isinstance(answer, Made):
        row = {**answer.shown, "id": answer.id}
    else:
        found = _arrived(account, one) if isinstance(answer, Unknown) else None
        if found is None:
            raise NotMade(_why_not(account, step, answer))
        row = found
    account.shown[one.kind].append(dict(row))
    done = replace(step, id=str(row["id"]), why="")
    _note(account, done, by, row)
    if one.kind == "webhooks":
        _mend(account, done, one)
    return done


def _arrived(account: Account, one: Wanted) -> dict[str, Any] | None:
    """What a request made whose answer was lost."""
    account.shown[one.kind] = account.writing.things(one.kind)
    ours = account.ours(one.name, one.kind)
    return ours[0] if ours else None


def _mend(account: Account, step: Step, one: Wanted) -> None:
    number = str(step.id)
    body = _body(account, one)
    if one.kind == "webhooks":
        keep_secret(account, account.writing.signing_secret(number))
        if step.why == changed([_SECRET_DIFFERS]):
            return
    row = _row(account, step)
    body |= {name: row[name] for name in ("title", "name") if row.get(name)}
    if one.kind == "webhooks":
        more = set(row.get("subscriptions") or ()) - set(body["subscriptions"])
        body["subscriptions"] = [*body["subscriptions"], *sorted(more)]
    body.pop("type", None)  # of a field; it can't change
    answer = account.writing.update_thing(one.kind, number, body)
    if isinstance(answer, Unknown):  # the same again does no harm
        answer = account.writing.update_thing(one.kind, number, body)
    if not isinstance(answer, Done):
        raise NotMade(_why_not(account, step, answer))


def _body(account: Account, one: Wanted) -> dict[str, Any]:
    body = things.body_of(account.account, one)
    if one.kind == "triggers":
        calls = account.ours(TRIGGER_WEBHOOK, "webhooks")
        if not calls:
            typed = f"zendesk {account.account}: trigger: it needs its webhook first; run install again"
            raise NotMade(Said(N_("“%(title)s”: it needs its webhook first"), typed, title=one.title))
        body["actions"] = things.calls(str(calls[0]["id"]))
    return body


def keep_secret(account: Account, secret: str) -> None:
    """The webhook's signing secret is the account's; calls signed with the one before are taken for some days more."""
    if account.store.get_secret(account.account, known.SECRET) != secret:
        known.replace_secret(account.store, account.account, secret, datetime.now(UTC) + OLD_SECRET_KEPT)


def remove(account: Account, step: Step, by: str) -> None:
    """Delete one thing of ours; that it is gone already is as good. Raises NotMade."""
    answer = account.writing.delete_thing(step.kind, str(step.id))
    if isinstance(answer, Unknown):
        answer = account.writing.delete_thing(step.kind, str(step.id))
    is_gone = isinstance(answer, Done) or (isinstance(answer, Refused) and answer.reason == "gone")
    if not is_gone:
        raise NotMade(_why_not(account, step, answer))
    rows = account.shown[step.kind]
    account.shown[step.kind] = [row for row in rows if str(row["id"]) != step.id]
    installing.note_removed(account, step, by)


def _note(account: Account, step: Step, by: str, row: Mapping[str, Any]) -> None:
    installing.note(account, step, by, made_at(account, row))


def made_at(account: Account, row: Mapping[str, Any]) -> datetime:
    """When a thing was made, by Zendesk's clock."""
    return installing.made_at(row, account.writing.api.platform_now)


def _row(account: Account, step: Step) -> Mapping[str, Any]:
    return next((row for row in account.shown[step.kind] if str(row["id"]) == step.id), {})


def _why_not(account: Account, step: Step, answer: object) -> Said:
    """Who, what, where, and the next step."""
    what = f"zendesk {account.account}: {step.word} “{step.title}”"
    again = f"run {'uninstall' if step.verdict == 'remove' else 'install'} again"
    title = step.title
    if isinstance(answer, Conflict):
        said, typed = N_("“%(title)s”: somebody changed it at the same time"), "somebody changed it at the same time"
        return Said(said, f"{what}: {typed}; {again}", title=title)
    if not isinstance(answer, Refused):
        return Said(
            N_("“%(title)s”: nobody knows whether the request arrived; the next look will tell"),
            f"{what}: nobody knows whether the request arrived; {again}, it looks first",
            title=title,
        )
    if answer.reason in ("forbidden", "unauthorised"):
        return Said(
            N_("“%(title)s”: %(status)s, not allowed; the user of the connection must be an admin (with a custom role: "
               "one that may manage this) and the OAuth client needs the scope write, or the plan lacks it"),
            f"{what}: {answer.status}, not allowed; the user of the connection must be an admin (with a custom role: "
            f"one that may manage this) and the OAuth client needs the scope `write`, or the plan lacks it; {again}",
            title=title, status=answer.status,
        )  # fmt: skip
    if step.name == WEBHOOK and step.verdict == "create":
        return Said(
            N_("“%(title)s”: %(status)s, not accepted; where an account has no events for tickets, choose that a "
               "trigger tells of news"),
            f"{what}: {answer.status}, not accepted; where an account has no events for tickets, "
            "a trigger can call instead: install … --news trigger",
            title=title, status=answer.status,
        )  # fmt: skip
    status = f"{answer.status} {answer.code}" if answer.code else str(answer.status)
    return Said(
        N_("“%(title)s”: %(status)s, not accepted; look at it in %(where)s"),
        f"{what}: {status}, not accepted; look at it in Admin Center, then {again}",
        title=title, status=status, where="Admin Center",
    )  # fmt: skip
