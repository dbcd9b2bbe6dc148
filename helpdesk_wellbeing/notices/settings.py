"""What an account tells whom by which way. Secrets are kept apart: see `PASSWORD` and `room_secret`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.notices.addresses import HOST, KINDS, Kind, check_webhook, mail_address
from helpdesk_wellbeing.notices.timing import NIGHT_BEGINS, NIGHT_ENDS, URGENT_A_DAY, Quiet
from helpdesk_wellbeing.privacy import is_on_this_machine

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

Role = Literal["agent", "lead", "ops", "admin", "dpo"]
ROLES: tuple[Role, ...] = ("agent", "lead", "ops", "admin", "dpo")
Security = Literal["starttls", "tls", "none"]
PORTS = (25, 465, 587, 2525)
PASSWORD = "notices_smtp_password"  # the name of a secret
_KEPT = "notices"
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Smtp(_Strict):
    """A mail server, and who writes."""

    host: Annotated[str, Field(pattern=rf"^(?:{HOST.pattern})$")]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Security = "starttls"
    user: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    sender: str

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, sender: str) -> str:
        if mail_address(sender) is None:
            raise ValueError("must be a plain mail address, such as wellbeing@example.com")
        return sender

    @field_validator("user")
    @classmethod
    def _is_one_line(cls, user: str | None) -> str | None:
        if user is not None and not user.isprintable():
            raise ValueError("must be one line")
        return user


class Room(_Strict):
    """A channel of a chat service. Everybody in it reads along, so nothing about single persons is ever said there."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    kind: Kind
    role: Literal["lead", "ops", "admin"]
    team: str | None = None  # whose team's; only with the role lead

    @model_validator(mode="after")
    def _leads_have_a_team(self) -> Room:
        if (self.role == "lead") != (self.team is not None):
            raise ValueError("the role lead goes with a team, the other roles with none")
        return self


class Settings(_Strict):
    """The notices of one account."""

    on: bool = False
    since: AwareDatetime | None = None  # switched on: what was there before is nothing urgent
    smtp: Smtp | None = None
    mail_to: tuple[Role, ...] = ROLES
    rooms: tuple[Room, ...] = ()
    language: Literal["en", "nl"] | None = None  # null: that of what is written into the helpdesk
    quiet_from: str = "18:00"
    quiet_until: str = "08:00"
    digest_at: str = "08:00"  # of those whose hours are not known
    urgent_a_day: Annotated[int, Field(ge=0, le=URGENT_A_DAY)] = URGENT_A_DAY

    @field_validator("quiet_from", "quiet_until", "digest_at")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        if not _TIME.fullmatch(text):
            raise ValueError("must be a time such as 08:00")
        return text

    @field_validator("rooms")
    @classmethod
    def _have_names_of_their_own(cls, rooms: tuple[Room, ...]) -> tuple[Room, ...]:
        if len({room.name for room in rooms}) < len(rooms):
            raise ValueError("every room needs a name of its own")
        return rooms

    @model_validator(mode="after")
    def _leaves_time(self) -> Settings:
        if self.quiet.last - self.quiet.first < 60:
            raise ValueError("between quiet_until and quiet_from there must be an hour; the night is always quiet")
        return self

    @property
    def quiet(self) -> Quiet:
        """When nobody is told anything."""
        return Quiet(begins=minutes(self.quiet_from), ends=minutes(self.quiet_until))

    @property
    def usual(self) -> int:
        """The minute of the digest of those whose hours are not known."""
        return min(max(minutes(self.digest_at), NIGHT_ENDS), NIGHT_BEGINS)


def minutes(text: str) -> int:
    """08:30 as 510."""
    return int(text[:2]) * 60 + int(text[3:])


def room_secret(name: str) -> str:
    """The name of the secret that is a room's webhook."""
    return f"notices_room_{name}"


def settings_of(store: Store, account: str) -> Settings:
    """The account's settings; the defaults, which are off, where nothing was set."""
    stored = store.get_meta(account, _KEPT)
    return Settings() if stored is None else _read(json.loads(stored), account)


def change(store: Store, account: str, by: str, at: datetime, **changes: Any) -> Settings:
    """Change settings; the audit says who changed what. Raises ConfigError for what does not fit."""
    with store.transaction():
        before = settings_of(store, account)
        after = _read({**before.model_dump(mode="json"), **changes}, account)
        if after.on and not before.on:
            _check_complete(store, account, after)
            after = after.model_copy(update={"since": at})
        _check_mail(store, account, after)
        if after != before:
            store.set_meta(account, _KEPT, after.model_dump_json())
            store.audit.add(account, at, "settings", of="notices", by=by, changed=_differences(before, after))
        for gone in {room.name for room in before.rooms} - {room.name for room in after.rooms}:
            store.drop_secret(account, room_secret(gone))
        if after.on:
            store.notices.look_at(account, at)
        elif before.on:
            store.notices.drop_waiting(account)
    return after


def add_room(store: Store, account: str, by: str, at: datetime, room: Room, url: str) -> Settings:
    """Tell a channel, too; the same name again replaces what it was. Raises ConfigError for an address that may not
    be called."""
    check_webhook(room.kind, url, loopback=is_on_this_machine(store.account(account)))
    with store.transaction():
        others = [one for one in settings_of(store, account).rooms if one.name != room.name]
        store.put_secret(account, room_secret(room.name), url)
        return change(store, account, by, at, rooms=[*(r.model_dump() for r in others), room.model_dump()])


def room_url(store: Store, account: str, room: Room) -> str:
    """A room's webhook, checked anew. Raises ConfigError where there is none or it may not be called."""
    url = store.get_secret(account, room_secret(room.name))
    if url is None:
        raise ConfigError(f"{account}: the room {room.name} has no webhook; notices set --account {account} --room …")
    check_webhook(room.kind, url, loopback=is_on_this_machine(store.account(account)))
    return url


def _check_complete(store: Store, account: str, settings: Settings) -> None:
    from helpdesk_wellbeing.acting.policy import policy_of

    if policy_of(store, account).public_url is None:
        raise ConfigError(
            f"{account}: notices lead to pages, and nobody said where those are; act set --account {account} "
            "--public-url https://…"
        )
    if settings.smtp is None and not settings.rooms:
        raise ConfigError(f"{account}: there is neither a mail server nor a room; notices set --help")


def _check_mail(store: Store, account: str, settings: Settings) -> None:
    smtp = settings.smtp
    if smtp is None or is_on_this_machine(store.account(account)):
        return
    if smtp.security == "none":
        raise ConfigError(f"{account}: mail goes out encrypted; set --security starttls or tls")
    if smtp.port not in PORTS:
        raise ConfigError(f"{account}: a mail server's port is one of {', '.join(map(str, PORTS))}")


def _read(stored: Mapping[str, Any], account: str) -> Settings:
    try:
        return Settings.model_validate(stored)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{account}: notices: {where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}"
        ) from None


def _differences(before: Settings, after: Settings) -> dict[str, Any]:
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {name: {"from": old[name], "to": new[name]} for name in new if new[name] != old[name]}


__all__ = ["KINDS", "PASSWORD", "ROLES", "Role", "Room", "Settings", "Smtp", "add_room", "change", "minutes",
           "room_secret", "room_url", "settings_of"]  # fmt: skip
