"""`notices`: whom an account tells by mail, Slack and Teams that something waits, and whether that arrives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.common import account_option, ask_secret, format_option, print_json, say, store_with
from helpdesk_wellbeing.cli.proposals import by_option, decider
from helpdesk_wellbeing.errors import ConfigError, StoreError, WellbeingError, in_a_line
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from helpdesk_wellbeing.notices.outbox import Tally
    from helpdesk_wellbeing.notices.people import Recipient
    from helpdesk_wellbeing.notices.settings import Settings
    from helpdesk_wellbeing.store import Store

PASSWORD_VARIABLE = "HELPDESK_WELLBEING_SMTP_PASSWORD"
WEBHOOK_VARIABLE = "HELPDESK_WELLBEING_NOTICES_WEBHOOK"
ROLES = ("agent", "lead", "ops", "admin", "dpo")
_SHOWN = timedelta(days=3)
_TEST_FAILED = 1


@click.group(name="notices")
def command() -> None:
    """A daily digest and urgent notices by mail, Slack and Teams: on working days, never at night, naming nobody."""


@command.command(name="set", short_help="Change whom an account tells what, and how.")
@account_option
@click.option("--on/--off", "on", default=None, help="Whether anything is sent.")
@click.option("--smtp-host", metavar="HOST", help="The mail server.")
@click.option("--smtp-port", type=click.IntRange(1, 65535), help="587 where nothing is said.")
@click.option("--security", type=click.Choice(["starttls", "tls", "none"]), help="none only for a simulated account.")
@click.option("--smtp-user", metavar="USER", help="Whom the mail server lets in; the password is asked for.")
@click.option("--from", "sender", metavar="ADDRESS", help="From whom mail comes.")
@click.option("--no-mail", is_flag=True, help="Forget the mail server.")
@click.option("--mail-to", metavar="ROLES", help=f"Roles that get mail, with commas: of {', '.join(ROLES)}; or none.")
@click.option("--room", metavar="NAME", help="Add a channel of Slack or Teams; its webhook is asked for.")
@click.option("--kind", type=click.Choice(["slack", "teams"]), help="Of --room.")
@click.option("--role", type=click.Choice(["lead", "ops", "admin"]), help="Of --room: what is told there.")
@click.option("--team", metavar="ID", help="Of --room with the role lead: the group whose channel it is.")
@click.option("--drop-room", metavar="NAME", help="Tell a channel nothing any more.")
@click.option("--language", type=click.Choice(["en", "nl"]), help="Default: that of act set --language.")
@click.option("--quiet-from", metavar="TIME", help="Nothing is sent from then on: 18:00, by everybody's own clock.")
@click.option("--quiet-until", metavar="TIME", help="Until then: 08:00. The night is always quiet.")
@click.option("--digest-at", metavar="TIME", help="For those whose hours are not known: 08:00.")
@click.option("--urgent-a-day", type=click.IntRange(0, 2), help="At most so many urgent notices a person.")
@by_option
def set_(account: str, room: str | None, drop_room: str | None, by: str | None, **given: Any) -> None:
    """Change whom an account tells what, and how. Every change is in the audit.

    Passwords and webhooks are asked for, or read from HELPDESK_WELLBEING_SMTP_PASSWORD and
    HELPDESK_WELLBEING_NOTICES_WEBHOOK.
    """
    from helpdesk_wellbeing.notices import settings as kept

    store, who = store_with(account), decider(by)
    before = kept.settings_of(store, account)
    of_room = {name: given.pop(name) for name in ("kind", "role", "team")}
    changes = _changes(before, given)
    if room is None and any(of_room.values()):
        raise click.UsageError("--kind, --role and --team are for --room NAME")
    if drop_room is not None:
        if drop_room not in {one.name for one in before.rooms}:
            raise ConfigError(f"{account}: there is no room {drop_room}; see notices show")
        changes["rooms"] = [one.model_dump() for one in before.rooms if one.name != drop_room]
    if not changes and room is None:
        raise click.UsageError("nothing to change")
    on = changes.pop("on", None)  # last, when all else is there
    password = ask_secret(PASSWORD_VARIABLE, "password of the mail server") if given["smtp_user"] else None
    webhook = ask_secret(WEBHOOK_VARIABLE, "address of the webhook") if room is not None else None
    now = datetime.now(UTC)
    with store.transaction():
        if changes:
            kept.change(store, account, who, now, **changes)
        if password is not None:
            store.put_secret(account, kept.PASSWORD, password)
        if given["no_mail"]:
            store.drop_secret(account, kept.PASSWORD)
        if room is not None and webhook is not None:
            kept.add_room(store, account, who, now, _room(account, room, of_room), webhook)
        if on is not None:
            kept.change(store, account, who, now, on=on)
    say(f"{account}: changed; see helpdesk-wellbeing notices show --account {account}")


def _changes(before: Settings, given: dict[str, Any]) -> dict[str, Any]:
    plain = ("on", "language", "quiet_from", "quiet_until", "digest_at", "urgent_a_day")
    changes = {name: given[name] for name in plain if given[name] is not None}
    if given["mail_to"] is not None:
        words = [word.strip() for word in given["mail_to"].split(",") if word.strip()]
        changes["mail_to"] = [] if words == ["none"] else words
    smtp = {"host": given["smtp_host"], "port": given["smtp_port"], "security": given["security"],
            "user": given["smtp_user"], "sender": given["sender"]}  # fmt: skip
    told = {name: value for name, value in smtp.items() if value is not None}
    if given["no_mail"]:
        if told:
            raise click.UsageError("--no-mail goes with no other setting of the mail server")
        changes["smtp"] = None
    elif told:
        known = before.smtp.model_dump() if before.smtp is not None else {}
        if "host" in told and known.get("host") not in (None, told["host"]) and "user" not in told:
            known.pop("user")  # a password is never given to another server than the one it was typed for
        changes["smtp"] = {**known, **told}
    return changes


def _room(account: str, name: str, given: dict[str, Any]) -> Any:
    from pydantic import ValidationError

    from helpdesk_wellbeing.notices.settings import Room

    if given["kind"] is None or given["role"] is None:
        raise click.UsageError("--room goes with --kind and --role")
    try:
        return Room(name=name, **given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ConfigError(f"{account}: room: {first['msg'].removeprefix('Value error, ')}") from None


@command.command(short_help="Whom an account tells what, and how that goes.")
@account_option
@format_option
def show(account: str, output: str) -> None:
    """Settings without secrets, who is told by what, what went out in the last days, what fails."""
    report = examine(store_with(account, reading=True), account, datetime.now(UTC))
    if output == "json":
        print_json(report)
    else:
        click.echo("\n".join(_lines(report)))


def examine(store: Store, account: str, now: datetime) -> dict[str, Any]:
    """Everything `notices show` has to say, as one object."""
    from helpdesk_wellbeing.notices.outbox import failing_channels
    from helpdesk_wellbeing.notices.people import recipients, staff_of
    from helpdesk_wellbeing.notices.settings import PASSWORD, room_secret, settings_of

    settings = settings_of(store, account)
    staff = staff_of(store.directory(account), now.date())
    told = recipients(store.access.members(account), staff, settings)
    return {
        "account": account,
        "settings": settings.model_dump(mode="json"),
        "password_kept": store.has_secret(account, PASSWORD),
        "webhooks_kept": [r.name for r in settings.rooms if store.has_secret(account, room_secret(r.name))],
        "recipients": [
            {"who": to.who, "channel": to.channel, "roles": sorted(to.roles), "zone": to.hours.zone} for to in told
        ],
        "failing": {
            channel: {"since": since.isoformat(), "problem": problem}
            for channel, (since, problem) in failing_channels(store, account, now).items()
        },
        "notices": [
            {"who": one.who, "kind": one.kind, "channel": one.channel, "state": one.state, "tries": one.tries,
             "made_at": one.made_at.isoformat(), "problem": one.problem}
            for one in store.notices.listed(account, now - _SHOWN)
        ],
    }  # fmt: skip


def _lines(report: dict[str, Any]) -> list[str]:
    settings = report["settings"]
    lines = ["notices are sent" if settings["on"] else "nothing is sent: notices are off"]
    smtp = settings["smtp"]
    if smtp is not None:
        user = f", as {smtp['user']}" if smtp["user"] else ""
        lines.append(f"  mail from {smtp['sender']} by {smtp['host']}:{smtp['port']} ({smtp['security']}{user}) "
                     f"to {', '.join(settings['mail_to']) or 'nobody'}")  # fmt: skip
    for room in settings["rooms"]:
        of = f" of team {room['team']}" if room["team"] else ""
        lacks = "" if room["name"] in report["webhooks_kept"] else " (NO WEBHOOK)"
        lines.append(f"  {room['kind']} channel {room['name']}: for {room['role']}{of}{lacks}")
    lines.append(f"  quiet from {settings['quiet_from']} until {settings['quiet_until']} by everybody's own clock, and "
                 "on days they do not work")  # fmt: skip
    lines.append(f"  {counted(len(report['recipients']), 'recipient')}")
    lines += [f"  FAILS  {channel} since {one['since'][:16]}Z: {one['problem']}"
              for channel, one in report["failing"].items()]  # fmt: skip
    for one in report["notices"]:
        problem = f" ({one['problem']})" if one["problem"] else ""
        lines.append(f"  {one['made_at'][:16]}Z  {one['kind']:7} {one['channel']:6} {one['who']}: "
                     f"{one['state']}{problem}")  # fmt: skip
    return lines


@command.command(name="test", short_help="Send a test, at once.")
@account_option
@click.option("--to", metavar="ADDRESS", help="Send it there by mail.")
@click.option("--room", metavar="NAME", help="Send it to this channel (default: to all).")
@click.pass_context
def test_(ctx: click.Context, account: str, to: str | None, room: str | None) -> None:
    """Send a test at once, to one address by mail or to channels. Exit code 0: taken by all, 1: not."""
    from helpdesk_wellbeing.notices.settings import settings_of

    store = store_with(account)
    settings = settings_of(store, account)
    failed = False
    for one in _to_try(account, settings, to, room):
        where = one.address or f"room {one.room.name if one.room else ''}"
        try:
            _try(store, account, settings, one)
        except WellbeingError as error:
            failed = True
            say(f"{account}: {where}: {error}")
        else:
            say(f"{account}: {where}: taken; look whether it arrived")
    ctx.exit(_TEST_FAILED if failed else 0)


def _to_try(account: str, settings: Settings, to: str | None, room: str | None) -> list[Recipient]:
    from helpdesk_wellbeing.notices.addresses import mail_address
    from helpdesk_wellbeing.notices.people import ROOM, Recipient
    from helpdesk_wellbeing.notices.timing import Hours

    if to is not None:
        if mail_address(to) is None:
            raise ConfigError(f"{account}: this is no plain mail address; such as name@example.com")
        return [Recipient(f"email:{to}", "mail", "", frozenset(), Hours("UTC"), address=to)]
    found = [one for one in settings.rooms if room in (None, one.name)]
    if not found:
        raise ConfigError(f"{account}: there is no such room; name an address with --to, or see notices show")
    return [Recipient(f"{ROOM}{r.name}", r.kind, r.name, frozenset({r.role}), Hours("UTC"), room=r) for r in found]


def _try(store: Store, account: str, settings: Settings, to: Recipient) -> None:
    from helpdesk_wellbeing.acting.policy import policy_of
    from helpdesk_wellbeing.notices.channels.opening import open_channel
    from helpdesk_wellbeing.notices.content import trial

    channel = open_channel(store, account, settings, to)
    try:
        language = settings.language or policy_of(store, account).language
        channel.send(to, trial(to, account, language), f"{account}:test:{datetime.now(UTC).isoformat()}")
    finally:
        channel.close()


def about(store: Store, account: str, now: datetime) -> list[str]:
    """What a person has to do so that notices go out, as lines for `status` and `doctor`."""
    from helpdesk_wellbeing.acting.policy import policy_of
    from helpdesk_wellbeing.notices.outbox import failing_channels
    from helpdesk_wellbeing.notices.settings import settings_of

    if not settings_of(store, account).on:
        return []
    again = f"see notices show --account {account}, try notices test --account {account}"
    lines = [
        f"notices by {channel} fail since {since:%Y-%m-%d %H:%M} UTC: {problem}; {again}"
        for channel, (since, problem) in failing_channels(store, account, now).items()
    ]
    if policy_of(store, account).public_url is None:
        lines.append(f"notices are on, but nobody said where the pages are; act set --account {account} --public-url …")
    return lines


def rounds(store: Store, log: Callable[..., None], stopping: Callable[[], bool]) -> Callable[[str], str]:
    """For a worker: one round of notices for an account, told as a line."""
    from helpdesk_wellbeing.notices.channels.opening import open_channel
    from helpdesk_wellbeing.notices.outbox import Means, work

    known: list[frozenset[str]] = []

    def statutory() -> frozenset[str]:
        if not known:
            from helpdesk_wellbeing.cli.common import catalogue

            rules = catalogue(try_examples=False).rules
            known.append(frozenset(name for name, rule in rules.items() if rule.statutory))
        return known[0]

    def tell(account: str) -> str:
        try:
            tally = work(Means(store, open_channel, statutory(), stopping=stopping), account)
        except StoreError:
            raise
        except Exception as error:
            log("notices failed", account=account, problem=in_a_line(error, "notices"))
            store.notices.put_off(account, datetime.now(UTC) + timedelta(minutes=10))
            return "failed"
        for channel, problem in tally.problems.items():
            log("notices failed", account=account, channel=channel, problem=problem)
        if tally.sent:
            log("notices", account=account, sent=tally.sent, later=tally.later, dropped=tally.dropped)
        return described(tally)

    return tell


def described(tally: Tally) -> str:
    """A round in one line."""
    if tally.state != "on":
        return tally.state
    return f"{counted(tally.sent, 'notice')} sent, {tally.later:,} later, {tally.dropped:,} dropped"
