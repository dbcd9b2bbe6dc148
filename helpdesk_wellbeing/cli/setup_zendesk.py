"""What `install` and `uninstall` do in a Zendesk account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpdesk_wellbeing.cli.common import progress, say
from helpdesk_wellbeing.cli.setting_up import Setup, Taking, account_of
from helpdesk_wellbeing.errors import ConfigError

if TYPE_CHECKING:
    from connectors.zendesk.writing import Writing
    from helpdesk_wellbeing.store import Store
    from webhooks.zendesk.things import Told

WHO_READS = (
    "survey invitations belong to no group, so everybody who may see all tickets can open their links; "
    "give them a group in which only admins are: act set --survey-group ID"
)


def to_install(account: str, url: str, news: Told | None) -> Setup:
    """What would be made, kept, mended or removed. Raises PlatformError."""
    from webhooks.zendesk import guards, provisioning

    store, url = account_of(account, "zendesk", url)
    writing = _writing(store, account)
    there = provisioning.Account(writing, store, account)
    told = news or there.told
    steps = provisioning.plan(there, url, told)
    return Setup(
        store, account, "Zendesk", url, steps, guards.look(writing),
        notes=[*there.lacking, *provisioning.strangers(there, url)], who_reads=WHO_READS, more={"news": told},
        carry_out=lambda by: provisioning.carry_out(there, steps, url, told, by),
    )  # fmt: skip


def to_uninstall(account: str) -> Taking:
    """What would be taken out. Raises PlatformError."""
    from webhooks.zendesk import provisioning, removal

    store, _ = account_of(account, "zendesk")
    there = provisioning.Account(_writing(store, account), store, account)
    planned = removal.plan(there, progress())
    return Taking(
        store, account, "Zendesk", planned, there.lacking,
        carry_out=lambda by: removal.carry_out(there, planned, by, say=progress()),
    )  # fmt: skip


def missing(store: Store, account: str) -> list[str]:
    """What is not there of what `install` makes, by our names for it."""
    from webhooks.zendesk.things import FIELD, TRIGGER_WEBHOOK, VIEW, WEBHOOK

    noted = store.installed.things(account)
    lacks = [name for name in (FIELD, VIEW) if name not in noted]
    return lacks if {WEBHOOK, TRIGGER_WEBHOOK} & set(noted) else [*lacks, WEBHOOK]


def _writing(store: Store, account: str) -> Writing:
    """The account's Zendesk, to be set up. Raises ConfigError when the connection may not write or is no admin's."""
    from connectors.zendesk.auth import WHERE, GrantRefused
    from connectors.zendesk.settings import WRITING_SCOPES
    from helpdesk_wellbeing.cli.outbound import writing_of

    writing = writing_of(store, account, say)
    may_only_read = ConfigError(
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
        raise ConfigError(
            f"{account}: the connection's user {user['id']} is no admin, so it cannot set anything up; make it one "
            "(Admin Center > People > Team members), or connect with a client of another user"
        )
    return writing
