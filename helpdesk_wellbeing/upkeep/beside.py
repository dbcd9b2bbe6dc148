"""What lies beside the store: runs of the pipeline, and files of the home folder that this program did not make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpdesk_wellbeing.settings import Settings

_AT_ONCE = 16_000_000  # bytes of a file


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
        """Files of the home folder, the database apart, in which one of these words stands, or that nobody can read."""
        ours = () if but is None else (but.name, f"{but.name}-wal", f"{but.name}-shm")
        sought = [word.encode() for word in words if len(word) >= 4]
        return [file for file in sorted(self.home.rglob("*")) if file.name not in ours and _may_name(file, sought)]


def _may_name(file: Path, sought: list[bytes]) -> bool:
    longest, before = max(map(len, sought), default=1), b""
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            while piece := opened.read(_AT_ONCE):
                before += piece
                if any(word in before for word in sought):
                    return True
                before = before[-longest:]
    except FileNotFoundError:  # gone meanwhile
        return False
    except OSError:
        return True
    return False
