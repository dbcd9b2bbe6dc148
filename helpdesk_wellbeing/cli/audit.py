"""`audit`: what happened, and whether the log of it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing.cli.common import (
    account_option,
    format_option,
    print_json,
    say,
    store_with,
)
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from helpdesk_wellbeing.store.audit import Head


@click.group(name="audit")
def command() -> None:
    """What happened, and whether the log of it is whole."""


@command.command(name="list", short_help="Entries, oldest first.")
@account_option
@click.option("--after", type=click.IntRange(0), default=0, help="Only entries after this number.")
@format_option
def list_(account: str, after: int, output: str) -> None:
    """Entries, oldest first. Agents are named by words; what they mean is told in the agents' own export only."""
    from helpdesk_wellbeing.store.audit import DAMAGED

    store = store_with(account, reading=True)
    entries = store.audit.entries(account, after, 10_000)
    if output == "json":
        print_json([{"seq": e.seq, "at": e.at.isoformat(), "what": e.what, **e.body, "hash": e.hash} for e in entries])
        return
    if any(e.what == DAMAGED for e in entries):
        say(f"some entries cannot be read: somebody changed them; see audit verify --account {account}")
    for e in entries:
        said = " ".join(f"{name}={_short(value)}" for name, value in e.body.items())
        click.echo(f"{e.seq:6} {e.at:%Y-%m-%d %H:%M:%S} {e.what:14} {said}")


@command.command(short_help="Check that no entry was changed, added or taken away.")
@account_option
@click.option("--head", metavar="SEQ:HASH", help="A head that was noted earlier; it must still be part of the log.")
@format_option
@click.pass_context
def verify(ctx: click.Context, account: str, head: str | None, output: str) -> None:
    """Check that no entry was changed, added or taken away. Exit code 0: whole, 1: not."""
    verdict = store_with(account, reading=True).audit.verify(account, _head(head))
    said = f"{verdict.head.seq}:{verdict.head.hash}"
    if output == "json":
        print_json({"account": account, "whole": verdict.problem is None, "problem": verdict.problem, "head": said})
    elif verdict.problem is None:
        click.echo(f"whole: {counted(verdict.entries, 'entry').replace('entrys', 'entries')}; note this head "
                   f"elsewhere, to prove later that nothing was cut: {said}")  # fmt: skip
    else:
        click.echo(f"NOT WHOLE: {verdict.problem}")
    ctx.exit(0 if verdict.problem is None else 1)


def _head(text: str | None) -> Head | None:
    from helpdesk_wellbeing.store.audit import Head

    if text is None:
        return None
    seq, _, digest = text.partition(":")
    if not seq.isdigit() or len(digest) != 64:
        raise click.UsageError("--head is SEQ:HASH, as audit verify prints it")
    return Head(int(seq), digest)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"
