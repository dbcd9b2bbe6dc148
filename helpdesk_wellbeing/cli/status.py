"""`status`: how the work goes, as a person reads it at seven in the morning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.beginning import FIRST_STEPS, open_existing
from helpdesk_wellbeing.cli.common import format_option, print_json
from helpdesk_wellbeing.cli.notices import about as about_notices
from helpdesk_wellbeing.cli.platforms import how_to_add_the_key, lives_on_webhooks, unreadable_secrets
from helpdesk_wellbeing.condition import Condition, active_levels, condition_of, is_alive, is_pulling, works
from helpdesk_wellbeing.words import counted
from webhooks.known import SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.accounts import Account
    from helpdesk_wellbeing.store.work import Worker

LONG_WAIT = timedelta(minutes=15)  # of a write that is due; the helpdesk's limits explain a few minutes
_PAUSED = "; pulling is paused until"  # how a pull that was not let in ends its line
TITLES = ("ACCOUNT", "LAST PULL", "LAG", "NEXT PULL", "INBOX", "EVALUATED", "FLAGS", "STATE")


@click.command(name="status")
@format_option
@click.pass_context
def command(ctx: click.Context, output: str) -> None:
    """How the work goes: last pull, lag, next pull, inbox, flags, what is paused, why, and what to do.

    Only reads, so it may be run beside serve at any time. Exit code 0: nothing to do, 1: something to do, 2: did not
    run.
    """
    report = examine(open_existing(), datetime.now(UTC))
    if output == "json":
        print_json(report)
    elif not report["accounts"]:
        click.echo(FIRST_STEPS)
    else:
        click.echo("\n".join(_lines(report)))
    ctx.exit(1 if report["to_do"] else 0)


def examine(store: Store, now: datetime) -> dict[str, Any]:
    """Everything `status` has to say, as one object; times in ISO 8601, UTC."""
    depths = store.inbox.depth()
    known = {account.name: account for account in store.accounts()}
    workers = store.work.workers()
    accounts = [
        _account(store, known[run.account], condition_of(run, depths.get(run.account), now),
                 is_pulling(run, workers, now))
        for run in store.work.runs()
        if run.account in known
    ]  # fmt: skip
    to_do = [f"{one['account']}: {line}" for one in accounts for line in one["to_do"]]
    something_to_pull = any(one.platform for one in known.values())
    if something_to_pull and not any(works(worker) for worker in workers):
        to_do.insert(0, "nothing is pulled or evaluated, because no worker is alive; run helpdesk-wellbeing serve")
    to_do[:0] = unreadable_secrets(store, known)
    versions = {worker.version for worker in workers if is_alive(worker)}
    notes = [f"versions {', '.join(sorted(versions))} work side by side"] if len(versions) > 1 else []
    notes += [f"{one['account']}: {line}" for one in accounts for line in one["privacy"]]
    notes += [f"{name}: {how_to_add_the_key(store, name)}" for name in known if lives_on_webhooks(store, name)]
    return {
        "now": _iso(now),
        "to_do": to_do,
        "notes": notes,
        "accounts": accounts,
        "processes": [_process(worker, now) for worker in workers],
    }


def examine_account(store: Store, account: Account, now: datetime) -> dict[str, Any]:
    """What `examine` has to say of one account."""
    run = store.work.run_of(account.name)
    found = condition_of(run, store.inbox.depth().get(account.name), now)
    return _account(store, account, found, is_pulling(run, store.work.workers(), now))


def retention_line(store: Store, account: str) -> str:
    """When retention was carried out last and what it took out."""
    from helpdesk_wellbeing.upkeep.retention import in_a_line

    return in_a_line(store, account)


def in_short(one: dict[str, Any], now: datetime) -> str:
    """A line about the work for an account, which `examine_account` gave; empty where nothing is done by itself."""
    if one["source"] == "file":
        return ""
    if one["source"] == "webhooks":
        return _state_cell(one, now)
    lag = "" if one["lag_s"] is None else f" ({_span(timedelta(seconds=one['lag_s']))} ago)"
    last = f"last pull {_clock(one['pulled_at'], now)}{lag}" if one["pulled_at"] else "no pull came to its end yet"
    return f"{one['state']}; {last}; next {_next_cell(one, now)}"


def _account(store: Store, account: Account, found: Condition, is_pulled_now: bool) -> dict[str, Any]:
    run = found.run
    webhooks_only = lives_on_webhooks(store, account.name)
    source = "file" if account.platform is None else "webhooks" if webhooks_only else "pulls"
    is_pulled_now = is_pulled_now and source == "pulls"
    levels = active_levels(store.work.answer_of(account.name))
    acting = _acting(store, account.name)
    return {
        "account": account.name,
        "platform": account.platform,
        "source": source,
        "acting": acting,
        "pulled_at": _iso(run.pulled_at),
        "lag_s": None if found.lag is None else round(found.lag.total_seconds()),
        "pulling_since": _iso(run.began_at) if is_pulled_now else None,
        "next_pull_at": None if found.is_paused or is_pulled_now or source != "pulls" else _iso(run.due_at),
        "inbox": {"waiting": found.waiting, "oldest": _iso(found.oldest), "set_aside": found.set_aside},
        "evaluated_at": _iso(run.evaluated_at),
        "flags": dict(levels),
        "retention": retention_line(store, account.name),
        "quota_left": run.quota_left,
        "webhook_at": _iso(run.hook_at),
        "paused_at": _iso(run.paused_at),
        "failures": run.failures,
        "problem": run.problem,
        "state": _state(account, found, is_pulled_now, webhooks_only),
        "privacy": _privacy(store, account.name),
        "to_do": [
            *(
                _to_do(account, found, is_pulled_now)
                if source != "webhooks"
                else _to_do_by_webhooks(store, account, found)
            ),
            *_to_erase(account.name, store.upkeep.erasing(account.name)),
            *about_writing(account.name, acting),
            *about_telling(store, account.name),
            *about_notices(store, account.name, datetime.now(UTC)),
        ],
    }


def _to_erase(account: str, begun: Mapping[str, str]) -> list[str]:
    again = f"helpdesk-wellbeing erase agent --account {account} --agent"
    return [f"an erasure was cut off; serve ends it, or run {again} {agent}" for agent in begun]


def _acting(store: Store, account: str) -> dict[str, Any]:
    """What people are to decide, and what is to be written because they did."""
    from helpdesk_wellbeing.acting.policy import policy_of
    from helpdesk_wellbeing.acting.trouble import trouble_of

    trouble = trouble_of(store, account)
    counts = store.writes.counts(account)
    return {
        "stopped": policy_of(store, account).stopped,
        "installed": bool(store.installed.things(account)),
        "proposals": store.proposals.counts(account).get("open", 0),
        "writes": {"waiting": counts.get("planned", 0) + counts.get("sent", 0), **counts},
        "waiting_since": _iso(store.writes.waiting_since(account)),
        "fails_since": trouble and _iso(trouble.since),
        "problem": trouble and trouble.problem,
    }


def _privacy(store: Store, account: str) -> list[str]:
    """What the admin should know of what was agreed, contested, and how people decide."""
    from helpdesk_wellbeing.acting.telling import TO_TELL, seen_by_others
    from helpdesk_wellbeing.agreement.rubber import stamping_of
    from helpdesk_wellbeing.agreement.saying import doubts

    now = datetime.now(UTC)
    lines = []
    asked = store.agreements.waiting(account)
    if asked is not None:
        lines.append(f"a change of the agreement waits for a new one; see agreement show --account {account}")
    wrong = [one for one in doubts(store, account, now) if one.about_attribution]
    if wrong:
        lines.append(f"{counted(len(wrong), 'flag')} contested as not the agent's own work; see doctor")
    standing = seen_by_others(store, account, now)
    missing = 0 if standing is None or standing.is_untold else len(standing.of(TO_TELL))
    if missing:
        lines.append(f"{counted(missing, 'agent')} not told yet what is looked at; see Settings, Tell your agents")
    stamping = stamping_of(store, account, now)
    return lines if stamping is None else [*lines, str(stamping)]


def about_telling(store: Store, account: str) -> list[str]:
    """What a person has to do where others see what is said of single people, and nobody was told."""
    from helpdesk_wellbeing.acting.telling import seen_by_others

    standing = seen_by_others(store, account, datetime.now(UTC))
    if standing is None or not standing.is_untold:
        return []
    again = " again, as more was agreed" if any(one.again for one in standing.people) else ""
    return [
        f"leads see what is said of single people, and none of {counted(len(standing.people), 'agent')} was told"
        f"{again}; tell them in Settings, Tell your agents; the letter: "
        f"helpdesk-wellbeing report agents --account {account}"
    ]


def about_writing(account: str, acting: dict[str, Any]) -> list[str]:
    """What a person has to do so that an account, of which `acting` tells, is written to."""
    waiting, since = acting["writes"]["waiting"], acting["waiting_since"]
    if acting["stopped"] and not waiting and not acting["installed"]:
        return []
    if acting["stopped"]:
        waits = f"; {counted(waiting, 'write')} {'waits' if waiting == 1 else 'wait'}" if waiting else ""
        return [f"acting is stopped{waits}; go on with: helpdesk-wellbeing act go --account {account}"]
    if acting["problem"]:
        fails = f"writing fails since {_minute(datetime.fromisoformat(acting['fails_since']))}: {acting['problem']}"
        again = f", tried again at {since[:16].replace('T', ' ')} UTC" if since else ""
        return [f"{fails}; {counted(waiting, 'write')} {'waits' if waiting == 1 else 'wait'}{again}"]
    if since is not None and datetime.now(UTC) - datetime.fromisoformat(since) > LONG_WAIT:
        return [
            f"{counted(waiting, 'write')} due since {since[:16]}Z; see why: helpdesk-wellbeing act --account {account}"
        ]
    return []


def _state(account: Account, found: Condition, is_pulled_now: bool, webhooks_only: bool) -> str:
    if found.is_paused:
        return "PAUSED"
    if found.run.failures:
        return f"{counted(found.run.failures, 'run')} failed" + (", pulling now" if is_pulled_now else "")
    if is_pulled_now:
        return "pulling now"
    if found.is_late:
        return "late"
    if account.platform is None:
        return "imported"
    if webhooks_only:
        return "webhooks only"
    return "webhooks silent" if found.is_silent else "fine" if found.run.pulled_at else "not pulled yet"


def _to_do(account: Account, found: Condition, is_pulled_now: bool) -> list[str]:
    run, lines = found.run, []
    why = f": {run.problem}" if run.problem else ""
    if found.is_paused:
        why = why.partition(_PAUSED)[0]  # the next step is said once, with the command
        again = f"run `helpdesk-wellbeing connect {account.platform} --account {account.name} …` again"
        lines.append(f"paused since {_minute(run.paused_at)}{why}; {again}, then it goes on by itself")
    elif run.failures:
        again = "now" if is_pulled_now else f"at {_minute(run.due_at)}"
        lines.append(f"the last {counted(run.failures, 'run')} failed{why}; it is tried again {again}")
    if found.is_late and not is_pulled_now:
        lines.append(f"a pull has been due since {_minute(run.due_at)}; look whether the workers keep up")
    if found.is_silent:
        lines.append(
            f"pulls bring news, but the last webhook came {_minute(run.hook_at)}; look at the webhook in the helpdesk, "
            "it may be switched off there or sign with another secret"
        )
    if found.set_aside:
        lines.append(f"{counted(found.set_aside, 'webhook')} could not be read and are set aside; "
                     "pulls bring what they were about")  # fmt: skip
    return lines


def _to_do_by_webhooks(store: Store, account: Account, found: Condition) -> list[str]:
    """Of an account that nothing is pulled for."""
    run, lines = found.run, []
    if not store.has_secret(account.name, SECRET):
        lines.append("no webhook secret, so whatever comes is refused; "
                     f"run helpdesk-wellbeing secrets set --account {account.name} webhook_secret")  # fmt: skip
    if run.failures:
        why = f": {run.problem}" if run.problem else ""
        lines.append(f"the last {counted(run.failures, 'run')} failed{why}; it is tried again at {_minute(run.due_at)}")
    if found.is_late:
        lines.append(f"it should have been looked at {_minute(run.due_at)}; look whether the workers keep up")
    if found.set_aside:
        lines.append(f"{counted(found.set_aside, 'webhook')} could not be read and are set aside; look at serve's log")
    return lines


def _process(worker: Worker, now: datetime) -> dict[str, Any]:
    return {
        "name": worker.name,
        "role": worker.role,
        "version": worker.version,
        "host": worker.host,
        "pid": worker.pid,
        "since": _iso(datetime.fromtimestamp(worker.since, UTC)),
        "heartbeat_s": round(max(0.0, worker.age_s), 1),
        "alive": is_alive(worker),
    }


def _lines(report: dict[str, Any]) -> list[str]:
    now = datetime.fromisoformat(report["now"])
    rows = [TITLES, *(_row(one, now) for one in report["accounts"])]
    widths = [max(len(row[place]) for row in rows) for place in range(len(TITLES))]
    found = counted(len(report["to_do"]), "thing") + " to do" if report["to_do"] else "nothing to do"
    lines = [f"{now:%a %Y-%m-%d %H:%M} UTC: {found}"]
    lines += [f"  TO DO  {line}" for line in report["to_do"]]
    lines += [f"  note   {line}" for line in report["notes"]]
    lines += [
        "",
        *("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows),
    ]
    kept = [f"kept   {one['account']}: {one['retention']}" for one in report["accounts"] if one["platform"]]
    lines += ["", *kept] if kept else []
    return [*lines, "", *(_process_line(one) for one in report["processes"])]


def _row(one: dict[str, Any], now: datetime) -> tuple[str, ...]:
    inbox = one["inbox"]
    waits = "empty" if not inbox["waiting"] else f"{inbox['waiting']:,} since {_clock(inbox['oldest'], now)}"
    lag = "-" if one["lag_s"] is None else _span(timedelta(seconds=one["lag_s"]))
    levels = [f"{one['flags'][level]} {level}" for level in ("critical", "warn") if one["flags"].get(level)]
    flags = "-" if one["evaluated_at"] is None else ", ".join(levels) or "none"
    pulled, evaluated = (_clock(one[key], now) for key in ("pulled_at", "evaluated_at"))
    return one["account"], pulled, lag, _next_cell(one, now), waits, evaluated, flags, _state_cell(one, now)


def _next_cell(one: dict[str, Any], now: datetime) -> str:
    return "now" if one["pulling_since"] else _clock(one["next_pull_at"], now)


def _state_cell(one: dict[str, Any], now: datetime) -> str:
    if one["source"] != "webhooks":
        return str(one["state"])
    if one["webhook_at"]:
        return f"{one['state']}, last {_clock(one['webhook_at'], now)}"
    return f"{one['state']}, {'none worked off yet' if one['inbox']['waiting'] else 'none came yet'}"


def _process_line(one: dict[str, Any]) -> str:
    state = "alive" if one["alive"] else f"silent for {_span(timedelta(seconds=one['heartbeat_s']))}"
    since = datetime.fromisoformat(one["since"])
    return (
        f"{one['role']:6} {one['host']} process {one['pid']}, {one['version']}, since {since:%Y-%m-%d %H:%M}: {state}"
    )


def _clock(instant: str | None, now: datetime) -> str:
    if instant is None:
        return "-"
    at = datetime.fromisoformat(instant)
    return f"{at:%H:%M:%S}" if abs(at - now) < timedelta(hours=12) else f"{at:%Y-%m-%d %H:%M}"


def _span(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}"
    return f"{seconds} s"


def _minute(at: datetime | None) -> str:
    return "some time" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
