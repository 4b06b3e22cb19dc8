"""What the search asks of whoever says which jobs come next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeVar

from solver.sweep.moip.claims import JobReport
from solver.sweep.moip.jobs import ListJob, PackJob, SolveJob

__all__ = ["JobT", "Plan"]

JobT = TypeVar("JobT", ListJob, PackJob, SolveJob)


class Plan(Protocol[JobT]):
    """Jobs of one kind, chosen by what is known when each is taken."""

    def jobs(self) -> Iterator[JobT | None]:
        """Jobs one after the other; ``None`` means: wait for one of those that are out."""
        ...

    def learn(self, job: JobT, report: JobReport, /) -> None:
        """Take note of how a job ended; the ledger has its points and claims already."""
        ...
