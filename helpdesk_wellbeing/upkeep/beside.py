"""What lies beside the store: runs of the pipeline, and files of the home folder that this program did not make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpdesk_wellbeing.settings import Settings

_SEARCHED = 64_000_000  # bytes of a file


@dataclass(frozen=True)
class Beside:
    """Of one installation."""

    home: Path
    database_url: str

    @classmethod
    def of(cls, settings: Settings) -> Beside:
        """As it is set."""
        return cls(settings.home, settings.database_url)

    def forget_runs(self, account: str, *, done_only: bool = False) -> None:
        """Take out what is kept of an account's runs, or of those that have ended."""
        from helpdesk_wellbeing.pipeline.durable import forget_account

        forget_account(self.database_url, account, done_only=done_only)

    def files_that_name(self, words: tuple[str, ...], but: Path | None) -> list[Path]:
        """Files of the home folder, the database apart, in which one of these words stands."""
        ours = () if but is None else (but.name, f"{but.name}-wal", f"{but.name}-shm")
        found = []
        for file in sorted(self.home.rglob("*")) if self.home.is_dir() else ():
            if file.is_file() and file.name not in ours and file.stat().st_size <= _SEARCHED:
                content = file.read_bytes()
                if any(word.encode() in content for word in words if len(word) >= 4):
                    found.append(file)
        return found
