"""What is asked of the calibrated model: a layout, and a deployment under a load.

A stage holds ``tensor_parallel x attention_data_parallel`` devices. Attention is split over
``tensor_parallel`` devices inside each of ``attention_data_parallel`` groups, each with sequences
of its own. Routed experts lie on ``expert_parallel`` groups of devices; inside such a group every
expert's width is split over the group. A dense feed-forward layer is split over
``tensor_parallel`` devices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from solver.catalog.domain import Accelerator, Model

__all__ = ["FORMAT_BYTES", "WEIGHT_FORMATS", "Layout", "Pool", "ServingPoint", "WeightFormat"]

WeightFormat = Literal["bf16", "fp8", "fp8_block", "int8", "int4", "mxfp4", "nvfp4"]

FORMAT_BYTES: dict[str, float] = {
    "bf16": 2.0,
    "fp8": 1.0,
    "fp8_block": 1.0 + 4.0 / (128.0 * 128.0),
    "int8": 1.0,
    "int4": 0.5 + 2.0 / 128.0,
    "mxfp4": 0.5 + 1.0 / 32.0,
    "nvfp4": 0.5 + 1.0 / 16.0,
}
"""Bytes of one stored weight, scales counted in: 32 bits to 128 x 128 weights (``fp8_block``), 16
to 128 (``int4``), 8 to 32 (``mxfp4``, OCP MX 1.0) and 8 to 16 (``nvfp4``)."""

WEIGHT_FORMATS: tuple[str, ...] = tuple(FORMAT_BYTES)


@dataclass(frozen=True, slots=True)
class Layout:
    """How one replica lies on its devices."""

    tensor_parallel: int
    pipeline_parallel: int = 1
    expert_parallel: int = 1
    attention_data_parallel: int = 1

    def __post_init__(self) -> None:
        degrees = (
            self.tensor_parallel,
            self.pipeline_parallel,
            self.expert_parallel,
            self.attention_data_parallel,
        )
        if min(degrees) < 1:
            raise ValueError(f"degrees must be positive (got {self})")
        if self.stage_devices % self.expert_parallel:
            raise ValueError(
                f"expert parallel {self.expert_parallel} does not divide the "
                f"{self.stage_devices} devices of a stage"
            )

    @property
    def stage_devices(self) -> int:
        """Devices of one pipeline stage."""
        return self.tensor_parallel * self.attention_data_parallel

    @property
    def devices(self) -> int:
        """Devices of the replica."""
        return self.stage_devices * self.pipeline_parallel

    @property
    def expert_tensor_parallel(self) -> int:
        """Devices that share the width of one expert."""
        return self.stage_devices // self.expert_parallel


@dataclass(frozen=True, slots=True)
class Pool:
    """``workers`` replicas of one layout that do one half of the work."""

    layout: Layout
    workers: int

    @property
    def devices(self) -> int:
        """Devices of the pool."""
        return self.layout.devices * self.workers


@dataclass(frozen=True, slots=True)
class ServingPoint:
    """A deployment under a steady load of ``concurrency`` requests.

    Parameters
    ----------
    weight_format, expert_format, kv_format
        Formats of ``FORMAT_BYTES``: of all weights but the routed experts, of those, and of the KV
        cache (``bf16`` or ``fp8``).
    input_tokens, output_tokens
        Mean lengths of prompt and answer.
    concurrency
        Requests in flight in the whole deployment.
    aggregated
        The layout where one replica does prompts and answers; else ``prefill`` and ``decode``.
    """

    model: Model
    accelerator: Accelerator
    weight_format: str
    expert_format: str
    kv_format: str
    input_tokens: float
    output_tokens: float
    concurrency: float
    aggregated: Layout | None = None
    prefill: Pool | None = None
    decode: Pool | None = None

    def __post_init__(self) -> None:
        if (self.aggregated is None) == (self.prefill is None or self.decode is None):
            raise ValueError("a deployment is one layout, or a pool for each half of the work")

    @property
    def devices(self) -> int:
        """Devices of the whole deployment."""
        if self.aggregated is not None:
            return self.aggregated.devices
        assert self.prefill is not None
        assert self.decode is not None
        return self.prefill.devices + self.decode.devices
