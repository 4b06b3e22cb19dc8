"""One replica of a layout under load: its step, its prompts, its room, array by array.

``Columns`` holds layouts as arrays; everything else broadcasts with them. Rectangles of layouts by
batches (``step``) and lists of measured points (``serving``) both end here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Accelerator, Model
from solver.performance.calibrated.architecture import shape_of
from solver.performance.calibrated.batching import between_tokens_s, chunks_of, first_token_s
from solver.performance.calibrated.constants import ServingConstants
from solver.performance.calibrated.cost import Cost, FloatArray
from solver.performance.calibrated.kernels import Formats, Kernels
from solver.performance.calibrated.memory import Memory
from solver.performance.calibrated.passes import Passes
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.prediction_layer import PredictionMemory, PredictionPasses
from solver.performance.operators.calibration_file import Calibration
from solver.performance.operators.transfer import (
    kv_transfer_s,
    link_bytes_per_s,
    prompt_kv_bytes,
)

__all__ = ["Columns", "Replica", "Served"]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Layouts as arrays (n,)."""

    tensor_parallel: FloatArray
    pipeline_parallel: FloatArray
    expert_parallel: FloatArray
    attention_data_parallel: FloatArray

    @classmethod
    def of(cls, layouts: Sequence[Layout]) -> Columns:
        """The arrays of a list."""
        return cls(
            *(
                np.array([getattr(layout, name) for layout in layouts], dtype=np.float64)
                for name in (
                    "tensor_parallel",
                    "pipeline_parallel",
                    "expert_parallel",
                    "attention_data_parallel",
                )
            )
        )

    @property
    def stage_devices(self) -> FloatArray:
        """Devices of one stage."""
        return self.tensor_parallel * self.attention_data_parallel


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """What a replica does with prompts and answers mixed; arrays (n,).

    ``decoding`` sequences of the replica decode at once, ``capacity`` would fit.
    """

    tpot_s: FloatArray
    ttft_s: FloatArray
    decoding: FloatArray
    capacity: FloatArray


class Replica:
    """A model on an accelerator at given formats.

    Parameters
    ----------
    calibration
        Constants measured on this very accelerator; they come before the catalog's.
    prediction_layer
        ``model`` is the prediction layer of another, beside which it runs.
    clock_share
        Core clock as a share of the highest, above 0.

    Raises
    ------
    UnsupportedModelError
        For a format that is unknown or that the accelerator's arithmetic lacks.
    """

    def __init__(
        self,
        model: Model,
        accelerator: Accelerator,
        formats: Formats,
        serving: ServingConstants,
        *,
        calibration: Calibration | None = None,
        prediction_layer: bool = False,
        clock_share: float = 1.0,
    ) -> None:
        self.model = model
        self.accelerator = accelerator
        self.serving = serving
        self.shape = shape_of(model)
        self.kernels = Kernels(
            accelerator,
            formats,
            serving,
            gated=self.shape.gated,
            routed=model.expert_layers > 0,
            calibration=calibration,
            clock_share=clock_share,
        )
        passes, memory = (
            (PredictionPasses, PredictionMemory) if prediction_layer else (Passes, Memory)
        )
        self.passes = passes(self.kernels, self.shape)
        self.memory = memory(self.shape, formats, serving)

    def pass_cost(
        self,
        columns: Columns,
        *,
        sequences: npt.ArrayLike,
        context: npt.ArrayLike,
        prompt_tokens: npt.ArrayLike = 0.0,
        prompt_length: npt.ArrayLike = 1.0,
        tokens_per_sequence: int = 1,
    ) -> Cost:
        """One pass through all stages.

        Parameters
        ----------
        sequences, prompt_tokens
            Of one microbatch in one attention group.
        context, prompt_length
            Tokens that each sequence holds, and of a whole prompt.
        """
        t = columns.tensor_parallel
        b = np.asarray(sequences, np.float64)
        c = np.asarray(prompt_tokens, np.float64)
        groups = columns.attention_data_parallel
        m = np.maximum(b * tokens_per_sequence + c, 1.0)
        passes = self.passes
        cost = passes.tokens(t, m)
        cost += passes.decoding(t, b, context, tokens_per_sequence=tokens_per_sequence)
        if np.any(c > 0):
            cost += passes.prompts(t, c, prompt_length)
        cost += passes.reduces(t, m, dispatched=groups > 1)
        if self.model.expert_layers:
            cost += passes.experts(columns.stage_devices, groups, columns.expert_parallel, m)
        cost += passes.head(t, b * tokens_per_sequence + c / np.asarray(prompt_length))
        cost += self.hand_overs(columns, m)
        return cost + passes.between_steps(b)

    def hand_overs(self, columns: Columns, tokens: npt.ArrayLike) -> Cost:
        """Activations of ``tokens`` tokens from stage to stage."""
        stages = columns.pipeline_parallel
        size = 2.0 * self.model.d_model * np.asarray(tokens, np.float64)
        return self.kernels.hand_over(columns.stage_devices, stages, size).times(stages - 1.0)

    def step_s(
        self, columns: Columns, in_flight: npt.ArrayLike, context: npt.ArrayLike
    ) -> FloatArray:
        """A decode step with ``in_flight`` sequences in the replica."""
        lanes = columns.attention_data_parallel * columns.pipeline_parallel
        per_lane = np.asarray(in_flight, np.float64) / lanes
        return self.pass_cost(columns, sequences=per_lane, context=context).seconds

    def prompt_s(self, columns: Columns, prompt: npt.ArrayLike) -> FloatArray:
        """A prompt alone on the replica, all its chunks."""
        n = np.asarray(prompt, np.float64)
        chunks = np.maximum(n / self.serving.chunk_tokens, 1.0)
        return np.asarray(self._first_chunk_s(columns, n) * chunks)

    def _first_chunk_s(self, columns: Columns, prompt: FloatArray) -> FloatArray:
        """The first chunk of a prompt, alone on the replica."""
        chunk = np.minimum(prompt, self.serving.chunk_tokens)
        return self.pass_cost(
            columns,
            sequences=0.0 * prompt,
            context=prompt,
            prompt_tokens=chunk,
            prompt_length=prompt,
        ).seconds

    def weights_bytes(self, columns: Columns) -> FloatArray:
        """Weights on the fullest device."""
        return self.memory.weight_bytes(
            columns.tensor_parallel, columns.stage_devices, columns.pipeline_parallel
        )

    def _room_bytes(self, columns: Columns) -> FloatArray:
        serving = self.serving
        usable = float(self.accelerator.hbm_bytes) - serving.engine_bytes
        activations = self.memory.activation_bytes(
            columns.tensor_parallel, serving.chunk_tokens, 0.0
        )
        return np.asarray(usable - self.weights_bytes(columns) - activations)

    def holds_weights(self, columns: Columns) -> npt.NDArray[np.bool_]:
        """Whether weights, activations and the engine fit."""
        return np.asarray(self._room_bytes(columns) > 0)

    def capacity(
        self, columns: Columns, prompt: npt.ArrayLike, answer: npt.ArrayLike
    ) -> FloatArray:
        """Sequences of the replica whose KV cache fits at full length: none is evicted later."""
        held = np.asarray(prompt, np.float64) + np.asarray(answer, np.float64)
        one = self.memory.kv_bytes(columns.tensor_parallel, held, columns.pipeline_parallel)
        room = self.serving.kv_share * np.maximum(self._room_bytes(columns), 0.0)
        fit = np.floor(room / one)
        return np.asarray(fit * columns.attention_data_parallel)

    def hand_over_s(
        self,
        prefill: Columns,
        decode: Columns,
        prompt: npt.ArrayLike,
        *,
        same_network: npt.ArrayLike = False,
    ) -> FloatArray:
        """KV cache of one prompt from a prefill to a decode replica; see ``transfer``."""
        held = prompt_kv_bytes(
            self.model,
            tokens=prompt,
            kv_value_bytes=self.kernels.kv_value_bytes,
            tensor_parallel=decode.tensor_parallel,
        )
        rate = np.where(
            np.asarray(same_network, bool),
            link_bytes_per_s(self.accelerator, same_network=True),
            link_bytes_per_s(self.accelerator),
        )
        return kv_transfer_s(
            kv_bytes=held,
            senders=prefill.tensor_parallel * prefill.pipeline_parallel,
            receivers=decode.tensor_parallel * decode.pipeline_parallel,
            send_bytes_per_s=rate,
            receive_bytes_per_s=rate,
        )

    def served(
        self,
        columns: Columns,
        *,
        in_flight: npt.ArrayLike,
        input_tokens: npt.ArrayLike,
        output_tokens: npt.ArrayLike,
        prefix_hit: float = 0.0,
        tokens_per_sequence: int = 1,
        context: npt.ArrayLike | None = None,
    ) -> Served:
        """Continuous batching with ``in_flight`` requests; see ``serving``."""
        serving = self.serving
        n, prompt, answer = np.broadcast_arrays(
            *(np.asarray(x, np.float64) for x in (in_flight, input_tokens, output_tokens))
        )
        fresh = np.maximum(prompt * (1.0 - prefix_hit), 1.0)
        held = prompt + answer / 2.0 if context is None else np.asarray(context, np.float64)
        lanes = columns.attention_data_parallel * columns.pipeline_parallel
        room = self.capacity(columns, prompt, answer)
        decoding = np.minimum(n, np.maximum(room, 1.0))
        b = decoding / lanes
        chunk, share = chunks_of(serving, b, fresh=fresh, answer=answer)
        plain_s = self.pass_cost(
            columns, sequences=b, context=held, tokens_per_sequence=tokens_per_sequence
        ).seconds
        mixed_s = self.pass_cost(
            columns,
            sequences=b,
            context=held,
            prompt_tokens=chunk,
            prompt_length=prompt,
            tokens_per_sequence=tokens_per_sequence,
        ).seconds
        tpot = between_tokens_s(plain_s, mixed_s, share)
        waiting = np.maximum(n - decoding, 0.0) / decoding * answer * tpot
        ttft = waiting + first_token_s(
            serving,
            plain_s=plain_s,
            mixed_s=mixed_s,
            alone_s=self._first_chunk_s(columns, fresh),
            sequences=b,
            fresh=fresh,
        )
        return Served(tpot, ttft, decoding, room)
