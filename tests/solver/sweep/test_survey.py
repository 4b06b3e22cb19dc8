from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.instance.domain import ReplicaInstance
from solver.sweep.survey import survey

Small = Callable[..., ReplicaInstance]

CHANGES: list[dict[str, Any]] = [
    {},
    {"design__tensor_parallel": [1, 3, 4], "design__pipeline_parallel": [1, 2, 5]},
    {"draft": {"model": "Llama-3.1-8B", "acceptance": "0.8", "tokens": "0..2"}},
    {
        "draft": {
            "model": "Llama-3.1-8B",
            "acceptance": "0.8",
            "tokens": [2, 3],
            "pipeline_parallel": [1, 2],
        },
        "design__tensor_parallel_2d": [4],
    },
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_sizes_add_up(small: Small, change: dict[str, Any]) -> None:
    found = survey(small(**change))
    refused = sum(entry.candidates for entry in found.refusals)
    assert found.stated - refused == found.deployable
    assert found.points <= found.latency_levels <= found.feasible <= found.deployable


def test_latencies_beyond_a_limit_are_not_counted(small: Small) -> None:
    found = survey(small(limits={"min_speed_tok_per_s": 400, "max_cost_usd_per_mtok": "1"}))
    assert found.feasible > 0
    assert found.latency_levels <= found.feasible
