"""`package`: build the app that admins upload into their helpdesk, after checking what the helpdesk would refuse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli import setup_freshdesk, setup_zendesk
from helpdesk_wellbeing.cli.common import account_option, format_option, print_json, say, store_with
from helpdesk_wellbeing.cli.setting_up import require_platform
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from webhooks.packing import Package

output_option = click.option(
    "--output", "file", type=click.Path(dir_okay=False, path_type=Path), help="Where the zip goes; else here."
)


@click.group(name="package")
def command() -> None:
    """Build the app inside the helpdesk, with this installation's address in it. All checks are made offline."""


@command.command(short_help="Build the Zendesk app.")
@account_option
@click.option("--url", required=True, help="Where Zendesk reaches this installation: https://our.host")
@output_option
@format_option
def zendesk(account: str, url: str, file: Path | None, output: str) -> None:
    """Build the Zendesk app: a place beside tickets and one in the navigation bar.

    The package is checked by the rules of Zendesk's own validator; what it would refuse is named with file and key,
    and then nothing is written. Ticket field and view come with it where install has not made them. The same files give
    the same zip.
    """
    package = setup_zendesk.package(store_with(account), account, url)
    place = _written(package, file or Path(file_name("zendesk", account)), output)
    _next(
        "Admin Center > Apps and integrations > Zendesk Support apps > Upload private app",
        f"give it a name, choose {place}, upload, and install; leave the server URL as it is",
        "allow the roles that may see it, at first the leads",
        f"helpdesk-wellbeing package joined --account {account}",
        output=output,
    )


@command.command(short_help="Build the Freshdesk app.")
@account_option
@click.option("--url", required=True, help="Where Freshdesk reaches this installation: https://our.host")
@output_option
@format_option
def freshdesk(account: str, url: str, file: Path | None, output: str) -> None:
    """Build the Freshworks app: it tells who changed a ticket, and has a place beside tickets and a page.

    The package is checked by the rules of platform 3.0; what would be refused is named with file and key, and then
    nothing is written. The same files give the same zip. The vendor's own fdk pack takes the same folder.
    """
    package = setup_freshdesk.package(store_with(account), account, url)
    place = _written(package, file or Path(file_name("freshdesk", account)), output)
    _next(
        f"helpdesk-wellbeing secrets show --account {account} webhook_secret (secrets set makes one known first)",
        "unpack the zip and run fdk validate and fdk pack in it: the marketplace takes what fdk has packed",
        f"https://developers.freshworks.com > Custom app > upload dist/…; {place} holds its sources",
        "Freshdesk > Admin > Support Operations > Apps > Custom apps > install, and enter the secret",
        output=output,
    )


@command.command(short_help="Find the Zendesk app after it was installed.")
@account_option
@click.option("--app-id", type=click.IntRange(min=1), help="Its number, where several are of this installation.")
@format_option
def joined(account: str, app_id: int | None, output: str) -> None:
    """Ask Zendesk which of its apps is ours, so that its signed pages are answered.

    Run it after the app was installed, and again after it was installed anew.
    """
    from helpdesk_wellbeing.cli.outbound import writing_of
    from webhooks.zendesk.app import joining

    store = store_with(account)
    require_platform(store, account, "zendesk")
    found = joining.join(store, account, writing_of(store, account).api, app_id)
    if output == "json":
        print_json({"account": account, "app": found.app, "installation": found.installation})
    else:
        click.echo(f"{account}: app {found.app}, installation {found.installation}; its pages are answered from now on")


def file_name(platform: str, account: str) -> str:
    """What the zip is called."""
    return f"helpdesk-wellbeing-{platform}-{account}.zip"


def _written(package: Package, place: Path, output: str) -> Path:
    """Write the zip, whole or not at all, and say what was found."""
    draft = place.with_name(f"{place.name}.part")
    draft.write_bytes(package.archive)
    draft.replace(place)
    for warning in package.warnings:
        say(f"warning: {warning}")
    if output == "json":
        report: dict[str, Any] = {
            "file": str(place), "bytes": len(package.archive), "checks": package.checks,
            "warnings": [{"file": one.file, "key": one.key, "said": one.said} for one in package.warnings],
        }  # fmt: skip
        print_json(report)
    else:
        click.echo(
            f"{place}: {len(package.archive):,} bytes; {counted(package.checks, 'check')} passed, "
            f"{counted(len(package.warnings), 'warning')}"
        )
    return place


def _next(*steps: str, output: str) -> None:
    if output == "text":
        click.echo("next:")
        for number, step in enumerate(steps, 1):
            click.echo(f"  {number}. {step}")
