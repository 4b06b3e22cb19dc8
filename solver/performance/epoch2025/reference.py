"""The published functions by their own arguments, for comparison with published outputs.

A deployable layout has whole degrees; the reference also evaluates fractions of devices, stages and
microbatches (erratum B8). These functions accept them, as the published code does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from solver.catalog.domain import Accelerator, Model
from solver.performance.epoch2025.counts import count
from solver.performance.epoch2025.memory import published_bytes
from solver.performance.epoch2025.step import IndexArray, StepFamily, StepSetting

__all__ = [
    "PIPELINE_CHOICES",
    "ReferenceStep",
    "Speculation",
    "best_step_latency_s",
    "reference_step",
    "speculative_latency",
]

PIPELINE_CHOICES = (1, 2, 4, 6)
_ONE: IndexArray = np.zeros(1, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class ReferenceStep:
    """One call of the published latency function; ``latency_s`` is inf where it does not fit."""

    latency_s: float
    fits: bool
    network_s: float
    network_latency_s: float
    memory_bytes: float
    flop: float
    hbm_s: float
    arithmetic_s: float
    launch_s: float


def reference_step(
    model: Model,
    accelerator: Accelerator,
    *,
    devices: float,
    batch: float,
    context_tokens: int,
    two_dimensional: bool = True,
    stages: int = 1,
    tokens_per_sequence: int = 1,
) -> ReferenceStep:
    """One branch of the published function at the model's own precisions.

    The paper's function (section 3.5) is the two-dimensional branch with one stage.
    """
    setting = StepSetting(
        counts=count(model),
        accelerator=accelerator,
        weight_bits=model.native_weight_bits,
        kv_bits=model.native_kv_bits,
        context_tokens=context_tokens,
        tokens_per_sequence=tokens_per_sequence,
    )
    family = StepFamily(
        setting,
        tensor_degrees=[devices / stages],
        batches=[batch],
        two_dimensional=two_dimensional,
        stages=stages,
    )
    terms = family.terms(_ONE, _ONE)
    needed = float(published_bytes(family, _ONE)[0])
    fits = devices * accelerator.hbm_bytes >= needed
    reachable = fits and stages <= min(devices, batch)
    return ReferenceStep(
        latency_s=float(terms.latency_s[0]) if reachable else math.inf,
        fits=fits,
        network_s=float(terms.network_s[0]),
        network_latency_s=float(family.network_latency_s(_ONE, _ONE)[0]),
        memory_bytes=float(family.memory_bytes(_ONE, _ONE)[0]),
        flop=float(family.flop(_ONE)[0]),
        hbm_s=float(terms.hbm_s[0]),
        arithmetic_s=float(terms.arithmetic_s[0]),
        launch_s=terms.launch_s,
    )


def best_step_latency_s(
    model: Model,
    accelerator: Accelerator,
    *,
    devices: float,
    batch: float,
    context_tokens: int,
    tokens_per_sequence: int = 1,
    pipeline_choices: Iterable[int] = PIPELINE_CHOICES,
) -> float:
    """The published final function: the fastest of 1D and 2D at 1, 2, 4 or 6 stages, or inf."""
    return min(
        reference_step(
            model,
            accelerator,
            devices=devices,
            batch=batch,
            context_tokens=context_tokens,
            two_dimensional=two_dimensional,
            stages=stages,
            tokens_per_sequence=tokens_per_sequence,
        ).latency_s
        for stages in pipeline_choices
        for two_dimensional in (True, False)
    )


@dataclass(frozen=True, slots=True)
class Speculation:
    """Best draft length and the latency per token it gives."""

    latency_s: float
    draft_tokens: int
    base_latency_s: float
    draft_latency_s: float


def speculative_latency(
    model: Model,
    draft: Model,
    accelerator: Accelerator,
    *,
    devices: float,
    batch: float,
    context_tokens: int,
    acceptance: float,
    max_draft_tokens: int,
) -> Speculation:
    """Fastest time per token over draft lengths 0 to ``max_draft_tokens`` (section 3.6).

    Notes
    -----
    (L(S = g + 1) + g L_draft) (1 - a) / (1 - a^(g+1)) for draft length g and acceptance a. The
    draft runs on all devices, on its own best layout, and its memory is checked alone (errata B6,
    B15).

    Raises
    ------
    ValueError
        If ``acceptance`` is not in [0, 1): the published sum divides by zero at 1 (B15).
    """
    if not 0 <= acceptance < 1:
        raise ValueError(f"acceptance must be at least 0 and below 1, got {acceptance}")
    draft_s = best_step_latency_s(
        draft, accelerator, devices=devices, batch=batch, context_tokens=context_tokens
    )
    best: tuple[float, int] | None = None
    base_s = math.inf
    for length in range(max_draft_tokens + 1):
        step_s = best_step_latency_s(
            model,
            accelerator,
            devices=devices,
            batch=batch,
            context_tokens=context_tokens,
            tokens_per_sequence=length + 1,
        )
        # Without a draft there is no draft term: 0 * inf would not be a number.
        total = step_s + length * draft_s if length else step_s
        latency_s = total * (1 - acceptance) / (1 - acceptance ** (length + 1))
        if length == 0:
            base_s = step_s
        if best is None or latency_s < best[0]:
            best = (latency_s, length)
    assert best is not None  # length 0 is always tried
    return Speculation(best[0], best[1], base_s, draft_s)
