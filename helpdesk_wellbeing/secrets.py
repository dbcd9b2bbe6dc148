"""Secrets at rest: encrypted; the key is in the environment or in a file that only its owner can read."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from helpdesk_wellbeing.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

KEY_VARIABLE = "HELPDESK_WELLBEING_KEY"
KEY_FILE = "secret.key"
_NEW_KEY = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'


class Keyring:
    """Encrypts and decrypts. The key is looked for when first needed, and made in `home` when there is none.

    Several keys, separated by commas, are tried in turn; the first one encrypts. So a key can be changed: in the file
    by `prepare`, `switch` and `forget`, while other processes go on. They see at their next use that the file changed.
    """

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        self._home = home
        self._environment = os.environ if environment is None else environment
        self._kept: tuple[object, MultiFernet] | None = None  # as of which file

    def encrypt(self, value: str) -> bytes:
        """The value, unreadable without the key. Makes a key file when there is no key yet."""
        return self._opened(create=True).encrypt(value.encode())

    def decrypt(self, token: bytes, what: str) -> str:
        """The value again; `what` names it in the ConfigError that a wrong or missing key raises."""
        with self._said_for(what):
            return self._opened(create=False).decrypt(token).decode()

    def encrypt_anew(self, token: bytes, what: str) -> bytes:
        """The same value, encrypted with the first key."""
        with self._said_for(what):
            return self._opened(create=False).rotate(token)

    def check(self) -> None:
        """Raises ConfigError when the environment names something that is no key."""
        if self.is_in_environment:
            self._opened(create=False)

    @property
    def count(self) -> int:
        """How many keys there are."""
        return len(_apart(self._text(create=False)))

    @property
    def is_in_environment(self) -> bool:
        """Whether the keys are the environment's; then there is no file to change."""
        return bool(self._environment.get(KEY_VARIABLE))

    def prepare(self) -> None:
        """Add a new key that only decrypts yet, for installations whose machines get the file one after the other."""
        self._write([*self._keys(), _new_key()])

    def switch(self) -> None:
        """From now on encrypt with the prepared key, which is the last one."""
        *others, last = self._keys()
        if not others:
            raise ConfigError(f"{self._file} holds one key only; prepare a new one first")
        self._write([last, *others])

    def renew(self) -> None:
        """From now on encrypt with a new key."""
        self._write([_new_key(), *self._keys()])

    def forget(self) -> None:
        """Keep the first key only. Encrypt everything anew before."""
        self._write(self._keys()[:1])

    def _keys(self) -> list[str]:
        if self.is_in_environment:
            raise ConfigError(
                f"the key is in {KEY_VARIABLE}, which only you can change: put a new key and a comma before the old "
                f"one, start everything again, run secrets rotate, then take the old one away; make one with {_NEW_KEY}"
            )
        self._opened(create=True)  # what is no key is said before anything is written
        return _apart(self._text(create=False))

    @contextmanager
    def _said_for(self, what: str) -> Iterator[None]:
        from cryptography.fernet import InvalidToken

        try:
            yield
        except InvalidToken:
            raise ConfigError(
                f"{what} was encrypted with another key than the one in {self._source()}; "
                "bring back that key, or connect the account again"
            ) from None

    @property
    def _file(self) -> Path:
        return self._home / KEY_FILE

    def _source(self) -> str:
        return KEY_VARIABLE if self._environment.get(KEY_VARIABLE) else str(self._file)

    def _opened(self, *, create: bool) -> MultiFernet:
        state = self._state()
        if self._kept is None or state is None or self._kept[0] != state:
            from cryptography.fernet import Fernet, MultiFernet

            try:
                fernet = MultiFernet([Fernet(key) for key in _apart(self._text(create))])
            except ValueError:
                raise ConfigError(
                    f"{self._source()} holds no key of 32 bytes in URL-safe base64; make one with {_NEW_KEY}"
                ) from None
            # the state from before reading: a file that was changed meanwhile is read once more
            self._kept = (state, fernet)
        return self._kept[1]

    def _state(self) -> object:
        """Something that is another when the keys may be others; None when nothing is known."""
        if self.is_in_environment:
            return self._environment[KEY_VARIABLE]
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode

    def _text(self, create: bool) -> str:
        return self._environment.get(KEY_VARIABLE) or self._from_file(create)

    def _from_file(self, create: bool) -> str:
        try:
            if create and not self._file.exists():
                self._make_file()
            if not self._file.exists():
                raise ConfigError(f"{self._file} is missing, {KEY_VARIABLE} is not set; bring the key back")
            mode = stat.S_IMODE(self._file.stat().st_mode)
            # Windows keeps rights elsewhere; its mode bits say nothing
            if sys.platform != "win32" and mode & 0o077:
                raise ConfigError(f"{self._file} can be read by others; run: chmod 600 {self._file}")
            return self._file.read_text(encoding="ascii", errors="replace")
        except OSError as error:
            raise StoreError(
                f"{self._file}: {error.strerror}; give this user the rights to it, or set {KEY_VARIABLE}"
            ) from error

    def _make_file(self) -> None:
        """Whole or not at all, and never over a key that another process made meanwhile."""
        with self._draft([_new_key()]) as draft, suppress(FileExistsError):
            os.link(draft, self._file)

    def _write(self, keys: list[str]) -> None:
        """Put these into the file's place, whole or not at all."""
        try:
            with self._draft(keys) as draft:
                draft.replace(self._file)
                _to_the_disk(self._home)
        except OSError as error:
            raise StoreError(f"{self._file}: {error.strerror}; the keys are as they were") from error

    @contextmanager
    def _draft(self, keys: list[str]) -> Iterator[Path]:
        draft = self._file.with_name(f"{KEY_FILE}.{os.getpid()}")
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(",".join(keys).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            yield draft
        finally:
            draft.unlink(missing_ok=True)


def _apart(text: str) -> list[str]:
    return [key.strip() for key in text.split(",") if key.strip()]


def _new_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def _to_the_disk(folder: Path) -> None:
    """A file's new name outlives a power cut too; where folders cannot be opened it has to do without."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
