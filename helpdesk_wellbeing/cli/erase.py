"""`erase`: one agent, out of everything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing.cli.common import account_option, progress, say, store_with
from helpdesk_wellbeing.cli.install import yes_option
from helpdesk_wellbeing.cli.proposals import by_option
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from helpdesk_wellbeing.upkeep.erase import Plan

LEFT = 1  # exit code: something is left to do


@click.group(name="erase")
def command() -> None:
    """Take one agent out of everything that is kept."""


@command.command(short_help="Take one agent out of every table and file.")
@account_option
@click.option("--agent", required=True, metavar="ID", help="The platform's id of the agent.")
@yes_option
@by_option
@click.pass_context
def agent(ctx: click.Context, account: str, agent: str, yes: bool, by: str | None) -> None:
    """Take an agent out of every table and file, for good; `export agent` first, if it is wanted.

    What they did in tickets stays, done by nobody in particular, so that tickets and queues keep their histories. What
    is about them goes. The next pull does not bring them back. Shows what it would do, and asks. Cut off at any moment,
    it goes on when it is run again.

    Exit code 0: done, 1: something is left, run it again; 2: did not run.
    """
    from helpdesk_wellbeing.cli.proposals import decider
    from helpdesk_wellbeing.settings import load_settings
    from helpdesk_wellbeing.upkeep import erase
    from helpdesk_wellbeing.upkeep.beside import Beside

    store = store_with(account)
    found = erase.plan(store, account, agent)
    found.require_known(account)
    _show(account, found)
    if not yes and not click.confirm("Erase this agent for good?", err=True):
        raise click.Abort
    words = (agent, *found.names)
    with store.writer(account, f"erase agent --account {account}"):
        tell = progress()
        erase.erase(
            store, account, agent, decider(by), datetime.now(UTC),
            lambda done, of: tell(f"{account}: events of {done} of {of} days"),
        )  # fmt: skip
        problem = erase.compact(store, account)
    beside = Beside.of(load_settings())
    beside.forget_runs(account, done_only=True)  # they hold no agent, except perhaps where an error quoted one
    say(f"{account}: agent {agent} is erased; the next evaluation computes everything anew")
    if store.file is None:
        say("PostgreSQL: dead rows are freed; its write-ahead log, archives and backups are yours to let expire")
    if problem is not None:
        say(f"bytes may still be in free parts of the database's files ({problem}); run it again")
    for file in beside.files_that_name(words, store.file):
        say(f"{file} still names them, or cannot be read; it was not made by this program, see to it yourself")
    ctx.exit(LEFT if problem is not None else 0)


def _show(account: str, found: Plan) -> None:
    named = f" ({', '.join(found.names)})" if found.names else ""
    say(f"{account}: agent {found.agent}{named}")
    if found.is_begun:
        say("  an erasure was begun and cut off; it goes on")
    if found.is_done:
        say("  was erased before; what is found now goes, too")
    say(f"  {counted(found.events, 'event')} stay, by nobody in particular")
    for table, rows in sorted(found.rows.items()):
        say(f"  {table.replace('_', ' ')}: {counted(rows, 'row')}")
    say("  all that was computed is computed anew; their word in the audit loses its meaning")
    say("  not touched: backups, exports and files that lie elsewhere, such as *.rejects.csv beside an imported log")
