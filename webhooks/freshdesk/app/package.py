"""The Freshworks app as an admin uploads it: the files that ship, with the installation's address and the account."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from helpdesk_wellbeing.errors import ConfigError
from webhooks.freshdesk.app.checks import CHECKS, problems
from webhooks.freshdesk.app.contents import NEUTRAL_ACCOUNT
from webhooks.packing import NEUTRAL_HOST, Folder, Package, host_of, packed, read, replaced

FILES = Path(__file__).parent / "files"


def source() -> Folder:
    """The app's files with the neutral host and the neutral account in them."""
    return read(("", FILES))


def finished(url: str, account: str) -> Folder:
    """The same for one account of one installation. Raises ConfigError for a port, and for the example's host."""
    parts = urlsplit(url)
    if parts.port is not None:
        raise ConfigError(
            f"{account}: {url}: Freshworks apps call port 443 only; let a proxy serve there, and leave the port out"
        )
    return replaced(source(), {NEUTRAL_HOST: host_of(url, account), NEUTRAL_ACCOUNT: account})


def package(url: str, account: str) -> Package:
    """The package for one account. Raises ConfigError with a line for all that Freshworks would refuse."""
    folder = finished(url, account)
    return packed(folder, problems(folder), len(CHECKS), account)
