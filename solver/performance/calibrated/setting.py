"""What a rectangle of calibrated steps is about: everything but layouts and batches."""

from __future__ import annotations

from dataclasses import dataclass

from solver.catalog.domain import Accelerator, Model
from solver.performance.calibrated.constants import ServingConstants
from solver.performance.calibrated.kernels import Formats
from solver.performance.operators.calibration_file import Calibration

__all__ = ["CalibratedSetting"]


@dataclass(frozen=True, slots=True)
class CalibratedSetting:
    """Everything a step depends on but layout and batch.

    Parameters
    ----------
    weight_format, expert_format, kv_format
        Names of ``FORMAT_BYTES``.
    context_tokens
        Tokens in the KV cache of every sequence.
    tokens_per_sequence
        1, or draft length + 1 where a draft is verified.
    emitted_per_step
        Tokens of the answer that a step makes for a sequence, on average: 1 without a draft.
    input_tokens, output_tokens
        Lengths of prompt and answer where prompts are mixed in; 0: decoding alone.
    prefix_hit
        Share of the prompt found in the prefix cache, below 1.
    serving
        The shipped constants if left out.
    calibration
        Constants measured on this accelerator, before the catalog's. Two readings of one file are
        two calibrations: curves are shared by settings that hold the same object.
    prediction_layer
        ``model`` is the prediction layer of the model it drafts for.
    clock_share
        Core clock as a share of the highest, above 0: arithmetic is so much slower, HBM is not.
    """

    model: Model
    accelerator: Accelerator
    weight_format: str
    expert_format: str
    kv_format: str
    context_tokens: int
    tokens_per_sequence: int = 1
    emitted_per_step: float = 1.0
    input_tokens: int = 0
    output_tokens: int = 0
    prefix_hit: float = 0.0
    serving: ServingConstants | None = None
    calibration: Calibration | None = None
    prediction_layer: bool = False
    clock_share: float = 1.0

    @property
    def formats(self) -> Formats:
        """The three formats together."""
        return Formats(self.weight_format, self.expert_format, self.kv_format)
