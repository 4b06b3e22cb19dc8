"""Prompts mixed into steps: the formulas of ``serving``, for lists of points and for rectangles.

Arguments are floats or arrays that broadcast together, for one lane: an attention group of a stage.
"""

from __future__ import annotations

import numpy as np

from solver.performance.calibrated.constants import ServingConstants
from solver.performance.calibrated.cost import FloatArray

__all__ = ["between_tokens_s", "chunks_of", "first_token_s"]


def chunks_of(
    serving: ServingConstants,
    sequences: FloatArray,
    *,
    fresh: FloatArray | float,
    answer: FloatArray | float,
    emitted_per_step: float = 1.0,
) -> tuple[FloatArray, FloatArray]:
    """Prompt tokens of a step that carries some, and the share of steps that do.

    ``fresh`` are the tokens of a prompt that are not cached, ``answer`` those of its answer, of
    which a step emits ``emitted_per_step`` for each sequence.
    """
    arriving = sequences * (fresh * emitted_per_step / answer)
    chunk = np.minimum(np.maximum(fresh, arriving), serving.chunk_tokens)
    return chunk, arriving / chunk


def between_tokens_s(plain_s: FloatArray, mixed_s: FloatArray, share: FloatArray) -> FloatArray:
    """Mean time of a step, of which ``share`` carry prompts and take ``mixed_s``."""
    return np.asarray(plain_s + share * (mixed_s - plain_s))


def first_token_s(
    serving: ServingConstants,
    *,
    plain_s: FloatArray,
    mixed_s: FloatArray,
    alone_s: FloatArray,
    sequences: FloatArray,
    fresh: FloatArray | float,
) -> FloatArray:
    """Time to the first token where there is room; ``alone_s`` is a first chunk on its own."""
    chunks = np.maximum(fresh / serving.chunk_tokens, 1.0)
    return np.asarray(
        serving.request_s
        + serving.admission_steps * plain_s
        + serving.burst_share * sequences * (alone_s * chunks)
        + chunks * mixed_s
    )
