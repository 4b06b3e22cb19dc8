"""The curves of a replica's parts, and where they are remembered.

A pass is put together from curves over tokens and sequences (``curve``), each by what it depends on
beside them: the tensor degree, the devices of a stage, the context. A store keeps them for all
settings that share formats; a store of one's own recomputes everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.cost import Cost, FloatArray
from solver.performance.calibrated.curve import (
    Curve,
    Places,
    places_of_sequences,
    places_of_tokens,
)
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns, Replica
from solver.performance.calibrated.setting import CalibratedSetting

__all__ = ["CurveStore", "ReplicaCurves", "Turn"]

_Found = dict[tuple[object, ...], Curve]

_MOST_SETTINGS = 256
"""Settings whose curves are kept at once."""


class ReplicaCurves:
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
            clock_share=setting.clock_share,
        )
        self._of_weights = of_weights
        self._of_cache = of_cache

    def group_parts(self, turn: Turn, setting: CalibratedSetting) -> FloatArray:
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

    def stage_parts(self, layout: Layout, turn: Turn) -> FloatArray | None:
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
class Turn:
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
    ) -> Turn:
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
        self._curves: dict[CalibratedSetting, ReplicaCurves] = {}
        self._parts: dict[CalibratedSetting, _Found] = {}

    def of(self, setting: CalibratedSetting) -> ReplicaCurves:
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
            found = self._curves[plain] = ReplicaCurves(plain, of_weights, of_cache)
        return found
