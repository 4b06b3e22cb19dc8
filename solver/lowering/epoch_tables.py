"""Replica questions under the published model ``epoch2025``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

from solver.errors import Fault
from solver.instance.domain import Draft, Machine, ReplicaInstance
from solver.instance.ranges import format_integers
from solver.lowering.layouts import Grid, Refusal, design_grids
from solver.lowering.tables import DraftRows
from solver.performance.epoch2025 import StepSetting, count, unsupported_features
from solver.performance.epoch2025.table import EpochTable
from solver.performance.step_table import StepPrecision

__all__ = ["EpochTables"]


class EpochTables:
    """``TableMaker`` of *Inference economics of language models* (arXiv 2506.04645)."""

    def __init__(self, instance: ReplicaInstance) -> None:
        self.instance = instance

    def faults(self) -> list[Fault]:
        """Features of the models, degrees, formats and traffic that the model does not know."""
        instance, where = self.instance, self.instance.source
        faults: list[Fault] = []
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
        known: tuple[tuple[str, bool, str], ...] = (
            ("design.weight_format", not instance.weight_formats, "design.weight_bits"),
            ("workload.input_tokens", instance.traffic is None, "workload.context_tokens"),
            ("performance.constants", instance.constants is None, "the two efficiencies"),
        )
        faults.extend(
            Fault(
                f"{where}: {key}",
                "epoch2025 does not know it",
                f'Write {instead}, or model = "calibrated" in [performance]',
            )
            for key, absent, instead in known
            if not absent
        )
        return faults

    def grids(self) -> tuple[list[Grid], list[Refusal]]:
        """Layouts that can be deployed, and what was refused for its shape."""
        return design_grids(self.instance.model, self.instance.design, self.instance.rules)

    @property
    def n_layouts(self) -> int:
        """Degrees of both kinds by stages."""
        design = self.instance.design
        degrees = len(design.tensor_parallel) + len(design.tensor_parallel_2d)
        return degrees * len(design.pipeline_parallel)

    @property
    def n_draft_layouts(self) -> int:
        """Kinds of sharding by stages."""
        draft = self.instance.draft
        stages = len(draft.pipeline_parallel) if draft else 0
        return stages * (2 if self.instance.design.tensor_parallel_2d else 1)

    def precisions(self, machine: Machine) -> list[StepPrecision]:
        """Every weight width with every KV width."""
        del machine
        design = self.instance.design
        return [
            StepPrecision(weight_bits, kv_bits)
            for weight_bits, kv_bits in itertools.product(design.weight_bits, design.kv_bits)
        ]

    def _setting(self, machine: Machine, precision: StepPrecision, tokens: int) -> StepSetting:
        instance = self.instance
        return StepSetting(
            counts=count(instance.model),
            accelerator=machine.accelerator,
            weight_bits=precision.weight_bits,
            kv_bits=precision.kv_bits,
            context_tokens=instance.context_tokens,
            tokens_per_sequence=tokens + 1,
            flop_efficiency=float(instance.performance.flop_efficiency) * machine.clock_share,
            hbm_efficiency=float(instance.performance.hbm_efficiency),
        )

    def table(
        self,
        machine: Machine,
        precision: StepPrecision,
        grid: Grid,
        *,
        rows: tuple[int, ...],
        batches: tuple[int, ...],
        draft_tokens: int,
    ) -> EpochTable:
        """Steps of some rows of a grid."""
        return EpochTable(
            self._setting(machine, precision, draft_tokens),
            tensor_degrees=[grid.tensor_degrees[row] for row in rows],
            batches=batches,
            two_dimensional=grid.two_dimensional,
            stages=grid.stages,
            hbm_account=self.instance.rules.hbm_account,
        )

    def drafts(
        self,
        draft: Draft,
        machine: Machine,
        precision: StepPrecision,
        grid: Grid,
        *,
        draft_tokens: int,
    ) -> Iterator[DraftRows]:
        """Every layout of the draft on the devices of ``grid``, 1D before 2D."""
        del draft_tokens
        instance = self.instance
        places = {degree * grid.stages: row for row, degree in enumerate(grid.tensor_degrees)}
        setting = replace(
            self._setting(machine, precision, 0),
            counts=count(draft.model),
            weight_bits=draft.weight_bits,
        )
        degrees = sorted({n // p for n in places for p in draft.pipeline_parallel if n % p == 0})
        squares = [n for n in degrees if math.isqrt(n) ** 2 == n]
        design = replace(
            instance.design,
            tensor_parallel=tuple(degrees),
            tensor_parallel_2d=tuple(squares) if instance.design.tensor_parallel_2d else (),
            pipeline_parallel=draft.pipeline_parallel,
            batch=grid.batches,
        )
        for draft_grid in design_grids(draft.model, design, instance.rules)[0]:
            kept = sorted(
                (places[degree * draft_grid.stages], degree)
                for degree in draft_grid.tensor_degrees
                if degree * draft_grid.stages in places
            )
            if kept:
                table = EpochTable(
                    setting,
                    tensor_degrees=[degree for _, degree in kept],
                    batches=draft_grid.batches,
                    two_dimensional=draft_grid.two_dimensional,
                    stages=draft_grid.stages,
                    hbm_account=instance.rules.hbm_account,
                )
                yield DraftRows(tuple(row for row, _ in kept), draft_grid.batches, table)
