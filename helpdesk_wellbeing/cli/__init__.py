"""The command line: the composition root. Every command is one file, loaded when it is called."""

from __future__ import annotations

import importlib
import io
import os
import sys
from typing import Any

import click

from helpdesk_wellbeing import __version__
from helpdesk_wellbeing.errors import WellbeingError

NAME = "helpdesk-wellbeing"
COMMANDS = {
    "access": "How people sign in, whom the pages let in, the first link.",
    "act": "Look at proposals, write what was decided; how an account acts.",
    "agreement": "What was agreed with those it is about.",
    "audit": "What happened, and whether the log of it is whole.",
    "backtest": "What would have been flagged, day by day.",
    "check": "What is flagged now, or at --as-of.",
    "connect": "Connect an account of a helpdesk.",
    "demo": "Show the main job on a simulated helpdesk.",
    "disconnect": "Take a whole account out of everything kept here.",
    "doctor": "What is connected, what is missing, which accounts look automated.",
    "erase": "Take one agent out of everything that is kept.",
    "esat": "Waves that ask teams how it is going, results, answers.",
    "export": "Events, facts, or all that is held about one agent.",
    "import": "Read an event log and the files about people.",
    "install": "Set up in the helpdesk what acting needs.",
    "notices": "Whom an account tells that something waits, and how.",
    "package": "Build the app inside the helpdesk, checked.",
    "proposals": "What is suggested, and what people decide about it.",
    "pull": "Read new activity from the helpdesk.",
    "report": "Papers for agents, works council and privacy officer.",
    "retention": "How long what is kept; what was taken out last.",
    "rules": "List, show and test the rules.",
    "secrets": "Set, show and change webhook secrets; the key.",
    "serve": "Receive webhooks, pull and evaluate, until told to stop.",
    "status": "How the work goes: pulls, lag, what is paused and why.",
    "token": "Let somebody use the JSON API of an account.",
    "uninstall": "Take everything of ours out of the helpdesk.",
}
TRACEBACK_VARIABLE = "HELPDESK_WELLBEING_TRACEBACK"
DID_NOT_RUN, INTERRUPTED, READER_GONE = 2, 130, 141


class ReaderGone(Exception):
    """Whoever read our output stopped reading; click would end with 1, which means "flags found" here."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = "import_" if cmd_name == "import" else cmd_name
        command: click.Command = importlib.import_module(f"helpdesk_wellbeing.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=NAME)
def cli() -> None:
    """Finds overload, long hours and escalation-heavy queues in helpdesk activity.

    Findings go to stdout, talk about the run to stderr. Exit code 0: nothing found, 1: something found, 2: did not run.
    """


def main() -> None:
    """Entry point: whatever goes wrong is one line on stderr and an exit code that no finding has."""
    _print_what_the_terminal_cannot()
    try:
        sys.exit(cli(prog_name=NAME, standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(DID_NOT_RUN)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped; what is stored is whole", INTERRUPTED)
    except ReaderGone:
        _leave_stdout()
        sys.exit(READER_GONE)
    except WellbeingError as error:
        _fail(str(error))
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else NAME
        _fail(f"{error.format_message().rstrip('.')}; see {where} --help")
    except click.ClickException as error:
        _fail(error.format_message())
    except OSError as error:
        _leave_stdout()
        named = f"{error.filename}: " if error.filename else "reading or writing a file or the output: "
        _fail(f"{named}{error.strerror or type(error).__name__}; what is stored is whole, mend that and run it again")
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        _fail(
            f"a defect: {type(error).__name__} in {_place(error)}; what is stored is whole. Please report this line; "
            f"{TRACEBACK_VARIABLE}=1 shows more"
        )


def _fail(line: str, exit_code: int = DID_NOT_RUN) -> None:
    click.echo(f"{NAME}: {line}", err=True)
    sys.exit(exit_code)


def _place(error: BaseException) -> str:
    """File and line of ours where it happened; never the message, which may quote what was read."""
    place, trace = "the command line", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename.replace(os.sep, "/")
        for room in ("/helpdesk_wellbeing/", "/connectors/", "/webhooks/"):
            if room in file:
                place = f"{room[1:]}{file.rpartition(room)[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _print_what_the_terminal_cannot() -> None:
    """A name that the terminal's encoding lacks is shown as an escape and ends nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _leave_stdout() -> None:
    """Nothing more can be written there; the interpreter would try again, and complain, at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
