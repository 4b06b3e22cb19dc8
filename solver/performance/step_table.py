"""What the lowering asks of any performance model: a rectangle of layouts by batches.

A table is bound to one model, accelerator, precision and context. Its rows are layouts, its columns
batches; index arrays ``rows`` and ``columns`` that broadcast together choose cells. A table of one
row and one column, built from scratch (``alone``), must give the same floats as the cell it stands
for: the vectorised answer and the scalar one round to the same picosecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "IndexArray", "StepLayout", "StepPrecision", "StepTable", "TableTerms"]

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class StepLayout:
    """How one replica lies on its devices.

    ``tensor_parallel`` is 1 where ``tensor_parallel_2d`` (a total degree; 0 for none) is used.
    """

    tensor_parallel: int
    tensor_parallel_2d: int = 0
    pipeline_parallel: int = 1
    expert_parallel: int = 1
    attention_data_parallel: int = 1

    @property
    def tensor_degree(self) -> int:
        """Devices that share a matrix of attention, whatever the kind of sharding."""
        return self.tensor_parallel_2d or self.tensor_parallel

    @property
    def devices(self) -> int:
        """Devices of the replica."""
        return self.tensor_degree * self.attention_data_parallel * self.pipeline_parallel


@dataclass(frozen=True, slots=True)
class StepPrecision:
    """Widths of weights and of KV cache in bits, and their formats where a model knows them.

    ``weight_format`` and ``kv_format`` are empty for a model that knows widths alone.
    """

    weight_bits: int
    kv_bits: int
    weight_format: str = ""
    kv_format: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TableTerms:
    """What one step spends its time on, seconds, arrays of one common shape.

    ``network_latency_s`` is the part of ``network_s`` that no message is too small to pay. With
    ``overlapped`` the step takes ``launch + network + max(hbm, arithmetic)``, else the sum of all:
    every operator's time is then filed under what binds it.
    """

    arithmetic_s: FloatArray
    hbm_s: FloatArray
    network_s: FloatArray
    network_latency_s: FloatArray
    launch_s: FloatArray
    overlapped: bool


class StepTable(Protocol):
    """Steps of layouts by batches under one performance model."""

    @property
    def layouts(self) -> tuple[StepLayout, ...]:
        """Rows; all of one number of stages."""

    @property
    def batches(self) -> FloatArray:
        """Columns: sequences decoded together."""

    @property
    def stages(self) -> int:
        """Pipeline stages of every row."""

    @property
    def two_dimensional(self) -> bool:
        """Whether matrices are sharded on both axes."""

    @property
    def precision(self) -> StepPrecision:
        """Widths and formats."""

    @property
    def tokens_per_sequence(self) -> int:
        """1, or draft length + 1 where a draft is verified."""

    @property
    def peak_flop_per_s(self) -> float:
        """Arithmetic peak of one device at this precision, which MFU is a share of."""

    @property
    def rises_with_batch(self) -> bool:
        """Whether latency and memory of a row never fall from one column to the next.

        Only then may an enumeration bound a run of batches by its first.
        """

    @property
    def resolution_ps(self) -> int:
        """Whole picoseconds that a latency is rounded up to a multiple of.

        Coarser than the last bits of a float, so that machines whose powers and logarithms differ
        there still state the same integer.
        """

    def latency_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Time of one step."""

    def latency_if_bound_s(
        self, rows: IndexArray, columns: IndexArray
    ) -> tuple[FloatArray, FloatArray]:
        """Latency were HBM traffic, or arithmetic, to set the pace; it is their maximum."""

    def terms(self, rows: IndexArray, columns: IndexArray) -> TableTerms:
        """What the latency is made of."""

    def ttft_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray | None:
        """Time to the first token; ``None`` where the model is not asked about prompts."""

    def flop(self, columns: IndexArray) -> FloatArray:
        """Arithmetic of the output tokens of one step over all devices."""

    def hbm_bytes(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Bytes needed on the fullest device."""

    def weight_bytes(self) -> FloatArray:
        """Weights on the fullest device, (rows,)."""

    def alone(self, row: int, column: int) -> StepTable:
        """One cell as a table of its own, rebuilt from scratch."""
