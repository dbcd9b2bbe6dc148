"""Joins stored accounts to helpdesks that can be written to; one function a platform."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from helpdesk_wellbeing.cli.common import say
from helpdesk_wellbeing.cli.platforms import freshdesk_settings, zendesk_settings
from helpdesk_wellbeing.errors import ConfigError, StoreError, in_a_line
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from connectors.session import Limits
    from connectors.zendesk.writing import Writing
    from helpdesk_wellbeing.acting.helpdesk import Helpdesk, Invitation
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.writes import Write
    from webhooks.outbound import Patience, Tally

TRY_AGAIN = timedelta(minutes=10)
FIELD = "field"  # our name for the custom field that `install` makes


def writing_of(store: Store, account: str, tell: Callable[[str], None] = say, limits: Limits | None = None) -> Writing:
    """The writing client of a connected Zendesk account."""
    from connectors.zendesk.client import ZendeskApi
    from connectors.zendesk.settings import WRITING_SCOPES
    from connectors.zendesk.writing import Writing

    settings = replace(zendesk_settings(store, account), scopes=WRITING_SCOPES)
    return Writing(ZendeskApi(settings, limits=limits, say=tell))


def helpdesk_of(
    store: Store, account: str, tell: Callable[[str], None] = say, limits: Limits | None = None
) -> Helpdesk:
    """The helpdesk of a connected account, to be written to. Raises ConfigError where this version cannot."""
    platform = store.account(account).platform
    if platform not in _HELPDESKS:
        what = f"this version cannot write to {platform}" if platform else "it was imported from a file"
        raise ConfigError(f"{account}: nothing can be written, because {what}")
    return _HELPDESKS[platform](store, account, tell, limits)


def _zendesk(store: Store, account: str, tell: Callable[[str], None], limits: Limits | None) -> Helpdesk:
    from webhooks.zendesk.outbound import ZendeskHelpdesk

    field = store.installed.things(account).get(FIELD)
    return ZendeskHelpdesk(writing_of(store, account, tell, limits), field.platform_id if field else None)


def _freshdesk(store: Store, account: str, tell: Callable[[str], None], limits: Limits | None) -> Helpdesk:
    from connectors.freshdesk.client import FreshdeskApi
    from connectors.freshdesk.writing import Writing
    from webhooks.freshdesk.outbound import FreshdeskHelpdesk
    from webhooks.freshdesk.provisioning import FIELD_NAME

    api = FreshdeskApi(freshdesk_settings(store, account), limits=limits, say=tell)
    return FreshdeskHelpdesk(Writing(api), store.get_meta(account, FIELD_NAME))


_HELPDESKS: dict[str, Callable[[Store, str, Callable[[str], None], Limits | None], Helpdesk]] = {
    "freshdesk": _freshdesk,
    "zendesk": _zendesk,
}


def write(
    store: Store,
    account: str,
    *,
    tell: Callable[[str], None] = say,
    limits: Limits | None = None,
    stopping: Callable[[], bool] = lambda: False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
    patience: Patience | None = None,
) -> Tally:
    """Make the writes of an account that are due; what a person has to mend is kept for `status`."""
    from helpdesk_wellbeing.acting import asking, trouble
    from helpdesk_wellbeing.acting.policy import policy_of
    from webhooks.outbound import Means, Patience, work_off

    def invitation(write: Write) -> Invitation | None:
        return asking.invitation(store, account, write, policy_of(store, account), now())

    helpdesk = helpdesk_of(store, account, tell, limits)
    tally = work_off(
        Means(
            store, account, helpdesk, now=now, sleep=sleep, stopping=stopping, invitation_of=invitation,
            patience=patience or Patience(),
        )
    )  # fmt: skip
    if tally.problem is not None:
        trouble.note(store, account, now(), tally.problem, tally.failed)
    elif tally.written or tally.skipped:
        trouble.is_over(store, account)
    return tally


def rounds(store: Store, log: Callable[..., None], stopping: Callable[[], bool]) -> Callable[[str], str]:
    """For a worker: one round of writes for an account, told as a line."""
    from connectors.session import Limits
    from helpdesk_wellbeing.acting import trouble

    limits = Limits(attempts=3, timeouts=1, answer_s=40.0, longest_wait_s=5.0)

    def work(account: str) -> str:
        try:
            tally = write(store, account, tell=lambda line: None, limits=limits, stopping=stopping)
        except StoreError:
            raise
        except Exception as error:  # the account cannot be written to as it is: for a person to mend
            problem, now = in_a_line(error, "writing"), datetime.now(UTC)
            log("writing failed", account=account, problem=problem)
            trouble.note(store, account, now, problem)
            store.writes.put_off(account, now + TRY_AGAIN)
            return "failed"
        if tally.problem is not None:
            log("writing failed", account=account, problem=tally.problem)
        if tally.written or tally.skipped or tally.stopped:
            log("written", account=account, written=tally.written, skipped=tally.skipped, stopped=tally.stopped)
        return described(tally)

    return work


def described(tally: Tally) -> str:
    """A round in one line."""
    parts = [f"{counted(tally.written, 'write')} made"]
    if tally.skipped:
        reasons = ", ".join(f"{n} × {reason}" for reason, n in sorted(tally.reasons.items()))
        parts.append(f"{tally.skipped:,} skipped ({reasons})")
    if tally.later:
        parts.append(f"{tally.later:,} to be looked at again")
    if tally.problem and tally.problem != tally.stopped:
        parts.append(f"failed: {tally.problem}")
    if tally.stopped:
        parts.append(f"stopped: {tally.stopped}")
    return "; ".join(parts)
