"""The way to a recipient, with the secrets that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.notices.channels import Channel
from helpdesk_wellbeing.notices.settings import PASSWORD, Settings, room_url
from helpdesk_wellbeing.privacy import is_on_this_machine

if TYPE_CHECKING:
    from helpdesk_wellbeing.notices.people import Recipient
    from helpdesk_wellbeing.store import Store


def open_channel(store: Store, account: str, settings: Settings, to: Recipient) -> Channel:
    """A channel to be closed after use. Raises ConfigError for what a person has to set first."""
    if to.room is None:
        if settings.smtp is None:
            raise ConfigError(f"{account}: there is no mail server; notices set --account {account} --smtp-host …")
        from helpdesk_wellbeing.notices.channels.smtp import Mail

        return Mail(settings.smtp, store.get_secret(account, PASSWORD))
    url, loopback = room_url(store, account, to.room), is_on_this_machine(store.account(account))
    if to.room.kind == "slack":
        from helpdesk_wellbeing.notices.channels.slack import Slack

        return Slack(url, loopback=loopback)
    from helpdesk_wellbeing.notices.channels.teams import Teams

    return Teams(url, loopback=loopback)
