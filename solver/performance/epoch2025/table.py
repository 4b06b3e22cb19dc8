"""The published model as a table of layouts by batches, by the HBM account of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import numpy as np

from solver.performance.epoch2025.memory import (
    deployable_bytes_per_device,
    published_bytes,
    weight_bytes_per_device,
)
from solver.performance.epoch2025.step import StepFamily, StepSetting
from solver.performance.step_table import (
    FloatArray,
    IndexArray,
    StepLayout,
    StepPrecision,
    TableTerms,
)

__all__ = ["EpochTable", "HbmAccount"]

HbmAccount = Literal["per-device", "published"]


class EpochTable:
    """``StepTable`` of *Inference economics of language models*; see ``step.py`` for the formulas.

    Parameters
    ----------
    tensor_degrees
        Whole numbers: devices that share one stage.
    hbm_account
        ``per-device`` (the fullest device) or ``published`` (an even share of the sum).
    """

    rises_with_batch = True
    resolution_ps = 1

    def __init__(
        self,
        setting: StepSetting,
        *,
        tensor_degrees: Sequence[int],
        batches: Sequence[int],
        two_dimensional: bool,
        stages: int,
        hbm_account: str = "per-device",
    ) -> None:
        if hbm_account not in ("per-device", "published"):
            raise ValueError(f"{hbm_account!r} is no account of HBM")
        self.hbm_account = cast("HbmAccount", hbm_account)
        self.family = StepFamily(
            setting,
            tensor_degrees=tensor_degrees,
            batches=batches,
            two_dimensional=two_dimensional,
            stages=stages,
        )
        self.setting = setting
        self.two_dimensional = two_dimensional
        self.stages = stages
        self.batches: FloatArray = self.family.batches
        self.layouts = tuple(
            StepLayout(
                tensor_parallel=1 if two_dimensional else degree,
                tensor_parallel_2d=degree if two_dimensional else 0,
                pipeline_parallel=stages,
            )
            for degree in tensor_degrees
        )
        self.precision = StepPrecision(setting.weight_bits, setting.kv_bits)
        self.tokens_per_sequence = setting.tokens_per_sequence
        self.peak_flop_per_s: float = setting.accelerator.flop_per_s[setting.weight_bits]

    def latency_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Time of one step."""
        return self.family.latency_s(rows, columns)

    def latency_if_bound_s(
        self, rows: IndexArray, columns: IndexArray
    ) -> tuple[FloatArray, FloatArray]:
        """Latency by HBM traffic and by arithmetic; addition is monotone, so is their maximum."""
        terms = self.family.terms(rows, columns)
        memory_s = terms.launch_s + (terms.network_s + terms.hbm_s)
        arithmetic_s = terms.launch_s + (terms.network_s + terms.arithmetic_s)
        return memory_s, arithmetic_s

    def terms(self, rows: IndexArray, columns: IndexArray) -> TableTerms:
        """What the latency is made of: ``hbm_s`` and ``arithmetic_s`` overlap."""
        terms = self.family.terms(rows, columns)
        network_s = terms.network_s
        fixed_s = np.minimum(self.family.network_latency_s(rows, columns), network_s)
        return TableTerms(
            arithmetic_s=terms.arithmetic_s,
            hbm_s=terms.hbm_s,
            network_s=network_s,
            network_latency_s=fixed_s,
            launch_s=np.full(network_s.shape, terms.launch_s),
            overlapped=True,
        )

    def ttft_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray | None:
        """Nothing: prompts are no part of this model."""
        del rows, columns
        return None

    def flop(self, columns: IndexArray) -> FloatArray:
        """Arithmetic of one step over all devices."""
        return self.family.flop(columns)

    def hbm_bytes(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Bytes on the fullest device, or each device's even share by the published account."""
        if self.hbm_account == "published":
            whole = published_bytes(self.family, columns)
            return np.asarray(whole / self.family.devices[rows])
        return deployable_bytes_per_device(self.family, rows, columns)

    def weight_bytes(self) -> FloatArray:
        """Weights on the fullest device, or each device's even share by the published account."""
        if self.hbm_account == "published":
            whole = self.setting.weight_bytes * self.setting.counts.params
            return np.asarray(whole / self.family.devices)
        return weight_bytes_per_device(self.family)

    def alone(self, row: int, column: int) -> EpochTable:
        """One cell as a table of its own, rebuilt from scratch."""
        return EpochTable(
            self.setting,
            tensor_degrees=[self.layouts[row].tensor_degree],
            batches=[int(self.batches[column])],
            two_dimensional=self.two_dimensional,
            stages=self.stages,
            hbm_account=self.hbm_account,
        )
