"""Small economic replica questions, and their nondominated sets by comparing all with all."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from solver.instance.domain import Limits, ReplicaInstance
from solver.instance.energy import EnergyTerms, HourProfile
from solver.instance.quality import QualityPenalty, ServedModel
from solver.instance.reader import replica_instance_from_raw
from solver.lowering.economy.cells import FamilyCells, cells_of
from solver.lowering.economy.design import alone
from solver.lowering.economy.lowering import lower_economy
from solver.lowering.economy.space import Worth

__all__ = [
    "ALL_TRADE_OFFS",
    "BILLED",
    "brute_images",
    "economic_questions",
    "every_candidate",
    "levels",
    "priced",
    "small_question",
    "two_models",
]

NAMES = ("speed", "cost", "energy", "power", "quality")
ALL_TRADE_OFFS = tuple(order for size in (2, 3) for order in itertools.combinations(NAMES, size))
BILLED = EnergyTerms(
    usd_per_kwh=HourProfile((Fraction(1, 10),)),
    g_co2_per_kwh=HourProfile((Fraction(350),)),
    pue=Fraction(13, 10),
    billed=True,
    source="made up for a test",
)


def _raw(model: str, **design: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "kind": "replica",
        "name": "small",
        "workload": {"model": model, "context_tokens": 2048},
        "design": {
            "accelerator": "H100 SXM",
            "tensor_parallel": [1, 2, 4],
            "pipeline_parallel": [1, 2],
            "batch": "1..24",
            "weight_bits": [8, 16],
            "kv_bits": [16],
            **design,
        },
        "price": {"usd_per_hour": "2.10"},
        "performance": {"model": "epoch2025"},
    }


def small_question(
    *,
    model: str = "Llama-3.1-8B",
    clocks: Sequence[int] = (),
    design: dict[str, Any] | None = None,
    **changes: Any,
) -> ReplicaInstance:
    """A question to the published model; ``changes`` are fields of the instance."""
    read = replica_instance_from_raw(
        _raw(model, **(design or {})), today=datetime.date(2026, 11, 1)
    )
    machine = read.machines[0]
    if clocks:
        machines = tuple(replace(machine, clock_mhz=clock) for clock in clocks)
        read = replace(read, machines=machines)
    return replace(read, **changes)


def two_models(**changes: Any) -> ReplicaInstance:
    """Two models with made-up scores, a penalty for narrow weights; quality, speed, cost."""
    large, small = small_question(), small_question(model="Llama-2-7B")
    settled: dict[str, Any] = {
        "trade_off": ("quality", "speed", "cost"),
        "alternatives": (
            ServedModel(large.model, Fraction("69.4"), "made up for a test"),
            ServedModel(small.model, Fraction("45.3"), "made up for a test"),
        ),
        "penalties": (QualityPenalty(Fraction("0.3"), "made up for a test", weight_bits=8),),
    }
    return small_question(**{**settled, **changes})


def priced(usd_per_kwh: str, *, billed: bool) -> EnergyTerms:
    """The terms of ``BILLED`` at another price."""
    return replace(BILLED, usd_per_kwh=HourProfile((Fraction(usd_per_kwh),)), billed=billed)


@st.composite
def economic_questions(draw: st.DrawFn) -> ReplicaInstance:
    """A few dozen candidates: clocks, precisions, models, bills, limits and objectives drawn."""
    trade_off = list(draw(st.sampled_from(ALL_TRADE_OFFS)))
    design = {
        "tensor_parallel": draw(st.sampled_from([[1], [1, 2], [2, 4]])),
        "pipeline_parallel": draw(st.sampled_from([[1], [1, 2]])),
        "batch": draw(st.sampled_from([[1, 2, 4], [1, 3, 8, 16], [2, 4, 6]])),
        "weight_bits": draw(st.sampled_from([[8], [8, 16]])),
    }
    clocks = draw(st.sampled_from([(), (1980,), (1980, 1005), (1980, 1410, 600)]))
    question = small_question(design=design, clocks=clocks)
    question = replace(question, trade_off=tuple(draw(st.permutations(trade_off))))
    question = replace(question, energy=draw(st.sampled_from([None, BILLED])))
    if "quality" in trade_off or draw(st.booleans()):
        with_scores = two_models()
        # Equal scores make ties between models; so does a penalty that levels them.
        scores = draw(st.sampled_from([("69.4", "45.3"), ("45.3", "45.3"), ("45", "44.7")]))
        question = replace(
            question,
            alternatives=tuple(
                replace(entry, quality=Fraction(score))
                for entry, score in zip(with_scores.alternatives, scores, strict=True)
            ),
            penalties=with_scores.penalties,
        )
    limits = draw(
        st.sampled_from(
            [
                Limits(),
                Limits(max_watts=Fraction(1500)),
                Limits(max_j_per_token=Fraction(1), min_speed_tok_per_s=Fraction(100)),
                Limits(max_cost_usd_per_mtok=Fraction(1)),
            ]
        )
    )
    return replace(question, limits=limits)


def every_candidate(question: ReplicaInstance) -> list[tuple[FamilyCells, int, int, Worth]]:
    """All allowed candidates, each by the scalar path."""
    space = lower_economy(question)
    found = []
    for cells in cells_of(space.instance, space.parts):
        rows, columns = cells.family.shape
        for row, column in itertools.product(range(rows), range(columns)):
            one = alone(cells, row, column)
            if one.allowed:
                found.append((cells, row, column, one.worth))
    return found


def levels(question: ReplicaInstance, worth: Worth) -> tuple[Fraction, ...]:
    """What is minimised, by the definition of each objective."""
    quality = worth.quality
    figures = {
        "speed": Fraction(worth.latency_ps),
        "cost": worth.cost,
        "energy": worth.energy,
        "power": None if worth.power_mw is None else Fraction(worth.power_mw),
        "quality": None if quality is None else -quality,
    }
    chosen = [figures[name] for name in question.trade_off]
    assert all(value is not None for value in chosen)
    return tuple(value for value in chosen if value is not None)


def brute_images(question: ReplicaInstance) -> list[tuple[Fraction, ...]]:
    """Every nondominated image, sorted: each compared with each other."""
    images = {levels(question, worth) for *_, worth in every_candidate(question)}
    return sorted(
        image
        for image in images
        if not any(
            other != image and all(a <= b for a, b in zip(other, image, strict=True))
            for other in images
        )
    )
