"""What `install` and `uninstall` do in a Freshdesk account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpdesk_wellbeing.cli.common import progress, say
from helpdesk_wellbeing.cli.setting_up import Setup, Taking, account_of

if TYPE_CHECKING:
    from connectors.freshdesk.admin import Admin
    from helpdesk_wellbeing.store import Store
    from webhooks.freshdesk.by_hand import Task
    from webhooks.freshdesk.provisioning import Account
    from webhooks.installing import Outcome

WHO_READS = (
    "survey invitations belong to no group, so every agent whose scope is all tickets can open their links; "
    "give them a group of admins, as below"
)


def to_install(account: str, url: str) -> Setup:
    """What would be made, kept, mended or removed, and what is left to a person. Raises PlatformError."""
    from webhooks.freshdesk import guards, provisioning

    store, url = account_of(account, "freshdesk", url)
    there = provisioning.Account(_admin(store, account), store, account)
    steps = provisioning.plan(there, url)

    def tasks(outcome: Outcome | None) -> list[Task]:
        return _left_to_people(there, url, outcome)

    return Setup(
        store, account, "Freshdesk", url, steps, guards.look(there.admin),
        notes=[
            *there.lacking.values(), *provisioning.strangers(there), *provisioning.second_calls(there, url),
            *provisioning.required(there),
        ],
        who_reads=WHO_READS, tasks=tasks, by_hand=provisioning.made_by_hand(there, url),
        carry_out=lambda by: provisioning.carry_out(there, steps, url, by),
    )  # fmt: skip


def to_uninstall(account: str) -> Taking:
    """What would be taken out. Raises PlatformError."""
    from webhooks.freshdesk import provisioning, removal

    store, _ = account_of(account, "freshdesk")
    there = provisioning.Account(_admin(store, account), store, account)
    planned, unseen = removal.plan(there)
    notes = [*there.lacking.values(), *unseen, *provisioning.strangers(there), *provisioning.left_by_hand(there)]
    return Taking(
        store, account, "Freshdesk", planned, notes,
        carry_out=lambda by: removal.carry_out(there, planned, by, say=progress()),
        last="what you made by hand stays: the view, the group for surveys; delete them in Freshdesk",
    )  # fmt: skip


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


def _admin(store: Store, account: str) -> Admin:
    from connectors.freshdesk.admin import Admin
    from connectors.freshdesk.client import FreshdeskApi
    from helpdesk_wellbeing.cli.platforms import freshdesk_settings

    return Admin(FreshdeskApi(freshdesk_settings(store, account), say=say))
