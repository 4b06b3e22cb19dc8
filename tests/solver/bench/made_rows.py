"""Rows of benchmarks that never ran, for tests."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from typing import Any

from solver.bench.row import Row

REALISTIC: tuple[tuple[str, str, float, float], ...] = (
    # formulation, engine, factor on time, gap of its linear relaxation
    ("textbook_big_m", "highs", 9.0, 3.1),
    ("textbook_big_m", "scip", 14.0, 3.1),
    ("textbook_big_m", "cp-sat", 5.0, 3.1),
    ("multiple_big_m", "highs", 6.0, 1.7),
    ("multiple_big_m", "scip", 11.0, 1.7),
    ("hull", "highs", 2.2, 0.21),
    ("hull", "cp-sat", 3.0, 0.21),
    ("cutting_planes", "highs", 4.4, 0.5),
    ("indicator_constraints", "cp-sat", 2.6, 3.1),
    ("unary_one_hot", "highs", 3.3, 0.8),
    ("log_encoded", "highs", 7.7, 2.2),
    ("column_selection", "highs", 0.8, 0.0),
    ("column_selection", "cp-sat", 0.6, 0.0),
    ("column_selection", "scip", 1.2, 0.0),
)


def made_row(
    formulation: str = "compact", engine: str = "highs", instance: str = "one", **changes: Any
) -> Row:
    """A row that is solved, in 1 s, with optimum 100; ``changes`` replace its fields."""
    fields: dict[str, Any] = {
        "group": "replica",
        "instance": instance,
        "instance_sha256": hashlib.sha256(instance.encode()).hexdigest(),
        "size": "small",
        "family": "",
        "formulation": formulation,
        "engine": engine,
        "seed": 0,
        "level": 0,
        "objective": "cost",
        "upper": {},
        "time_limit_s": 10.0,
        "status": "optimal",
        "verdict": "right",
        "incumbent": 100,
        "bound": 100,
        "best": 100,
        "best_by": "cp-sat",
        "cpu_s": 1.0,
        "wall_s": 1.0,
    }
    return Row(**(fields | changes))


def stopped_row(
    formulation: str, engine: str = "highs", instance: str = "one", **changes: Any
) -> Row:
    """A row that ran into its limit between 80 and 120."""
    fields = {
        "status": "time_limit",
        "verdict": "open",
        "incumbent": 120,
        "bound": 80,
        "cpu_s": 10.0,
        "wall_s": 10.0,
    }
    return made_row(formulation, engine, instance, **(fields | changes))


def _trajectory(
    wall_s: float, best: int, bound: int, gap: float, rng: random.Random
) -> tuple[tuple[float, float | None, float | None], ...]:
    steps: list[tuple[float, float | None, float | None]] = [
        (0.02 * wall_s, None, best / (1 + gap))
    ]
    for part in (0.1, 0.3, 0.6, 0.9):
        left = 1 - part
        steps.append(
            (
                part * wall_s,
                best * (1 + left * rng.uniform(0.05, 0.6)),
                bound - (bound - best / (1 + gap)) * left,
            )
        )
    return tuple(steps)


def realistic_rows(
    *,
    group: str = "replica",
    instances: int = 30,
    seed: int = 7,
    limit_s: float = 60.0,
    sides: Sequence[tuple[str, str, float, float]] = REALISTIC,
) -> list[Row]:
    """A group as a benchmark would give it: times spread over decades, some limits, oddities."""
    rng = random.Random(f"{seed} {group}")
    rows = []
    for number in range(instances):
        instance = f"{group}-{'nodes' if number % 2 else 'racks'}-{number:02d}"
        hardness = math.exp(rng.gauss(-0.3, 1.9))
        best = rng.randrange(10_000, 2_000_000)
        n_columns = rng.randrange(40, 4000)
        for position, (formulation, engine, factor, gap) in enumerate(sides):
            spent = hardness * factor * math.exp(rng.gauss(0, 0.7))
            common: dict[str, Any] = {
                "group": group,
                "size": ("small", "medium", "large")[number % 3],
                "time_limit_s": limit_s,
                "best": best,
                "best_by": "column_selection / cp-sat",
                "rows": 3 * n_columns // (position + 2) + 4,
                "columns": n_columns + 11 * position,
                "nonzeros": 7 * n_columns,
                "presolved_rows": n_columns // 2,
                "presolved_columns": n_columns // 3,
                "presolved_nonzeros": 2 * n_columns,
                "build_s": 0.01 * factor,
                "nodes": int(40 * spent * (1 + gap)),
                "iterations": int(900 * spent),
                "ticks": None if engine == "highs" else round(spent * 0.7, 6),
                "lp_bound": best / (1 + gap),
                "root_bound": best / (1 + gap / 3),
                "coefficient_min": 1,
                "coefficient_max": 10**6,
                "model_sha256": hashlib.sha256(f"{instance}{formulation}".encode()).hexdigest(),
                "versions": {engine: "1.0"},
            }
            told: dict[str, Any]
            if formulation == "log_encoded" and number % 10 == 3:
                told = {
                    "status": "not_applicable", "verdict": "none", "incumbent": None, "bound": None,
                    "cpu_s": None, "wall_s": None, "message": "more than 4096 values to encode",
                }  # fmt: skip
            elif formulation == "multiple_big_m" and engine == "scip":
                told = {
                    "status": "engine_missing", "verdict": "none", "incumbent": None,
                    "bound": None, "cpu_s": None, "wall_s": None, "message": "scip is missing",
                }  # fmt: skip
            elif formulation == "cutting_planes" and number == 11:
                told = {
                    "status": "refused", "verdict": "open", "cpu_s": spent, "wall_s": spent,
                    "incumbent": None, "bound": None,
                    "message": "row 17 is broken by 3 at the rounded point",
                }  # fmt: skip
            elif spent < limit_s:
                told = {
                    "incumbent": best, "bound": best, "cpu_s": spent, "wall_s": spent * 1.02,
                    "trajectory": _trajectory(spent, best, best, gap, rng),
                }  # fmt: skip
            else:
                bound = int(best / (1 + gap / 4)) - 1
                told = {
                    "status": "time_limit", "verdict": "open", "incumbent": int(best * 1.04) + 1,
                    "bound": bound, "cpu_s": limit_s, "wall_s": limit_s,
                    "trajectory": _trajectory(limit_s, best, bound, gap, rng),
                }  # fmt: skip
            rows.append(made_row(formulation, engine, instance, **(common | told)))
    return rows
