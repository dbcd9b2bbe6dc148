"""Everything that Zendesk would refuse in our app, found without asking it; and what it would warn of.

`zcli apps:validate` uploads the package to find out. These are the rules of its validator, and some of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from webhooks.packing import Folder, Problem, address_problems, json_problems, link_problems
from webhooks.scripts import broken_scripts, dangerous_scripts, empty_scripts
from webhooks.zendesk.app import contents, manifest, requirements

Check = Callable[[Folder], Iterator[Problem]]
CHECKS: tuple[Check, ...] = (
    manifest.at_the_root,
    json_problems,
    link_problems,
    manifest.required_keys,
    manifest.known_keys,
    manifest.framework,
    manifest.types,
    manifest.addresses,
    manifest.default_locale,
    manifest.locations,
    manifest.hosts_are_allowed,
    manifest.parameters,
    manifest.insecure_parameters,
    manifest.third_party_login,
    manifest.experiments,
    manifest.pages_are_signed,
    requirements.requirements_have_a_place,
    requirements.requirement_kinds,
    requirements.requirement_fields,
    requirements.requirement_objects,
    contents.translations_are_there,
    contents.translated_parameters,
    contents.translated_products,
    contents.translated_leaves,
    contents.every_language_says_the_same,
    contents.icons,
    contents.logos,
    contents.banner,
    contents.drawings,
    contents.forbidden_files,
    contents.no_pages_where_none_are_shown,
    contents.secrets_in_files,
    contents.plain_addresses,
    address_problems,
    empty_scripts,
    dangerous_scripts,
    broken_scripts,
)


def problems(folder: Folder) -> list[Problem]:
    """What is wrong with this app, errors and warnings; empty: Zendesk will take it."""
    return [problem for check in CHECKS for problem in check(folder)]
