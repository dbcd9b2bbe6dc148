"""`doctor`: what is connected, what is missing, which accounts look automated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.beginning import FIRST_STEPS, open_to_look
from helpdesk_wellbeing.cli.common import AccountName, catalogue, format_option, open_store, print_json, require_account
from helpdesk_wellbeing.cli.install import about as about_installation
from helpdesk_wellbeing.cli.notices import about as about_notices
from helpdesk_wellbeing.cli.platforms import how_to_add_the_key, lives_on_webhooks, unreadable_secrets, why_no_events
from helpdesk_wellbeing.cli.status import about_telling, about_writing, examine_account, in_short, retention_line

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

OLD = timedelta(days=7)


@click.command(name="doctor")
@click.option("--account", type=AccountName(), metavar="NAME", help="Only this account (default: all).")
@format_option
@click.pass_context
def command(ctx: click.Context, account: str | None, output: str) -> None:
    """What is connected, what is missing, which accounts look automated, which agents lack a zone or schedule.

    Exit code 0: nothing to do, 1: something to do, 2: did not run.
    """
    reports = _reports(account)
    if output == "json":
        print_json(reports)
    elif not reports:
        click.echo(FIRST_STEPS)
    else:
        click.echo("\n\n".join("\n".join(_lines(report)) for report in reports))
    ctx.exit(1 if any(report["trouble"] for report in reports) else 0)


def _reports(account: str | None) -> list[dict[str, Any]]:
    store = open_store(read_only=True) if account else open_to_look()
    if store is None:
        return []
    if account:
        require_account(store, account)
    names = [account] if account else [entry.name for entry in store.accounts()]
    return [examine(store, name) for name in names]


def examine(store: Store, account: str) -> dict[str, Any]:
    """Everything an admin should mend or know, as one object."""
    import polars as pl

    from helpdesk_wellbeing.engine import Engine
    from helpdesk_wellbeing.pulling import remembered_roster

    settings, now = store.account(account), datetime.now(UTC)
    work = examine_account(store, settings, now)
    webhooks_only = lives_on_webhooks(store, account)
    first, last, count = store.all_events_span(account) if webhooks_only else store.event_span(account)
    directory = store.directory(account)
    roster = remembered_roster(store, account)
    report: dict[str, Any] = {
        "account": account,
        "platform": settings.platform or "imported",
        "zone": settings.zone,
        "events": count,
        "first": first and first.isoformat(),
        "last": last and last.isoformat(),
        "connection": _connection(settings, webhooks_only),
        "work": in_short(work, now),
        "retention": retention_line(store, account),
        "notes": [
            *roster.get("notes", ()),
            *_about_privacy(store, account, work["privacy"]),
            *_about_webhooks(store, account, settings.platform),
            *([how_to_add_the_key(store, account)] if webhooks_only else about_installation(store, account)),
        ],
        "automated_by_platform": roster.get("automation", []),
        "looks_shared_or_automated": [],
        "identity_review": [],
        "without_zone": [],
        "without_schedule": [],
        "groups_without_tier": [],
        "trouble": unreadable_secrets(store, [account]),
    }
    report["trouble"] += [*about_notices(store, account, now), *about_telling(store, account)]
    if work["paused_at"]:
        report["trouble"] += work["to_do"]
    elif work["acting"]["problem"]:
        report["trouble"] += about_writing(account, work["acting"])
    if count == 0:
        report["trouble"].append(why_no_events(store, account))
        return report
    assert last is not None
    outcome = Engine(store, account, catalogue()).assess(last)
    seen = outcome.facts.days["agent"].unique()
    people = directory.people.sort("valid_from", nulls_last=False).unique("agent", keep="last")
    with_zone = people.filter(pl.col("time_zone").is_not_null())["agent"]
    with_schedule = people.filter(pl.col("schedule").is_not_null())["agent"]
    report["looks_shared_or_automated"] = sorted(outcome.facts.shared)
    report["identity_review"] = outcome.review
    report["without_zone"] = sorted(set(seen) - set(with_zone))
    report["without_schedule"] = sorted(set(seen) - set(with_schedule))
    queues = set(outcome.facts.queues["group"].unique())
    report["groups_without_tier"] = sorted(queues - set(directory.groups.filter(pl.col("tier").is_not_null())["group"]))
    if settings.platform and now - last > OLD:
        mend = "see whether its webhooks still come" if webhooks_only else "run pull"
        report["trouble"].append(f"the newest event is of {last:%Y-%m-%d}; {mend}")
    return report


def _about_privacy(store: Store, account: str, said: list[str]) -> list[str]:
    """What may be said of single agents, what was contested, how people decide."""
    from helpdesk_wellbeing.agreement.gate import gate_of
    from helpdesk_wellbeing.agreement.saying import doubts

    now = datetime.now(UTC)
    lines = [f"{gate_of(store, account, now).why}; see agreement show --account {account}"]
    for one in doubts(store, account, now):
        mend = "; say in the people file who it is" if one.about_attribution and one.kind == "agent" else ""
        lines.append(f"contested ({one.reason}): a flag of {one.kind} {one.subject} since {one.since}{mend}")
    return [*lines, *said]


def _about_webhooks(store: Store, account: str, platform: str | None) -> list[str]:
    """Pulls keep an account right without webhooks, so this is no trouble."""
    from webhooks.known import SECRET

    if platform is None or store.has_secret(account, SECRET):
        return []
    lacks = "whatever comes is refused" if lives_on_webhooks(store, account) else "news comes with pulls only"
    return [f"no webhook secret: {lacks}; secrets set --account {account} webhook_secret"]


def _connection(settings: Any, webhooks_only: bool) -> str:
    if not settings.platform:
        return "a file; nothing to connect"
    stored = settings.settings
    if settings.platform == "freshdesk":
        how = "webhooks only, without an API key" if webhooks_only else "API key"
        return f"freshdesk at {stored.get('base_url') or stored.get('domain')}, {how}"
    how = "OAuth client" if stored.get("client_id") else "legacy API token (ends 2027-04-30)"
    return f"{settings.platform} at {stored.get('base_url') or stored['subdomain']}, {how}"


def _lines(report: dict[str, Any]) -> list[str]:
    events = "none"
    if report["events"]:
        events = f"{report['events']:,}, {_minute(report['first'])} to {_minute(report['last'])} UTC"
    lines = [
        f"{report['account']}: {report['connection']}",
        f"  zone                    {report['zone']}",
        f"  events                  {events}",
    ]
    if report["work"]:
        lines.append(f"  work                    {report['work']}")
    lines.append(f"  retention               {report['retention']}")
    lines += [f"  note                    {note}" for note in report["notes"]]
    for key, label in (
        ("automated_by_platform", "automated, by platform"),
        ("looks_shared_or_automated", "shared or automated"),
        ("without_zone", "agents without zone"),
        ("without_schedule", "agents without schedule"),
        ("groups_without_tier", "groups without tier"),
    ):
        lines.append(f"  {label:23} {_some(report[key])}")
    lines += [f"  look at                 {entry['agent']}: {entry['reason']}" for entry in report["identity_review"]]
    lines += [f"  TO DO                   {line}" for line in report["trouble"]]
    if report["without_zone"]:
        lines.append("  without a zone of their own WT8 is not assessable; `import --people FILE` brings zones")
    if report["without_schedule"]:
        lines.append("  without schedules WT7 and LD4 are not assessable; `import --people FILE` brings them")
    if report["groups_without_tier"]:
        lines.append("  groups without a tier are one class for ES1; `import --groups FILE` brings tiers")
    return lines


def _minute(instant: str) -> str:
    return instant[: len("2026-11-20T23:00")].replace("T", " ")


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{len(names):,}" + (f": {shown}{', …' if len(names) > 8 else ''}" if names else "")
