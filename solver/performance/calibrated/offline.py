r"""The greatest throughput of a layout: as many requests in flight as memory and limits allow.

Requests wait without end and a replica keeps ``n`` of them in flight. With prompts mixed in, every
place makes a token each :math:`\tau(n)`, the time between tokens of continuous batching
(``serving``), whose steps carry the prompts of the sequences that follow. So the replica makes
:math:`n / \tau(n)` tokens a second: a life of O tokens pays for one prompt. The best ``n`` lies on
a ladder up to the KV cache's capacity; it is not always the top, because prompts and tiles come in
whole numbers.

A run of R requests fills its places :math:`k = \lfloor R / n \rfloor` times and ends with
:math:`r = R - k n` sequences in places that are not filled again. It takes

.. math:: k \, O \, \tau(n) + O \, \tau(r)

where lengths are equal; that is why a short run measures less than a long one.

A static batch does its prompts first and then O - 1 decode steps, none of which carries a prompt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.performance.calibrated.cost import FloatArray
from solver.performance.calibrated.replica import Columns, Replica, Served

__all__ = ["Greatest", "greatest_throughput", "static_batch_s"]

_RUNGS = 48
"""Rungs of the first ladder, from one request to the most; factors of at most 1.2 below 8,000."""
_FINE_RUNGS = 24
"""Rungs between the neighbours of the best one of the first ladder."""


@dataclass(frozen=True, slots=True, eq=False)
class Greatest:
    """Greatest throughput of each layout; arrays (n,).

    Parameters
    ----------
    tokens_per_s
        Output tokens a second of the whole replica; not a number where ``in_flight`` is 0.
    in_flight
        Requests in flight; 0 where the weights do not fit or no load keeps the limits.
    tpot_s, ttft_s
        Time between tokens, and to the first token of a request that finds a place free.
    capacity
        Sequences whose KV cache fits.
    """

    tokens_per_s: FloatArray
    in_flight: FloatArray
    tpot_s: FloatArray
    ttft_s: FloatArray
    capacity: FloatArray


def _column(value: npt.ArrayLike, n: int) -> FloatArray:
    """(n, 1), so that it broadcasts with rungs."""
    return np.broadcast_to(np.asarray(value, np.float64), (n,))[:, None]


def _standing(columns: Columns) -> Columns:
    return Columns(
        columns.tensor_parallel[:, None],
        columns.pipeline_parallel[:, None],
        columns.expert_parallel[:, None],
        columns.attention_data_parallel[:, None],
    )


def greatest_throughput(
    replica: Replica,
    columns: Columns,
    *,
    input_tokens: npt.ArrayLike,
    output_tokens: npt.ArrayLike,
    most_in_flight: npt.ArrayLike = np.inf,
    requests: npt.ArrayLike = np.inf,
    max_tpot_s: npt.ArrayLike = np.inf,
    max_ttft_s: npt.ArrayLike = np.inf,
) -> Greatest:
    """The load at which each layout makes the most output tokens a second.

    Parameters
    ----------
    columns
        n layouts; every other argument is a number or (n,).
    most_in_flight
        Requests that the engine holds in the replica at most.
    requests
        Length of the run in requests; infinite for the steady state.
    max_tpot_s, max_ttft_s
        Limits on mean times, in seconds.
    """
    n = len(columns.tensor_parallel)
    prompt, answer = _column(input_tokens, n), _column(output_tokens, n)
    standing = _standing(columns)
    capacity = replica.capacity(standing, prompt, answer)
    run = _column(requests, n)
    top = np.floor(np.minimum(np.minimum(capacity, _column(most_in_flight, n)), run))
    fits = top >= 1
    top = np.maximum(top, 1.0)
    tpot_limit, ttft_limit = _column(max_tpot_s, n), _column(max_ttft_s, n)

    def serve(in_flight: FloatArray) -> Served:
        return replica.served(
            standing, in_flight=in_flight, input_tokens=prompt, output_tokens=answer
        )

    def rate(in_flight: FloatArray) -> tuple[FloatArray, Served]:
        served = serve(in_flight)
        tokens_per_s = in_flight / served.tpot_s
        if np.isfinite(run).any():
            length = np.where(np.isfinite(run), run, in_flight)
            whole = np.floor(length / in_flight)
            rest = length - whole * in_flight
            last_s = np.where(rest > 0, serve(np.maximum(rest, 1.0)).tpot_s, 0.0)
            finite = length / (whole * served.tpot_s + last_s)
            tokens_per_s = np.where(np.isfinite(run), finite, tokens_per_s)
        keeps = (served.tpot_s <= tpot_limit) & (served.ttft_s <= ttft_limit)
        return np.where(keeps, tokens_per_s, -np.inf), served

    def best(rungs: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray, Served]:
        found, served = rate(rungs)
        return np.argmax(found, axis=1), found, served

    share = np.linspace(0.0, 1.0, _RUNGS)
    rungs = np.maximum(np.round(top**share), 1.0)
    at, found, _ = best(rungs)
    rows = np.arange(n)
    low = rungs[rows, np.maximum(at - 1, 0)][:, None]
    high = rungs[rows, np.minimum(at + 1, _RUNGS - 1)][:, None]
    # The best of the first ladder stays a rung, so that the second never does worse.
    fine = np.round(low * (high / low) ** np.linspace(0.0, 1.0, _FINE_RUNGS))
    fine = np.concatenate((fine, rungs[rows, at][:, None]), axis=1)
    at, found, served = best(fine)
    rate_s = found[rows, at]
    holds = fits[:, 0] & np.isfinite(rate_s)
    return Greatest(
        tokens_per_s=np.where(holds, rate_s, np.nan),
        in_flight=np.where(holds, fine[rows, at], 0.0),
        tpot_s=np.where(holds, np.broadcast_to(served.tpot_s, fine.shape)[rows, at], np.nan),
        ttft_s=np.where(holds, np.broadcast_to(served.ttft_s, fine.shape)[rows, at], np.nan),
        capacity=np.broadcast_to(capacity, (n, 1))[:, 0].copy(),
    )


def static_batch_s(
    replica: Replica,
    columns: Columns,
    *,
    batch: npt.ArrayLike,
    input_tokens: npt.ArrayLike,
    output_tokens: npt.ArrayLike,
) -> FloatArray:
    """Time of one batch from its prompts to its last tokens, (n,) in seconds.

    All prompts run first, in passes of the serving constants' chunk; then every sequence makes
    ``output_tokens`` - 1 more tokens. With one output token it is the time of the prompts.
    """
    n = len(columns.tensor_parallel)
    prompt, answer = _column(input_tokens, n)[:, 0], _column(output_tokens, n)[:, 0]
    lanes = columns.attention_data_parallel * columns.pipeline_parallel
    b = _column(batch, n)[:, 0] / lanes
    tokens = b * prompt
    chunk = np.minimum(tokens, replica.serving.chunk_tokens)
    prompts = replica.pass_cost(
        columns, sequences=0.0 * b, context=prompt, prompt_tokens=chunk, prompt_length=prompt
    )
    step_s = replica.pass_cost(columns, sequences=b, context=prompt + answer / 2.0).seconds
    return np.asarray(prompts.seconds * (tokens / chunk) + (answer - 1.0) * step_s)
