"""The command line: the composition root. Every command is one file, loaded when it is called."""

from __future__ import annotations

import importlib
import sys

import click

from helpdesk_wellbeing import __version__
from helpdesk_wellbeing.errors import WellbeingError

COMMANDS = {
    "backtest": "What would have been flagged, day by day.",
    "check": "What is flagged now, or at --as-of.",
    "connect": "Connect an account of a helpdesk.",
    "demo": "Show the main job on a simulated helpdesk.",
    "doctor": "What is connected, what is missing, which accounts look automated.",
    "export": "Events or facts as CSV or Parquet.",
    "import": "Read an event log and the files about people.",
    "pull": "Read new activity from the helpdesk.",
    "rules": "List, show and test the rules.",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = "import_" if cmd_name == "import" else cmd_name
        command: click.Command = importlib.import_module(f"helpdesk_wellbeing.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="helpdesk-wellbeing")
def cli() -> None:
    """Finds overload, long hours and escalation-heavy queues in helpdesk activity.

    Findings go to stdout, talk about the run to stderr. Exit code 0: nothing found, 1: something found, 2: did not run.
    """


def main() -> None:
    """Entry point: every error of ours is one line on stderr and exit code 2."""
    try:
        sys.exit(cli(standalone_mode=False) or 0)
    except WellbeingError as error:
        click.echo(f"helpdesk-wellbeing: {error}", err=True)
        sys.exit(2)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("helpdesk-wellbeing: stopped; what is stored is whole", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
