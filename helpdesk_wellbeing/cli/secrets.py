"""`secrets`: set and change webhook secrets and the key that encrypts everything, without a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from helpdesk_wellbeing.cli.common import AccountName, account_option, ask_secret, open_store, require_account, say
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from helpdesk_wellbeing.secrets import Keyring
    from helpdesk_wellbeing.store import Store

VARIABLE = "HELPDESK_WELLBEING_WEBHOOK_SECRET"
SHORTEST = 16  # characters; Zendesk makes 43


@click.group(name="secrets")
def command() -> None:
    """Set, show and change webhook secrets; change the key. Secrets are asked for, or read from the environment."""


@command.command(name="set", short_help="Keep an account's webhook secret.")
@account_option
@click.argument("name", type=click.Choice(["webhook_secret"]))
def set_(account: str, name: str) -> None:
    """Keep the secret that proves an account's webhooks; the one before is not accepted any more.

    Asked for, or read from HELPDESK_WELLBEING_WEBHOOK_SECRET. A running serve knows it within seconds. To change it
    without a gap: secrets rotate --account NAME.
    """
    from webhooks import known

    store = _store_with(account)
    secret = _ask()
    with store.transaction():
        store.put_secret(account, name, secret)
        known.forget_previous(store, account)
    say(f"{account}: kept; the webhook's address is …/webhooks/{store.account(account).platform}/{account}")


@command.command(short_help="Print an account's webhook secret.")
@account_option
@click.argument("name", type=click.Choice(["webhook_secret"]))
def show(account: str, name: str) -> None:
    """Print the webhook secret, to be put into a rule by hand. Whoever sees it can send webhooks in the
    helpdesk's name."""
    secret = _store_with(account).get_secret(account, name)
    if secret is None:
        raise ConfigError(f"{account}: there is no webhook secret; secrets set --account {account} webhook_secret")
    click.echo(secret)


@command.command(short_help="Change an account's webhook secret, or the key.")
@click.option("--account", type=AccountName(), metavar="NAME", help="Change this account's webhook secret.")
@click.option(
    "--keep-days", type=click.IntRange(1, 90), default=7, show_default=True, help="How long the old one is accepted."
)
@click.option(
    "--step",
    type=click.Choice(["prepare", "switch", "forget"]),
    help="One step of changing the key, for several machines: copy the key file to all after each.",
)
@click.pass_context
def rotate(ctx: click.Context, account: str | None, keep_days: int, step: str | None) -> None:
    """With --account: take a new webhook secret and accept the old one for some days more.

    Without: make a new key, encrypt every secret with it, forget the old key. Running processes go on. Cut off at any
    moment, everything stays readable; run it again.
    """
    if account is None:
        if ctx.get_parameter_source("keep_days") is not ParameterSource.DEFAULT:
            raise ConfigError("--keep-days is for a webhook secret; add --account NAME, or leave it out")
        _rotate_key(step)
    elif step:
        raise ConfigError("--step is for the key; leave out --account")
    else:
        _rotate_webhook_secret(account, keep_days)


@command.command(name="forget-previous", short_help="Don't accept an account's old webhook secret any more.")
@account_option
def forget_previous(account: str) -> None:
    """Don't accept the webhook secret from before the last change any more."""
    from webhooks import known

    found = known.forget_previous(_store_with(account), account)
    say(f"{account}: the old secret is forgotten" if found else f"{account}: there is no old secret")


def _rotate_webhook_secret(account: str, keep_days: int) -> None:
    from webhooks import known

    store = _store_with(account)
    until = datetime.now(UTC) + timedelta(days=keep_days)
    replaced = known.replace_secret(store, account, _ask(), until)
    old = f"the old one is accepted until {until:%Y-%m-%d %H:%M} UTC" if replaced else "there was none before"
    say(f"{account}: the new secret is kept; {old}")
    if store.account(account).platform == "freshdesk":
        say(f"next: give it to the rules: helpdesk-wellbeing install freshdesk --account {account} --url …; those made "
            "by hand, by hand")  # fmt: skip


def _rotate_key(step: str | None) -> None:
    from helpdesk_wellbeing.secrets import Keyring
    from helpdesk_wellbeing.settings import load_settings

    keyring = Keyring(load_settings().home)
    store = open_store()
    if keyring.is_in_environment:
        _rotate_in_environment(store, keyring, step)
    elif step == "prepare":
        keyring.prepare()
        say("a new key is prepared; copy the key file to every machine, then: secrets rotate --step switch")
    elif step == "switch":
        keyring.switch()
        say(f"{_encrypted(store)} with the new key; copy the key file to every machine, then: "
            "secrets rotate --step forget")  # fmt: skip
    else:
        if step is None:
            keyring.renew()
        done = _encrypted(store)
        keyring.forget()
        say(f"{done} with the {'first' if step else 'new'} key; the old one is forgotten. "
            "Backups from before need the old key")  # fmt: skip


def _rotate_in_environment(store: Store, keyring: Keyring, step: str | None) -> None:
    if step or keyring.count == 1:
        keyring.renew()  # tells what to do instead
    say(f"{_encrypted(store)} with the first key in the environment; take the others away and start everything again")


def _encrypted(store: Store) -> str:
    return f"{counted(store.encrypt_anew(), 'secret')} encrypted"


def _store_with(account: str) -> Store:
    store = open_store()
    require_account(store, account)
    if store.account(account).platform is None:
        raise ConfigError(f"{account} was imported from a file; no webhooks come for it")
    return store


def _ask() -> str:
    from webhooks.zendesk.signature import PUBLIC_TEST_SECRET

    secret = ask_secret(VARIABLE, "webhook secret")
    if secret == PUBLIC_TEST_SECRET:
        raise ConfigError(
            "this webhook secret is the one that Zendesk prints in its documentation for test calls, so it proves "
            "nothing; take the one that the webhook itself shows"
        )
    if len(secret) < SHORTEST:
        raise ConfigError(f"the webhook secret has fewer than {SHORTEST} characters; take a longer one")
    return secret
