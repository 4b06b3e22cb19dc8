"""What the layout columns of a measured row mean, where that can be told.

The columns of one file were filled by several conversions. What each did is told by measurements
that occur in two of them: the same time to the microsecond, with different layout columns.

* Plain: ``tp_size x attention_dp_size`` devices, as many as ``moe_tp_size x moe_ep_size``.
* Aggregated rows dumped on 2026-04-06 and 2026-04-27 with experts in groups have the degree of
  tensor or attention data parallelism multiplied once more by ``moe_ep_size``: ``16, 1, 4, 4``
  (columns tp, attention dp, moe tp, moe ep) is ``4, 1, 1, 4`` in the dump of 2026-03-25, and
  ``1, 64, 8, 8`` is ``1, 8, 1, 8``. The devices are those of ``moe_tp_size``.
* vLLM rows of these dumps repeat the degree: ``2, 2, 1, 4`` has the times (to 1 %, from 4 to 256
  requests) of ``2, 1, 1, 2``, and its id says ``tp2_ep2``.
* Disaggregated rows without a number of workers add up devices of all workers and lose attention
  data parallelism: ``8, 1, 1, 8`` meets ``1, 8, 1, 8`` in one to five workers. They are refused.
* Aggregated GB200 rows with ``tp_size`` 12, 20, 28 ... are such sums too, misfiled: heads do not
  divide. Then no row of the same source, system, engine, model and precision is trusted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.catalog.domain import Model
from solver.performance.calibrated.point import Layout, Pool
from solver.performance.validation.measured.rows import MeasuredRow, PoolColumns

__all__ = [
    "MULTIPLIED_SOURCES",
    "aggregated_concurrency",
    "aggregated_layout",
    "disaggregated_pools",
    "summed_devices",
]

MULTIPLIED_SOURCES = ("source_file=2026-04-06.csv", "db-dump/2026-04-27")
"""Sources whose aggregated rows have a degree multiplied by ``moe_ep_size``."""

_NARROWEST_SHARE = 128
"""Columns of an expert on one device: kernels multiply tiles of 128, and weights with a scale to
128 x 128 of them cannot be split below. Dumps state 32 shares of 64 columns for SGLang on GB200."""

_Degrees = tuple[int, int, int, int]
"""Attention tensor parallel, attention data parallel, expert tensor parallel, expert parallel."""


def _degrees(columns: PoolColumns, model: Model) -> _Degrees | str:
    tp, dp = columns.tp_size or 0, columns.attention_dp_size or 1
    if tp < 1:
        return "tp_size is not stated"
    if model.moe is None:
        # The expert columns of a dense model hold 0, 1 or a copy of tp_size, and mean nothing.
        return tp, dp, tp * dp, 1
    if not columns.moe_tp_size or not columns.moe_ep_size:
        return "how the experts are laid out (moe_tp_size, moe_ep_size) is not stated"
    return tp, dp, columns.moe_tp_size, columns.moe_ep_size


def _unmultiplied(row: MeasuredRow, degrees: _Degrees) -> _Degrees:
    """Degrees without the factor that two of the sources put in; others as they are."""
    tp, dp, moe_tp, ep = degrees
    if row.source not in MULTIPLIED_SOURCES or ep == 1 or tp * dp != moe_tp * ep:
        return degrees
    if moe_tp == 1 and tp == dp:
        return tp, 1, 1, tp
    if moe_tp % ep:
        return degrees
    if dp == 1:
        return moe_tp, 1, moe_tp // ep, ep
    if tp == 1:
        return 1, moe_tp, moe_tp // ep, ep
    return degrees


def _layout(degrees: _Degrees, stages: int, model: Model) -> Layout | str:
    tp, dp, moe_tp, ep = degrees
    if moe_tp * ep != tp * dp:
        return (
            "devices of attention (tp_size x attention_dp_size) and of experts "
            "(moe_tp_size x moe_ep_size) differ"
        )
    if model.n_heads % tp:
        return "tp_size does not divide the attention heads"
    if model.moe is not None and (model.moe.n_experts % ep or model.moe.expert_d_ff % moe_tp):
        return "the expert degrees do not divide the experts or their width"
    if model.moe is not None and model.moe.expert_d_ff // moe_tp < _NARROWEST_SHARE:
        return (
            f"moe_tp_size leaves a device less than {_NARROWEST_SHARE} columns of an expert: "
            "such experts are laid out whole, in groups that are not stated"
        )
    if stages > model.layers:
        return "more pipeline stages than layers"
    return Layout(tp, stages, ep, dp)


def aggregated_layout(row: MeasuredRow, model: Model) -> Layout | str:
    """The layout of a deployment without pools, or why its columns cannot be read."""
    columns = row.aggregated
    degrees = _degrees(columns, model)
    if isinstance(degrees, str):
        return degrees
    sequences = columns.batch_size and columns.batch_size * degrees[1]
    if sequences and row.concurrency and abs(sequences - row.concurrency) >= degrees[1]:
        return (
            "batch_size x attention_dp_size is not concurrency: how many replicas shared the "
            "requests is not stated"
        )
    return _layout(_unmultiplied(row, degrees), columns.pp_size or 1, model)


def aggregated_concurrency(row: MeasuredRow) -> float | None:
    """Requests in flight: as stated, else the sequences of every attention group together."""
    if row.concurrency is not None or row.aggregated.batch_size is None:
        return row.concurrency
    return row.aggregated.batch_size * (row.aggregated.attention_dp_size or 1)


def _pool(columns: PoolColumns, model: Model, name: str) -> Pool | str:
    if not columns.num_workers:
        return "the number of prefill or decode workers is not stated"
    degrees = _degrees(columns, model)
    layout = degrees if isinstance(degrees, str) else _layout(degrees, columns.pp_size or 1, model)
    return f"{name}: {layout}" if isinstance(layout, str) else Pool(layout, columns.num_workers)


def disaggregated_pools(row: MeasuredRow, model: Model) -> tuple[Pool, Pool] | str:
    """The prefill and the decode pool of a row, or why its columns cannot be read."""
    prefill = _pool(row.prefill, model, "prefill")
    if isinstance(prefill, str):
        return prefill
    decode = _pool(row.decode, model, "decode")
    return decode if isinstance(decode, str) else (prefill, decode)


def summed_devices(
    rows: Sequence[MeasuredRow], models: Mapping[str, Model]
) -> frozenset[tuple[str | None, ...]]:
    """Groups of aggregated rows whose ``tp_size`` counts devices of several workers.

    Told by one row of the group whose ``tp_size``, alone and without expert groups, does not
    divide the heads. A group is what ``group_of`` returns: source, system, engine, model and
    precision.
    """
    groups = set()
    for row in rows:
        model, columns = models.get(row.model_path), row.aggregated
        if row.mode != "agg" or model is None or not columns.tp_size:
            continue
        alone = (columns.attention_dp_size or 1) == 1 and (columns.moe_ep_size or 1) == 1
        if alone and model.n_heads % columns.tp_size:
            groups.add(group_of(row))
    return frozenset(groups)


def group_of(row: MeasuredRow) -> tuple[str | None, ...]:
    """Rows that one conversion wrote for one kind of deployment."""
    return (row.source, row.system, row.backend, row.model_path, row.gemm_quant_mode)
