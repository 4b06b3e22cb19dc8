"""The whole candidate space of a replica question: families, limits, and what was refused."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from solver.errors import Fault, InstanceError, UnsupportedModelError
from solver.instance.domain import Draft, Machine, ReplicaInstance
from solver.instance.ranges import format_integers
from solver.lowering.families import CandidateFamily, DraftLayout
from solver.lowering.layouts import Grid, Refusal, design_grids
from solver.performance import PERFORMANCE_MODELS
from solver.performance.epoch2025 import StepFamily, StepSetting, count, unsupported_features
from solver.performance.epoch2025.memory import weight_bytes_per_device
from solver.performance.epoch2025.step import FloatArray

__all__ = ["USD_PER_MTOK_SCALE", "ReplicaSpace", "lower_replica"]

USD_PER_MTOK_SCALE = 3_600_000_000
"""price [US$/h] x devices x latency [ps] / batch, divided by this, is US$ per million tokens."""


@dataclass(frozen=True, slots=True, eq=False)
class ReplicaSpace:
    """All candidates of a question.

    Attributes
    ----------
    families
        Rectangles of candidates; ties between candidates are settled by ``tie_key``.
    cost_scale
        Divides ``cost_weight * latency_ps / batch`` into US$ per million tokens.
    n_stated
        Candidates before any rule: every combination the design space names.
    refusals
        Layouts refused for their shape.
    """

    instance: ReplicaInstance
    families: tuple[CandidateFamily, ...]
    cost_scale: int
    n_stated: int
    refusals: tuple[Refusal, ...]

    @property
    def n_candidates(self) -> int:
        """Candidates that deployability rules leave, before HBM and other limits."""
        return sum(family.shape[0] * family.shape[1] for family in self.families)

    @property
    def n_layouts(self) -> int:
        """Layouts that deployability rules leave."""
        return sum(family.shape[0] for family in self.families)

    def cost(self, family: CandidateFamily, row: int, column: int, latency_ps: int) -> Fraction:
        """Exact cost of one candidate, US$ per million output tokens."""
        batch = int(family.batches[column])
        return Fraction(family.cost_weight[row] * latency_ps, batch * self.cost_scale)

    @staticmethod
    def tie_key(family: CandidateFamily, row: int, column: int) -> tuple[int, ...]:
        """Among equal candidates the smallest key wins: the simplest deployment.

        Fewest devices, then fewest stages, 1D before 2D, no draft before a short one, smallest
        batch, highest precision.
        """
        step, draft = family.step, family.draft
        return (
            int(family.devices[row]),
            step.stages,
            int(step.two_dimensional),
            family.draft_tokens,
            int(family.batches[column]),
            -step.setting.weight_bits,
            -step.setting.kv_bits,
            draft.step.stages if draft else 0,
            int(draft.step.two_dimensional) if draft else 0,
        )


def _check_supported(instance: ReplicaInstance) -> None:
    where, performance = instance.source, instance.performance.model
    faults: list[Fault] = []
    if performance not in PERFORMANCE_MODELS:
        faults.append(
            Fault(
                f"{where}: performance.model",
                f"{performance!r} is not a performance model",
                f"Choose from {', '.join(PERFORMANCE_MODELS)}",
            )
        )
    for key, model in (
        ("workload.model", instance.model),
        ("draft.model", instance.draft.model if instance.draft else None),
    ):
        if model is not None:
            faults.extend(
                Fault(f"{where}: {key}", f"{fault.where}: {fault.what}", fault.mend)
                for fault in unsupported_features(model)
            )
    for key in ("expert_parallel", "attention_data_parallel"):
        degrees = getattr(instance.design, key)
        if degrees != (1,):
            faults.append(
                Fault(
                    f"{where}: design.{key}",
                    f"epoch2025 does not model {key.replace('_', ' ')} (got "
                    f"{format_integers(degrees)})",
                    "Leave it at 1, or choose a performance model that knows it",
                )
            )
    if faults:
        raise UnsupportedModelError.all_of(faults)


def _setting(
    instance: ReplicaInstance, machine: Machine, weight_bits: int, kv_bits: int, tokens: int
) -> StepSetting:
    return StepSetting(
        counts=count(instance.model),
        accelerator=machine.accelerator,
        weight_bits=weight_bits,
        kv_bits=kv_bits,
        context_tokens=instance.context_tokens,
        tokens_per_sequence=tokens + 1,
        flop_efficiency=float(instance.performance.flop_efficiency),
        hbm_efficiency=float(instance.performance.hbm_efficiency),
    )


def _draft_layouts(instance: ReplicaInstance) -> int:
    """Layouts that the question offers a draft on given devices: kinds of sharding by stages."""
    draft = instance.draft
    stages = len(draft.pipeline_parallel) if draft else 0
    return stages * (2 if instance.design.tensor_parallel_2d else 1)


def _draft_steps(
    instance: ReplicaInstance, draft: Draft, setting: StepSetting, grid: Grid
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], StepFamily]]:
    """Every layout of the draft on the devices of ``grid``: degrees and batches kept, its steps."""
    rules = instance.rules
    devices = {degree * grid.stages: degree for degree in grid.tensor_degrees}
    draft_setting = replace(
        setting,
        counts=count(draft.model),
        weight_bits=draft.weight_bits,
        tokens_per_sequence=1,
    )
    from_devices = design_grids(
        draft.model,
        replace(
            instance.design,
            tensor_parallel=tuple(
                sorted({n // p for n in devices for p in draft.pipeline_parallel if n % p == 0})
            ),
            tensor_parallel_2d=tuple(
                sorted(
                    {
                        n // p
                        for n in devices
                        for p in draft.pipeline_parallel
                        if n % p == 0 and math.isqrt(n // p) ** 2 == n // p
                    }
                )
            )
            if instance.design.tensor_parallel_2d
            else (),
            pipeline_parallel=draft.pipeline_parallel,
            batch=grid.batches,
        ),
        rules,
    )[0]
    for draft_grid in from_devices:
        kept = [
            (devices[degree * draft_grid.stages], degree)
            for degree in draft_grid.tensor_degrees
            if degree * draft_grid.stages in devices
        ]
        kept.sort()
        if kept:
            yield (
                tuple(target for target, _ in kept),
                draft_grid.batches,
                StepFamily(
                    draft_setting,
                    tensor_degrees=[degree for _, degree in kept],
                    batches=draft_grid.batches,
                    two_dimensional=draft_grid.two_dimensional,
                    stages=draft_grid.stages,
                ),
            )


def lower_replica(instance: ReplicaInstance) -> ReplicaSpace:
    """Candidate space of a question.

    Raises
    ------
    UnsupportedModelError
        If the performance model cannot represent the model or a chosen degree.
    InstanceError
        If no layout is left, or the weights alone fit on none of them.
    """
    _check_supported(instance)
    found, refusals = design_grids(instance.model, instance.design, instance.rules)
    denominator = math.lcm(
        *(machine.price.usd_per_hour.denominator for machine in instance.machines)
    )
    draft = instance.draft
    draft_lengths = draft.tokens if draft else (0,)
    families: list[CandidateFamily] = []
    choices = list(
        itertools.product(
            instance.machines, instance.design.weight_bits, instance.design.kv_bits, draft_lengths
        )
    )
    for (machine, weight_bits, kv_bits, length), grid in itertools.product(choices, found):
        setting = _setting(instance, machine, weight_bits, kv_bits, length)

        def add(
            degrees: tuple[int, ...],
            batches: tuple[int, ...],
            layout: DraftLayout | None,
            *,
            setting: StepSetting = setting,
            grid: Grid = grid,
            machine: Machine = machine,
        ) -> None:
            step = StepFamily(
                setting,
                tensor_degrees=degrees,
                batches=batches,
                two_dimensional=grid.two_dimensional,
                stages=grid.stages,
            )
            families.append(
                CandidateFamily(
                    machine=machine,
                    step=step,
                    draft=layout,
                    rules=instance.rules,
                    limits=instance.limits,
                    price_denominator=denominator,
                )
            )

        if draft is None or length == 0:
            add(grid.tensor_degrees, grid.batches, None)
            continue
        for degrees, batches, step in _draft_steps(instance, draft, setting, grid):
            add(degrees, batches, DraftLayout(draft, length, step))
    design = instance.design
    n_layouts = len(design.tensor_parallel) + len(design.tensor_parallel_2d)
    # Every layout stands once without a draft, and once for each layout of a draft.
    times = sum(_draft_layouts(instance) if length else 1 for *_, length in choices)
    n_stated = n_layouts * len(design.pipeline_parallel) * len(design.batch) * times
    deployable = sum(family.shape[0] * family.shape[1] for family in families)
    refusals = [
        replace(entry, layouts=entry.layouts * times, candidates=entry.candidates * times)
        for entry in refusals
    ]
    undrafted = n_stated - sum(entry.candidates for entry in refusals) - deployable
    if undrafted:
        layouts = sum(len(grid.tensor_degrees) for grid in found) * times
        layouts -= sum(family.shape[0] for family in families)
        reason = "the draft model has no such layout on these devices"
        refusals.append(Refusal(reason, layouts, undrafted, "degrees that do not divide it"))
    space = ReplicaSpace(
        instance=instance,
        families=tuple(families),
        cost_scale=USD_PER_MTOK_SCALE * denominator,
        n_stated=n_stated,
        refusals=tuple(refusals),
    )
    _check_not_empty(space)
    return space


def _check_not_empty(space: ReplicaSpace) -> None:
    instance = space.instance
    if not space.families:
        reasons = "; ".join(f"{refusal.reason} ({refusal.example})" for refusal in space.refusals)
        raise InstanceError.one(
            f"the design space is empty: {reasons or 'no draft layout fits the devices'}",
            where=f"{instance.source}: design",
            mend="List degrees, stages and batches that divide, or switch the rule off in [rules]",
        )
    nearest: tuple[float, CandidateFamily, int] | None = None
    for family in space.families:
        needed = _weight_bytes(family) - family.hbm_available_bytes
        row = int(np.argmin(needed))
        if nearest is None or needed[row] < nearest[0]:
            nearest = (float(needed[row]), family, row)
    assert nearest is not None  # there is a family
    short, family, row = nearest
    if short > 0:
        accelerator = family.machine.accelerator.name
        bits, devices = family.step.setting.weight_bits, int(family.devices[row])
        raise InstanceError.one(
            f"{instance.model.name} fits nowhere: its {bits}-bit weights alone need "
            f"{_gb(short + family.hbm_available_bytes)} on each {accelerator} of the nearest "
            f"layout (devices: {devices}), {_gb(short)} more than its HBM",
            where=f"{instance.source}: design.tensor_parallel "
            f"({format_integers(instance.design.tensor_parallel) or 'none'})",
            mend="Offer more devices, fewer weight bits or an accelerator with more HBM",
        )


def _weight_bytes(family: CandidateFamily) -> FloatArray:
    """Weights on the fullest device, draft included, by the account the rules name."""
    if family.rules.hbm_account == "published":
        step = family.step
        whole = step.setting.weight_bytes * step.setting.counts.params
        return np.asarray(whole / family.devices)
    weights = weight_bytes_per_device(family.step)
    if family.draft is not None:
        weights = weights + weight_bytes_per_device(family.draft.step)
    return np.asarray(weights)


def _gb(n_bytes: float) -> str:
    return f"{n_bytes / 1e9:.3g} GB"
