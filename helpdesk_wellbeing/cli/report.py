"""`report`: papers written from what an account is set to."""

from __future__ import annotations

from pathlib import Path

import click

from helpdesk_wellbeing.cli.common import account_option, print_bytes, say, store_with

_language = click.option(
    "--language", type=click.Choice(["en", "nl"]), default="en", show_default=True, help="Language of the paper."
)
_output = click.option("--output", type=click.Path(dir_okay=False), metavar="FILE", help="Where to; default: stdout.")


@click.group(name="report")
def command() -> None:
    """Papers for agents, the works council and the privacy officer, written from what is set now, as Markdown."""


def _write(kind: str, account: str, language: str, output: str | None) -> None:
    from helpdesk_wellbeing.upkeep.documents import document

    text = document(kind, store_with(account, reading=True), account, language)
    if output is None:
        print_bytes(text.encode())
        return
    Path(output).write_text(text, "utf-8")
    is_draft = "" if kind == "agents" else "; it is a draft, see what is to be filled in"
    say(f"{account}: {output} is written{is_draft}")


@command.command(short_help="The letter to agents.")
@account_option
@_language
@_output
def agents(account: str, language: str, output: str | None) -> None:
    """The letter to agents: what is looked at about them, what never is, who sees it, and what they can do."""
    _write("agents", account, language, output)


@command.command(short_help="Draft of a data protection impact assessment.")
@account_option
@_language
@_output
def dpia(account: str, language: str, output: str | None) -> None:
    """Draft of a data protection impact assessment (GDPR, article 35)."""
    _write("dpia", account, language, output)


@command.command(short_help="Record of processing.")
@account_option
@_language
@_output
def processing(account: str, language: str, output: str | None) -> None:
    """Record of processing (GDPR, article 30)."""
    _write("processing", account, language, output)


@command.command(name="works-council", short_help="What a works council needs to decide.")
@account_option
@_language
@_output
def works_council(account: str, language: str, output: str | None) -> None:
    """What a works council needs to decide: signals, limits and sources, who sees what, how long, what was agreed."""
    _write("works-council", account, language, output)
