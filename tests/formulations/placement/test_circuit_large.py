"""The circuit at times of real machines: tens of layers, picoseconds beyond 1e10."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.placement.chain_labels import nondominated_chains
from formulations.placement.chain_plan import value_of
from formulations.placement.chain_tables import ChainTables
from formulations.placement.circuit import build_circuit
from solver.engines.contract import Termination
from solver.engines.cp_sat import CpSatEngine


def _two_kinds(most: tuple[int, int], in_flight: int) -> ChainTables:
    """Four hosts over 40 layers, two that hold up to ``most[0]`` and two up to ``most[1]``."""
    held = np.arange(max(most) + 1)
    each = np.array([1_341_239_069, 1_341_239_069, 3_450_577_920, 6_885_155_840])
    hop = np.full((5, 5), 539_288_000, dtype=np.int64)
    hop[:, 4] = hop[4, :] = 0
    stage_time = each[:, None] * held
    pace = in_flight * (stage_time[:, :, None] + np.where(held > 0, 1, 0)[:, None] * hop[:4, None])
    return ChainTables(
        name="two kinds",
        layers=40,
        count=np.ones(4, dtype=np.int64),
        orbit=np.arange(4),
        price=np.array([240, 240, 202, 125]),
        allowed=np.array([(held > 0) & (held <= most[i // 2]) for i in range(4)]),
        stage_time=stage_time,
        hop_time=hop,
        linked=np.ones((5, 5), dtype=np.bool_),
        pace=pace,
        entry_pace=np.zeros(4, dtype=np.int64),
    )


@pytest.mark.parametrize("objective", ["time", "latency", "pace", "price"])
@pytest.mark.parametrize("most", [(19, 11), (28, 16), (40, 30)])
@pytest.mark.parametrize("in_flight", [1, 4])
def test_at_real_times_the_circuit_reaches_the_least_of_the_labels(
    objective: str, most: tuple[int, int], in_flight: int
) -> None:
    tables = _two_kinds(most, in_flight)
    plans = nondominated_chains(tables, joint=False, priced=True)
    least = min(getattr(value_of(tables, plan), objective) for plan in plans)
    engine = CpSatEngine()
    engine.load(build_circuit(tables).statement)
    result = engine.minimise(objective, upper={})
    assert result.termination is Termination.OPTIMAL
    assert result.objective == least
