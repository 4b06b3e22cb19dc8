r"""What a replica carries: requests a second, time between tokens, time to the first token.

With B sequences decoded together in T seconds a step, O output tokens a request, a prompt that
takes t from end to end and keeps the replica busy for b = t / stages:

* *aggregated* (continuous batching): prompts and steps take turns. Each request costs b for its
  prompt and O T / B for its share of O steps:

  .. math::
      r = \frac{1}{b + O T / B}, \qquad \text{tpot} = T + \frac{B b}{O}, \qquad \text{ttft} = t + T

  While a user waits for O tokens, B requests (its own batch) bring one prompt each: that is B b
  spread over O tokens. The first token waits for the step that runs.
* *prefill* alone: :math:`r = 1 / \max(b, x)`, :math:`\text{ttft} = t + x`, with x the time to hand
  one KV cache over.
* *decode* alone: :math:`r = B / (O T)`, :math:`\text{tpot} = T`.

A steady state at full load, every batch full: queueing is the business of headroom
(``solver.lowering.fleet.headroom``). Left out: steps that mix chunks of prompts with decoding,
batches that run half empty, and context that differs between sequences (its mean is used).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.performance.step_table import FloatArray

__all__ = ["Served", "aggregated", "decode_only", "prefill_only"]


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """Arrays of one shape; ``nan`` where a replica has no such time.

    Parameters
    ----------
    requests_per_s
        Sustained rate of one replica.
    tpot_s
        Mean time between two output tokens of one user.
    ttft_s
        Time to the first token, without waiting in a queue.
    watts
        Mean power of the replica at that rate, hosts included; ``None``: not worked out.
    """

    requests_per_s: FloatArray
    tpot_s: FloatArray
    ttft_s: FloatArray
    watts: FloatArray | None = None


def aggregated(
    *,
    step_s: FloatArray,
    batch: FloatArray,
    prefill_s: FloatArray,
    stages: int,
    output_tokens: float,
) -> Served:
    """A replica that does both; arguments broadcast, ``output_tokens`` is positive."""
    busy_s = prefill_s / stages
    tpot_s = step_s + batch * busy_s / output_tokens
    # 1 / (b + O T / B) = B / (O tpot): one expression for both keeps them consistent.
    return Served(
        requests_per_s=batch / (output_tokens * tpot_s),
        tpot_s=tpot_s,
        ttft_s=prefill_s + step_s + 0.0 * batch,
    )


def prefill_only(*, prefill_s: FloatArray, stages: int, transfer_s: FloatArray) -> Served:
    """A replica that makes KV caches and hands them over; arguments broadcast.

    ``transfer_s`` is the time one cache takes over all of the replica's links; it overlaps with
    the next prompt.
    """
    busy_s = np.maximum(prefill_s / stages, transfer_s)
    ttft_s = prefill_s + transfer_s
    return Served(requests_per_s=1.0 / busy_s, tpot_s=np.full_like(ttft_s, np.nan), ttft_s=ttft_s)


def decode_only(*, step_s: FloatArray, batch: FloatArray, output_tokens: float) -> Served:
    """A replica that receives KV caches; arguments broadcast."""
    rate = batch / (output_tokens * step_s)
    return Served(
        requests_per_s=rate, tpot_s=step_s + 0.0 * batch, ttft_s=np.full_like(rate, np.nan)
    )
