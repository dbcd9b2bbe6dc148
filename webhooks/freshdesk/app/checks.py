"""Everything that Freshworks' own tool would refuse in our app, and what would break a promise of ours.

`fdk validate` needs the vendor's tool and its Node; these are the rules of platform 3.0 that it checks, as far as they
are documented, and that the forwarder sends what it may and nothing more.
https://developers.freshworks.com/docs/app-sdk/v3.0/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from webhooks.freshdesk.app import contents, manifest
from webhooks.packing import Folder, Problem, address_problems, json_problems, link_problems
from webhooks.scripts import broken_scripts, dangerous_scripts, empty_scripts

Check = Callable[[Folder], Iterator[Problem]]
CHECKS: tuple[Check, ...] = (
    contents.folders,
    json_problems,
    link_problems,
    manifest.platform_version,
    manifest.engines,
    manifest.modules,
    manifest.locations,
    manifest.icons,
    manifest.events,
    manifest.handlers,
    manifest.functions,
    manifest.declared_requests,
    manifest.used_requests,
    contents.parameters,
    contents.request_templates,
    contents.request_variables,
    contents.secrets_stay_secret,
    contents.pages,
    contents.sandbox,
    contents.lint,
    contents.set_up_ends,
    contents.forwards_no_more,
    contents.samples,
    contents.every_language_says_the_same,
    contents.neutral_account,
    address_problems,
    empty_scripts,
    dangerous_scripts,
    broken_scripts,
)
_READ_THE_SERVER = (manifest.handlers, manifest.functions, manifest.used_requests, contents.forwards_no_more)


def problems(folder: Folder) -> list[Problem]:
    """What is wrong with this app, errors and warnings."""
    is_empty = not folder.files.get(manifest.SERVER, b"").strip()  # said once, not for all that it lacks
    checks = [check for check in CHECKS if not (is_empty and check in _READ_THE_SERVER)]
    return [problem for check in checks for problem in check(folder)]
