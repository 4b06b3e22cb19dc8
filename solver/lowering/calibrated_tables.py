"""Replica questions under the calibrated model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from solver.catalog.domain import Accelerator, Model
from solver.catalog.weight_formats import (
    FORMAT_BITS,
    KV_FORMATS,
    formats_of_bits,
    split_format,
)
from solver.errors import Fault, UnsupportedModelError
from solver.instance.domain import Draft, Machine, ReplicaInstance
from solver.instance.ranges import format_integers
from solver.lowering.layouts import Grid, Refusal, expert_grids
from solver.lowering.own_constants import OwnConstants
from solver.lowering.tables import DraftRows
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.curve_store import CurveStore
from solver.performance.calibrated.setting import CalibratedSetting
from solver.performance.calibrated_table import CalibratedTable, unsupported_formats
from solver.performance.operators.device import device_of_accelerator
from solver.performance.step_table import StepLayout, StepPrecision

__all__ = ["CalibratedTables"]


class CalibratedTables:
    """``TableMaker`` of the model ``calibrated``."""

    def __init__(self, instance: ReplicaInstance) -> None:
        self.instance = instance
        self._chosen: dict[tuple[object, ...], tuple[str, list[Fault]]] = {}
        self._constants = OwnConstants(instance)
        # What is recomputed cell by cell never sees the curves of rectangles.
        self._scratch = CurveStore()

    def faults(self) -> list[Fault]:
        """Features, formats, lengths and keys that the model does not know, or that go wrong."""
        instance, where = self.instance, self.instance.source
        faults: list[Fault] = []
        if instance.design.tensor_parallel_2d:
            faults.append(
                Fault(
                    f"{where}: design.tensor_parallel_2d",
                    "the calibrated model knows sharding along one dimension",
                    'Leave it out, or write model = "epoch2025" in [performance]',
                )
            )
        if instance.rules.hbm_account != "per-device":
            faults.append(
                Fault(
                    f"{where}: rules.hbm_account",
                    f"the calibrated model has no {instance.rules.hbm_account!r} account",
                    'Leave it out, or write model = "epoch2025" in [performance]',
                )
            )
        faults.extend(self._constants.faults())
        own_layer = instance.draft is not None and instance.draft.own_layer
        if own_layer and 1 not in instance.design.pipeline_parallel:
            faults.append(
                Fault(
                    f"{where}: draft.model",
                    "a prediction layer drafts on one pipeline stage alone, and the question "
                    f"offers {format_integers(instance.design.pipeline_parallel)}",
                    "Add 1 to design.pipeline_parallel, or name a draft model",
                )
            )
        faults.extend(
            Fault(
                f"{where}: design.kv_bits",
                f"the calibrated model knows no {bits}-bit cache",
                f"Choose from {format_integers(KV_FORMATS)}",
            )
            for bits in instance.design.kv_bits
            if bits not in KV_FORMATS
        )
        if faults:
            return faults
        for machine in instance.machines:
            faults.extend(self._faults_on(machine.accelerator))
        return list(dict.fromkeys(faults))

    def _faults_on(self, accelerator: Accelerator) -> list[Fault]:
        instance = self.instance
        try:
            device_of_accelerator(accelerator)
        except UnsupportedModelError as error:
            # Nothing runs on it, whatever the format.
            where = f"{instance.source}: design.accelerator"
            return [Fault(where, f"{f.where}: {f.what}", f.mend) for f in error.faults]
        faults: list[Fault] = []
        for kv_bits in instance.design.kv_bits:
            for name in instance.weight_formats:
                faults.extend(
                    self._refusals(
                        instance.model,
                        accelerator,
                        name,
                        kv_bits,
                        model_key="workload.model",
                        format_key="design.weight_format",
                    )
                )
            for bits in instance.design.weight_bits:
                faults.extend(self._format_of(instance.model, accelerator, bits, kv_bits)[1])
            draft = instance.draft
            # The model's own layer is stored as the model is, and refused with it.
            if draft is not None and not draft.own_layer:
                faults.extend(
                    self._format_of(
                        draft.model, accelerator, draft.weight_bits, kv_bits, table="draft"
                    )[1]
                )
        return faults

    def _refusals(
        self,
        model: Model,
        accelerator: Accelerator,
        name: str,
        kv_bits: int,
        *,
        model_key: str,
        format_key: str,
    ) -> list[Fault]:
        """Why a format cannot be run, each fault with the key of the file that asks for it."""
        weight, expert = split_format(model, name)
        found = unsupported_formats(
            model,
            accelerator,
            weight=weight,
            expert=expert,
            kv=KV_FORMATS[kv_bits],
            calibration=self._constants.of(accelerator),
        )
        return [
            Fault(
                f"{self.instance.source}: {model_key if at_model else format_key}",
                f"{fault.where}: {fault.what}",
                fault.mend,
            )
            for fault in found
            for at_model in [fault.where == model.name]
        ]

    def _format_of(
        self,
        model: Model,
        accelerator: Accelerator,
        bits: int,
        kv_bits: int,
        *,
        table: str = "design",
    ) -> tuple[str, list[Fault]]:
        """The likeliest format of a width that the machine runs; the first's faults if none."""
        key = (table, accelerator.name, bits, kv_bits)
        if key not in self._chosen:
            names = formats_of_bits(model, accelerator, bits)
            faults = [
                Fault(
                    f"{self.instance.source}: {table}.weight_bits",
                    f"no format has {bits}-bit weights",
                    f"Choose from {format_integers(FORMAT_BITS.values())}",
                )
            ]
            self._chosen[key] = ("", faults)
            for place, name in enumerate(names):
                refused = self._refusals(
                    model,
                    accelerator,
                    name,
                    kv_bits,
                    model_key="workload.model" if table == "design" else "draft.model",
                    format_key=f"{table}.weight_bits",
                )
                if not refused or place == 0:
                    self._chosen[key] = (name, refused)
                if not refused:
                    break
        return self._chosen[key]

    def grids(self) -> tuple[list[Grid], list[Refusal]]:
        """Layouts that can be deployed, and what was refused for its shape."""
        return expert_grids(self.instance.model, self.instance.design, self.instance.rules)

    @property
    def n_layouts(self) -> int:
        """Every degree with every other."""
        design = self.instance.design
        return (
            len(design.tensor_parallel)
            * len(design.pipeline_parallel)
            * len(design.expert_parallel)
            * len(design.attention_data_parallel)
        )

    @property
    def n_draft_layouts(self) -> int:
        """Stages of the draft; its attention groups are the target's."""
        draft = self.instance.draft
        return len(draft.pipeline_parallel) if draft else 0

    def precisions(self, machine: Machine) -> list[StepPrecision]:
        """Every weight format, or the one each width stands for, with every KV width."""
        design = self.instance.design
        found = []
        for kv_bits in design.kv_bits:
            names = self.instance.weight_formats or tuple(
                self._format_of(self.instance.model, machine.accelerator, bits, kv_bits)[0]
                for bits in design.weight_bits
            )
            found += [_precision(name, kv_bits) for name in names]
        return found

    def _setting(
        self,
        model: Model,
        machine: Machine,
        precision: StepPrecision,
        *,
        verified: int,
        emitted_per_step: float,
    ) -> CalibratedSetting:
        weight_format, expert_format = split_format(model, precision.weight_format)
        setting = CalibratedSetting(
            model=model,
            accelerator=machine.accelerator,
            weight_format=weight_format,
            expert_format=expert_format,
            kv_format=precision.kv_format,
            context_tokens=self.instance.context_tokens,
            tokens_per_sequence=verified,
            emitted_per_step=emitted_per_step,
            clock_share=machine.clock_share,
            calibration=self._constants.of(machine.accelerator),
        )
        traffic = self.instance.traffic
        if traffic is None:
            return setting
        return replace(
            setting,
            input_tokens=traffic.input_tokens,
            output_tokens=traffic.output_tokens,
            prefix_hit=float(traffic.prefix_hit),
        )

    def _emitted(self, draft_tokens: int) -> float:
        """Tokens of the answer that a step makes on average, as in ``DraftLayout``."""
        draft = self.instance.draft
        if draft is None or draft_tokens == 0:
            return 1.0
        a = float(draft.acceptance)
        return (1.0 - a ** (draft_tokens + 1)) / (1.0 - a)

    def table(
        self,
        machine: Machine,
        precision: StepPrecision,
        grid: Grid,
        *,
        rows: tuple[int, ...],
        batches: tuple[int, ...],
        draft_tokens: int,
    ) -> CalibratedTable:
        """Steps of some rows of a grid."""
        layouts = grid.layouts
        return CalibratedTable(
            self._setting(
                self.instance.model,
                machine,
                precision,
                verified=draft_tokens + 1,
                emitted_per_step=self._emitted(draft_tokens),
            ),
            precision,
            [layouts[row] for row in rows],
            batches,
            scratch=self._scratch,
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
        """For each number of stages the draft's layout on the devices of every row.

        Sequences stay with their attention group; inside it the draft is tensor parallel over all
        the devices that its stages leave. Where prompts are served, the draft reads them too, once
        the target has given the first token; its steps share that work out.

        The model's own prediction layer lies as the model does, on the devices of one stage: with
        several, drafting would hold up the last of them, and it is not offered.
        """
        if draft.own_layer:
            if all(layout.pipeline_parallel == 1 for layout in grid.layouts):
                yield self._own_layer(draft, machine, precision, grid, draft_tokens=draft_tokens)
            return
        groups = grid.attention_data_parallel
        name, _ = self._format_of(
            draft.model,
            machine.accelerator,
            draft.weight_bits,
            precision.kv_bits,
            table="draft",
        )
        own = _precision(name, precision.kv_bits)
        setting = replace(
            self._setting(
                draft.model,
                machine,
                own,
                verified=1,
                emitted_per_step=self._emitted(draft_tokens) / draft_tokens,
            ),
            # One engine runs both models, and what it keeps for itself is counted with the target.
            serving=replace(serving_constants(), engine_bytes=0.0),
        )
        for stages in draft.pipeline_parallel:
            devices = [layout.devices for layout in grid.layouts]
            degrees = {n: n // (stages * groups) for n in devices if n % (stages * groups) == 0}
            design = replace(
                self.instance.design,
                tensor_parallel=tuple(sorted(set(degrees.values()))),
                pipeline_parallel=(stages,),
                expert_parallel=(1,),
                attention_data_parallel=(groups,),
                batch=grid.batches,
            )
            for draft_grid in expert_grids(draft.model, design, self.instance.rules)[0]:
                kept = [
                    (row, degrees[n])
                    for row, n in enumerate(devices)
                    if degrees.get(n) in draft_grid.tensor_degrees
                ]
                table = CalibratedTable(
                    setting,
                    own,
                    [
                        StepLayout(
                            tensor_parallel=degree,
                            pipeline_parallel=stages,
                            attention_data_parallel=groups,
                        )
                        for _, degree in kept
                    ],
                    draft_grid.batches,
                    scratch=self._scratch,
                )
                yield DraftRows(tuple(row for row, _ in kept), draft_grid.batches, table)

    def _own_layer(
        self,
        draft: Draft,
        machine: Machine,
        precision: StepPrecision,
        grid: Grid,
        *,
        draft_tokens: int,
    ) -> DraftRows:
        """The prediction layer beside every row, in the row's own layout and format.

        Its passes follow those of the model in one graph: the host is waited for once, by the
        model's step.
        """
        setting = replace(
            self._setting(
                draft.model,
                machine,
                precision,
                verified=1,
                emitted_per_step=self._emitted(draft_tokens) / draft_tokens,
            ),
            serving=replace(serving_constants(), engine_bytes=0.0, step_s=0.0, sequence_s=0.0),
            prediction_layer=True,
        )
        layouts = grid.layouts
        table = CalibratedTable(setting, precision, layouts, grid.batches, scratch=self._scratch)
        return DraftRows(tuple(range(len(layouts))), grid.batches, table)


def _precision(name: str, kv_bits: int) -> StepPrecision:
    return StepPrecision(FORMAT_BITS[name], kv_bits, name, KV_FORMATS[kv_bits])
