r"""A replica that reads prompts alone: time of a prompt, prompts at once, HBM, sending caches on.

Every attention group of every stage works on a prompt of its own, so that a replica of d groups and
s stages has d s *lanes*; a prompt holds its lane for the time P that ``Replica.prompt_s`` gives,
all chunks through all stages. With the share h of its tokens in the prefix cache a prompt of I
tokens brings (1 - h) I, which attend to the whole prompt. The cache leaves over the links of
its group while the lane works on the next prompt:

.. math:: r = \min\Bigl(\frac{d\,s}{P},\; \frac{d}{x}\Bigr), \qquad \text{ttft} = a + P + H

with x the time a group needs to send one cache, a the time until the engine has the request
(``ServingConstants.request_s``) and H the hand-over until the decode replica holds it. HBM holds
weights, the activations of a chunk, the engine's own, and for each lane two prompts: the one that
is worked on and the one on its way.

Left out: prompts that arrive together and wait (headroom is the fleet's business), and the decode
step that a request waits for when it is handed over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.performance.calibrated.cost import FloatArray
from solver.performance.calibrated.replica import Columns, Replica

__all__ = ["PREFILL_PROMPTS_HELD", "PrefillWork", "prefill_work"]

PREFILL_PROMPTS_HELD = 2.0
"""Prompts in the HBM of a lane: one being read, one being sent."""


@dataclass(frozen=True, slots=True, eq=False)
class PrefillWork:
    """Prompts of one length on layouts; arrays (n,).

    Parameters
    ----------
    prompt_s
        One prompt from the first layer to the last, its chunks one after the other.
    lanes
        Prompts that are worked on at once.
    hbm_bytes
        On the fullest device.
    arithmetic_s, hbm_s
        Parts of ``prompt_s`` that are bound by arithmetic and by HBM.
    """

    prompt_s: FloatArray
    lanes: FloatArray
    hbm_bytes: FloatArray
    arithmetic_s: FloatArray
    hbm_s: FloatArray


def prefill_work(
    replica: Replica, columns: Columns, *, input_tokens: float, prefix_hit: float = 0.0
) -> PrefillWork:
    """What prompts of ``input_tokens`` tokens ask of every layout.

    Parameters
    ----------
    input_tokens
        Length of a prompt, at least 1.
    prefix_hit
        Share of the prompt whose cache is there already, from 0 to below 1.

    Raises
    ------
    ValueError
        For an empty prompt or a share out of range.
    """
    if input_tokens < 1 or not 0.0 <= prefix_hit < 1.0:
        raise ValueError(
            f"a prompt has at least one token, and not all of it is cached (got {input_tokens}, "
            f"{prefix_hit})"
        )
    serving = replica.serving
    fresh = max(input_tokens * (1.0 - prefix_hit), 1.0)
    chunk = min(fresh, serving.chunk_tokens)
    each = np.ones_like(columns.tensor_parallel)
    cost = replica.pass_cost(
        columns,
        sequences=0.0 * each,
        context=input_tokens * each,
        prompt_tokens=chunk * each,
        prompt_length=input_tokens * each,
    )
    tensor, stages = columns.tensor_parallel, columns.pipeline_parallel
    one = replica.memory.kv_bytes(tensor, input_tokens, stages)
    held = PREFILL_PROMPTS_HELD * stages * one / serving.kv_share
    activations = replica.memory.activation_bytes(tensor, chunk, 1.0)
    return PrefillWork(
        prompt_s=np.asarray(cost.seconds * (fresh / chunk)),
        lanes=np.asarray(columns.attention_data_parallel * stages),
        hbm_bytes=np.asarray(
            replica.weights_bytes(columns) + held + activations + serving.engine_bytes
        ),
        arithmetic_s=np.asarray(cost.arithmetic_s * (fresh / chunk) * each),
        hbm_s=np.asarray(cost.hbm_s * (fresh / chunk) * each),
    )
