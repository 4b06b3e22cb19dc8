r"""Steps of layouts by batches: the rectangle that the lowering asks for.

A decode question asks for :math:`T_0(b)` at a given context. A question with prompts asks for the
time between tokens of continuous batching, :math:`T_0 + (q / c)(T_1 - T_0)` (``serving``), and for
the time to the first token at full batch. Every part of a step depends on few numbers, so the
rectangle is put together from curves, each evaluated once for a tensor degree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Accelerator, Model
from solver.catalog.parameters import parameter_breakdown
from solver.performance.calibrated.architecture import shape_of
from solver.performance.calibrated.constants import ServingConstants, serving_constants
from solver.performance.calibrated.cost import Cost, FloatArray
from solver.performance.calibrated.curve import Curve, unstacked
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns, Replica

__all__ = ["CalibratedSetting", "CalibratedSteps"]

IndexArray = npt.NDArray[np.intp]


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

    @property
    def formats(self) -> Formats:
        """The three formats together."""
        return Formats(self.weight_format, self.expert_format, self.kv_format)


class _Curves:
    """The curves of one replica's parts, by what they depend on beside tokens or sequences."""

    def __init__(self, setting: CalibratedSetting) -> None:
        self.replica = Replica(
            setting.model,
            setting.accelerator,
            setting.formats,
            setting.serving or serving_constants(),
        )
        self._found: dict[tuple[object, ...], Curve] = {}

    def _curve(
        self,
        key: tuple[object, ...],
        evaluate: Callable[[FloatArray], Cost],
        *,
        tiled: bool = False,
    ) -> Curve:
        curve = self._found.get(key)
        if curve is None:
            curve = self._found[key] = Curve(evaluate, tiled=tiled)
        return curve

    def group_parts(
        self,
        tensor_parallel: int,
        sequences: FloatArray,
        chunk: FloatArray,
        setting: CalibratedSetting,
        *,
        dispatched: bool,
    ) -> FloatArray:
        """Parts of a pass that an attention group pays for itself, (5, n).

        ``sequences`` and prompt tokens of one microbatch in the group; ``dispatched`` where there
        is more than one group.
        """
        passes, t = self.replica.passes, float(tensor_parallel)
        verified, context = setting.tokens_per_sequence, float(setting.context_tokens)
        tokens = _group_tokens(sequences, chunk, setting)
        parts = self._curve(
            ("tokens", t, dispatched),
            lambda m: passes.tokens(t, m) + passes.reduces(t, m, dispatched=dispatched),
            tiled=True,
        ).at(tokens)
        parts += self._curve(
            ("sequences", t, context, verified),
            lambda b: (
                passes.decoding(t, b, context, tokens_per_sequence=verified)
                + passes.between_steps(b)
            ),
        ).at(sequences)
        rows = sequences * verified
        if setting.input_tokens:
            length = float(setting.input_tokens)
            rows = rows + chunk / length
            if np.any(chunk > 0):
                parts += self._curve(
                    ("prompts", t, length), lambda c: passes.prompts(t, c, length)
                ).at(chunk)
        parts += self._curve(("head", t), lambda r: passes.head(t, r), tiled=True).at(rows)
        return parts

    def stage_parts(self, layout: Layout, tokens: FloatArray) -> FloatArray | None:
        """Parts of a pass that depend on the whole stage, (5, n); ``None`` where there are none.

        ``tokens`` of one attention group.
        """
        passes, replica = self.replica.passes, self.replica
        n, ep = layout.stage_devices, layout.expert_parallel
        found: list[FloatArray] = []
        if replica.model.expert_layers:
            of_stage = tokens * layout.attention_data_parallel
            found.append(
                self._curve(("experts", n, ep), lambda m: passes.routed(n, ep, m), tiled=True).at(
                    of_stage
                )
            )
            if layout.attention_data_parallel > 1:
                found.append(
                    self._curve(
                        ("exchange", n, ep), lambda m: passes.exchanges(n, ep, m), tiled=True
                    ).at(of_stage)
                )
        if layout.pipeline_parallel > 1:
            columns = Columns.of([layout])
            found.append(
                self._curve(
                    ("hand over", n, layout.pipeline_parallel),
                    lambda m: replica.hand_overs(columns, m),
                    tiled=True,
                ).at(tokens)
            )
        if not found:
            return None
        for more in found[1:]:
            found[0] += more
        return found[0]


def _group_tokens(
    sequences: FloatArray, chunk: FloatArray, setting: CalibratedSetting
) -> FloatArray:
    """Tokens of a pass in one attention group; a pass has one at least."""
    return np.maximum(sequences * setting.tokens_per_sequence + chunk, 1.0)


@lru_cache(maxsize=64)
def _curves(setting: CalibratedSetting) -> _Curves:
    """Curves shared by all settings that differ in context, drafts and prompts only."""
    return _Curves(setting)


def _shared(setting: CalibratedSetting) -> _Curves:
    return _curves(
        CalibratedSetting(
            model=setting.model,
            accelerator=setting.accelerator,
            weight_format=setting.weight_format,
            expert_format=setting.expert_format,
            kv_format=setting.kv_format,
            context_tokens=0,
            serving=setting.serving,
        )
    )


_EMPTY: FloatArray = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class _GroupPasses:
    """Passes of one attention group for every batch: parts (5, m) and tokens (m,).

    ``plain`` decodes, ``mixed`` carries a chunk of prompts too (on ``share`` of the steps), and
    ``alone`` is the first chunk of a prompt on an empty machine.
    """

    sequences: FloatArray
    plain: FloatArray
    plain_tokens: FloatArray
    share: FloatArray = _EMPTY
    mixed: FloatArray = _EMPTY
    mixed_tokens: FloatArray = _EMPTY
    alone: FloatArray = _EMPTY
    alone_tokens: FloatArray = _EMPTY


class CalibratedSteps:
    """Times and memory of ``layouts`` (rows) by ``batches`` (columns).

    Parameters
    ----------
    layouts
        Of one pipeline depth; degrees that divide what they split.
    batches : (m,)
        Sequences decoded together in the replica.

    Raises
    ------
    UnsupportedModelError
        For a format that the accelerator lacks.
    ValueError
        For layouts of different depths, or none.
    """

    def __init__(
        self, setting: CalibratedSetting, layouts: Sequence[Layout], batches: npt.ArrayLike
    ) -> None:
        if len({layout.pipeline_parallel for layout in layouts}) != 1:
            raise ValueError("a rectangle has layouts of one pipeline depth")
        self.setting = setting
        self.layouts = tuple(layouts)
        self.stages = layouts[0].pipeline_parallel
        self.batches: FloatArray = np.atleast_1d(np.asarray(batches, dtype=np.float64))
        self._curves = _shared(setting)
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
        groups: dict[tuple[int, int], _GroupPasses] = {}
        for row, layout in enumerate(self.layouts):
            key = (layout.tensor_parallel, layout.attention_data_parallel)
            if key not in groups:
                groups[key] = self._group(layout)
            if self.setting.input_tokens:
                parts[:, row], ttft_s[row] = self._mixed(layout, groups[key])
            else:
                one = groups[key]
                parts[:, row] = self._whole(layout, one.plain, one.plain_tokens)
        return parts, _seconds(parts), ttft_s

    def _group(self, layout: Layout) -> _GroupPasses:
        """Passes of one attention group: the same for all layouts of its tensor degree."""
        setting = self.setting
        b = self.batches / (layout.attention_data_parallel * layout.pipeline_parallel)
        none = np.zeros_like(b)

        def parts(sequences: FloatArray, chunk: FloatArray) -> FloatArray:
            return self._curves.group_parts(
                layout.tensor_parallel,
                sequences,
                chunk,
                setting,
                dispatched=layout.attention_data_parallel > 1,
            )

        plain, plain_tokens = parts(b, none), _group_tokens(b, none, setting)
        if not setting.input_tokens:
            return _GroupPasses(b, plain, plain_tokens)
        most = self.replica.serving.chunk_tokens
        fresh, answer = self._prompt
        arriving = b * (fresh * setting.emitted_per_step / answer)
        chunk = np.minimum(np.maximum(fresh, arriving), most)
        alone, alone_tokens = np.zeros(1), np.array([min(fresh, most)])
        return _GroupPasses(
            b,
            plain,
            plain_tokens,
            share=arriving / chunk,
            mixed=parts(b, chunk),
            mixed_tokens=_group_tokens(b, chunk, setting),
            alone=parts(alone, alone_tokens),
            alone_tokens=_group_tokens(alone, alone_tokens, setting),
        )

    def _whole(self, layout: Layout, group: FloatArray, tokens: FloatArray) -> FloatArray:
        """Parts of a pass: the group's own and those of its stage."""
        stage = self._curves.stage_parts(layout, tokens)
        return group if stage is None else group + stage

    def _mixed(self, layout: Layout, group: _GroupPasses) -> tuple[FloatArray, FloatArray]:
        """Parts of the latency (5, m) and time to the first token (m,) with prompts."""
        serving = self.replica.serving
        plain = self._whole(layout, group.plain, group.plain_tokens)
        mixed = self._whole(layout, group.mixed, group.mixed_tokens)
        alone = self._whole(layout, group.alone, group.alone_tokens)
        plain_s, mixed_s, share = _seconds(plain), _seconds(mixed), group.share
        latency_s = plain_s + share * (mixed_s - plain_s)
        carried = np.minimum(share, 1.0)
        parts = plain + carried * (mixed - plain)
        # Beyond one chunk a step, steps without tokens carry the rest: parts in proportion.
        parts *= latency_s / _seconds(parts)
        fresh, _ = self._prompt
        chunks = max(fresh / serving.chunk_tokens, 1.0)
        ttft_s = (
            serving.request_s
            + serving.admission_steps * plain_s
            + serving.burst_share * group.sequences * (_seconds(alone) * chunks)
            + chunks * mixed_s
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
