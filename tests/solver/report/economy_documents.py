"""Economic documents made by a toy model of power and time: no solver is needed here.

A step reads the weights (``hbm``) and computes (``arithmetic``, slower at a lower clock); power
is idle power plus what each of the two draws for its share of the step, and the cores draw less
than in proportion at a lower clock.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.solver.report.conftest import resolved_question

USD_PER_DEVICE_HOUR = Fraction(59, 20)
CLOCKS = (990, 1320, 1650, 1980)
UNITS = {
    "speed": ("tok/s/user", "max"),
    "cost": ("usd/Mtok", "min"),
    "energy": ("J/token", "min"),
    "power": ("W", "min"),
    "quality": ("score", "max"),
}
MODELS = {"Llama-70B": (70e9, Fraction("83.6")), "Llama-8B": (8e9, Fraction("69.4"))}
_EXACT = {"speed": "latency_ps", "power": "power_mw"}


def point(
    model: str, devices: int, batch: int, clock: int | None, *, bits: int = 8,
    goals: Sequence[str] = ("speed", "cost", "energy"),
) -> dict[str, Any]:  # fmt: skip
    """One design with everything that a point of an economic document carries."""
    weights, score = MODELS[model]
    share = (clock or 1980) / 1980
    read_s = (weights * bits / 8 + 0.05e9 * batch) / (devices * 3.35e12)
    math_s = 2 * weights * batch / (devices * 0.99e15 * share)
    fixed_s = 1.28e-3 + (0.0 if devices == 1 else 1.2e-4 * devices)
    step_s = max(read_s, math_s) + fixed_s
    latency_ps = math.ceil(step_s * 10**12)
    drawn = 110 + 450 * share * max(share, 0.7) ** 2 * math_s / step_s
    drawn += (250 * share * max(share, 0.7) ** 2 + 120) * read_s / step_s
    power_mw = math.ceil(drawn * devices * 1000)
    energy = Fraction(power_mw * latency_ps, batch * 10**15)
    cost = USD_PER_DEVICE_HOUR * devices * latency_ps / (batch * 3600 * 10**6)
    quality = score - (Fraction("0.9") if bits == 4 else 0)
    exact: dict[str, Any] = {
        "latency_ps": latency_ps,
        "cost": str(cost),
        "power_mw": power_mw,
        "energy": str(energy),
        "carbon": str(energy * 350 / Fraction("3.6")),
        "quality": str(quality),
    }
    values = {
        "speed": 10**12 / latency_ps,
        "cost": float(cost),
        "energy": float(energy),
        "power": power_mw / 1000,
        "quality": float(quality),
    }
    return {
        "objectives": {name: values[name] for name in goals},
        "exact": exact,
        "design": {
            "accelerator": "H100 SXM",
            "devices": devices,
            "tensor_parallel": devices,
            "tensor_parallel_2d": 0,
            "pipeline_parallel": 1,
            "expert_parallel": 1,
            "attention_data_parallel": 1,
            "batch": batch,
            "microbatches": 1,
            "draft_tokens": 0,
            "weight_bits": bits,
            "kv_bits": 16,
            "mfu": math_s / step_s,
            "hbm_used_bytes": int(weights * bits / 8 / devices),
            "hbm_capacity_bytes": 80e9,
            "step_latency_s": step_s,
            "terms": {"arithmetic_s": math_s, "hbm_s": read_s},
            "binding": "arithmetic" if math_s > read_s else "hbm",
            "usd_per_hour": float(USD_PER_DEVICE_HOUR * devices),
            "tok_per_s": batch / step_s,
            "model": model,
            "clock_mhz": clock,
            "watts": power_mw / 1000,
            "j_per_token": float(energy),
            "g_co2_per_mtok": float(energy * 350 / Fraction("3.6")),
            "usd_electricity_per_mtok": None,
            "quality": float(quality),
            "quality_source": "toy scores of this test",
        },
        "proof": {"nondominated": "proved", "engine": "enumeration", "closed_by": "enumeration"},
    }


def _worth(made: dict[str, Any], goals: Sequence[str]) -> tuple[Fraction, ...]:
    """Exact values, less is better."""
    return tuple(
        Fraction(made["exact"][_EXACT.get(name, name)]) * (-1 if name == "quality" else 1)
        for name in goals
    )


def frontier(made: list[dict[str, Any]], goals: Sequence[str]) -> list[dict[str, Any]]:
    """The nondominated of ``made`` by comparing all pairs, best first."""
    worth = [_worth(entry, goals) for entry in made]
    kept = {}
    for value, entry in zip(worth, made, strict=True):
        beaten = any(
            other != value and all(a <= b for a, b in zip(other, value, strict=True))
            for other in worth
        )
        if not beaten:
            kept.setdefault(value, entry)
    return [kept[value] for value in sorted(kept)]


def document(
    goals: Sequence[str] = ("speed", "cost", "energy"),
    *,
    models: Sequence[str] = ("Llama-70B",),
    clocks: Sequence[int | None] = CLOCKS,
    bits: Sequence[int] = (8,),
    batches: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512),
    **changes: Any,
) -> dict[str, Any]:
    """A complete document, any key changed by keyword."""
    offered = [
        point(model, devices, batch, clock, bits=width, goals=goals)
        for model, devices, batch, clock, width in itertools.product(
            models, (1, 2, 4, 8), batches, clocks, bits
        )
    ]
    resolved = resolved_question(
        model={"name": models[0]},
        machines=[
            {**machine, **({} if clock is None else {"clock_mhz": clock})}
            for machine in resolved_question()["machines"]
            for clock in clocks
        ],
        trade_off=list(goals),
        energy={"usd_per_kwh": "2/25", "g_co2_per_kwh": ["300", "400"] * 12, "pue": "6/5"},
        alternatives=[
            {"model": {"name": name}, "quality": str(MODELS[name][1]), "source": "its card, 2024"}
            for name in models
        ],
        title="What does energy cost?",
    )
    return {
        "schema": 1,
        "status": "complete",
        "instance": {"name": "toy", "kind": "replica", "sha256": "ab" * 32, "resolved": resolved},
        "objectives": [
            {"name": name, "unit": UNITS[name][0], "sense": UNITS[name][1]} for name in goals
        ],
        "points": frontier(offered, goals),
        "open_boxes": [],
        "conflict": [],
        "ideal": {},
        "nadir": {},
        "provenance": {"fleetfront": "0", "wall_s": 0.1, "warnings": [], "notes": []},
        "digest": "cd" * 32,
    } | changes


def three_models(**changes: Any) -> dict[str, Any]:
    """Quality, speed and cost of two models at two precisions, clocks left alone."""
    return document(
        ("quality", "speed", "cost"),
        models=tuple(MODELS),
        clocks=(None,),
        bits=(4, 8),
        **changes,
    )
