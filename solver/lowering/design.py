"""Candidates as something to deploy: designs of a result file, from and to their place in a space.

The functions that end in ``alone`` recompute everything from a family of one layout and one batch
(the scalar path), so that a check does not lean on the arrays that found a design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import ResultError
from solver.lowering.families import PS_PER_S, CandidateFamily, DraftLayout, IndexArray
from solver.lowering.space import ReplicaSpace
from solver.performance.epoch2025.step import StepFamily

__all__ = ["Evaluation", "design_alone", "designs", "evaluate_alone", "locate"]

_ONE: IndexArray = np.zeros(1, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Exact objectives of one candidate and whether it meets the limits on its design."""

    latency_ps: int
    cost: Fraction
    allowed: bool


def _single(step: StepFamily, degree: float, batch: float) -> StepFamily:
    return StepFamily(
        step.setting,
        tensor_degrees=[degree],
        batches=[batch],
        two_dimensional=step.two_dimensional,
        stages=step.stages,
    )


def _alone(space: ReplicaSpace, family: CandidateFamily, row: int, column: int) -> CandidateFamily:
    """The candidate as a family of its own: one layout, one batch, rebuilt from scratch."""
    batch = float(family.batches[column])
    draft = family.draft
    unit = family.cost_weight[row] // int(family.devices[row])
    return CandidateFamily(
        machine=family.machine,
        step=_single(family.step, float(family.tensor_degrees[row]), batch),
        draft=None
        if draft is None
        else DraftLayout(
            draft.draft,
            draft.tokens,
            _single(draft.step, float(draft.step.tensor_degrees[row]), batch),
        ),
        rules=family.rules,
        limits=space.instance.limits,
        price_denominator=int(unit / family.machine.price.usd_per_hour),
    )


def evaluate_alone(
    space: ReplicaSpace, family: CandidateFamily, row: int, column: int
) -> Evaluation:
    """Exact objectives of one candidate by the scalar path."""
    alone = _alone(space, family, row, column)
    latency = alone.latency_ps(_ONE, _ONE)
    allowed = bool(alone.allowed(_ONE, _ONE, latency)[0])
    slowest = alone.limits.max_latency_ps
    cost = space.cost(family, row, column, int(latency[0]))
    most = space.instance.limits.max_cost_usd_per_mtok
    within = (slowest is None or int(latency[0]) <= slowest) and (most is None or cost <= most)
    return Evaluation(int(latency[0]), cost, allowed and within)


def designs(family: CandidateFamily, rows: IndexArray, columns: IndexArray) -> list[dict[str, Any]]:
    """Designs of candidates of one family (flat index arrays), keys as in the result contract.

    ``binding`` names what takes most of the step: ``arithmetic`` or ``hbm`` (the larger of the two
    that overlap), ``network`` (moving bytes between devices) or ``latency`` (launches and the fixed
    part of every collective).
    """
    step, setting, draft = family.step, family.step.setting, family.draft
    accelerator = family.machine.accelerator
    terms = step.terms(rows, columns)
    network_s = terms.network_s
    network_latency_s = np.minimum(step.network_latency_s(rows, columns), network_s)
    overlapped_s = np.maximum(terms.arithmetic_s, terms.hbm_s)
    shares = np.stack(
        [overlapped_s, network_s - network_latency_s, terms.launch_s + network_latency_s]
    )
    largest = np.argmax(shares, axis=0).tolist()
    rooflines = np.where(terms.arithmetic_s > terms.hbm_s, "arithmetic", "hbm").tolist()
    draft_s = draft.step.latency_s(rows, columns) if draft else np.zeros(len(rows))
    step_s = terms.latency_s + family.draft_tokens * draft_s
    latency_ps = family.latency_ps(rows, columns)
    devices, batch = family.devices[rows], family.batches[columns]
    tokens_per_s = batch * (PS_PER_S / latency_ps)
    # Useful arithmetic only: tokens that reach the user, one pass each.
    flop_per_token = step.flop(columns) / (setting.tokens_per_sequence * batch)
    peak = accelerator.flop_per_s[setting.weight_bits]
    mfu = flop_per_token * tokens_per_s / (devices * peak)
    table = zip(
        devices.tolist(),
        family.tensor_degrees[rows].tolist(),
        batch.tolist(),
        mfu.tolist(),
        family.hbm_bytes(rows, columns).tolist(),
        step_s.tolist(),
        terms.arithmetic_s.tolist(),
        terms.hbm_s.tolist(),
        network_s.tolist(),
        network_latency_s.tolist(),
        tokens_per_s.tolist(),
        strict=True,
    )
    found = []
    for index, (
        n,
        degree,
        b,
        used,
        hbm,
        seconds,
        math_s,
        read_s,
        net_s,
        fixed_s,
        rate,
    ) in enumerate(table):
        design: dict[str, Any] = {
            "accelerator": accelerator.name,
            "devices": n,
            "tensor_parallel": 1 if step.two_dimensional else degree,
            "tensor_parallel_2d": degree if step.two_dimensional else 0,
            "pipeline_parallel": step.stages,
            "expert_parallel": 1,
            "attention_data_parallel": 1,
            "batch": b,
            "microbatches": step.stages,
            "draft_tokens": family.draft_tokens,
            "weight_bits": setting.weight_bits,
            "kv_bits": setting.kv_bits,
            "mfu": used,
            "hbm_used_bytes": hbm,
            "hbm_capacity_bytes": float(accelerator.hbm_bytes),
            "step_latency_s": seconds,
            "terms": {
                "arithmetic_s": math_s,
                "hbm_s": read_s,
                "network_s": net_s,
                "network_latency_s": fixed_s,
                "launch_s": terms.launch_s,
            },
            "binding": (rooflines[index], "network", "latency")[largest[index]],
            "usd_per_hour": float(family.machine.price.usd_per_hour * n),
            "tok_per_s": rate,
        }
        if draft is not None:
            draft_degree = int(draft.step.tensor_degrees[rows[index]])
            two_d = draft.step.two_dimensional
            design["draft"] = {
                "model": draft.draft.model.name,
                "tensor_parallel": 1 if two_d else draft_degree,
                "tensor_parallel_2d": draft_degree if two_d else 0,
                "pipeline_parallel": draft.step.stages,
                "weight_bits": draft.step.setting.weight_bits,
                "step_latency_s": float(draft_s[index]),
            }
        found.append(design)
    return found


def design_alone(
    space: ReplicaSpace, family: CandidateFamily, row: int, column: int
) -> dict[str, Any]:
    """Design of one candidate by the scalar path."""
    return designs(_alone(space, family, row, column), _ONE, _ONE)[0]


def _identity(family: CandidateFamily) -> tuple[Any, ...]:
    """What tells one family from another."""
    draft = family.draft
    return (
        family.machine.accelerator.name,
        family.step.setting.weight_bits,
        family.step.setting.kv_bits,
        family.step.two_dimensional,
        family.step.stages,
        family.draft_tokens,
        (draft.step.two_dimensional, draft.step.stages) if draft else None,
    )


def locate(
    space: ReplicaSpace, design: Mapping[str, Any], *, where: str = "design"
) -> tuple[CandidateFamily, int, int]:
    """Family, row and column of a design.

    Raises
    ------
    ResultError
        If the space holds no such design.
    """
    try:
        two_d = int(design["tensor_parallel_2d"])
        draft = design.get("draft")
        wanted = (
            design["accelerator"],
            design["weight_bits"],
            design["kv_bits"],
            two_d > 0,
            design["pipeline_parallel"],
            design["draft_tokens"],
            (draft["tensor_parallel_2d"] > 0, draft["pipeline_parallel"]) if draft else None,
        )
        degree, batch = two_d or int(design["tensor_parallel"]), int(design["batch"])
    except (KeyError, TypeError, ValueError) as error:
        raise ResultError.one(
            f"is damaged ({error})", where=where, mend="Solve the instance again"
        ) from error
    for family in space.families:
        if _identity(family) != wanted:
            continue
        row = np.flatnonzero(family.tensor_degrees == degree)
        column = np.flatnonzero(family.batches == batch)
        if len(row) == 1 and len(column) == 1:
            return family, int(row[0]), int(column[0])
    raise ResultError.one(
        f"is not in the design space of the instance ({degree} x {design['pipeline_parallel']}, "
        f"batch {batch})",
        where=where,
        mend="Solve the instance again",
    )
