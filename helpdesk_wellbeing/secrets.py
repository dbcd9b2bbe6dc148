"""Secrets at rest: encrypted; the key is in the environment or in a file that only its owner can read."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
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

    Several keys, separated by commas, are tried in turn; the first one encrypts. So a key can be changed.
    """

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        self._home = home
        self._environment = os.environ if environment is None else environment
        self._fernet: MultiFernet | None = None

    def encrypt(self, value: str) -> bytes:
        """The value, unreadable without the key. Makes a key file when there is no key yet."""
        return self._opened(create=True).encrypt(value.encode())

    def decrypt(self, token: bytes, what: str) -> str:
        """The value again; `what` names it in the ConfigError that a wrong or missing key raises."""
        from cryptography.fernet import InvalidToken

        try:
            return self._opened(create=False).decrypt(token).decode()
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
        if self._fernet is None:
            from cryptography.fernet import Fernet, MultiFernet

            text = self._environment.get(KEY_VARIABLE) or self._from_file(create)
            try:
                self._fernet = MultiFernet([Fernet(key.strip()) for key in text.split(",") if key.strip()])
            except ValueError:
                raise ConfigError(
                    f"{self._source()} holds no key of 32 bytes in URL-safe base64; make one with {_NEW_KEY}"
                ) from None
        return self._fernet

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
        from cryptography.fernet import Fernet

        draft = self._file.with_name(f"{KEY_FILE}.{os.getpid()}")
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(Fernet.generate_key() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, self._file)
        finally:
            draft.unlink()
