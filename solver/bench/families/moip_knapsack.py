"""0-1 knapsacks with several values a piece and several limits, by class of correlation.

Classes after Pisinger, "Where are the hard knapsack problems?", Computers & Operations Research 32,
2005: weights are uniform in 1..R, values *uncorrelated* (uniform in 1..R), *weakly* correlated
(within R/10 of a weight) or *strongly* correlated (a weight plus R/10). With several objectives,
value k goes by weight k; limits are a share of the sum of weights. Where values beyond the number
of limits are correlated, they go by the weights over again, so that strongly correlated values need
as many limits as objectives: else two objectives would be the same.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.moip_document import MoipDocument

__all__ = ["FAMILY", "MoipKnapsackParameters"]


class MoipKnapsackParameters(Parameters):
    """Pieces, values and limits."""

    pieces: int = Field(default=20, ge=2, le=500, description="Pieces to choose among.")
    objectives: int = Field(default=2, ge=2, le=5, description="Values of a piece, maximised.")
    limits: int = Field(default=1, ge=1, le=10, description="Knapsack rows.")
    correlation: Literal["uncorrelated", "weakly", "strongly"] = Field(
        default="uncorrelated", description="How values go by weights."
    )
    largest: int = Field(default=100, ge=10, le=10_000, description="R: the largest weight.")
    room_percent: int = Field(
        default=50, ge=1, le=99, description="Right-hand side, of the sum of weights."
    )

    @model_validator(mode="after")
    def _values_differ(self) -> Self:
        if self.correlation == "strongly" and self.limits < self.objectives:
            raise ValueError("strongly correlated values need at least as many limits")
        return self


def _make(parameters: MoipKnapsackParameters, seed: int) -> Generated:
    draws = Draws("moip-knapsack", seed)
    n, largest, near = parameters.pieces, parameters.largest, parameters.largest // 10
    weights = [[draws.integer(1, largest) for _ in range(n)] for _ in range(parameters.limits)]
    values = []
    for k in range(parameters.objectives):
        by = weights[k % parameters.limits]
        if parameters.correlation == "uncorrelated":
            values.append([draws.integer(1, largest) for _ in range(n)])
        elif parameters.correlation == "weakly":
            values.append([max(1, draws.integer(w - near, w + near)) for w in by])
        else:
            values.append([w + near for w in by])
    name = (
        f"moip-knapsack-{parameters.correlation}-{n}x{parameters.limits}"
        f"-p{parameters.objectives}-r{largest}-c{parameters.room_percent}-s{seed}"
    )
    document = MoipDocument(
        name, f"Generated: family moip-knapsack. {parameters.correlation} values up to R={largest}."
    )
    for j in range(n):
        document.add_column(f"take_{j + 1}", 0, 1)
    for k, value in enumerate(values):
        document.add_objective(f"value_{k + 1}", "max", value)
    for i, weight in enumerate(weights):
        # A piece that fits nowhere would be no choice at all.
        room = max(max(weight), sum(weight) * parameters.room_percent // 100)
        document.add_row(f"limit_{i + 1}", dict(enumerate(weight)), "<=", room)
    return Generated(name, ".json", document.text())


FAMILY = Family(
    name="moip-knapsack",
    group="moip",
    summary="0-1 knapsacks, several values and limits, by correlation of values with weights",
    parameters=MoipKnapsackParameters,
    make=_make,
)
"""Several values, several limits."""
