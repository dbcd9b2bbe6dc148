"""What both helpdesks' apps share: a folder as files in memory, what a check found, a zip that is always the same.

An app is checked as it will be uploaded, with the installation's own address in it. Nothing asks the network.
"""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.words import counted

NEUTRAL_HOST = "wellbeing.example.com"  # stands in the files that ship; an installation puts its own in its place
_EPOCH = (1980, 1, 1, 0, 0, 0)  # no zip is older, so the same files give the same bytes on every day
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Problem:
    """What a check found: in which file, at which key, what is wrong and what to do about it."""

    file: str
    key: str  # dotted; empty: the file as a whole
    said: str
    is_warning: bool = False

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return f"{where}: {self.said}"


@dataclass(frozen=True)
class Folder:
    """An app's files by their path with forward slashes, and what of them are links to somewhere else."""

    files: Mapping[str, bytes]
    links: frozenset[str] = frozenset()
    parsed: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def json(self, name: str) -> Any:
        """A file's JSON; None where there is no such file or it can't be read: `json_problems` says why."""
        if name not in self.parsed:
            try:
                self.parsed[name] = parse(self.files[name])
            except (KeyError, ValueError):
                self.parsed[name] = None
        return self.parsed[name]

    def named(self, *endings: str) -> Iterator[tuple[str, bytes]]:
        """The files that end so, by name."""
        return ((name, self.files[name]) for name in sorted(self.files) if name.lower().endswith(endings))

    def texts(self, *endings: str) -> Iterator[tuple[str, str]]:
        """The same as text; bytes that are no UTF-8 are replaced."""
        return ((name, data.decode("utf-8", "replace")) for name, data in self.named(*endings))


def read(*places: tuple[str, Path]) -> Folder:
    """The files below folders, and single files, each under the prefix given with it. Links are named, not followed.

    Raises ConfigError where a place is not there.
    """
    files: dict[str, bytes] = {}
    links: set[str] = set()
    for prefix, place in places:
        if not place.exists():
            raise ConfigError(f"{place} is missing; install helpdesk-wellbeing again, or run it from its own folder")
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in found:
            name = prefix + (path.relative_to(place).as_posix() if place.is_dir() else path.name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                links.add(name)
            elif stat.S_ISREG(mode):
                files[name] = path.read_bytes()
    return Folder(files, frozenset(links))


def replaced(folder: Folder, words: Mapping[str, str]) -> Folder:
    """The same with each word replaced in every text; what is no UTF-8 stays as it is."""

    def in_one(data: bytes) -> bytes:
        for old, new in words.items():
            data = data.replace(old.encode(), new.encode())
        return data

    return Folder({name: in_one(data) if _is_text(data) else data for name, data in folder.files.items()}, folder.links)


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def parse(data: bytes) -> Any:
    """JSON in UTF-8 in which no object has a key twice. Raises ValueError, which names the key or the place."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise TwiceThere(key)
            seen.add(key)
        return dict(pairs)

    return json.loads(data.decode("utf-8"), object_pairs_hook=once)


class TwiceThere(ValueError):
    """A key stands twice in one object; only one of its values would count."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key} stands twice")
        self.key = key


def json_problems(folder: Folder) -> Iterator[Problem]:
    """Files that should be JSON and are not, or that say something twice."""
    for name, data in folder.named(".json"):
        try:
            parse(data)
        except TwiceThere as twice:
            yield Problem(name, twice.key, "this key stands twice in one object; keep one of them")
        except json.JSONDecodeError as error:
            yield Problem(name, "", f"no JSON: {error.msg} in line {error.lineno}; mend it there")
        except UnicodeDecodeError:
            yield Problem(name, "", "not in UTF-8; save it in that encoding")


def link_problems(folder: Folder) -> Iterator[Problem]:
    """Links would lead out of the package."""
    for name in sorted(folder.links):
        yield Problem(name, "", "a symbolic link; put the file itself there")


def address_problems(folder: Folder) -> Iterator[Problem]:
    """The neutral host means nobody: what is sent there is lost."""
    for name, data in sorted(folder.files.items()):
        if NEUTRAL_HOST.encode() in data:
            said = f"{NEUTRAL_HOST} still stands in it; your own address belongs there"
            yield Problem(name, "", said)


def host_of(url: str, account: str) -> str:
    """The host of an installation's address. Raises ConfigError for the neutral one, which is nobody's."""
    host = urlsplit(url).hostname or ""
    if host == NEUTRAL_HOST:
        raise ConfigError(
            f"{account}: {url} is the example address that stands in the files that ship, and nobody is reached "
            "there; give the address of your own installation"
        )
    return host


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG; None for anything else."""
    if not data.startswith(_PNG) or data[12:16] != b"IHDR" or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files: the same bytes for the same files, whenever and wherever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, also where it is made on another one
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()


@dataclass(frozen=True)
class Package:
    """A checked app, ready to be uploaded."""

    archive: bytes
    warnings: tuple[Problem, ...]
    checks: int  # how many were made


def packed(folder: Folder, found: Iterable[Problem], checks: int, what: str) -> Package:
    """The package, unless something was found that the helpdesk would refuse: then ConfigError, one line for each."""
    problems = list(found)
    errors = [problem for problem in problems if not problem.is_warning]
    if errors:
        lines = "".join(f"\n  {problem}" for problem in errors)
        raise ConfigError(f"{what}: no package was written, because of {counted(len(errors), 'problem')}:{lines}")
    return Package(zipped(folder.files), tuple(problem for problem in problems if problem.is_warning), checks)
