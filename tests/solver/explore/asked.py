"""Questions of every kind, opened once, and their answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from solver.api import solve

INSTANCES = Path(__file__).resolve().parents[3] / "instances"
README = INSTANCES / "replica" / "llama-3.1-70b-fp8-h100.toml"
FLEET = INSTANCES / "fleet" / "one-model-one-pool.toml"
COLUMNS = {
    "format": "fleet-columns/1",
    "name": "two-types",
    "types": [
        {"price_cents_per_h": 100, "watts": 500, "stock": 40},
        {"price_cents_per_h": 250, "watts": 900, "stock": None},
    ],
    "power_limit_w": 100_000,
    "demand_milli_tok_per_s": [20_000, 5_000],
    "columns": {
        "type": [0, 1, 0],
        "gpus": [1, 1, 2],
        "workload": [0, 0, 1],
        "capacity_milli_tok_per_s": [1000, 4000, 2500],
        "latency_level": [1, 0.1, 0.5],
    },
}


@cache
def answer(name: str) -> Mapping[str, Any]:
    """The result document of a shipped instance, ``folder/stem``, as a result file holds it."""
    path = INSTANCES / f"{name}.toml"
    document: Mapping[str, Any] = json.loads(json.dumps(solve(path).to_dict()))
    return document


ANSWERED = (
    "replica/llama-3.1-70b-fp8-h100",
    "replica/quality-speed-cost-h100",
    "replica/llama-3.1-405b-impossible-h100",
    "fleet/one-model-one-pool",
    "fleet/deepseek-disaggregated",
    "placement/helix-t4x12_l30b",
    "placement/workstation-pcie",
)
