r"""Time of the prompt of one request: the decode model with a whole prompt as its tokens.

A prompt of :math:`I` tokens passes through the layers once, all tokens together. That is a step of
the decode model (``epoch2025``) with :math:`S = I` tokens a sequence and one sequence a
microbatch; a token looks back on half the prompt on average:

.. math::
    t = \text{launch} + \text{collectives}(I) +
    \max\Bigl(\frac{\text{weights} + \text{activations}(I)}{n\,\beta},\;
    \frac{(2 P + 2\, d_h h L\, I)\, I}{n\,\pi}\Bigr)

with n devices a stage, bandwidth beta and peak pi after their efficiencies, P active parameters.
The collectives are those of the decode step (two all-reduces a layer in 1D, four in 2D, one
hand-over between stages) on messages of I tokens.

One prompt goes through the stages one after the other, so its time holds n devices' rates; s
stages work on s prompts at once, so the replica is busy ``t / stages`` for each.

Left out: chunks (each reads the weights again), prefix caching, the head computed for the last
token only (2 P counts it for every token), writing the KV cache, and all that the decode model
leaves out. Attention reads its context once, as a fused kernel does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from solver.performance.epoch2025.step import FloatArray, StepFamily, StepSetting, StepTerms

__all__ = ["prefill_pass_s", "prefill_pass_terms"]


def prefill_pass_s(
    setting: StepSetting,
    *,
    input_tokens: int,
    tensor_degrees: Sequence[int] | npt.NDArray[np.float64] | npt.NDArray[np.int64],
    two_dimensional: bool,
    stages: int,
) -> FloatArray:
    """Seconds from the first layer to the last for one prompt, (tensor degrees,).

    See ``prefill_pass_terms``.
    """
    terms = prefill_pass_terms(
        setting,
        input_tokens=input_tokens,
        tensor_degrees=tensor_degrees,
        two_dimensional=two_dimensional,
        stages=stages,
    )
    return np.asarray(terms.latency_s)


def prefill_pass_terms(
    setting: StepSetting,
    *,
    input_tokens: int,
    tensor_degrees: Sequence[int] | npt.NDArray[np.float64] | npt.NDArray[np.int64],
    two_dimensional: bool,
    stages: int,
) -> StepTerms:
    """What the time of one prompt is made of, (tensor degrees,).

    Parameters
    ----------
    setting
        Of the decode step; its context and its tokens per sequence are not used.
    input_tokens
        Length of the prompt, positive.
    tensor_degrees, two_dimensional, stages
        Layouts, as ``StepFamily`` takes them.

    Raises
    ------
    ValueError
        If the prompt is empty.
    """
    if input_tokens < 1:
        raise ValueError(f"a prompt has at least one token (got {input_tokens})")
    step = StepFamily(
        replace(setting, context_tokens=(input_tokens + 1) // 2, tokens_per_sequence=input_tokens),
        tensor_degrees=tensor_degrees,
        batches=[stages],
        two_dimensional=two_dimensional,
        stages=stages,
    )
    rows = np.arange(len(step.tensor_degrees))
    return step.terms(rows, np.zeros_like(rows))
