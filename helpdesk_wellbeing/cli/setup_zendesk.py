"""What `install` and `uninstall` do in a Zendesk account."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from helpdesk_wellbeing.cli.common import say
from helpdesk_wellbeing.cli.setting_up import Setup, Taking, checked_url, require_platform
from helpdesk_wellbeing.pages.setting_up import MayOnlyRead, NoAdmin
from helpdesk_wellbeing.said import N_, Said

if TYPE_CHECKING:
    from connectors.session import Limits
    from connectors.zendesk.writing import Writing
    from helpdesk_wellbeing.store import Store
    from webhooks.packing import Package

WHO_READS = N_(
    "Survey invitations belong to no group, so everybody who may see all tickets can open their links. Choose a group "
    "in which only admins are, under Settings, What may happen."
)
_WHO_READS_TYPED = (
    "survey invitations belong to no group, so everybody who may see all tickets can open their links; "
    "give them a group in which only admins are: act set --survey-group ID"
)
APP_STAYS = N_(
    "The app stays where it was uploaded, and its places in Zendesk with it: an admin takes it out in Admin Center > "
    "Apps and integrations > Zendesk Support apps."
)


def to_install(
    store: Store, account: str, url: str, news: str | None, tell: Callable[[str], None] = say,
    limits: Limits | None = None,
) -> Setup:  # fmt: skip
    """What would be made, kept, mended or removed. `news`: events or trigger; None: as before. Raises PlatformError."""
    from webhooks.zendesk import guards, provisioning
    from webhooks.zendesk.things import Told

    require_platform(store, account, "zendesk")
    url = checked_url(store, account, url)
    writing = _writing(store, account, tell, limits)
    there = provisioning.Account(writing, store, account)
    chosen: dict[str | None, Told] = {"events": "events", "trigger": "trigger"}
    told = chosen.get(news, there.told)
    steps = provisioning.plan(there, url, told)
    return Setup(
        store, account, "Zendesk", url, steps, guards.look(writing),
        notes=[*there.lacking, *provisioning.strangers(there, url)],
        who_reads=Said(WHO_READS, f"{account}: {_WHO_READS_TYPED}"), more={"news": told},
        carry_out=lambda by: provisioning.carry_out(there, steps, url, told, by),
    )  # fmt: skip


def to_uninstall(
    store: Store, account: str, tell: Callable[[str], None], talk: Callable[[str], None] = say,
    limits: Limits | None = None,
) -> Taking:  # fmt: skip
    """What would be taken out; `tell` hears how far the tickets are. Raises PlatformError."""
    from webhooks.zendesk import provisioning, removal

    require_platform(store, account, "zendesk")
    there = provisioning.Account(_writing(store, account, talk, limits), store, account)
    planned = removal.plan(there, tell)
    return Taking(
        store, account, "Zendesk", planned, there.lacking,
        carry_out=lambda by: removal.carry_out(there, planned, by, say=tell), stays=(Said(APP_STAYS),),
    )  # fmt: skip


def package(store: Store, account: str, url: str) -> Package:
    """The app, which brings what `install` has not made yet. Raises ConfigError."""
    from webhooks.zendesk.app import joining
    from webhooks.zendesk.app.package import package as packed

    require_platform(store, account, "zendesk")
    url = checked_url(store, account, url)
    made = packed(url, account, store.installed.things(account))
    joining.packed_for(store, account, url)
    return made


def missing(store: Store, account: str) -> list[str]:
    """What is not there of what `install` makes, by our names for it."""
    from webhooks.zendesk.things import FIELD, TRIGGER_WEBHOOK, VIEW, WEBHOOK

    noted = store.installed.things(account)
    lacks = [name for name in (FIELD, VIEW) if name not in noted]
    return lacks if {WEBHOOK, TRIGGER_WEBHOOK} & set(noted) else [*lacks, WEBHOOK]


def _writing(store: Store, account: str, tell: Callable[[str], None], limits: Limits | None) -> Writing:
    """The account's Zendesk, to be set up. Raises MayOnlyRead and NoAdmin."""
    from connectors.zendesk.auth import WHERE, GrantRefused
    from connectors.zendesk.settings import WRITING_SCOPES
    from helpdesk_wellbeing.cli.outbound import writing_of

    writing = writing_of(store, account, tell, limits)
    may_only_read = MayOnlyRead(
        f"{account}: the OAuth client {writing.api.settings.client_id} may only read; allow `write` besides `read` in "
        f"its scopes ({WHERE}), then run this again. Pulls go on asking for `read` alone"
    )
    try:
        user = writing.api.me()
    except GrantRefused as refused:
        if getattr(refused.__cause__, "code", None) == "invalid_scope":
            raise may_only_read from None
        raise
    granted = writing.api.credentials.granted
    if granted is not None and not set(WRITING_SCOPES) <= granted:
        raise may_only_read
    if user.get("role") != "admin":
        raise NoAdmin(
            f"{account}: the connection's user {user['id']} is no admin, so it cannot set anything up; make it one "
            "(Admin Center > People > Team members), or connect with a client of another user"
        )
    return writing
