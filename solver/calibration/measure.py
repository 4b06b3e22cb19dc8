"""Run a plan on a machine and keep the medians, as columns that operator families are fitted to.

What a machine has no kernel for is left out and listed with the reason; what the time did not
suffice for is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.calibration.backend import Backend, CaseRefusedError
from solver.calibration.cases import (
    KV_BFLOAT16,
    Case,
    CollectiveCase,
    ContextCase,
    CopyCase,
    DecodeCase,
    GemmCase,
    LaunchCase,
)
from solver.calibration.plan import Plan
from solver.calibration.timing import Timed, Timing, time_case
from solver.errors import EngineError

__all__ = ["Measurements", "Table", "measure"]

FloatArray = npt.NDArray[np.float64]

_FAMILIES: Mapping[type[Any], str] = {
    GemmCase: "gemm",
    DecodeCase: "attention_decode",
    ContextCase: "attention_context",
}
_COLLECTIVE_SHARE, _COLLECTIVE_LEAST_S = 0.15, 90.0
"""Of the budget, after which the processes of the collectives are given up, and at least that:
starting them takes long on a busy machine."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows of one family at one precision.

    Parameters
    ----------
    columns
        Name to array (n,): the shape of each row.
    latency_s, spread : (n,)
        Median seconds, and half the distance of the quartiles over the median.
    timed_by
        ``graph``, ``events`` or ``clock`` for each row.
    """

    family: str
    precision: str
    columns: Mapping[str, FloatArray]
    latency_s: FloatArray
    spread: FloatArray
    timed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """Everything that was measured.

    Parameters
    ----------
    tables
        One a family and precision.
    copies
        Copied bytes to bytes/s through the main memory, read and write counted.
    host_bytes_per_s
        From pinned host memory, None where that was not measured.
    launch_s
        From one tiny kernel to the next that waits for it.
    left_out
        Reason to number of cases.
    """

    tables: tuple[Table, ...]
    copies: Mapping[int, float]
    host_bytes_per_s: float | None
    launch_s: float
    left_out: Mapping[str, int]

    @property
    def copy_bytes_per_s(self) -> float:
        """Of the fastest copy."""
        return max(self.copies.values())


def measure(
    backend: Backend,
    plan: Plan,
    *,
    seed: int,
    timing: Timing | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Measurements:
    """Run the plan.

    Parameters
    ----------
    progress
        Called with the cases done and all cases.

    Raises
    ------
    CaseRefusedError
        Where the machine cannot even copy or launch.
    EngineError
        Where the device failed. A collective that fails is left out instead, with the reason.
    """
    total = len(plan.cases) + len(plan.collectives)
    begun_s = backend.now_s()
    timed: list[tuple[Case, Timed]] = []
    left_out: Counter[str] = Counter()
    for done, case in enumerate(plan.cases):
        if progress is not None:
            progress(done, total)
        is_needed = isinstance(case, LaunchCase | CopyCase)
        if not is_needed and backend.now_s() - begun_s > plan.measuring_s:
            left_out["the budget was spent"] += 1
            continue
        try:
            found = time_case(backend, case, timing=timing or Timing(), seed=seed + done)
        except CaseRefusedError as refused:
            if is_needed:
                raise
            left_out[f"{_FAMILIES[type(case)]}: {refused}"] += 1
            continue
        timed.append((case, found))
    tables = list(_tables(timed))
    if plan.collectives:
        limit_s = max(_COLLECTIVE_SHARE * plan.budget_s, _COLLECTIVE_LEAST_S)
        try:
            seconds = backend.collectives_s(plan.collectives, limit_s=limit_s)
        except EngineError as error:
            # One device's kernels are worth keeping without those of several.
            left_out[f"collective: {error}"] += len(plan.collectives)
        else:
            tables.append(_collective_table(plan.collectives, seconds))
    if progress is not None:
        progress(total, total)
    rates = {
        case: case.moved_bytes / found.latency_s
        for case, found in timed
        if isinstance(case, CopyCase)
    }
    return Measurements(
        tables=tuple(tables),
        copies={case.message_bytes: rate for case, rate in rates.items() if not case.from_host},
        host_bytes_per_s=next((rate for case, rate in rates.items() if case.from_host), None),
        launch_s=next(t.latency_s for case, t in timed if isinstance(case, LaunchCase)),
        left_out=dict(left_out),
    )


def _tables(timed: Sequence[tuple[Case, Timed]]) -> Iterator[Table]:
    """Rows by family and precision, in the order in which they were first met."""
    groups: dict[tuple[str, str], list[tuple[Case, Timed]]] = {}
    for case, found in timed:
        family = _FAMILIES.get(type(case))
        if family is not None:
            precision = case.precision if isinstance(case, GemmCase) else KV_BFLOAT16
            groups.setdefault((family, precision), []).append((case, found))
    for (family, precision), rows in groups.items():
        names = [f.name for f in fields(rows[0][0]) if f.name != "precision"]
        yield Table(
            family=family,
            precision=precision,
            columns={
                name: np.array([getattr(case, name) for case, _ in rows], dtype=np.float64)
                for name in names
            },
            latency_s=np.array([found.latency_s for _, found in rows]),
            spread=np.array([found.spread for _, found in rows]),
            timed_by=tuple(found.by for _, found in rows),
        )


def _collective_table(cases: Sequence[CollectiveCase], seconds: Sequence[float]) -> Table:
    return Table(
        family="collective",
        precision="all_reduce",
        columns={
            "num_gpus": np.array([case.world for case in cases], dtype=np.float64),
            "bytes": np.array([case.message_bytes for case in cases], dtype=np.float64),
        },
        latency_s=np.array(seconds, dtype=np.float64),
        spread=np.zeros(len(cases)),
        timed_by=("clock",) * len(cases),
    )
