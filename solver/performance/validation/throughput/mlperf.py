"""Cases of MLPerf Inference, closed division.

Results state no layout: the best one of the model over the devices of a node counts, which is what
a buyer would have been told. They state no mean prompt, and offline ones of Llama-3.1-8B no mean
answer either; those are the data set's. Server and Interactive limit the 99th percentile of the
time to the first token and between tokens; here the means keep the limits, so that the prediction
errs on the fast side by as much as the tail is longer than the mean (4 % to 36 % for the time
between tokens in the results of 5.1).

Data sets: Llama-2-70B OpenOrca, 294.45 tokens an answer (MLCommons, language/llama2-70b, README);
prompts are taken as long. Llama-3.1-405B, 9,428 in and 684 out (MLCommons, 2025-04, LLM inference
v5.0). Llama-3.1-8B CNN/DailyMail, 778 in (MLCommons, 2025-09, small LLM inference 5.1) and 128 out,
as results state them. DeepSeek-R1, 3,880 out (MLCommons, 2025-09, DeepSeek inference 5.1); its
prompts are taken as long as OpenOrca's, a twelfth of its answers. The mean prompt of Mixtral's data
set (OpenOrca, GSM8K and MBXP) is not published, and prompts are most of the work where answers have
146 tokens: these rows are refused. Answers of DeepSeek-R1 run up to 20,000 tokens: requests of
equal lengths, which the model assumes, are far from that, and its errors there stand apart.

The open division is refused: it permits changed models, and most of these are pruned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType

from solver.performance.validation.throughput.cases import Case
from solver.performance.validation.throughput.layouts import layouts_over
from solver.performance.validation.throughput.names import (
    accelerator_named,
    formats_named,
    model_named,
)
from solver.performance.validation.throughput.rows import ThroughputRow

__all__ = ["BEST_LAYOUT_ASSUMED", "DATA_SETS", "PROMPT_ASSUMED", "DataSet", "mlperf_case"]

BEST_LAYOUT_ASSUMED = "layout not stated: the best of the model over a node"
PROMPT_ASSUMED = "mean prompt not published: that of OpenOrca"
ANSWER_ASSUMED = "mean answer not stated: that of the data set"
LIMITS_ASSUMED = "limits on the 99th percentile are kept by the mean"


@dataclass(frozen=True, slots=True)
class DataSet:
    """Mean tokens of prompts and answers; of prompts ``None`` where nothing can stand for it."""

    input_tokens: float | None
    output_tokens: float
    published: bool = True


DATA_SETS: Mapping[str, DataSet] = MappingProxyType(
    {
        "llama-2-70b": DataSet(294.45, 294.45, published=False),
        "mixtral-8x7b": DataSet(None, 145.9, published=False),
        "llama-3.1-405b": DataSet(9428.0, 684.0),
        "llama-3.1-8b": DataSet(778.0, 128.0),
        "deepseek-r1": DataSet(294.45, 3880.0, published=False),
    }
)
"""By model as the tables name it."""

_LIMITS = re.compile(r"limits ttft=([\d.]+)s tpot=([\d.]+)s")
_NODES = re.compile(r"nodes=(\d+)")


def _devices_of_node(row: ThroughputRow, node_devices: int) -> int:
    nodes = _NODES.search(row.notes)
    devices = row.n_gpus or 1
    if nodes is not None and devices % int(nodes[1]) == 0:
        # Hosts of one rack-wide network are one node to the model.
        devices //= 1 if node_devices > 8 else int(nodes[1])
    limit = max(node_devices, 8)
    return devices if devices <= limit else limit


def mlperf_case(row: ThroughputRow) -> Case | str:
    """The question that a row asks, or why there is none."""
    accelerator, model = accelerator_named(row.gpu), model_named(row.model)
    if isinstance(accelerator, str):
        return accelerator
    if isinstance(model, str):
        return model
    if row.kind != "measured":
        return "open division: the model may be a changed one"
    formats = formats_named(row.precision, model, accelerator)
    if isinstance(formats, str):
        return formats
    data = DATA_SETS.get(row.model)
    if data is None:
        return f"the data set of {row.model!r} is not known"
    prompt = row.isl or data.input_tokens
    if prompt is None:
        return "the data set's mean prompt is not published, and prompts are most of the work"
    if row.output_tok_s_per_gpu is None:
        return "states no rate that the model predicts"
    assumptions = [BEST_LAYOUT_ASSUMED, *formats[1]]
    if not data.published and row.isl is None:
        assumptions.append(PROMPT_ASSUMED)
    if row.osl is None:
        assumptions.append(ANSWER_ASSUMED)
    max_ttft_s = max_tpot_s = inf
    if row.mode != "Offline":
        limits = _LIMITS.search(row.notes)
        if limits is None:
            return "the limits of the scenario are not stated"
        max_ttft_s, max_tpot_s = float(limits[1]), float(limits[2])
        assumptions.append(LIMITS_ASSUMED)
    return Case(
        measured=row.output_tok_s_per_gpu,
        quantity="greatest",
        model=model,
        accelerator=accelerator,
        formats=formats[0],
        input_tokens=prompt,
        output_tokens=row.osl or data.output_tokens,
        layouts=layouts_over(model, _devices_of_node(row, accelerator.node_devices)),
        max_ttft_s=max_ttft_s,
        max_tpot_s=max_tpot_s,
        assumptions=tuple(assumptions),
    )
