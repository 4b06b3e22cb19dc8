"""Step latencies and their terms for the rows of a reference file, column by column.

Rows that share everything but the tensor degree and the batch are evaluated as one family, with
index arrays: thousands of rows take about a second, and the floats are those of a single row
(tested).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from solver.performance.epoch2025.collectives import collective_time
from solver.performance.epoch2025.counts import count
from solver.performance.epoch2025.memory import published_bytes
from solver.performance.epoch2025.step import StepFamily, StepSetting
from solver.performance.validation.constants import ReferenceConstants
from solver.performance.validation.rows import Columns, FloatArray, Rows

__all__ = [
    "component_outputs",
    "exact_outputs",
    "paper_outputs",
    "published_setting",
    "row_groups",
    "step_outputs",
    "whole_numbers",
]

IndexArray = npt.NDArray[np.intp]
_Key = TypeVar("_Key", bound=Hashable)


class _Branch(NamedTuple):
    """What the rows of one family share."""

    gpu: str
    model: str
    context_tokens: int
    two_dimensional: bool
    stages: int


def row_groups(keys: Iterable[_Key]) -> Iterator[tuple[_Key, IndexArray]]:
    """Each distinct key and the rows that have it, in order of appearance."""
    members: dict[_Key, list[int]] = {}
    for row, key in enumerate(keys):
        members.setdefault(key, []).append(row)
    for key, rows in members.items():
        yield key, np.array(rows, dtype=np.intp)


def whole_numbers(column: FloatArray) -> list[int]:
    """A column whose reader admits whole numbers only."""
    return [int(value) for value in column.tolist()]


def step_outputs(
    setting: StepSetting,
    *,
    devices: FloatArray,
    batch: FloatArray,
    two_dimensional: bool,
    stages: int,
    obeys_stages: bool = True,
) -> dict[str, FloatArray]:
    """Every term of the published latency function, for ``devices`` (n,) and ``batch`` (n,).

    Parameters
    ----------
    devices, batch
        Row by row, any positive numbers (erratum B8).
    obeys_stages
        Whether a layout with more stages than devices or sequences is refused, as the final
        function does; the function of section 3.5 has no stages and looks at memory alone.

    Returns
    -------
    dict
        By name, arrays (n,) in seconds, bytes and operations; ``latency_s`` is inf where the
        design is refused.
    """
    degrees, rows = np.unique(devices / stages, return_inverse=True)
    batches, columns = np.unique(batch, return_inverse=True)
    family = StepFamily(
        setting,
        tensor_degrees=degrees,
        batches=batches,
        two_dimensional=two_dimensional,
        stages=stages,
    )
    terms = family.terms(rows, columns)
    fits = devices * setting.accelerator.hbm_bytes >= published_bytes(family, columns)
    reached = fits & (stages <= np.minimum(devices, batch)) if obeys_stages else fits
    return {
        "latency_s": np.where(reached, terms.latency_s, np.inf),
        "network_s": terms.network_s,
        "network_latency_s": family.network_latency_s(rows, columns),
        "memory_bytes": family.memory_bytes(rows, columns),
        "flop": family.flop(columns),
        "hbm_s": terms.hbm_s,
        "arithmetic_s": terms.arithmetic_s,
        "launch_s": np.full(devices.shape, terms.launch_s),
        "fits": fits.astype(np.float64),
    }


def published_setting(
    constants: ReferenceConstants, gpu: str, model: str, context_tokens: int
) -> StepSetting:
    """The setting of the reference: a model at its own precisions, nothing below its peak."""
    entry = constants.models[model]
    return StepSetting(
        counts=count(entry),
        accelerator=constants.accelerators[gpu],
        weight_bits=entry.native_weight_bits,
        kv_bits=entry.native_kv_bits,
        context_tokens=context_tokens,
    )


_COMPONENTS = {
    "latency_s": "latency_s",
    "network_time_s": "network_s",
    "memory_rw_bytes": "memory_bytes",
    "flop": "flop",
    "memory_time_s": "hbm_s",
    "arithmetic_time_s": "arithmetic_s",
    "kernel_launch_time_s": "launch_s",
}

_PAPER = {
    "latency_s": "latency_s",
    "arithmetic_cost_flop": "flop",
    "memory_rw_bytes": "memory_bytes",
    "arithmetic_time_s": "arithmetic_s",
    "memory_time_s": "hbm_s",
    "network_time_s": "network_s",
    "network_latency_part_s": "network_latency_s",
    "kernel_launch_time_s": "launch_s",
    "fits": "fits",
}


def _branch_outputs(
    rows: Rows,
    constants: ReferenceConstants,
    branches: Iterable[_Branch],
    columns: Mapping[str, str],
    *,
    obeys_stages: bool,
) -> dict[str, FloatArray]:
    """``columns`` (file name to name in ``step_outputs``) of all rows, a family at a time."""
    computed = {column: np.empty(len(rows)) for column in columns}
    for branch, members in row_groups(branches):
        outputs = step_outputs(
            published_setting(constants, branch.gpu, branch.model, branch.context_tokens),
            devices=rows.numbers["n_gpu"][members],
            batch=rows.numbers["batch"][members],
            two_dimensional=branch.two_dimensional,
            stages=branch.stages,
            obeys_stages=obeys_stages,
        )
        for column, name in columns.items():
            computed[column][members] = outputs[name]
    return computed


def component_outputs(rows: Rows, constants: ReferenceConstants) -> Columns:
    """Columns of ``token_latency_components.csv``: each branch of the final function."""
    branches = map(
        _Branch,
        rows.names["gpu"],
        rows.names["model"],
        whole_numbers(rows.numbers["input_len"]),
        map(bool, rows.numbers["two_d"].tolist()),
        whole_numbers(rows.numbers["n_pp"]),
    )
    return _branch_outputs(rows, constants, branches, _COMPONENTS, obeys_stages=True)


def _paper_bandwidth_s(setting: StepSetting, *, devices: float, batch: float) -> float:
    """Bandwidth part of the four all-reduces of each layer.

    Summed apart: the difference of the whole and its latency part loses digits where it is small.
    """
    c = setting.counts
    axis = math.sqrt(devices)
    ff_words = (c.ff_up * c.ff_width, c.ff_down * c.d_model)
    return c.layers * sum(
        collective_time(
            "allreduce",
            ranks=axis,
            nodes=math.sqrt(math.ceil(devices / setting.accelerator.node_devices)),
            message_bytes=words * batch * setting.kv_bytes / axis,
            accelerator=setting.accelerator,
        ).bandwidth_s
        for words in (c.d_model, c.qkv_width, c.top_k * ff_words[0], c.top_k * ff_words[1])
    )


def paper_outputs(rows: Rows, constants: ReferenceConstants) -> Columns:
    """Columns of ``token_latency_paper.csv``: the function of section 3.5, and model sizes."""
    contexts = whole_numbers(rows.numbers["input_len"])
    branches = [
        _Branch(gpu, model, context, True, 1)
        for gpu, model, context in zip(
            rows.names["gpu"], rows.names["model"], contexts, strict=True
        )
    ]
    bandwidth_s = [
        _paper_bandwidth_s(
            published_setting(constants, branch.gpu, branch.model, branch.context_tokens),
            devices=devices,
            batch=batch,
        )
        for branch, devices, batch in zip(
            branches, rows.numbers["n_gpu"].tolist(), rows.numbers["batch"].tolist(), strict=True
        )
    ]
    models = [constants.models[name] for name in rows.names["model"]]
    counts = [count(model) for model in models]
    kv_bytes = [
        c.kv_values_per_token * model.native_kv_bits / 8
        for c, model in zip(counts, models, strict=True)
    ]
    return {
        **_branch_outputs(rows, constants, branches, _PAPER, obeys_stages=False),
        "network_bandwidth_part_s": np.array(bandwidth_s),
        "total_params": np.array([c.params for c in counts], dtype=np.float64),
        "active_params": np.array([c.active_params for c in counts], dtype=np.float64),
        "kv_bytes_per_token": np.array(kv_bytes, dtype=np.float64),
    }


def exact_outputs(
    rows: Rows,
    constants: ReferenceConstants,
    *,
    gpu: str,
    model: str,
    context_tokens: int,
    max_tok_per_s: float = math.inf,
) -> Columns:
    """Columns of a file of exact designs: each design evaluated again.

    A design beyond ``max_tok_per_s`` of the whole replica is not in the space that the file is
    about; like one that does not fit, it has no latency.
    """
    n = rows.numbers
    branches = [
        _Branch(gpu, model, context_tokens, bool(two_d), stages)
        for two_d, stages in zip(n["two_d"].tolist(), whole_numbers(n["n_pp"]), strict=True)
    ]
    devices = n["n_tp"] * n["n_pp"]
    latency_s = np.empty(len(rows))
    for branch, members in row_groups(branches):
        latency_s[members] = step_outputs(
            published_setting(constants, gpu, model, context_tokens),
            devices=devices[members],
            batch=n["batch"][members],
            two_dimensional=branch.two_dimensional,
            stages=branch.stages,
        )["latency_s"]
    # The cap was applied to floats of another order of operations: leave it their last bits.
    beyond = n["batch"] / latency_s > max_tok_per_s * (1 + 1e-12)
    latency_s[beyond] = np.inf
    gpu_s_per_token = devices * latency_s / n["batch"]
    usd_per_s = float(constants.usd_per_hour[gpu]) / 3600
    return {
        "latency_s": latency_s,
        "tok_s_per_request": 1.0 / latency_s,
        "gpu_s_per_token": gpu_s_per_token,
        "usd_per_mtok": gpu_s_per_token * usd_per_s * 1e6,
        "n_gpu": devices,
    }
