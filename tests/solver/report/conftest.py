"""Synthetic results: a toy roofline with known shape, so that no solver is needed here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import pytest

from solver.result import Conflict, ConflictingLimit, OpenBox, Point, Result
from solver.result.document import Objective

USD_PER_DEVICE_HOUR = Fraction(59, 20)
OBJECTIVES = (Objective("speed", "tok/s/user", "max"), Objective("cost", "usd/Mtok", "min"))


def toy_terms(tensor: int, pipeline: int, batch: int) -> dict[str, float]:
    """Seconds of a 70-billion-parameter model under a roofline with made-up network costs."""
    devices = tensor * pipeline
    return {
        "arithmetic_s": 2 * 70e9 * batch / (devices * 1.979e15),
        "hbm_s": (70e9 + 0.05e9 * batch) / (devices * 3.35e12),
        "network_s": 0.0 if devices == 1 else 160 * (7e-6 + 2e-6 * tensor) + 8e-6 * batch,
        "launch_s": 1.28e-3,
    }


def toy_latency_ps(terms: Mapping[str, float]) -> int:
    """Latency of a step, rounded up to a picosecond."""
    roofline_s = max(terms["arithmetic_s"], terms["hbm_s"])
    return math.ceil((roofline_s + terms["network_s"] + terms["launch_s"]) * 10**12)


def toy_point(tensor: int, pipeline: int, batch: int, *, accelerator: str = "H100 SXM") -> Point:
    """One design with everything that a replica design carries."""
    devices = tensor * pipeline
    terms = toy_terms(tensor, pipeline, batch)
    pace = {"arithmetic": "arithmetic_s", "hbm": "hbm_s", "network": "network_s"}
    binding = max(pace, key=lambda key: terms[pace[key]])
    if terms["launch_s"] > terms[pace[binding]]:
        binding = "latency"
    latency_ps = toy_latency_ps(terms)
    latency_s = latency_ps / 10**12
    cost = USD_PER_DEVICE_HOUR * devices * latency_ps / (batch * 3600 * 10**6)
    return Point(
        objectives={"speed": 10**12 / latency_ps, "cost": float(cost)},
        exact={"latency_ps": latency_ps, "cost": f"{cost.numerator}/{cost.denominator}"},
        design={
            "accelerator": accelerator,
            "devices": devices,
            "tensor_parallel": tensor,
            "tensor_parallel_2d": 0,
            "pipeline_parallel": pipeline,
            "expert_parallel": 1,
            "attention_data_parallel": 1,
            "batch": batch,
            "microbatches": pipeline,
            "draft_tokens": 0,
            "weight_bits": 8,
            "kv_bits": 16,
            "mfu": terms["arithmetic_s"] / latency_s,
            "hbm_used_bytes": int((70e9 + 0.002e9 * batch) / devices),
            "hbm_capacity_bytes": 80_000_000_000,
            "step_latency_s": latency_s,
            "terms": terms,
            "binding": binding,
            "usd_per_hour": float(USD_PER_DEVICE_HOUR * devices),
            "tok_per_s": batch / latency_s,
        },
        proof={"engine": "enumeration", "closed_by": "enumeration"},
    )


def resolved_question(**changes: Any) -> dict[str, Any]:
    """A question as a result carries it."""
    question: dict[str, Any] = {
        "name": "llama-70b",
        "title": "How fast can a 70B model be served on eight devices?",
        "model": {"name": "Llama-3.1-70B", "layers": 80, "d_model": 8192},
        "context_tokens": 1000,
        "machines": [
            {
                "accelerator": {"name": "H100 SXM", "hbm_bytes": 80_000_000_000},
                "price": {
                    "accelerator": "H100 SXM",
                    "tier": "on-demand",
                    "usd_per_hour": "59/20",
                    "as_of": "2026-05",
                    "source": "price survey",
                },
            }
        ],
        "design": {"tensor_parallel": [1, 2, 4, 8], "batch": list(range(1, 4097))},
        "limits": {"max_devices": 8, "max_tok_per_s": None},
        "rules": {"degrees_divide": True},
        "performance": {"model": "epoch2025", "flop_efficiency": 1},
    }
    question.update(changes)
    return question


def as_result(points: list[Point], **changes: Any) -> Result:
    """A complete result with ``points``, any field changed by keyword."""
    fields: dict[str, Any] = {
        "status": "complete",
        "instance": {
            "name": "llama-70b",
            "kind": "replica",
            "sha256": "ab" * 32,
            "resolved": resolved_question(),
        },
        "objectives": OBJECTIVES,
        "points": tuple(points),
        "provenance": {
            "fleetfront": "0.1.0",
            "engines": {"enumeration": "0.1.0"},
            "seed": 0,
            "wall_s": 0.31,
            "cpu_s": 0.29,
            "solves": 1,
            "warnings": ["the price of H100 SXM is from 2024-05, more than a year old"],
        },
    }
    fields.update(changes)
    return Result(**fields)


def frontier_points(count: int) -> list[Point]:
    """The fastest ``count`` points of the toy's frontier."""
    layouts = [(8, 1), (4, 1), (4, 2), (2, 1), (2, 2), (1, 1), (1, 2)]
    cells = []
    for tensor, pipeline in layouts:
        for batch in range(pipeline, 6001, pipeline):
            latency_ps = toy_latency_ps(toy_terms(tensor, pipeline, batch))
            cells.append((latency_ps, tensor * pipeline, batch, tensor, pipeline))
    cells.sort(key=lambda cell: (cell[0], cell[0] * cell[1] / cell[2]))
    kept: list[tuple[int, ...]] = []
    for cell in cells:
        # Device-seconds a token, compared by cross-multiplication.
        if not kept or cell[0] * cell[1] * kept[-1][2] < kept[-1][0] * kept[-1][1] * cell[2]:
            kept.append(cell)
    if len(kept) < count:
        raise ValueError(f"the toy has only {len(kept)} points")
    return [toy_point(tensor, pipeline, batch) for _, _, batch, tensor, pipeline in kept[:count]]


@pytest.fixture(scope="session")
def make_point() -> Callable[..., Point]:
    return toy_point


@pytest.fixture(scope="session")
def make_result() -> Callable[..., Result]:
    return as_result


@pytest.fixture(scope="session")
def make_question() -> Callable[..., Mapping[str, Any]]:
    return resolved_question


@pytest.fixture(scope="session")
def few_points() -> list[Point]:
    return frontier_points(60)


@pytest.fixture(scope="session")
def big_result() -> Result:
    return as_result(frontier_points(4643))


@pytest.fixture(scope="session")
def small_result(few_points: list[Point]) -> Result:
    return as_result(few_points)


@pytest.fixture(scope="session")
def partial_result(few_points: list[Point]) -> Result:
    latencies = [int(point.exact["latency_ps"]) for point in few_points]
    box = OpenBox(
        latency_ps_min=latencies[-1] + 1,
        latency_ps_max=2 * latencies[-1],
        cost_min="1/100",
        cost_below=str(few_points[-1].exact["cost"]),
        reason="time limit of 10 s reached",
    )
    return as_result(few_points, status="partial", open_boxes=(box,))


@pytest.fixture(scope="session")
def infeasible_result() -> Result:
    limits = (
        ConflictingLimit(
            limit="min_speed_tok_per_s",
            value=300.0,
            unit="tok/s/user",
            needed=156.9,
            change=-143.1,
            explanation="the fastest design within the other limits",
        ),
        ConflictingLimit(
            limit="hbm_capacity",
            value=80.0,
            unit="GB",
            needed=None,
            change=None,
            explanation="more memory makes no design faster",
        ),
    )
    nearest = {
        "design": {"accelerator": "H100 SXM", "tensor_parallel": 8, "batch": 1},
        "refused_by": "min_speed_tok_per_s",
        "short_by": 143.1,
    }
    conflict = Conflict(limits=limits, is_minimum=True, nearest=nearest)
    return as_result([], status="infeasible", conflict=conflict)
