"""`access`: how people sign in to an account, whom it lets in, and the link for the first admin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.common import (
    AccountName,
    account_option,
    ask_secret,
    format_option,
    open_store,
    print_json,
    require_account,
    say,
    store_with,
)
from helpdesk_wellbeing.errors import ConfigError

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.doors import SignIn
    from helpdesk_wellbeing.store import Store

VARIABLE = "HELPDESK_WELLBEING_SIGN_IN_SECRET"
MOST_LINKS = 10  # that `serve` names
HERE = "http://127.0.0.1:8765"  # where `serve` is when nobody says otherwise

by_option = click.option("--by", metavar="WHO", help="Who does this, as the audit will say; you, if left out.")
who_option = click.option(
    "--who", required=True, metavar="WHO", help="email:ADDRESS, zendesk:ID of a user, or oidc:ISSUER:SUBJECT."
)


@click.group(name="access")
def command() -> None:
    """How people sign in to the pages of an account, and whom they let in as what."""


@command.command(name="set", short_help="Choose how people sign in.")
@account_option
@click.option("--zendesk/--no-zendesk", default=None, help="With the account's own Zendesk; every agent may.")
@click.option("--zendesk-client-id", metavar="ID", help="An OAuth client of its own; else the one that reads.")
@click.option("--oidc-issuer", metavar="URL", help="With an OpenID Connect provider, such as https://login.example.com")
@click.option("--oidc-client-id", metavar="ID", help="What this installation is called there.")
@click.option("--oidc-label", metavar="NAME", help="What people know the provider by.")
@click.option("--no-oidc", is_flag=True, help="No longer with the provider.")
@click.option("--no-secret", is_flag=True, help="The client is a public one; PKCE stands in for its secret.")
@by_option
def set_(account: str, by: str | None, no_secret: bool, **given: Any) -> None:
    """Choose how people sign in to the account's pages. A new client's secret is asked for, or read from
    HELPDESK_WELLBEING_SIGN_IN_SECRET."""
    from helpdesk_wellbeing.access import doors
    from helpdesk_wellbeing.cli.proposals import decider

    store, who = store_with(account), decider(by)
    changes = _changes(doors.sign_in_of(store, account), given)
    if not changes:
        raise click.UsageError("nothing to change; see access show")
    wanted = {
        name: None if no_secret else ask_secret(VARIABLE, "client secret")
        for way, name in (("zendesk", doors.ZENDESK_SECRET), ("oidc", doors.OIDC_SECRET))
        if (changes.get(way) or {}).get("client_id") and (given[f"{way}_client_id"] or no_secret)
    }
    with store.transaction():
        after = doors.change(store, account, who, datetime.now(UTC), **changes)
        for name, secret in wanted.items():
            if secret is None:
                store.drop_secret(account, name)
            else:
                store.put_secret(account, name, secret)
    _show(store, account, after)


def _changes(before: SignIn, given: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if given["zendesk"] is False:
        changes["zendesk"] = None
    elif given["zendesk"] or given["zendesk_client_id"]:
        known = before.zendesk.model_dump() if before.zendesk else {}
        changes["zendesk"] = known | _given(client_id=given["zendesk_client_id"])
    if given["no_oidc"]:
        changes["oidc"] = None
    else:
        said = _given(issuer=given["oidc_issuer"], client_id=given["oidc_client_id"], label=given["oidc_label"])
        if said:
            changes["oidc"] = (before.oidc.model_dump() if before.oidc else {}) | said
    return changes


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


@command.command(short_help="How people sign in, and the addresses to register.")
@account_option
@format_option
def show(account: str, output: str) -> None:
    """How people sign in to the account's pages, and the address that the other side has to know for each way."""
    from helpdesk_wellbeing.access.doors import sign_in_of

    store = store_with(account, reading=True)
    ways = sign_in_of(store, account)
    if output == "json":
        addresses = {way: _callback(store, account, way) for way in ("zendesk", "oidc") if getattr(ways, way)}
        print_json({"account": account, **ways.model_dump(mode="json"), "redirect_urls": addresses})
        return
    _show(store, account, ways)


def _show(store: Store, account: str, ways: SignIn) -> None:
    if ways.zendesk is None and ways.oidc is None:
        say(f"{account}: nobody can sign in but by a link: access link --account {account}")
    if ways.zendesk is not None:
        client = ways.zendesk.client_id or "the one that reads the account"
        click.echo(f"Zendesk         client: {client}")
        click.echo(f"                redirect URL to register: {_callback(store, account, 'zendesk')}")
    if ways.oidc is not None:
        click.echo(f"{ways.oidc.label:15} {ways.oidc.issuer}, client: {ways.oidc.client_id}")
        click.echo(f"                redirect URL to register: {_callback(store, account, 'oidc')}")


def _callback(store: Store, account: str, way: str) -> str:
    return f"{base_of(store, account)}/a/{account}/sign-in/{way}/back"


@command.command(short_help="Let somebody in, or change what they may.")
@account_option
@who_option
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="ops, hr, council, admin or dpo; may be repeated.")
@click.option("--name", metavar="NAME", help="What they are called.")
@click.option("--agent", metavar="ID", help="Their id in the helpdesk, so that they see their own page.")
@by_option
def add(account: str, who: str, roles: tuple[str, ...], name: str | None, agent: str | None, by: str | None) -> None:
    """Let somebody in, or change what they may. Agents and leads are known from the helpdesk and the people file."""
    from helpdesk_wellbeing.access import members
    from helpdesk_wellbeing.cli.proposals import decider

    store = store_with(account)
    added = members.add(store, account, who, roles, by=decider(by), at=datetime.now(UTC), name=name, agent=agent)
    may = ", ".join(sorted(added.roles)) or f"agent {added.agent}"
    say(f"{account}: {added.name} ({added.who}) may sign in as {may}")
    if members.is_unknown_there(store, account, added):
        say(f"{account}: the helpdesk knows no such user as {added.agent}; if that is a slip: "
            f"access drop --account {account} --who {added.who}")  # fmt: skip


@command.command(name="list", short_help="Who is let in as what.")
@account_option
@format_option
def list_(account: str, output: str) -> None:
    """Who is let in as what, by name. Agents of a helpdesk that people sign in with are let in by it."""
    found = store_with(account, reading=True).access.members(account)
    if output == "json":
        rows = [
            {"who": one.who, "name": one.name, "agent": one.agent, "roles": sorted(one.roles),
             "added_at": one.added_at.isoformat(), "added_by": one.added_by}
            for one in found
        ]  # fmt: skip
        print_json({"account": account, "members": rows})
        return
    for one in found:
        click.echo(f"{one.who:40} {', '.join(sorted(one.roles)) or 'agent':20} {one.name}")
    if not found:
        say(f"{account}: nobody is let in yet; access add --account {account} --who email:… --role admin")


@command.command(short_help="Let somebody in no more.")
@account_option
@who_option
@by_option
def drop(account: str, who: str, by: str | None) -> None:
    """Let somebody in no more; where they are signed in, that ends."""
    from helpdesk_wellbeing.access import members
    from helpdesk_wellbeing.cli.proposals import decider

    members.drop(store_with(account), account, who, by=decider(by), at=datetime.now(UTC))
    say(f"{account}: {who} is let in no more")


@command.command(short_help="A link that lets an admin in, once.")
@click.option("--account", type=AccountName(), metavar="NAME", help="Leave it out for the set-up of the installation.")
@click.option("--url", metavar="URL", help="Where you reach this installation.")
def link(account: str | None, url: str | None) -> None:
    """Print a link that lets an admin in: once, within an hour. Links from before open nothing any more."""
    from helpdesk_wellbeing.cli.proposals import decider

    store = open_store()
    if account is not None:
        require_account(store, account)
    made = entry_link(store, account, url)
    if account is not None:
        store.audit.add(account, datetime.now(UTC), "entry link made", by=decider(None))
    click.echo(made)
    say("whoever has this link comes in as an admin; it works once, within an hour")


def entry_link(store: Store, account: str | None, url: str | None = None) -> str:
    """A new link; `account` None: into the set-up of the installation."""
    from helpdesk_wellbeing.access.entering import LINK_LASTS
    from helpdesk_wellbeing.acting.policy import PUBLIC_URL

    if url is not None and not PUBLIC_URL.fullmatch(url):
        raise ConfigError("--url must be https://host, or http:// on loopback, without a path")
    now = datetime.now(UTC)
    token = store.access.make_link(account, now, now + LINK_LASTS)
    base = (url or base_of(store, account)).rstrip("/")
    if account is None:
        return f"{base}/setup/enter/{token}"
    return f"{base}/a/{account}/enter/{token}"


def base_of(store: Store, account: str | None, here: str = HERE) -> str:
    """Where people reach the installation, as far as anybody has said."""
    from helpdesk_wellbeing.acting.policy import policy_of

    told = policy_of(store, account).public_url if account is not None else None
    return (told or here).rstrip("/")


def first_links(store: Store, address: str) -> list[str]:
    """For a `serve` that has just begun there: a line about each account that nobody could set up yet."""
    from helpdesk_wellbeing.access.members import has_admin

    accounts = [account.name for account in store.accounts()]
    if not accounts:
        return [f"set up this installation (once, within an hour): {entry_link(store, None, _fit(address))}"]
    without = [name for name in accounts if not has_admin(store, name)]
    return [
        f"{name} has no admin yet; come in (once, within an hour): "
        f"{entry_link(store, name, None if base_of(store, name, '') else _fit(address))}"
        for name in without[:MOST_LINKS]
    ]


def _fit(address: str) -> str | None:
    """The address as people on this machine reach it."""
    from helpdesk_wellbeing.acting.policy import PUBLIC_URL

    return address if PUBLIC_URL.fullmatch(address) else None
