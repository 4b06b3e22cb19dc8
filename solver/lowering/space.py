"""The whole candidate space of a replica question: families, limits, and what was refused."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from solver.catalog.weight_formats import format_rank
from solver.errors import InstanceError, UnsupportedModelError
from solver.instance.domain import ReplicaInstance
from solver.instance.ranges import format_integers
from solver.lowering.epoch_tables import EpochTables
from solver.lowering.families import CandidateFamily, DraftLayout
from solver.lowering.layouts import Refusal
from solver.lowering.tables import TableMaker
from solver.performance import PERFORMANCE_MODELS
from solver.performance.step_table import FloatArray

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

        Fewest devices, then fewest stages, 1D before 2D, no draft before a short one, no groups of
        attention or experts before few, smallest batch, highest precision.
        """
        step, draft, layout = family.step, family.draft, family.layout(row)
        return (
            int(family.devices[row]),
            step.stages,
            int(step.two_dimensional),
            family.draft_tokens,
            layout.attention_data_parallel,
            layout.expert_parallel,
            int(family.batches[column]),
            -step.precision.weight_bits,
            -step.precision.kv_bits,
            draft.step.stages if draft else 0,
            int(draft.step.two_dimensional) if draft else 0,
            format_rank(step.precision.weight_format),
        )


def _tables(instance: ReplicaInstance) -> TableMaker:
    """The tables of the performance model that a question names.

    Raises
    ------
    UnsupportedModelError
        If there is no such model, or it cannot represent what is asked.
    """
    name = instance.performance.model
    if name not in PERFORMANCE_MODELS:
        raise UnsupportedModelError.one(
            f"{name!r} is not a performance model",
            where=f"{instance.source}: performance.model",
            mend=f"Choose from {', '.join(PERFORMANCE_MODELS)}",
        )
    tables: TableMaker
    if name == "epoch2025":
        tables = EpochTables(instance)
    else:
        # Its kernel tables take longer to import than many a question of the other to solve.
        from solver.lowering.calibrated_tables import CalibratedTables

        tables = CalibratedTables(instance)
    faults = tables.faults()
    if faults:
        raise UnsupportedModelError.all_of(faults)
    return tables


def lower_replica(instance: ReplicaInstance) -> ReplicaSpace:
    """Candidate space of a question.

    Raises
    ------
    UnsupportedModelError
        If the performance model cannot represent the model, a precision or a chosen degree.
    InstanceError
        If no layout is left, or the weights alone fit on none of them.
    """
    tables = _tables(instance)
    found, refusals = tables.grids()
    denominator = math.lcm(
        *(machine.price.usd_per_hour.denominator for machine in instance.machines)
    )
    draft = instance.draft
    choices = [
        (machine, precision, length)
        for machine in instance.machines
        for precision in tables.precisions(machine)
        for length in (draft.tokens if draft else (0,))
    ]
    families: list[CandidateFamily] = []
    for (machine, precision, length), grid in itertools.product(choices, found):
        beside: list[tuple[tuple[int, ...], tuple[int, ...], DraftLayout | None]]
        if draft is None or length == 0:
            beside = [(tuple(range(len(grid.tensor_degrees))), grid.batches, None)]
        else:
            beside = [
                (entry.rows, entry.batches, DraftLayout(draft, length, entry.table))
                for entry in tables.drafts(draft, machine, precision, grid, draft_tokens=length)
            ]
        for rows, batches, layout in beside:
            table = tables.table(
                machine, precision, grid, rows=rows, batches=batches, draft_tokens=length
            )
            families.append(
                CandidateFamily(
                    machine=machine,
                    step=table,
                    draft=layout,
                    rules=instance.rules,
                    limits=instance.limits,
                    price_denominator=denominator,
                )
            )
    # Every layout stands once without a draft, and once for each layout of a draft.
    times = sum(tables.n_draft_layouts if length else 1 for *_, length in choices)
    n_stated = tables.n_layouts * len(instance.design.batch) * times
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
        bits, devices = family.step.precision.weight_bits, int(family.devices[row])
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
    weights = family.step.weight_bytes()
    if family.draft is None or family.rules.hbm_account == "published":
        return weights
    return np.asarray(weights + family.draft.step.weight_bytes())


def _gb(n_bytes: float) -> str:
    return f"{n_bytes / 1e9:.3g} GB"
