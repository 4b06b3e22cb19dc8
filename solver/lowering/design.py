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
from solver.performance.step_table import FloatArray, StepLayout, TableTerms

__all__ = ["Evaluation", "design_alone", "designs", "evaluate_alone", "family_alone", "locate"]

_LAYOUT_KEYS = tuple(StepLayout.__dataclass_fields__)
_ONE: IndexArray = np.zeros(1, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Exact objectives of one candidate and whether it meets the limits on its design."""

    latency_ps: int
    cost: Fraction
    allowed: bool


def family_alone(
    space: ReplicaSpace, family: CandidateFamily, row: int, column: int
) -> CandidateFamily:
    """The candidate as a family of its own: one layout, one batch, rebuilt from scratch."""
    draft = family.draft
    unit = family.cost_weight[row] // int(family.devices[row])
    return CandidateFamily(
        machine=family.machine,
        step=family.step.alone(row, column),
        draft=None
        if draft is None
        else DraftLayout(draft.draft, draft.tokens, draft.step.alone(row, column)),
        rules=family.rules,
        limits=space.instance.limits,
        price_denominator=int(unit / family.machine.price.usd_per_hour),
    )


def evaluate_alone(
    space: ReplicaSpace, family: CandidateFamily, row: int, column: int
) -> Evaluation:
    """Exact objectives of one candidate by the scalar path."""
    alone = family_alone(space, family, row, column)
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
    where they overlap), ``network`` (moving bytes between devices) or ``latency`` (launches and the
    fixed part of every collective). Models that know formats add ``weight_format``, those that
    serve prompts ``ttft_s``; ``clock_mhz`` is there where a clock is set.
    """
    step, draft = family.step, family.draft
    precision, accelerator = step.precision, family.machine.accelerator
    terms = step.terms(rows, columns)
    draft_s = draft.step.latency_s(rows, columns) if draft else np.zeros(len(rows))
    step_s = step.latency_s(rows, columns) + family.draft_tokens * draft_s
    latency_ps, ttft_ps = family.latency_ps(rows, columns), family.ttft_ps(rows, columns)
    devices, batch = family.devices[rows], family.batches[columns]
    tokens_per_s = batch * (PS_PER_S / latency_ps)
    # Useful arithmetic only: tokens that reach the user, one pass each.
    flop_per_token = step.flop(columns) / (step.tokens_per_sequence * batch)
    mfu = flop_per_token * tokens_per_s / (devices * step.peak_flop_per_s)
    table = zip(
        rows.tolist(),
        batch.tolist(),
        mfu.tolist(),
        family.hbm_bytes(rows, columns).tolist(),
        step_s.tolist(),
        terms.arithmetic_s.tolist(),
        terms.hbm_s.tolist(),
        terms.network_s.tolist(),
        terms.network_latency_s.tolist(),
        terms.launch_s.tolist(),
        tokens_per_s.tolist(),
        _binding(terms),
        strict=True,
    )
    found = []
    for index, (
        row,
        b,
        used,
        hbm,
        seconds,
        math_s,
        read_s,
        net_s,
        fixed_s,
        launch_s,
        rate,
        binding,
    ) in enumerate(table):
        layout = step.layouts[row]
        design: dict[str, Any] = {
            "accelerator": accelerator.name,
            "devices": layout.devices,
            "tensor_parallel": layout.tensor_parallel,
            "tensor_parallel_2d": layout.tensor_parallel_2d,
            "pipeline_parallel": layout.pipeline_parallel,
            "expert_parallel": layout.expert_parallel,
            "attention_data_parallel": layout.attention_data_parallel,
            "batch": b,
            "microbatches": step.stages,
            "draft_tokens": family.draft_tokens,
            "weight_bits": precision.weight_bits,
            "kv_bits": precision.kv_bits,
            "mfu": used,
            "hbm_used_bytes": hbm,
            "hbm_capacity_bytes": float(accelerator.hbm_bytes),
            "step_latency_s": seconds,
            "terms": {
                "arithmetic_s": math_s,
                "hbm_s": read_s,
                "network_s": net_s,
                "network_latency_s": fixed_s,
                "launch_s": launch_s,
            },
            "binding": binding,
            "usd_per_hour": float(family.machine.price.usd_per_hour * layout.devices),
            "tok_per_s": rate,
        }
        if family.machine.clock_mhz is not None:
            design["clock_mhz"] = family.machine.clock_mhz
        if precision.weight_format:
            design["weight_format"] = precision.weight_format
        if ttft_ps is not None:
            design["ttft_s"] = int(ttft_ps[index]) / PS_PER_S
        if draft is not None:
            design["draft"] = _draft_design(draft, row, float(draft_s[index]))
        found.append(design)
    return found


def _binding(terms: TableTerms) -> list[str]:
    """What takes most of each step."""
    moving_s = terms.network_s - terms.network_latency_s
    fixed_s = terms.launch_s + terms.network_latency_s
    shares: list[tuple[str, FloatArray]]
    if terms.overlapped:
        longer = np.where(terms.arithmetic_s > terms.hbm_s, "arithmetic", "hbm").tolist()
        shares = [("", np.maximum(terms.arithmetic_s, terms.hbm_s))]
    else:
        longer = []
        shares = [("hbm", terms.hbm_s), ("arithmetic", terms.arithmetic_s)]
    shares += [("network", moving_s), ("latency", fixed_s)]
    largest = np.argmax(np.stack([seconds for _, seconds in shares]), axis=0).tolist()
    return [shares[which][0] or longer[index] for index, which in enumerate(largest)]


def _draft_design(draft: DraftLayout, row: int, step_s: float) -> dict[str, Any]:
    layout, precision = draft.step.layouts[row], draft.step.precision
    design: dict[str, Any] = {
        "model": draft.draft.model.name,
        "tensor_parallel": layout.tensor_parallel,
        "tensor_parallel_2d": layout.tensor_parallel_2d,
        "pipeline_parallel": layout.pipeline_parallel,
        "weight_bits": precision.weight_bits,
        "step_latency_s": step_s,
    }
    if precision.weight_format:
        design["weight_format"] = precision.weight_format
        design["attention_data_parallel"] = layout.attention_data_parallel
    return design


def design_alone(
    space: ReplicaSpace, family: CandidateFamily, row: int, column: int
) -> dict[str, Any]:
    """Design of one candidate by the scalar path."""
    return designs(family_alone(space, family, row, column), _ONE, _ONE)[0]


def _identity(family: CandidateFamily) -> tuple[Any, ...]:
    """What tells one family from another."""
    draft, precision = family.draft, family.step.precision
    return (
        family.machine.accelerator.name,
        family.machine.clock_mhz,
        precision.weight_bits,
        precision.kv_bits,
        precision.weight_format,
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
        draft = design.get("draft")
        wanted = (
            design["accelerator"],
            design.get("clock_mhz"),
            design["weight_bits"],
            design["kv_bits"],
            design.get("weight_format", ""),
            design["draft_tokens"],
            (draft["tensor_parallel_2d"] > 0, draft["pipeline_parallel"]) if draft else None,
        )
        layout = StepLayout(**{key: int(design[key]) for key in _LAYOUT_KEYS})
        batch = int(design["batch"])
    except (KeyError, TypeError, ValueError) as error:
        raise ResultError.one(
            f"is damaged ({error})", where=where, mend="Solve the instance again"
        ) from error
    for family in space.families:
        if _identity(family) != wanted:
            continue
        column = np.flatnonzero(family.batches == batch)
        if layout in family.step.layouts and len(column) == 1:
            return family, family.step.layouts.index(layout), int(column[0])
    raise ResultError.one(
        f"is not in the design space of the instance ({layout.tensor_degree} x "
        f"{layout.pipeline_parallel}, batch {batch})",
        where=where,
        mend="Solve the instance again",
    )
