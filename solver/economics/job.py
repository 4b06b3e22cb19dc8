r"""A job: R requests of the question's lengths, worked off by one replica as fast as it goes.

A replica that holds c requests at once and gives each a token every T(c) fills its places
:math:`k = \lfloor R / c \rfloor` times; the :math:`r = R - kc` requests left run in places that are
not filled again. Answers of L tokens take

.. math:: S = k\, L\, T(c) + L\, T(r^+), \qquad \text{US\$} = w\, S / 3600 ,

:math:`r^+` the least batch on offer that holds r (nothing where r is 0), w the price of an hour.
That is the published hourly formula for a test set, price x seconds / 3600 (arXiv 2510.26136). T
carries the prompts of the requests that follow, where the performance model knows prompts. Nobody
waits for a single token of a job, so what users are promised does not limit it; memory does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from solver.economics.curve import PS_PER_S, Curve, CurvePoint
from solver.lowering.families import BoolArray, IntArray
from solver.performance.step_table import FloatArray

__all__ = [
    "Job",
    "JobLoad",
    "cheapest",
    "fastest",
    "job_along",
    "job_of",
    "rest_columns",
    "rough_seconds",
]


@dataclass(frozen=True, slots=True)
class Job:
    """``requests`` answers of ``answer_tokens`` each."""

    requests: int
    answer_tokens: int

    def __post_init__(self) -> None:
        if self.requests < 1 or self.answer_tokens < 1:
            raise ValueError("a job has a request, and an answer a token")


@dataclass(frozen=True, slots=True)
class JobLoad:
    """The job at one concurrency: how long, and for how much."""

    concurrency: int
    seconds: Fraction
    usd: Fraction


def job_of(job: Job, point: CurvePoint, rest: CurvePoint | None) -> JobLoad:
    """The job at ``point``; ``rest`` is the load of its last requests, ``None`` where all fit.

    Raises
    ------
    ValueError
        If the rest is not held.
    """
    rounds, left = divmod(job.requests, point.concurrency)
    if left and (rest is None or rest.concurrency < left):
        raise ValueError(f"{left} requests are left, and nothing holds them")
    seconds = Fraction(rounds * job.answer_tokens * point.latency_ps, PS_PER_S)
    usd = seconds * point.usd_per_hour
    if left and rest is not None:
        tail = Fraction(job.answer_tokens * rest.latency_ps, PS_PER_S)
        seconds, usd = seconds + tail, usd + tail * rest.usd_per_hour
    return JobLoad(point.concurrency, seconds, usd / 3600)


def job_along(job: Job, curve: Curve) -> tuple[JobLoad, ...]:
    """The job at every load of a curve, up to the first that holds all of it at once."""
    found = []
    for index, point in enumerate(curve.points):
        left = job.requests % point.concurrency
        rest = next((p for p in curve.points[: index + 1] if p.concurrency >= left), None)
        found.append(job_of(job, point, rest if left else None))
        if point.concurrency >= job.requests:
            break
    return tuple(found)


def rest_columns(job: Job, batches: IntArray, possible: BoolArray) -> IntArray:
    """For every cell the column of the least possible batch of its row that holds the rest.

    Parameters
    ----------
    batches : (m,)
        Rising.
    possible : (n, m)
        Where a replica can run.

    Returns
    -------
    (n, m) int64
        A cell that is possible holds its own rest, so only others may point beyond the last.
    """
    m = len(batches)
    own = np.where(possible, np.arange(m)[None, :], m)
    after = np.minimum.accumulate(own[:, ::-1], axis=1)[:, ::-1]
    first = np.searchsorted(batches, job.requests % batches)
    return np.asarray(after[:, np.minimum(first, m - 1)], dtype=np.int64)


def rough_seconds(
    job: Job, batches: IntArray, latency_ps: IntArray, rest: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Float estimates of the seconds of full rounds, and of the rest, (n, m) each."""
    tokens_per_ps = job.answer_tokens / PS_PER_S
    full = (job.requests // batches)[None, :] * (latency_ps * tokens_per_ps)
    last = latency_ps.shape[1] - 1
    tail = np.take_along_axis(latency_ps, np.minimum(rest, last), axis=1) * tokens_per_ps
    return full, np.where((job.requests % batches)[None, :] > 0, tail, 0.0)


def cheapest(loads: Iterable[JobLoad]) -> JobLoad:
    """Least US$; of equals the least time, then the fewest at once."""
    return min(loads, key=lambda load: (load.usd, load.seconds, load.concurrency))


def fastest(loads: Sequence[JobLoad]) -> JobLoad:
    """Least time; of equals the least US$, then the fewest at once."""
    return min(loads, key=lambda load: (load.seconds, load.usd, load.concurrency))
