r"""Steps of layouts by batches: the rectangle that the lowering asks for.

A decode question asks for :math:`T_0(b)` at a given context. A question with prompts asks for the
time between tokens of continuous batching, :math:`T_0 + (q / c)(T_1 - T_0)` (``serving``), and for
the time to the first token at full batch. Every part of a step depends on few numbers, so the
rectangle is put together from curves, each evaluated once for a tensor degree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Accelerator, Model
from solver.catalog.parameters import parameter_breakdown
from solver.performance.calibrated.architecture import shape_of
from solver.performance.calibrated.constants import ServingConstants, serving_constants
from solver.performance.calibrated.cost import Cost, FloatArray
from solver.performance.calibrated.curve import (
    Curve,
    Places,
    places_of_sequences,
    places_of_tokens,
    unstacked,
)
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns, Replica
from solver.performance.operators.calibration_file import Calibration

__all__ = ["CalibratedSetting", "CalibratedSteps", "CurveStore"]

IndexArray = npt.NDArray[np.intp]
_Found = dict[tuple[object, ...], Curve]

_MOST_SETTINGS = 64
"""Settings whose curves are kept at once."""


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

    @property
    def formats(self) -> Formats:
        """The three formats together."""
        return Formats(self.weight_format, self.expert_format, self.kv_format)


class _Curves:
    """The curves of one replica's parts, by what they depend on beside tokens or sequences.

    ``of_weights`` and ``of_cache`` are shared by settings of equal formats of weights, or of the
    cache: the two are chosen apart.
    """

    def __init__(self, setting: CalibratedSetting, of_weights: _Found, of_cache: _Found) -> None:
        self.replica = Replica(
            setting.model,
            setting.accelerator,
            setting.formats,
            setting.serving or serving_constants(),
            calibration=setting.calibration,
            prediction_layer=setting.prediction_layer,
        )
        self._of_weights = of_weights
        self._of_cache = of_cache

    def group_parts(self, turn: _Turn, setting: CalibratedSetting) -> FloatArray:
        """Parts of a pass that an attention group pays for itself, (5, n)."""
        passes, t = self.replica.passes, float(turn.tensor_parallel)
        verified, context = setting.tokens_per_sequence, float(setting.context_tokens)
        dispatched = turn.groups > 1
        parts = _curve(
            self._of_weights,
            ("tokens", t, dispatched),
            lambda m: passes.tokens(t, m) + passes.reduces(t, m, dispatched=dispatched),
        ).at(turn.tokens)
        parts += _curve(
            self._of_cache,
            ("sequences", t, context, verified),
            lambda b: (
                passes.decoding(t, b, context, tokens_per_sequence=verified)
                + passes.between_steps(b)
            ),
        ).at(turn.sequences)
        if turn.chunk is not None:
            length = float(setting.input_tokens)
            parts += _curve(
                self._of_cache,
                ("prompts", t, length),
                lambda c: passes.prompts(t, c, length),
            ).at(turn.chunk)
        parts += _curve(self._of_weights, ("head", t), lambda r: passes.head(t, r)).at(turn.rows)
        return parts

    def stage_parts(self, layout: Layout, turn: _Turn) -> FloatArray | None:
        """Parts of a pass that depend on the whole stage, (5, n); ``None`` where there are none."""
        passes, replica = self.replica.passes, self.replica
        n, ep = layout.stage_devices, layout.expert_parallel
        found: list[FloatArray] = []
        if replica.model.expert_layers:
            found.append(
                _curve(self._of_weights, ("experts", n, ep), lambda m: passes.routed(n, ep, m)).at(
                    turn.stage_tokens
                )
            )
            if layout.attention_data_parallel > 1:
                found.append(
                    _curve(
                        self._of_weights,
                        ("exchange", n, ep),
                        lambda m: passes.exchanges(n, ep, m),
                    ).at(turn.stage_tokens)
                )
        if layout.pipeline_parallel > 1:
            columns = Columns.of([layout])
            found.append(
                _curve(
                    self._of_weights,
                    ("hand over", n, layout.pipeline_parallel),
                    lambda m: replica.hand_overs(columns, m),
                ).at(turn.tokens)
            )
        if not found:
            return None
        for more in found[1:]:
            found[0] += more
        return found[0]


def _curve(
    kept: _Found,
    key: tuple[object, ...],
    evaluate: Callable[[FloatArray], Cost],
) -> Curve:
    curve = kept.get(key)
    if curve is None:
        curve = kept[key] = Curve(evaluate)
    return curve


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """Passes of one attention group for every batch, as places on the curves.

    ``rows`` are the tokens whose logits are needed, ``chunk`` those of prompts (``None``: none).
    """

    tensor_parallel: int
    groups: int
    sequences: Places
    tokens: Places
    stage_tokens: Places
    rows: Places
    chunk: Places | None

    @classmethod
    def of(
        cls, layout: Layout, sequences: FloatArray, chunk: FloatArray, setting: CalibratedSetting
    ) -> _Turn:
        """``sequences`` and prompt tokens of one microbatch in the group."""
        groups = layout.attention_data_parallel
        decoded = sequences * setting.tokens_per_sequence
        m = np.maximum(decoded + chunk, 1.0)
        tokens = places_of_tokens(m)
        some = bool(np.any(chunk > 0))
        return cls(
            tensor_parallel=layout.tensor_parallel,
            groups=groups,
            sequences=places_of_sequences(sequences),
            tokens=tokens,
            stage_tokens=tokens if groups == 1 else places_of_tokens(m * groups),
            rows=places_of_tokens(decoded + chunk / setting.input_tokens) if some else tokens,
            chunk=places_of_tokens(chunk) if some else None,
        )


class CurveStore:
    """Curves of many settings, remembered as long as the store is.

    Settings that differ in lengths, drafts and prompts only share theirs.
    """

    def __init__(self) -> None:
        self._curves: dict[CalibratedSetting, _Curves] = {}
        self._parts: dict[CalibratedSetting, _Found] = {}

    def of(self, setting: CalibratedSetting) -> _Curves:
        """The curves of a setting.

        Raises
        ------
        UnsupportedModelError
            For a format that the accelerator lacks.
        """
        plain = replace(
            setting,
            context_tokens=0,
            tokens_per_sequence=1,
            emitted_per_step=1.0,
            input_tokens=0,
            output_tokens=0,
            prefix_hit=0.0,
        )
        found = self._curves.get(plain)
        if found is None:
            if len(self._curves) >= _MOST_SETTINGS:
                self._curves.clear()
                self._parts.clear()
            of_weights = self._parts.setdefault(replace(plain, kv_format=""), {})
            of_cache = self._parts.setdefault(
                replace(plain, weight_format="", expert_format=""), {}
            )
            found = self._curves[plain] = _Curves(plain, of_weights, of_cache)
        return found


_OF_THE_PROCESS = CurveStore()


@dataclass(frozen=True, slots=True, eq=False)
class _Passes:
    """Passes of one attention group for every batch, without what its stage adds."""

    turn: _Turn
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
            turn = _Turn.of(layout, sequences, chunk, setting)
            return _Passes(turn, self._curves.group_parts(turn, setting))

        plain = passes(b, np.zeros_like(b))
        if not setting.input_tokens:
            return plain, None
        most = self.replica.serving.chunk_tokens
        fresh, answer = self._prompt
        arriving = b * (fresh * setting.emitted_per_step / answer)
        chunk = np.minimum(np.maximum(fresh, arriving), most)
        first = np.array([min(fresh, most)])
        return plain, _Prompts(arriving / chunk, passes(b, chunk), passes(np.zeros(1), first))

    def _whole(self, layout: Layout, passes: _Passes) -> FloatArray:
        """Parts of the passes of a layout: the group's own and those of its stage."""
        stage = self._curves.stage_parts(layout, passes.turn)
        return passes.parts if stage is None else passes.parts + stage

    def _mixed(
        self, layout: Layout, plain: FloatArray, prompts: _Prompts
    ) -> tuple[FloatArray, FloatArray]:
        """Parts of the latency (5, m) and time to the first token (m,) with prompts."""
        serving = self.replica.serving
        mixed = self._whole(layout, prompts.mixed)
        alone = self._whole(layout, prompts.alone)
        plain_s, mixed_s, share = _seconds(plain), _seconds(mixed), prompts.share
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
            + serving.burst_share * self._per_group(layout) * (_seconds(alone) * chunks)
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
