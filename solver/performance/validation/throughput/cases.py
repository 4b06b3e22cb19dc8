"""What is asked of the model for one published figure."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

from solver.catalog.domain import Accelerator, Model
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout

__all__ = ["Case", "Quantity", "layout_text"]

Quantity = Literal["greatest", "static", "prompt", "decode"]
"""What was measured: the greatest throughput of requests without end, a static batch from its
prompts to its last token, prompts alone, or decode steps of a given batch alone."""


@dataclass(frozen=True, slots=True)
class Case:
    """One published figure as a question.

    Parameters
    ----------
    measured
        Output tokens a second for each device; of ``prompt``, prompt tokens.
    layouts
        The layout that is stated; else all that a buyer could have chosen, and the best counts.
    most_in_flight
        Requests in a replica at most, by the engine's settings.
    requests
        Length of the run; infinite for the steady state.
    max_tpot_s, max_ttft_s
        Limits of the scenario.
    kv_share
        Share of the free HBM that the source gives to the KV cache; ``None`` for that of the model.
    batch
        Sequences together in ``static``, ``prompt`` and ``decode``.
    assumptions
        What the source leaves open and how it was read.
    """

    measured: float
    quantity: Quantity
    model: Model
    accelerator: Accelerator
    formats: Formats
    input_tokens: float
    output_tokens: float
    layouts: tuple[Layout, ...]
    most_in_flight: float = inf
    requests: float = inf
    max_tpot_s: float = inf
    max_ttft_s: float = inf
    kv_share: float | None = None
    batch: float = 1.0
    assumptions: tuple[str, ...] = ()


def layout_text(layout: Layout) -> str:
    """A layout in words, such as ``tp4-pp2`` or ``tp1-dp8-ep8``."""
    parts = [f"tp{layout.tensor_parallel}"]
    if layout.pipeline_parallel > 1:
        parts.append(f"pp{layout.pipeline_parallel}")
    if layout.attention_data_parallel > 1:
        parts.append(f"dp{layout.attention_data_parallel}")
    if layout.expert_parallel > 1:
        parts.append(f"ep{layout.expert_parallel}")
    return "-".join(parts)
