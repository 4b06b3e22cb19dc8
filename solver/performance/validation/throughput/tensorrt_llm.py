"""Cases of TensorRT-LLM's performance pages.

Settings that the pages state, and that bound the requests in flight:

* a run of 1,000 to 30,000 requests of equal lengths, all queued at once (tables of the number of
  requests); requests are never evicted, and a batch holds at most 4,096 over the pipeline stages
  (page 0.14, printed engine details; ``tensorrt_llm/bench/build/tuning.py``). The KV cache takes
  99 % of the free memory on page 0.14 (same place), up to 95 % on the later ones.
* pages of 1.0 switch data-parallel attention on for all mixture models (their ``llm_options.yml``);
  the column there is still headed TP. It is read as expert and attention data parallelism over the
  devices of that column, as the later page names it (``DEP``).
* page 0.9: static batches with their own size, and prompts alone.
"""

from __future__ import annotations

from math import inf

from solver.catalog.domain import Model
from solver.performance.calibrated.point import Layout
from solver.performance.validation.throughput.cases import Case
from solver.performance.validation.throughput.layouts import stated_layout
from solver.performance.validation.throughput.names import (
    accelerator_named,
    formats_named,
    model_named,
)
from solver.performance.validation.throughput.rows import ThroughputRow

__all__ = ["ATTENTION_GROUPS_ASSUMED", "tensorrt_llm_case"]

ATTENTION_GROUPS_ASSUMED = "headed TP, but the page's options share experts and not attention"

_MOST_IN_FLIGHT = 4096.0
_KV_SHARE = {"v0.14": 0.99, "v1.0": 0.95, "v1.1+": 0.95}
_REQUESTS: dict[tuple[int, int], float] = {
    (128, 128): 30000,
    (128, 2048): 3000,
    (128, 4096): 1500,
    (500, 2000): 3000,
    (1000, 1000): 3000,
    (1000, 2000): 1500,
    (1024, 1024): 3000,
    (1024, 8192): 1500,
    (1024, 32768): 1000,
    (2048, 128): 3000,
    (2048, 2048): 1500,
    (5000, 500): 1500,
    (8192, 1024): 1500,
    (20000, 2000): 1000,
    (32768, 1024): 1000,
}
"""Requests of a run by lengths; no page states two numbers for the same lengths."""


def _release(row: ThroughputRow) -> str:
    return next((word for word in row.source.split() if word.startswith("v")), "")


def _layout(row: ThroughputRow, model: Model, release: str) -> tuple[Layout, bool] | str:
    tensor, groups, experts = row.tp or 1, row.dp or 1, row.ep or 1
    shared = release == "v1.0" and model.moe is not None and tensor > 1
    if shared:
        tensor, groups, experts = 1, tensor, tensor
    layout = stated_layout(model, tensor=tensor, stages=row.pp or 1, experts=experts, groups=groups)
    return layout if isinstance(layout, str) else (layout, shared)


def tensorrt_llm_case(row: ThroughputRow) -> Case | str:
    """The question that a row asks, or why there is none."""
    accelerator, model = accelerator_named(row.gpu), model_named(row.model)
    if isinstance(accelerator, str):
        return accelerator
    if isinstance(model, str):
        return model
    formats = formats_named(row.precision, model, accelerator)
    if isinstance(formats, str):
        return formats
    release = _release(row)
    found = _layout(row, model, release)
    if isinstance(found, str):
        return found
    layout, shared = found
    if row.n_gpus != layout.devices:
        return "the degrees do not multiply to the devices of the row"
    if row.isl is None or row.osl is None:
        return "lengths are not stated"
    assumptions = formats[1] + ((ATTENTION_GROUPS_ASSUMED,) if shared else ())
    if row.mode == "offline_max_throughput" and row.output_tok_s_per_gpu is not None:
        requests = _REQUESTS.get((int(row.isl), int(row.osl)), inf)
        return Case(
            measured=row.output_tok_s_per_gpu,
            quantity="greatest",
            model=model,
            accelerator=accelerator,
            formats=formats[0],
            input_tokens=row.isl,
            output_tokens=row.osl,
            layouts=(layout,),
            # Each attention group has a batch of its own; stages share one.
            most_in_flight=_MOST_IN_FLIGHT * layout.attention_data_parallel,
            requests=requests,
            kv_share=_KV_SHARE.get(release),
            assumptions=assumptions,
        )
    static = row.mode == "static_batch" and row.output_tok_s_per_gpu is not None
    if static or (row.mode == "batch1_prefill" and row.ttft_s is not None):
        batch = row.batch or 1.0
        prompts_s = batch * row.isl / (row.ttft_s or inf) / layout.devices
        return Case(
            measured=(row.output_tok_s_per_gpu or 0.0) if static else prompts_s,
            quantity="static" if static else "prompt",
            model=model,
            accelerator=accelerator,
            formats=formats[0],
            input_tokens=row.isl,
            output_tokens=row.osl,
            layouts=(layout,),
            batch=batch,
            assumptions=assumptions,
        )
    return "states no rate that the model predicts"
