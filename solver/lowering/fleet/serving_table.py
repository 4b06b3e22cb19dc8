"""What designs carry, as integers: rates in nano-requests/s down, times in whole picoseconds up.

The physics is float64 arithmetic; what it is rounded to is the design's own rate and latency. With
several request sizes there is a rate for each, and times are those of the slowest size that fits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.instance.fleet.domain import Phase
from solver.lowering.families import CandidateFamily
from solver.lowering.fleet.options import PS_PER_S
from solver.lowering.fleet.scaling import NANO
from solver.performance.serving import Served

__all__ = ["MachineDesigns", "ServingTable", "serving_table"]

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ServingTable:
    """Serving of the candidates of one family: (layouts, batches), rates by size as well.

    Prefill may have a single column, where batches do not matter. A rate of 0: does not fit, or has
    no such phase. Latencies in whole picoseconds, 0 for none. ``watts`` whole, of the size that
    draws most; ``None`` where the machine states them.
    """

    rates: npt.NDArray[np.int64]
    latency_ps: npt.NDArray[np.int64]
    ttft_ps: npt.NDArray[np.int64]
    watts: npt.NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MachineDesigns:
    """Designs of one model on one machine: families, and a table for each in every phase."""

    machine: int
    families: tuple[CandidateFamily, ...]
    tables: dict[Phase, list[ServingTable]]

    @property
    def candidates(self) -> int:
        """Designs that were looked at."""
        tables = [table for found in self.tables.values() for table in found]
        return sum(table.latency_ps.size for table in tables)


def serving_table(served: Iterable[tuple[Served, BoolArray]]) -> ServingTable:
    """The table of one family from what it serves of each size and where that fits, (n, m)."""
    rates: list[npt.NDArray[np.int64]] = []
    latency: npt.NDArray[np.int64] | None = None
    ttft: npt.NDArray[np.int64] | None = None
    watts: npt.NDArray[np.int64] | None = None
    for each, fits in served:
        rate = np.where(fits, np.floor(each.requests_per_s * NANO), 0).astype(np.int64)
        rates.append(rate)
        latency = _slowest(latency, rate, each.tpot_s)
        ttft = _slowest(ttft, rate, each.ttft_s)
        watts = _most_drawn(watts, rate, each.watts)
    if latency is None or ttft is None:
        raise ValueError("a workload has at least one request size")
    return ServingTable(np.stack(rates, axis=2), latency, ttft, watts)


def _slowest(
    before: npt.NDArray[np.int64] | None,
    rate: npt.NDArray[np.int64],
    seconds: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    known = (rate > 0) & ~np.isnan(seconds)
    ps = np.ceil(np.where(known, seconds, 0.0) * PS_PER_S).astype(np.int64)
    return ps if before is None else np.asarray(np.maximum(before, ps))


def _most_drawn(
    before: npt.NDArray[np.int64] | None,
    rate: npt.NDArray[np.int64],
    watts: npt.NDArray[np.float64] | None,
) -> npt.NDArray[np.int64] | None:
    if watts is None:
        return before
    # A float ends a few bits above a whole number as often as below it.
    whole = np.ceil(np.where(rate > 0, watts, 0.0) - 1e-6).astype(np.int64)
    return whole if before is None else np.asarray(np.maximum(before, whole))
