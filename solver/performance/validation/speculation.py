"""Speculative decoding for the rows of a reference file.

The same formula as ``epoch2025.reference.speculative_latency``, for many rows at once: each number
of verified tokens is a family of its own, shared by all rows of one model, draft and context. Both
give the same floats (tested).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from solver.performance.epoch2025.reference import PIPELINE_CHOICES
from solver.performance.epoch2025.step import StepSetting
from solver.performance.validation.constants import ReferenceConstants
from solver.performance.validation.rows import Columns, FloatArray, Rows
from solver.performance.validation.steps import (
    published_setting,
    row_groups,
    step_outputs,
    whole_numbers,
)

__all__ = ["speculative_outputs"]


def speculative_outputs(rows: Rows, constants: ReferenceConstants) -> Columns:
    """Columns of ``speculative.csv``: the best draft length and what it gives."""
    n = rows.numbers
    names = ("latency_s", "best_gamma", "base_latency_s", "draft_latency_s")
    computed = {name: np.empty(len(rows)) for name in names}
    keys = zip(
        rows.names["gpu"],
        rows.names["model"],
        rows.names["draft"],
        whole_numbers(n["input_len"]),
        strict=True,
    )
    for (gpu, model, draft, context_tokens), members in row_groups(keys):
        found = _group_outputs(
            published_setting(constants, gpu, model, context_tokens),
            published_setting(constants, gpu, draft, context_tokens),
            devices=n["n_gpu"][members],
            batch=n["batch"][members],
            acceptance=n["acceptance"][members].tolist(),
            longest=n["gamma_max"][members],
        )
        for name, values in zip(names, found, strict=True):
            computed[name][members] = values
    return computed


def _group_outputs(
    target: StepSetting,
    draft: StepSetting,
    *,
    devices: FloatArray,
    batch: FloatArray,
    acceptance: list[float],
    longest: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Latency, best draft length, latency without a draft, latency of the draft; each (rows,)."""
    draft_s = _fastest_s(draft, devices, batch)
    base_s = _fastest_s(target, devices, batch)
    refused = 1 - np.array(acceptance)
    # One token a step: the factor is 1, but the published loop multiplies and divides all the same.
    best_s, best_length = base_s * refused / refused, np.zeros(devices.shape)
    for length in range(1, int(longest.max()) + 1):
        step_s = _fastest_s(replace(target, tokens_per_sequence=length + 1), devices, batch)
        # Python's own power: an array power may differ in the last bit.
        yielded = np.array([1 - share ** (length + 1) for share in acceptance])
        token_s = (step_s + length * draft_s) * refused / yielded
        better = (length <= longest) & (token_s < best_s)
        best_s = np.where(better, token_s, best_s)
        best_length = np.where(better, float(length), best_length)
    return best_s, best_length, base_s, draft_s


def _fastest_s(setting: StepSetting, devices: FloatArray, batch: FloatArray) -> FloatArray:
    """The published final function, row by row: the fastest of 1D and 2D and 1, 2, 4, 6 stages."""
    best = np.full(devices.shape, np.inf)
    for stages in PIPELINE_CHOICES:
        for two_dimensional in (True, False):
            outputs = step_outputs(
                setting,
                devices=devices,
                batch=batch,
                two_dimensional=two_dimensional,
                stages=stages,
            )
            best = np.minimum(best, outputs["latency_s"])
    return best
