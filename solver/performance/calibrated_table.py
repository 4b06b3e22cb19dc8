"""The calibrated model as a table of layouts by batches.

The steps themselves are ``solver.performance.calibrated.step``'s. Kernels work in tiles, so the
latency of a row may fall a little from one batch to the next: nothing is promised about that.
Times are stated in whole nanoseconds, finer than any constant is known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from solver.catalog.domain import Accelerator, Model
from solver.errors import Fault, UnsupportedModelError
from solver.performance.calibrated.architecture import unsupported_model
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.curve_store import CurveStore
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Replica
from solver.performance.calibrated.setting import CalibratedSetting
from solver.performance.calibrated.step import CalibratedSteps
from solver.performance.operators.calibration_file import Calibration
from solver.performance.operators.formats import expert_precision, gemm_precision
from solver.performance.step_table import (
    FloatArray,
    IndexArray,
    StepLayout,
    StepPrecision,
    TableTerms,
)

__all__ = ["CalibratedTable", "unsupported_formats"]


def unsupported_formats(
    model: Model,
    accelerator: Accelerator,
    *,
    weight: str,
    expert: str,
    kv: str,
    calibration: Calibration | None = None,
) -> list[Fault]:
    """What the calibrated model cannot represent: features of the model, formats on the machine."""
    faults = unsupported_model(model)
    if faults:
        return faults
    try:
        Replica(
            model,
            accelerator,
            Formats(weight, expert, kv),
            serving_constants(),
            calibration=calibration,
        )
    except UnsupportedModelError as error:
        return list(error.faults)
    return []


class CalibratedTable:
    """``StepTable`` of measured kernels.

    Parameters
    ----------
    precision
        Names the format of the file, which ``setting`` may split (experts alone in 4 bits).
    layouts
        All of one number of stages, none sharded in two dimensions.
    curves
        As for ``CalibratedSteps``.
    scratch
        Curves of the tables that ``alone`` makes: never those of a rectangle. Tables of one
        question may share them; left out, each table has its own.
    """

    rises_with_batch = False
    resolution_ps = 1000
    two_dimensional = False

    def __init__(
        self,
        setting: CalibratedSetting,
        precision: StepPrecision,
        layouts: Sequence[StepLayout],
        batches: Sequence[int],
        *,
        curves: CurveStore | None = None,
        scratch: CurveStore | None = None,
    ) -> None:
        self.setting = setting
        self.precision = precision
        self.layouts = tuple(layouts)
        self.stages = self.layouts[0].pipeline_parallel
        self.batches: FloatArray = np.asarray(batches, dtype=np.float64)
        self.tokens_per_sequence = setting.tokens_per_sequence
        self._scratch = CurveStore() if scratch is None else scratch
        self.steps = CalibratedSteps(
            setting,
            [
                Layout(
                    tensor_parallel=layout.tensor_parallel,
                    pipeline_parallel=layout.pipeline_parallel,
                    expert_parallel=layout.expert_parallel,
                    attention_data_parallel=layout.attention_data_parallel,
                )
                for layout in self.layouts
            ],
            batches,
            curves=curves,
        )
        device = self.steps.replica.kernels.device
        of_weights = gemm_precision(setting.weight_format, device)
        if setting.model.expert_layers:
            # Most weights of a mixture are its experts'.
            of_weights = expert_precision(setting.expert_format, device)
        self.peak_flop_per_s: float = device.peak_flop_per_s(of_weights)

    def latency_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Time of one step; with prompts mixed in, the mean time between two output tokens."""
        return self.steps.latency_s(rows, columns)

    def latency_if_bound_s(
        self, rows: IndexArray, columns: IndexArray
    ) -> tuple[FloatArray, FloatArray]:
        """The latency twice: its operators follow each other, no whole step is bound by one."""
        latency_s = self.latency_s(rows, columns)
        return latency_s, latency_s

    def terms(self, rows: IndexArray, columns: IndexArray) -> TableTerms:
        """What the latency is made of: operators' times by what binds each."""
        cost = self.steps.cost(rows, columns)
        shape = np.broadcast_shapes(np.shape(rows), np.shape(columns))

        def whole(seconds: FloatArray | float) -> FloatArray:
            return np.array(np.broadcast_to(np.asarray(seconds, dtype=np.float64), shape))

        return TableTerms(
            arithmetic_s=whole(cost.arithmetic_s),
            hbm_s=whole(cost.hbm_s),
            network_s=whole(cost.network_s),
            network_latency_s=whole(cost.network_fixed_s),
            launch_s=whole(cost.launch_s),
            overlapped=False,
        )

    def ttft_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray | None:
        """Time to the first token; ``None`` where the question has no prompts."""
        if not self.setting.input_tokens:
            return None
        return self.steps.ttft_s(rows, columns)

    def flop(self, columns: IndexArray) -> FloatArray:
        """Arithmetic of one step over all devices."""
        return self.steps.flop(columns)

    def hbm_bytes(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Bytes needed on the fullest device."""
        return self.steps.hbm_bytes(rows, columns)

    def weight_bytes(self) -> FloatArray:
        """Weights on the fullest device, (rows,)."""
        return self.steps.weight_bytes()

    def alone(self, row: int, column: int) -> CalibratedTable:
        """One cell as a table of its own, rebuilt from the operators; no rectangle's curves."""
        return CalibratedTable(
            self.setting,
            self.precision,
            [self.layouts[row]],
            [int(self.batches[column])],
            curves=self._scratch,
            scratch=self._scratch,
        )
