"""Background jobs: done at once, told after a few questions."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Jobs:
    """Jobs by id. The words for their states vary, as accounts show them."""

    base: str
    polls: int  # how often a job answers that it isn't done yet
    _asked: dict[str, int] = field(default_factory=dict)

    def add(self) -> dict[str, Any]:
        """A new job; what is answered to its making."""
        job = secrets.token_hex(16)
        self._asked[job] = 0
        return {"job_id": job, "href": f"{self.base}/api/v2/jobs/{job}"}

    def ask(self, job: str) -> dict[str, Any] | None:
        """How far it is; null: no such job."""
        if job not in self._asked:
            return None
        self._asked[job] += 1
        is_over = self._asked[job] > self.polls
        words = ("COMPLETED", "completed") if is_over else ("IN PROGRESS", "in_progress")
        return {"id": job, "status": words[self._asked[job] % 2], "progress": 100 if is_over else 50}
