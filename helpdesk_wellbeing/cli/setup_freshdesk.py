"""What `install` and `uninstall` do in a Freshdesk account."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from helpdesk_wellbeing.cli.common import say
from helpdesk_wellbeing.cli.setting_up import Setup, Taking, checked_url, require_platform
from helpdesk_wellbeing.said import N_, Said

if TYPE_CHECKING:
    from connectors.freshdesk.admin import Admin
    from connectors.session import Limits
    from helpdesk_wellbeing.store import Store
    from webhooks.freshdesk.by_hand import Task
    from webhooks.freshdesk.provisioning import Account
    from webhooks.installing import Outcome
    from webhooks.packing import Package

WHO_READS = N_(
    "survey invitations belong to no group, so every agent whose scope is all tickets can open their links; "
    "give them a group of admins, as below"
)
STAYS = (
    Said(N_("what you made by hand stays: the view, the group for surveys; delete them in Freshdesk")),
    Said(N_("The app stays where it was installed: an admin takes it out in Freshdesk under Admin > Support Operations "
            "> Apps.")),
)  # fmt: skip


def to_install(
    store: Store, account: str, url: str, news: str | None = None, tell: Callable[[str], None] = say,
    limits: Limits | None = None,
) -> Setup:  # fmt: skip
    """What would be made, kept, mended or removed, and what is left to a person. There is one way of `news` only.

    Raises PlatformError.
    """
    from webhooks.freshdesk import guards, provisioning

    require_platform(store, account, "freshdesk")
    url = checked_url(store, account, url)
    there = provisioning.Account(_admin(store, account, tell, limits), store, account)
    steps = provisioning.plan(there, url)

    def tasks(outcome: Outcome | None) -> list[Task]:
        return _left_to_people(there, url, outcome)

    return Setup(
        store, account, "Freshdesk", url, steps, guards.look(there.admin),
        notes=[
            *there.lacking.values(), *provisioning.strangers(there), *provisioning.second_calls(there, url),
            *provisioning.required(there),
        ],
        who_reads=Said(WHO_READS, f"{account}: {WHO_READS}"), tasks=tasks,
        by_hand=provisioning.made_by_hand(there, url),
        carry_out=lambda by: provisioning.carry_out(there, steps, url, by),
    )  # fmt: skip


def to_uninstall(
    store: Store, account: str, tell: Callable[[str], None], talk: Callable[[str], None] = say,
    limits: Limits | None = None,
) -> Taking:  # fmt: skip
    """What would be taken out; `tell` hears how far the tickets are. Raises PlatformError."""
    from webhooks.freshdesk import provisioning, removal

    require_platform(store, account, "freshdesk")
    there = provisioning.Account(_admin(store, account, talk, limits), store, account)
    planned, unseen = removal.plan(there)
    notes = [*there.lacking.values(), *unseen, *provisioning.strangers(there), *provisioning.left_by_hand(there)]
    return Taking(
        store, account, "Freshdesk", planned, notes,
        carry_out=lambda by: removal.carry_out(there, planned, by, say=tell),
        stays=STAYS,
    )  # fmt: skip


def package(store: Store, account: str, url: str) -> Package:
    """The app. Raises ConfigError."""
    from webhooks.freshdesk.app.package import package as packed

    require_platform(store, account, "freshdesk")
    return packed(checked_url(store, account, url), account)


def missing(store: Store, account: str) -> list[str]:
    """What is not there of what `install` makes, by our names for it."""
    from webhooks.freshdesk.things import FIELD, RULES

    noted = store.installed.things(account)
    return [name for name in (FIELD, *RULES) if name not in noted]


def _left_to_people(there: Account, url: str, outcome: Outcome | None) -> list[Task]:
    """The rules that the API does not take, or may not once it is tried, and what it has no way for at all."""
    from helpdesk_wellbeing.acting.policy import policy_of
    from webhooks.freshdesk import by_hand, provisioning
    from webhooks.freshdesk.things import FIELD, RULES

    standing = {name for name, kind in RULES.items() if there.ours(name, kind)}
    standing |= set(provisioning.made_by_hand(there, url))
    refused = outcome is not None
    tasks = [
        by_hand.rule(name, there.account, url)
        for name, kind in RULES.items()
        if name not in standing and (refused or kind in there.lacking)
    ]
    if "ticket_fields" in there.lacking and FIELD not in there.store.installed.things(there.account):
        tasks.append(by_hand.field(there.account))
    if policy_of(there.store, there.account).survey_group is None:
        tasks.append(by_hand.group(there.account))
    return [*tasks, by_hand.view()]


def _admin(store: Store, account: str, tell: Callable[[str], None], limits: Limits | None) -> Admin:
    from connectors.freshdesk.admin import Admin
    from connectors.freshdesk.client import FreshdeskApi
    from helpdesk_wellbeing.cli.platforms import freshdesk_settings

    return Admin(FreshdeskApi(freshdesk_settings(store, account), limits=limits, say=tell))
