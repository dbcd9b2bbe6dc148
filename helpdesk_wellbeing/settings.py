"""Where the installation's state lives and what its settings are."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpdesk_wellbeing.errors import ConfigError, StoreError

HOME_VARIABLE = "HELPDESK_WELLBEING_HOME"
DATABASE_VARIABLE = "HELPDESK_WELLBEING_DATABASE_URL"
DATABASE_FILE = "wellbeing.db"
PIPELINE_FILE = "pipeline.db"  # beside it, where that is a file
SETTINGS_FILE = "settings.toml"
DEFAULT_LEASE_WAIT_S = 30.0


@dataclass(frozen=True)
class Settings:
    """One installation. `database_url` may hold a password: print `Settings.home`, never the URL."""

    home: Path
    database_url: str
    lease_wait_s: float = DEFAULT_LEASE_WAIT_S  # how long a command waits for another one that writes

    @property
    def rules_folder(self) -> Path:
        """The admin's own rules."""
        return self.home / "rules"

    def __repr__(self) -> str:
        return f"Settings(home={str(self.home)!r})"


def load_settings(environment: Mapping[str, str] | None = None, *, create: bool = True) -> Settings:
    """The environment's and settings.toml's settings; the environment goes first.

    `create` makes the home folder, for its owner only. Raises ConfigError for a file that does not fit and
    StoreError when the folder cannot be made.
    """
    environment = os.environ if environment is None else environment
    home = _home(environment)
    if create:
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"settings: {home} cannot be made: {error.strerror}; set {HOME_VARIABLE} to another folder"
            ) from error
    elif home.exists() and not home.is_dir():
        raise StoreError(f"settings: {home} is not a folder; set {HOME_VARIABLE} to another one")
    stored = _read(home / SETTINGS_FILE)
    url = environment.get(DATABASE_VARIABLE) or stored.get("database_url")
    return Settings(
        home=home,
        database_url=url or f"sqlite:///{home / DATABASE_FILE}",
        lease_wait_s=stored.get("lease_wait_seconds", DEFAULT_LEASE_WAIT_S),
    )


def _home(environment: Mapping[str, str]) -> Path:
    named = environment.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("helpdesk-wellbeing", appauthor=False)


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{file}: {reason}; mend it or move it away") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not TOML: {error}") from error
    return _checked(file, table)


def _checked(file: Path, table: dict[str, Any]) -> dict[str, Any]:
    from pydantic import BaseModel, ConfigDict, Field, ValidationError

    class SettingsFile(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)

        database_url: str | None = Field(default=None, min_length=1)
        lease_wait_seconds: float = Field(default=DEFAULT_LEASE_WAIT_S, ge=0, le=3600)

    try:
        return SettingsFile.model_validate(table).model_dump()
    except ValidationError as error:
        known = list(SettingsFile.model_fields)
        # the values themselves stay out of the message: a URL may hold a password
        lines = [_line(".".join(map(str, e["loc"])), e["type"], e["msg"], known) for e in error.errors()]
        raise ConfigError(f"{file}: {'; '.join(lines)}") from None


def _line(place: str, kind: str, message: str, known: list[str]) -> str:
    if kind != "extra_forbidden":
        return f"{place}: {message}"
    near = difflib.get_close_matches(place, known, n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(known)}"
    return f"{place}: not a setting; {hint}"
