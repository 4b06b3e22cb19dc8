"""Cases of single published figures: those that state layout, lengths and batch."""

from __future__ import annotations

from solver.performance.validation.throughput.cases import Case, Quantity
from solver.performance.validation.throughput.layouts import stated_layout
from solver.performance.validation.throughput.names import (
    accelerator_named,
    formats_named,
    model_named,
)
from solver.performance.validation.throughput.rows import ThroughputRow

__all__ = ["published_case"]

_QUANTITY: dict[str, Quantity] = {"static_batch_latency": "static", "decode": "decode"}


def published_case(row: ThroughputRow) -> Case | str:
    """The question that a row asks, or why there is none.

    A batch of a row with attention data parallelism is that of each device.
    """
    accelerator, model = accelerator_named(row.gpu), model_named(row.model)
    if isinstance(accelerator, str):
        return accelerator
    if isinstance(model, str):
        return model
    formats = formats_named(row.precision, model, accelerator)
    if isinstance(formats, str):
        return formats
    if row.output_tok_s_per_gpu is None:
        return "the rate of output tokens is not stated"
    if row.isl is None:
        return "lengths are not stated"
    if row.tp is None and row.dp is None:
        return "the layout is not stated"
    layout = stated_layout(
        model, tensor=row.tp or 1, stages=row.pp or 1, experts=row.ep or 1, groups=row.dp or 1
    )
    if isinstance(layout, str):
        return layout
    if row.batch is None:
        return "the batch is not stated"
    quantity = _QUANTITY.get(row.mode)
    if quantity is None:
        return f"mode {row.mode!r} is not predicted"
    return Case(
        measured=row.output_tok_s_per_gpu,
        quantity=quantity,
        model=model,
        accelerator=accelerator,
        formats=formats[0],
        input_tokens=row.isl,
        output_tokens=row.osl or 1.0,
        layouts=(layout,),
        batch=row.batch * layout.attention_data_parallel,
        assumptions=formats[1],
    )
