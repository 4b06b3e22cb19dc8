"""Assignment problems with several costs, uniform in 1..R, as in most studies of the subject.

One worker for each job; with one cost the linear relaxation is whole, with bounds on the others it
is not. Costs as in Özlen and Azizoğlu (2009, 1..20) by default.
"""

from __future__ import annotations

from pydantic import Field

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.moip_document import MoipDocument

__all__ = ["FAMILY", "MoipAssignmentParameters"]


class MoipAssignmentParameters(Parameters):
    """Jobs and costs."""

    jobs: int = Field(default=6, ge=2, le=60, description="Jobs, and as many workers.")
    objectives: int = Field(default=3, ge=2, le=4, description="Costs of a pair, minimised.")
    largest: int = Field(default=20, ge=1, le=10_000, description="R: the largest cost.")


def _make(parameters: MoipAssignmentParameters, seed: int) -> Generated:
    draws = Draws("moip-assignment", seed)
    n = parameters.jobs
    name = f"moip-assignment-{n}-p{parameters.objectives}-r{parameters.largest}-s{seed}"
    document = MoipDocument(
        name, f"Generated: family moip-assignment. Costs uniform in 1..{parameters.largest}."
    )
    for worker in range(n):
        for job in range(n):
            document.add_column(f"worker_{worker + 1}_job_{job + 1}", 0, 1)
    for k in range(parameters.objectives):
        costs = [draws.integer(1, parameters.largest) for _ in range(n * n)]
        document.add_objective(f"cost_{k + 1}", "min", costs)
    for worker in range(n):
        document.add_row(f"worker_{worker + 1}", {worker * n + job: 1 for job in range(n)}, "=", 1)
    for job in range(n):
        document.add_row(f"job_{job + 1}", {worker * n + job: 1 for worker in range(n)}, "=", 1)
    return Generated(name, ".json", document.text())


FAMILY = Family(
    name="moip-assignment",
    group="moip",
    summary="assignment of workers to jobs under two to four uniform costs",
    parameters=MoipAssignmentParameters,
    make=_make,
)
"""Two to four costs of an assignment."""
