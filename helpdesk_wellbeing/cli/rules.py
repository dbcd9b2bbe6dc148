"""`rules`: list, show and test the rules that ship and the admin's own."""

from __future__ import annotations

import difflib

import click

from helpdesk_wellbeing.cli.common import catalogue, format_option, print_json
from helpdesk_wellbeing.errors import ConfigError


@click.group(name="rules")
def command() -> None:
    """List, show and test the rules."""


@command.command(name="list")
@format_option
def list_(output: str) -> None:
    """Every rule with its signal and what it is about."""
    known = catalogue()
    rows = [
        {"rule": r.id, "signal": r.signal, "subject": known.signals[r.signal].subject, "title": r.title}
        for r in known.rules.values()
    ]
    rows.sort(key=lambda row: row["signal"])
    if output == "json":
        print_json(rows)
        return
    width = max(len(row["rule"]) for row in rows)
    for row in rows:
        click.echo(f"{row['signal']:4}  {row['subject']:6} {row['rule']:{width}}  {row['title']}")


@command.command(short_help="One rule: thresholds, sources, when it may be wrong.")
@click.argument("rule")
@format_option
def show(rule: str, output: str) -> None:
    """One rule: thresholds, where they come from, and when it may be wrong."""
    known = catalogue()
    found = known.rules.get(rule) or next((r for r in known.rules.values() if r.signal == rule.upper()), None)
    if found is None:
        close = difflib.get_close_matches(rule, known.rules, n=1)
        raise ConfigError(
            f'no rule "{rule}"' + (f'; did you mean "{close[0]}"?' if close else "; `rules list` names them all")
        )
    if output == "json":
        print_json(found.model_dump(mode="json", exclude_none=True))
        return
    thresholds = found.thresholds()
    click.echo(f"{found.signal} {found.title}\n\n{found.why}\n")
    for level in ("warn", "critical"):
        for text in thresholds[level]:
            click.echo(f"{level:9} {text}")
    click.echo(f"{'ends':9} {thresholds['exit']}")
    click.echo(f"{'needs':9} {found.needs}")
    click.echo(f"{'source':9} {found.source}")
    click.echo(f"{'suggests':9} {', '.join(found.suggests) or 'nothing'}")
    for text in found.may_be_wrong:
        click.echo(f"{'may err':9} {text}")


@command.command(short_help="Run the examples of every rule, your own included.")
@click.pass_context
def test(ctx: click.Context) -> None:
    """Run the examples of every rule, your own (the folder rules/ of HELPDESK_WELLBEING_HOME) included.

    Exit code 0: all came out as written, 1: some did not, 2: did not run.
    """
    from helpdesk_wellbeing.rules.load import failed_examples

    rules = catalogue(try_examples=False).rules.values()
    failures = [line for rule in rules for line in failed_examples(rule)]
    for line in failures:
        click.echo(line)
    count = sum(len(rule.examples) for rule in rules)
    click.echo(f"{len(rules)} rules, {count} examples, {len(failures)} failed", err=True)
    ctx.exit(1 if failures else 0)
