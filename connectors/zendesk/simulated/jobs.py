"""Background jobs: done at once, told after a few questions."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from .answers import Answer, plain_error

ENDS_S = 60.0  # real seconds after which a job that nobody asks about isn't under way any more


@dataclass
class _Job:
    id: str
    total: int
    results: list[dict[str, Any]]
    began: float
    asked: int = 0


@dataclass
class Jobs:
    """Jobs by id. Locked by whoever calls."""

    base: str
    polls: int  # how often a job answers that it isn't done yet
    most: int  # under way at once
    _jobs: dict[str, _Job] = field(default_factory=dict)

    def too_many(self) -> Answer | None:
        """The refusal of one more; null when there is room."""
        ids = [j.id for j in self._jobs.values() if j.asked <= self.polls and time.monotonic() - j.began < ENDS_S]
        if len(ids) < self.most:
            return None
        text = f"The number of jobs is limited to {self.most} queued or running jobs."
        return Answer.of({**plain_error("TooManyJobs", text), "current_job_ids": ids}, 429, {"Retry-After": "1"})

    def add(self, results: list[dict[str, Any]]) -> dict[str, Any]:
        """A job that has these results; what is answered to its making."""
        job = _Job(f"V3-{secrets.token_hex(16)}", len(results), results, time.monotonic())
        self._jobs[job.id] = job
        return self._shown(job, "queued")

    def ask(self, number: str) -> dict[str, Any] | None:
        """How far it is; null: no such job."""
        job = self._jobs.get(number)
        if job is None:
            return None
        job.asked += 1
        if job.asked > self.polls:
            return self._shown(job, "completed")
        return self._shown(job, "queued" if job.asked == 1 else "working")

    def _shown(self, job: _Job, status: str) -> dict[str, Any]:
        over = status == "completed"
        return {
            "id": job.id, "url": f"{self.base}/api/v2/job_statuses/{job.id}.json", "total": job.total,
            "progress": job.total if over else None, "status": status, "message": None if not over else "Completed",
            "results": job.results if over else None, "job_type": "Bulk Update Ticket",
        }  # fmt: skip
