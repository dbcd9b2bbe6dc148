"""What we need in a Freshdesk account: found, planned, made, mended, and taken away again.

What people call a thing and where it stands is theirs to change; what it does is held. A rule that somebody set up by
hand and that calls us is as good as ours, and is never touched. Creating rules through the API is thinly documented:
where it is refused, `by_hand` says what to do instead.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.freshdesk.admin import Kind, is_of_plan
from connectors.freshdesk.client import is_absent
from connectors.outcomes import Conflict, Done, Made, Refused, Unknown
from connectors.session import HttpRefused
from helpdesk_wellbeing.said import N_, Said
from webhooks import installing, known
from webhooks.freshdesk import things
from webhooks.freshdesk.things import FIELD, LABEL, RULES, TITLES, WHERE, Wanted, endpoint, mark, marked, title
from webhooks.installing import DELETED, FOUND_AGAIN, TWICE, NotMade, Outcome, changed

if TYPE_CHECKING:
    from connectors.freshdesk.admin import Admin
    from helpdesk_wellbeing.store import Store

FIELD_NAME = "freshdesk_field"  # of the store: under which name tickets carry our field
_INSTALLATION = "installation"
_NONE_YET = "new"
BY_HAND = Said(N_("somebody set it up by hand"))
_READ: tuple[Kind, ...] = ("ticket_fields", "creation_rules", "update_rules")

Step = installing.Step[Kind]


class Account:
    """What is set up in one account, read once; and what of it is ours."""

    def __init__(self, admin: Admin, store: Store, account: str) -> None:
        self.admin = admin
        self.store = store
        self.account = account
        self.lacking: dict[Kind, str] = {}  # what the account's plan or our rights do not have, and why
        self.shown: dict[Kind, list[dict[str, Any]]] = {kind: self._read(kind) for kind in _READ}

    def _read(self, kind: Kind) -> list[dict[str, Any]]:
        try:
            return self.admin.things(kind)
        except HttpRefused as refused:
            # Who reads the fields is an admin: then it is the plan that has no rules.
            if not (is_of_plan(refused) if kind == "ticket_fields" else is_absent(refused)):
                raise
            self.lacking[kind] = f"{WHERE[kind]}: {refused}"
            return []

    @property
    def installation(self) -> str:
        """What tells our things from those of another installation."""
        return self.store.get_meta(self.account, _INSTALLATION) or _NONE_YET

    @property
    def is_installed(self) -> bool:
        """Whether anything was ever made here that is not all gone again."""
        return self.installation != _NONE_YET

    def forget(self) -> None:
        """Nothing of ours is there any more."""
        self.store.set_meta(self.account, _INSTALLATION, None)

    @property
    def secret(self) -> str:
        """What rules show; empty before there is one."""
        return self.store.get_secret(self.account, known.SECRET) or ""

    def ours(self, name: str, kind: Kind) -> list[dict[str, Any]]:
        """Everything of ours by that name: the noted one first, then those that carry our mark, oldest first."""
        noted = self.store.installed.things(self.account).get(name)
        mine = mark(self.installation, self.account, name)
        first = noted.platform_id if noted is not None else None
        found = [row for row in self.shown[kind] if marked(row) == mine or str(row.get("id")) == first]
        if not found and name == FIELD:  # where a field's second label is not kept
            found = [row for row in self.shown[kind] if _is_unmarked_field(row)]
        return sorted(found, key=lambda row: (str(row["id"]) != first, str(row.get("created_at")), str(row["id"])))

    def field_name(self) -> str | None:
        """The name under which tickets carry our field, if it is there; never computed, always read."""
        ours = self.ours(FIELD, "ticket_fields")
        return str(ours[0]["name"]) if ours and ours[0].get("name") else None

    def wanted(self, url: str) -> tuple[Wanted, ...]:
        """Everything that should be in the account, in the order in which it is made."""
        rules = (
            things.rule(name, self._title(name, kind, TITLES[name]), mark(self.installation, self.account, name),
                        endpoint(url, self.account), self.secret)
            for name, kind in RULES.items()
        )  # fmt: skip
        label = self._title(FIELD, "ticket_fields", LABEL)
        return (things.field(label, mark(self.installation, self.account, FIELD)), *rules)

    def _title(self, name: str, kind: Kind, usual: str) -> str:
        """What a thing is called; Freshdesk takes no name twice, and another installation may have it already."""
        taken = set() if self.ours(name, kind) else {title(row).lower() for row in self.shown[kind]}
        longer = (usual, f"{usual} ({self.account})", f"{usual} ({self.account}, {self.installation})")
        return next((one for one in longer if one.lower() not in taken), usual)


def _is_unmarked_field(row: Mapping[str, Any]) -> bool:
    return row.get("label") == LABEL and row.get("type") == "custom_text" and marked(row) is None


# ---- the plan -------------------------------------------------------------------------------------------------------


def plan(account: Account, url: str) -> list[Step]:
    """What `install` would do, in its order: everything wanted, then what is there twice."""
    steps, surplus = [], []
    for one in account.wanted(url):
        if one.kind in account.lacking:
            continue
        ours = account.ours(one.name, one.kind)
        by_hand = _by_hand(account, one.kind, url)
        if not ours and by_hand:
            steps.append(Step("keep", one.name, one.kind, title(by_hand[0]), str(by_hand[0]["id"]), BY_HAND))
            continue
        steps.append(_step(account, one, ours[0] if ours else None))
        surplus += [_removal(one.name, one.kind, row, TWICE) for row in ours[1:]]
    return steps + surplus


def removals(account: Account) -> list[Step]:
    """Everything of ours that is in the account, in the order in which it can go: our field last."""
    names: tuple[tuple[str, Kind], ...] = (*RULES.items(), (FIELD, "ticket_fields"))
    whys = {FIELD: Said(N_("Freshdesk drops what stands in it on every ticket, for ever"))}
    return [_removal(name, kind, row, whys.get(name, "")) for name, kind in names for row in account.ours(name, kind)]


def _step(account: Account, one: Wanted, row: Mapping[str, Any] | None) -> Step:
    noted = account.store.installed.things(account.account).get(one.name)
    if row is None:
        return Step("create", one.name, one.kind, one.title, None, "" if noted is None else DELETED)
    number = str(row["id"])
    is_noted = noted is not None and noted.platform_id == number and _is_name_noted(account, one, row)
    different = list(things.differences(one, row, account.store.get_secret(account.account, _sent(one.name))))
    if different:
        return Step("mend", one.name, one.kind, title(row), number, changed(different), is_noted)
    return Step("keep", one.name, one.kind, title(row), number, "" if is_noted else FOUND_AGAIN, is_noted)


def _is_name_noted(account: Account, one: Wanted, row: Mapping[str, Any]) -> bool:
    return one.name != FIELD or account.store.get_meta(account.account, FIELD_NAME) == row.get("name")


def _removal(name: str, kind: Kind, row: Mapping[str, Any], why: str) -> Step:
    return Step("remove", name, kind, title(row), str(row["id"]), why)


def _by_hand(account: Account, kind: Kind, url: str) -> list[dict[str, Any]]:
    """Rules that call us and that nobody but a person made."""
    address = endpoint(url, account.account)
    return [row for row in account.shown[kind] if marked(row) is None and things.calls(row, address)]


def made_by_hand(account: Account, url: str) -> list[str]:
    """The names of those of our rules for which somebody's own stand in."""
    return [name for name, kind in RULES.items() if not account.ours(name, kind) and _by_hand(account, kind, url)]


def left_by_hand(account: Account) -> Iterator[str]:
    """A line for each rule that somebody made by hand and that still calls us."""
    for kind in RULES.values():
        for row in account.shown[kind]:
            if marked(row) is None and things.calls_anywhere(row, account.account):
                said = N_("made by hand, and so left as it is: %(which)s; delete it by hand")
                yield Said(said, which=_which(row, kind))


def strangers(account: Account) -> Iterator[str]:
    """A line for each thing of another installation."""
    mine = {mark(account.installation, account.account, name) for name in (FIELD, *RULES)}
    noted = {thing.platform_id for thing in account.store.installed.things(account.account).values()}
    for kind in _READ:
        for row in account.shown[kind]:
            found = marked(row)
            if found is not None and found not in mine and str(row.get("id")) not in noted:
                yield Said(
                    N_("of another installation of this program: %(which)s; it is left as it is. Uninstall it there; "
                       "if that installation is gone, delete it by hand"),
                    which=_which(row, kind),
                )  # fmt: skip


def second_calls(account: Account, url: str) -> Iterator[str]:
    """A line for each rule made by hand that tells us everything a second time, or with a secret that isn't ours."""
    for name, kind in RULES.items():
        for row in _by_hand(account, kind, url):
            if account.ours(name, kind):
                yield Said(
                    N_("another rule calls the same address: %(which)s; each call counts against the account's API "
                       "limit, so delete or switch off the one that was made by hand"),
                    which=_which(row, kind),
                )  # fmt: skip
            elif account.secret and things.shows_another_secret(row, endpoint(url, account.account), account.secret):
                yield Said(
                    N_("the rule made by hand shows another secret than the one kept here: %(which)s; give it that "
                       "one"),
                    which=_which(row, kind),
                )  # fmt: skip


def _which(row: Mapping[str, Any], kind: Kind) -> str:
    return f"{title(row)} ({row['id']}) in {WHERE[kind]}"


def required(account: Account) -> list[str]:
    """What is noticed of the account's own fields."""
    rows = account.shown["ticket_fields"]
    must = [title(row) for row in rows if row.get("required_for_closure") is True and not row.get("default")]
    if not must:
        return []
    return [
        Said(
            N_(
                "tickets can only be closed with %(fields)s filled in; nothing of ours changes a status, but who "
                "closes a survey ticket by hand is asked for that, too"
            ),
            fields=", ".join(must),
        )
    ]


# ---- making it so ---------------------------------------------------------------------------------------------------


def carry_out(account: Account, steps: Sequence[Step], url: str, by: str) -> Outcome:
    """Make a plan come true. Each id is noted, and stands in the audit, as soon as it is known.

    What is refused is told in `failed`, and the rest goes on. Raises PlatformError when nothing goes.
    """
    _prepare(account, any(step.name in RULES for step in steps))
    bodies = {one.name: one for one in account.wanted(url)}
    who = f"freshdesk {account.account}"
    return installing.carry_out(steps, lambda step: _made(account, step, bodies[step.name], by), who)


def _prepare(account: Account, with_rules: bool) -> None:
    """What must be kept before the first request, so that nothing is made that could not be found again."""
    store, name = account.store, account.account
    if store.get_meta(name, _INSTALLATION) is None:
        store.set_meta(name, _INSTALLATION, secrets.token_hex(4))
    if with_rules and not account.secret:
        store.put_secret(name, known.SECRET, secrets.token_urlsafe(32))


def _made(account: Account, step: Step, one: Wanted, by: str) -> Step:
    if step.verdict == "remove":
        remove(account, step, by)
        return step
    if step.verdict == "create":
        return _create(account, step, one, by)
    row = _row(account, step)
    if not step.noted:
        _note(account, step, by, row)
    if step.verdict == "mend":
        _mend(account, step, one, row)
        installing.tell(account, "installed", step, by)
    return step


def _create(account: Account, step: Step, one: Wanted, by: str) -> Step:
    answer = account.admin.create_thing(one.kind, {**one.body, **_last_place(account, one)})
    row: Mapping[str, Any] | None
    if isinstance(answer, Made):
        row = {**answer.shown, "id": answer.id}
    else:
        row = _arrived(account, one) if isinstance(answer, Unknown) else None
        if row is None:
            account.store.installed.forget(account.account, step.name)  # the one that somebody deleted
            raise NotMade(_why_not(account, step, answer))
    account.shown[one.kind].append(dict(row))
    done = replace(step, id=str(row["id"]), why="")
    _note(account, done, by, row)
    _note_sent(account, one)
    return done


def _last_place(account: Account, one: Wanted) -> dict[str, int]:
    """Behind all rules: where only the first that fits is run, ours displaces none."""
    if one.name not in RULES:
        return {}
    places = [row["position"] for row in account.shown[one.kind] if isinstance(row.get("position"), int)]
    return {"position": max(places, default=len(account.shown[one.kind])) + 1}


def _arrived(account: Account, one: Wanted) -> dict[str, Any] | None:
    """What a request made whose answer was lost."""
    account.shown[one.kind] = account.admin.things(one.kind)
    ours = account.ours(one.name, one.kind)
    return ours[0] if ours else None


def _mend(account: Account, step: Step, one: Wanted, row: Mapping[str, Any]) -> None:
    body: dict[str, Any] = dict(one.body)
    if one.name == FIELD:
        body = {name: value for name, value in body.items() if name not in ("label", "type")}
    else:
        body |= {name: row[name] for name in ("name", "position") if row.get(name)}
        if "events" in body:
            body["events"] = things.events_with(row)
    answer = account.admin.update_thing(one.kind, str(step.id), body)
    if isinstance(answer, Unknown):  # the same again does no harm
        answer = account.admin.update_thing(one.kind, str(step.id), body)
    if not isinstance(answer, Done):
        raise NotMade(_why_not(account, step, answer))
    _note_sent(account, one)


def remove(account: Account, step: Step, by: str) -> None:
    """Delete one thing of ours; that it is gone already is as good. Raises NotMade."""
    answer = account.admin.delete_thing(step.kind, str(step.id))
    if isinstance(answer, Unknown):
        answer = account.admin.delete_thing(step.kind, str(step.id))
    if not (isinstance(answer, Done) or (isinstance(answer, Refused) and answer.reason == "gone")):
        raise NotMade(_why_not(account, step, answer))
    account.shown[step.kind] = [row for row in account.shown[step.kind] if str(row["id"]) != step.id]
    store, name = account.store, account.account
    with store.transaction():
        installing.note_removed(account, step, by)
        if step.name == FIELD:
            store.set_meta(name, FIELD_NAME, None)
        else:
            store.drop_secret(name, _sent(step.name))


def _note(account: Account, step: Step, by: str, row: Mapping[str, Any]) -> None:
    if step.name == FIELD and not row.get("name"):
        typed = f"freshdesk {account.account}: custom field “{step.title}”: its name is not told; run it again"
        raise NotMade(Said(N_("“%(title)s”: its name is not told"), typed, title=step.title))
    with account.store.transaction():
        if step.name == FIELD:
            account.store.set_meta(account.account, FIELD_NAME, str(row["name"]))
        installing.note(account, step, by, installing.made_at(row, account.admin.api.platform_now))


def _note_sent(account: Account, one: Wanted) -> None:
    if one.name in RULES:
        account.store.put_secret(account.account, _sent(one.name), account.secret)


def _sent(name: str) -> str:
    """Of the store: the secret that was last put into a rule."""
    return f"{name}_shows"


def _row(account: Account, step: Step) -> Mapping[str, Any]:
    return next((row for row in account.shown[step.kind] if str(row["id"]) == step.id), {})


def _why_not(account: Account, step: Step, answer: object) -> Said:
    """Who, what, where, and the next step."""
    what = f"freshdesk {account.account}: {step.word} “{step.title}”"
    again = f"run {'uninstall' if step.verdict == 'remove' else 'install'} again"
    title, by_hand = step.title, step.name in RULES and step.verdict == "create"
    if isinstance(answer, Conflict):
        return Said(
            N_("“%(title)s”: 409, something of the kind is there already or is being changed"),
            f"{what}: 409, something of the kind is there already or is being changed; {again}",
            title=title,
        )
    if not isinstance(answer, Refused):
        if by_hand:
            return Said(
                N_("“%(title)s”: Freshdesk failed at it, and it is not there; try again, or set it up by hand as said "
                   "below"),
                f"{what}: Freshdesk failed at it, and it is not there; {again}, or set it up by hand as said below",
                title=title,
            )  # fmt: skip
        return Said(
            N_("“%(title)s”: nobody knows whether the request arrived; the next look will tell"),
            f"{what}: nobody knows whether the request arrived; {again}, it looks first",
            title=title,
        )
    status = f"{answer.status} {answer.code}" if answer.code else str(answer.status)
    if answer.status == 402 or answer.code == "require_feature":
        return Said(
            N_("“%(title)s”: %(status)s, the account's plan has no such thing"),
            f"{what}: {status}, the account's plan has no such thing",
            title=title, status=status,
        )  # fmt: skip
    if answer.reason in ("forbidden", "unauthorised"):
        return Said(
            N_("“%(title)s”: %(status)s, not allowed; the key's agent must be an admin"),
            f"{what}: {status}, not allowed; the key's agent must be an admin; {again}",
            title=title, status=status,
        )  # fmt: skip
    if by_hand:
        return Said(
            N_("“%(title)s”: %(status)s, not accepted; set it up by hand as said below"),
            f"{what}: {status}, not accepted; set it up by hand as said below",
            title=title, status=status,
        )  # fmt: skip
    return Said(
        N_("“%(title)s”: %(status)s, not accepted; look at it in %(where)s"),
        f"{what}: {status}, not accepted; look at it in {WHERE[step.kind]}, then {again}",
        title=title, status=status, where=WHERE[step.kind],
    )  # fmt: skip
