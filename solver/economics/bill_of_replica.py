"""The cheapest replica for one step of a service, in US$ per session."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from solver.economics.cheapest import Cheapest
from solver.economics.storage import session_storage_usd
from solver.instance.domain import ReplicaInstance
from solver.instance.services.demand import session_demand
from solver.instance.services.replica_door import service_context, service_traffic
from solver.instance.services.shape import ServiceShape
from solver.lowering.economy.cells import FLOAT_SLACK, FamilyCells, cells_of
from solver.lowering.economy.lowering import lower_economy
from solver.lowering.fleet.uplink import kv_bytes_per_token

__all__ = ["cheapest_session", "replica_at"]

_CELLS_AT_ONCE = 1 << 18
_MTOK = 10**6


def replica_at(instance: ReplicaInstance, shape: ServiceShape) -> ReplicaInstance:
    """The question with ``shape`` in the place of its service; a ceiling on cost is left out."""
    limits = replace(instance.limits, max_cost_usd_per_mtok=None)
    if limits.max_ttft_s is not None:
        stated = instance.service.retrieval_s if instance.service is not None else Fraction(0)
        limits = replace(limits, max_ttft_s=limits.max_ttft_s + stated - shape.retrieval_s)
    return replace(
        instance,
        service=shape,
        traffic=service_traffic(shape),
        context_tokens=service_context(shape),
        limits=limits,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Offer:
    """The cheapest candidate of some rows of a family, in US$ per session."""

    serving_usd: Fraction
    storage_usd: Fraction
    cells: FamilyCells
    row: int
    column: int

    @property
    def order(self) -> tuple[Fraction, tuple[int, ...]]:
        """Cheapest first, the simplest deployment among equals."""
        space, family = self.cells.part.space, self.cells.family
        return self.serving_usd + self.storage_usd, space.tie_key(family, self.row, self.column)

    @property
    def words(self) -> str:
        """Machine, layout and batch."""
        family = self.cells.family
        layout, precision = family.layout(self.row), family.step.precision
        parts = [family.machine.accelerator.name, f"TP{layout.tensor_degree}"]
        for letters, degree in (
            ("PP", layout.pipeline_parallel),
            ("EP", layout.expert_parallel),
            ("DP", layout.attention_data_parallel),
        ):
            if degree > 1:
                parts.append(f"{letters}{degree}")
        parts.append(f"W{precision.weight_bits} KV{precision.kv_bits}")
        if family.draft_tokens:
            parts.append(f"draft {family.draft_tokens}")
        return " ".join((*parts, f"batch {int(family.batches[self.column])}"))


def cheapest_session(
    instance: ReplicaInstance,
    *,
    deadline: float | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Cheapest:
    """The candidate that serves a session of the question's service for the least.

    Serving is cost per output token times the output tokens of a mean session, reasoning included;
    storage is at the KV width of the candidate. Floats discard what is dearer by more than their
    error, fractions decide.

    Raises
    ------
    InstanceError
        If no layout is left, or the weights fit nowhere.
    """
    shape = instance.service
    if shape is None:
        raise ValueError("the question has no service")
    output_tokens = session_demand(shape).output_tokens
    space = lower_economy(instance)
    best: _Offer | None = None
    stopped = ""
    for cells in cells_of(instance, space.parts):
        model, precision = cells.part.served.model, cells.family.step.precision
        storage = session_storage_usd(
            shape, kv_token_bytes=kv_bytes_per_token(model, precision.kv_bits)
        )
        for row, column, cost in _least(cells):
            if deadline is not None and time.monotonic() >= deadline:
                stopped = "time limit"
            elif should_stop is not None and should_stop():
                stopped = "stopped by the user"
            offer = _Offer(cost * output_tokens / _MTOK, storage, cells, row, column)
            if best is None or offer.order < best.order:
                best = offer
        if stopped:
            break
    if best is None:
        return Cheapest(
            unproved=stopped, why_none="" if stopped else "no candidate meets all limits"
        )
    return Cheapest(best.serving_usd, best.storage_usd, None, best.words, stopped)


def _least(cells: FamilyCells) -> Iterator[tuple[int, int, Fraction]]:
    """Candidates of a family that may be its cheapest, with exact US$ per million tokens."""
    n, m = cells.family.shape
    many = max(_CELLS_AT_ONCE // max(m, 1), 1)
    columns = np.arange(m, dtype=np.intp)[None, :]
    for first in range(0, n, many):
        rows = np.arange(first, min(first + many, n), dtype=np.intp)[:, None]
        block = cells.block(rows, columns)
        rough = np.where(block.allowed, block.cost, np.inf)
        least = rough.min(initial=np.inf)
        if not np.isfinite(least):
            continue
        for at, column in np.argwhere(rough <= least * (1 + 4 * FLOAT_SLACK)).tolist():
            power = None if block.power_mw is None else int(block.power_mw[at, column])
            worth = cells.worth(first + at, column, int(block.latency_ps[at, column]), power)
            yield first + at, column, worth.cost
