r"""Steps of layouts by batches: the rectangle that the lowering asks for.

A decode question asks for :math:`T_0(b)` at a given context. A question with prompts asks for the
time between tokens of continuous batching, :math:`T_0 + (q / c)(T_1 - T_0)` (``serving``), and for
the time to the first token at full batch. Every part of a step depends on few numbers, so the
rectangle is put together from curves, each evaluated once for a tensor degree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from solver.catalog.parameters import parameter_breakdown
from solver.performance.calibrated.architecture import shape_of
from solver.performance.calibrated.batching import between_tokens_s, chunks_of, first_token_s
from solver.performance.calibrated.cost import Cost, FloatArray
from solver.performance.calibrated.curve import unstacked
from solver.performance.calibrated.curve_store import CurveStore, Turn
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns
from solver.performance.calibrated.setting import CalibratedSetting

__all__ = ["CalibratedSteps"]

IndexArray = npt.NDArray[np.intp]

_OF_THE_PROCESS = CurveStore()


@dataclass(frozen=True, slots=True, eq=False)
class _Passes:
    """Passes of one attention group for every batch, without what its stage adds."""

    turn: Turn
    parts: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Prompts:
    """Passes that carry prompts: ``mixed`` decode too, on ``share`` of the steps; ``alone`` do not.

    ``alone`` is the first chunk of one prompt, a single pass.
    """

    share: FloatArray
    mixed: _Passes
    alone: _Passes


class CalibratedSteps:
    """Times and memory of ``layouts`` (rows) by ``batches`` (columns).

    Parameters
    ----------
    layouts
        Of one pipeline depth; degrees that divide what they split.
    batches : (m,)
        Sequences decoded together in the replica.
    curves
        Where the parts of the steps are remembered; left out, with those of the whole process.

    Raises
    ------
    UnsupportedModelError
        For a format that the accelerator lacks.
    ValueError
        For layouts of different depths, or none.
    """

    def __init__(
        self,
        setting: CalibratedSetting,
        layouts: Sequence[Layout],
        batches: npt.ArrayLike,
        *,
        curves: CurveStore | None = None,
    ) -> None:
        if len({layout.pipeline_parallel for layout in layouts}) != 1:
            raise ValueError("a rectangle has layouts of one pipeline depth")
        self.setting = setting
        self.layouts = tuple(layouts)
        self.stages = layouts[0].pipeline_parallel
        self.batches: FloatArray = np.atleast_1d(np.asarray(batches, dtype=np.float64))
        self._curves = (_OF_THE_PROCESS if curves is None else curves).of(setting)
        self.replica = self._curves.replica
        self._columns = Columns.of(layouts)

    @property
    def devices(self) -> FloatArray:
        """Devices of every row, (n,)."""
        return np.array([layout.devices for layout in self.layouts], dtype=np.float64)

    @cached_property
    def _prompt(self) -> tuple[float, float]:
        """Tokens of a prompt that are not cached, and of an answer."""
        setting = self.setting
        fresh = max(setting.input_tokens * (1.0 - setting.prefix_hit), 1.0)
        return fresh, float(setting.output_tokens)

    @cached_property
    def _cells(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Parts of the latency (5, n, m), their sum (n, m), time to the first token (n, m).

        The last is empty without prompts.
        """
        n, m = len(self.layouts), len(self.batches)
        parts: FloatArray = np.empty((5, n, m))
        ttft_s: FloatArray = np.empty((n if self.setting.input_tokens else 0, m))
        groups: dict[tuple[int, int], tuple[_Passes, _Prompts | None]] = {}
        for row, layout in enumerate(self.layouts):
            key = (layout.tensor_parallel, layout.attention_data_parallel)
            if key not in groups:
                groups[key] = self._group(layout)
            plain, prompts = groups[key]
            parts[:, row] = self._whole(layout, plain)
            if prompts is not None:
                parts[:, row], ttft_s[row] = self._mixed(layout, parts[:, row], prompts)
        return parts, _seconds(parts), ttft_s

    def _per_group(self, layout: Layout) -> FloatArray:
        """Sequences of a microbatch in an attention group, (m,)."""
        return self.batches / (layout.attention_data_parallel * layout.pipeline_parallel)

    def _group(self, layout: Layout) -> tuple[_Passes, _Prompts | None]:
        """Passes of one attention group: the same for all layouts of its tensor degree."""
        setting, b = self.setting, self._per_group(layout)

        def passes(sequences: FloatArray, chunk: FloatArray) -> _Passes:
            turn = Turn.of(layout, sequences, chunk, setting)
            return _Passes(turn, self._curves.group_parts(turn, setting))

        plain = passes(b, np.zeros_like(b))
        if not setting.input_tokens:
            return plain, None
        most = self.replica.serving.chunk_tokens
        fresh, answer = self._prompt
        chunk, share = chunks_of(
            self.replica.serving,
            b,
            fresh=fresh,
            answer=answer,
            emitted_per_step=setting.emitted_per_step,
        )
        first = np.array([min(fresh, most)])
        return plain, _Prompts(share, passes(b, chunk), passes(np.zeros(1), first))

    def _whole(self, layout: Layout, passes: _Passes) -> FloatArray:
        """Parts of the passes of a layout: the group's own and those of its stage."""
        stage = self._curves.stage_parts(layout, passes.turn)
        return passes.parts if stage is None else passes.parts + stage

    def _mixed(
        self, layout: Layout, plain: FloatArray, prompts: _Prompts
    ) -> tuple[FloatArray, FloatArray]:
        """Parts of the latency (5, m) and time to the first token (m,) with prompts."""
        mixed = self._whole(layout, prompts.mixed)
        alone = self._whole(layout, prompts.alone)
        plain_s, mixed_s, share = _seconds(plain), _seconds(mixed), prompts.share
        latency_s = between_tokens_s(plain_s, mixed_s, share)
        carried = np.minimum(share, 1.0)
        parts = plain + carried * (mixed - plain)
        # Beyond one chunk a step, steps without tokens carry the rest: parts in proportion.
        parts *= latency_s / _seconds(parts)
        ttft_s = first_token_s(
            self.replica.serving,
            plain_s=plain_s,
            mixed_s=mixed_s,
            alone_s=_seconds(alone),
            sequences=self._per_group(layout),
            fresh=self._prompt[0],
        )
        return parts, ttft_s

    def cost(self, rows: IndexArray, columns: IndexArray) -> Cost:
        """The latency by what sets it; index arrays that broadcast together."""
        return unstacked(self._cells[0][:, rows, columns])

    def latency_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Time of a step, or between tokens where prompts are mixed in."""
        return np.asarray(self._cells[1][rows, columns])

    def ttft_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Time to the first token at full batch; ``nan`` without prompts."""
        if not self.setting.input_tokens:
            return np.full(np.broadcast_shapes(np.shape(rows), np.shape(columns)), np.nan)
        return np.asarray(self._cells[2][rows, columns])

    def flop(self, columns: IndexArray) -> FloatArray:
        """Arithmetic of the output tokens of one step over all devices."""
        return np.asarray(self._flop_per_sequence * self.batches[columns])

    @cached_property
    def _flop_per_sequence(self) -> float:
        setting, model = self.setting, self.setting.model
        context, flop = float(setting.context_tokens), 0.0
        for group in shape_of(model).attention:
            if group.latent is not None:
                latent = group.latent
                wide = 2.0 * latent.kv_lora_rank + latent.qk_rope_head_dim
                seen = context if group.indexer is None else min(context, group.indexer.top_k)
                flop += group.layers * 2.0 * model.n_heads * wide * seen
            elif group.linear is not None:
                linear = group.linear
                state = linear.n_value_heads * linear.value_head_dim * linear.key_head_dim
                flop += group.layers * 6.0 * state
            else:
                seen = min(context, group.window) if group.window else context
                flop += group.layers * 4.0 * model.n_heads * model.head_dim * seen
        active = parameter_breakdown(model).active
        return (2.0 * active + flop) * setting.tokens_per_sequence

    def weight_bytes(self) -> FloatArray:
        """Weights on the fullest device, (n,)."""
        return self.replica.weights_bytes(self._columns)

    @cached_property
    def _sequence_bytes(self) -> FloatArray:
        return self.replica.memory.kv_bytes(
            self._columns.tensor_parallel,
            float(self.setting.context_tokens),
            self._columns.pipeline_parallel,
        )

    def hbm_bytes(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Bytes on the fullest device, the engine's own and what its cache leaves unused too."""
        serving, held = self.replica.serving, self._columns
        lanes = (held.attention_data_parallel * held.pipeline_parallel)[rows]
        batch = self.batches[columns]
        # A device of a stage holds its group's share of the whole batch, microbatches included.
        sequences = np.ceil(batch / held.attention_data_parallel[rows])
        carried = serving.chunk_tokens if self.setting.input_tokens else 0.0
        tokens = np.ceil(batch / lanes) * self.setting.tokens_per_sequence
        activations = self.replica.memory.activation_bytes(
            held.tensor_parallel[rows], tokens + carried, tokens
        )
        return np.asarray(
            self.weight_bytes()[rows]
            + sequences * (self._sequence_bytes[rows] / serving.kv_share)
            + activations
            + serving.engine_bytes
        )


def _seconds(parts: FloatArray) -> FloatArray:
    """Sum of the parts but the share of the network that is counted twice."""
    return np.asarray(parts[0] + parts[1] + parts[2] + parts[4])
