"""The app as an admin uploads it: the files that ship, with the installation's own address, checked and zipped."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from urllib.parse import urlsplit

from webhooks.packing import NEUTRAL_HOST, Folder, Package, host_of, packed, read, replaced
from webhooks.scripts import CHECKS as SCRIPT_CHECKS
from webhooks.zendesk.app import requirements
from webhooks.zendesk.app.checks import CHECKS, problems

_HERE = Path(__file__).parent / "files"  # in an installed package
_TOP = Path(__file__).parents[3]  # in the project's own folder
_SERVED = Path(__file__).parent / "static"  # what the signed pages load from the installation; not in the zip
_PARTS = ("manifest.json", "translations", "assets")


def source() -> Folder:
    """The app's files with the neutral host in them. Raises ConfigError when they are not there."""
    top = _HERE if (_HERE / "manifest.json").exists() else _TOP
    return read(*((f"{name}/" if "." not in name else "", top / name) for name in _PARTS))


def finished(url: str) -> Folder:
    """The same for one installation; `url` is https://host or https://host:port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return replaced(source(), {f"https://{NEUTRAL_HOST}": f"https://{parts.netloc}", NEUTRAL_HOST: host})


def package(url: str, account: str, made: Container[str] = ()) -> Package:
    """The package for one installation, which brings what `install` has not `made` yet.

    Raises ConfigError with a line for all that Zendesk would refuse.
    """
    host_of(url, account)
    folder, brings = finished(url), requirements.brought(account, made)
    if brings is not None:
        folder = Folder({**folder.files, requirements.REQUIREMENTS: brings}, folder.links)
    served = [found for check in SCRIPT_CHECKS for found in check(read(("webhooks/zendesk/app/static/", _SERVED)))]
    return packed(folder, [*problems(folder), *served], len(CHECKS), account)
