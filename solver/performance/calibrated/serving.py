r"""Continuous batching in steady state: time between tokens and time to the first one.

A replica keeps :math:`b` sequences decoding in each attention group. While each makes O tokens,
one new prompt of I tokens arrives for it, so that a step comes with :math:`q = b I / O` prompt
tokens on average. They come in chunks of :math:`c = \min(\max(I, q), \text{limit})` tokens, on a
share :math:`q / c` of the steps; a step that carries a chunk takes :math:`T_1`, not :math:`T_0`:

.. math:: \text{tpot} = T_0 + \frac{q}{c} (T_1 - T_0)

after the chunked prefill of Agrawal and others (Sarathi-Serve, 2024). The first token waits for the
request to be admitted, for prompts that arrived with it, and for its own chunks:

.. math::
    \text{ttft} = r + a T_0 + \beta b P + \lceil I / c \rceil T_1 + w

with r, a and beta of ``ServingConstants``, P the time of one prompt on an empty machine, and w the
wait for a place where the KV cache holds fewer sequences than are in flight: the time until one of
the places is free, by Little's law.

With prefill and decode apart, a prompt takes P on a prefill worker and its cache crosses over, with
a fixed time for routing and set-up. The
decode workers share the requests that are not being prefilled; N requests in flight with rate r
spend N / r each, which bounds the rate of a full prefill pool (the machine repairman's bound).

Left out: lengths that differ between requests, bursts beyond ``burst_share``, and priorities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solver.errors import FleetError
from solver.performance.calibrated.architecture import unsupported_model
from solver.performance.calibrated.constants import ServingConstants, serving_constants
from solver.performance.calibrated.cost import FloatArray
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout, ServingPoint
from solver.performance.calibrated.replica import Columns, Replica

__all__ = ["Prediction", "predict"]

_ROUNDS = 12
"""Rounds of the fixed point between the two pools: on the 160 measured deployments with pools apart
more of them change no time by 0.1 %."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Arrays (n,) in the order of the points; ``nan`` and a reason where a point is refused."""

    ttft_s: FloatArray
    tpot_s: FloatArray
    refused: tuple[str | None, ...]


def predict(
    points: Sequence[ServingPoint], constants: ServingConstants | None = None
) -> Prediction:
    """Times of deployments under load.

    A point is refused by name, never approximated: unknown features of the model, a format the
    accelerator lacks, lengths beyond the context, weights that do not fit.
    """
    serving = constants or serving_constants()
    ttft = np.full(len(points), np.nan)
    tpot = np.full(len(points), np.nan)
    refused: list[str | None] = [None] * len(points)
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, point in enumerate(points):
        refused[index] = _refusal(point)
        if refused[index] is None:
            key = (
                id(point.model),
                id(point.accelerator),
                point.weight_format,
                point.expert_format,
                point.kv_format,
                point.aggregated is None,
            )
            groups.setdefault(key, []).append(index)
    for members in groups.values():
        chosen = [points[index] for index in members]
        first = chosen[0]
        try:
            replica = Replica(
                first.model,
                first.accelerator,
                Formats(first.weight_format, first.expert_format, first.kv_format),
                serving,
            )
        except FleetError as error:
            for index in members:
                refused[index] = "; ".join(fault.what for fault in error.faults)
            continue
        times = _aggregated(replica, chosen) if first.aggregated else _apart(replica, chosen)
        fits = times.fits
        for place, index in enumerate(members):
            if fits[place]:
                ttft[index], tpot[index] = times.ttft_s[place], times.tpot_s[place]
            else:
                refused[index] = "the weights do not fit into the HBM of the layout"
    return Prediction(ttft, tpot, tuple(refused))


def _refusal(point: ServingPoint) -> str | None:
    faults = unsupported_model(point.model)
    if faults:
        return "; ".join(fault.what for fault in faults)
    longest = point.model.max_context_tokens
    tokens = point.input_tokens + point.output_tokens
    if longest is not None and tokens > longest:
        return f"{tokens:,.0f} tokens are beyond the model's context of {longest:,}"
    if min(point.input_tokens, point.output_tokens, point.concurrency) <= 0:
        return "lengths and concurrency must be positive"
    return None


@dataclass(frozen=True, slots=True, eq=False)
class _Times:
    ttft_s: FloatArray
    tpot_s: FloatArray
    fits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def _column(points: Sequence[ServingPoint], name: str) -> FloatArray:
    return np.array([getattr(point, name) for point in points], dtype=np.float64)


def _columns(layouts: Sequence[Layout | None]) -> Columns:
    found = [layout for layout in layouts if layout is not None]
    return Columns.of(found)


def _aggregated(replica: Replica, points: Sequence[ServingPoint]) -> _Times:
    columns = _columns([point.aggregated for point in points])
    served = replica.served(
        columns,
        in_flight=_column(points, "concurrency"),
        input_tokens=_column(points, "input_tokens"),
        output_tokens=_column(points, "output_tokens"),
    )
    return _Times(served.ttft_s, served.tpot_s, served.capacity >= 1)


def _apart(replica: Replica, points: Sequence[ServingPoint]) -> _Times:
    prefill = [point.prefill for point in points if point.prefill is not None]
    decode = [point.decode for point in points if point.decode is not None]
    first, second = _columns([p.layout for p in prefill]), _columns([p.layout for p in decode])
    prefill_workers = np.array([p.workers for p in prefill], dtype=np.float64)
    decode_workers = np.array([p.workers for p in decode], dtype=np.float64)
    flight = _column(points, "concurrency")
    prompt, answer = _column(points, "input_tokens"), _column(points, "output_tokens")
    serving = replica.serving

    prompt_s = replica.prompt_s(first, prompt)
    # Prompts that are worked on at once: one in each attention group of each stage.
    lanes = prefill_workers * first.attention_data_parallel * first.pipeline_parallel
    hand_over_s = replica.hand_over_s(first, second, prompt)
    room = replica.capacity(second, prompt, answer) * decode_workers
    least_s = serving.request_s + serving.pools_s + prompt_s + hand_over_s
    decoding = np.minimum(flight, room)
    ttft = least_s
    tpot = np.zeros_like(flight)
    for _ in range(_ROUNDS):
        tpot = replica.step_s(second, decoding / decode_workers, prompt + answer / 2.0)
        burst_s = serving.burst_share * flight / lanes * prompt_s
        # A full prefill pool or full decode workers hold requests back.
        slowest = np.maximum(flight * prompt_s / lanes, flight / room * answer * tpot)
        ttft = np.maximum(
            least_s + burst_s + serving.admission_steps * tpot, slowest - answer * tpot
        )
        decoding = np.minimum(flight * answer * tpot / (ttft + answer * tpot), room)
        decoding = np.maximum(decoding, np.minimum(flight, 1.0))
    fits = (room >= 1) & replica.holds_weights(first)
    return _Times(ttft, tpot, fits)
