r"""When demand has to be met: in every period by itself, or by a deadline in any of several.

A stream of requests asks in every period p for its rate there, and replicas of that period alone
count: :math:`\sum_j r_j n_{jp} \ge d_p`.

Batch work arrives all at once, every day at the start of period a, and is done d hours later. It
may be worked off in the periods :math:`P(a, d)` that begin and end in between; the day repeats, so
the first period follows the last. With :math:`h_p` hours of each, replicas that run in p work off
:math:`3600 h_p r_j` requests there, and

.. math:: \sum_{p \in P(a, d)} \sum_j 3600\, h_p\, r_j\, n_{jp} \;\ge\; \text{requests a day}.

One covering row over the columns of several periods; counts stay one number for each period. That
is what fills the valleys: nodes held all day, which the peak of another workload asks for, stand
idle at other hours, and a column there takes no more of them. A column still serves one cell alone,
so problems separate by cell as they did. With several request sizes the same products are the rates
of one routing, whose shares say who does what of the whole batch.

Left out: a period that the deadline cuts is not used at all, so a plan may be better with finer
periods; a batch spread over periods is worked off in any order. Prefill and decode apart would have
to be balanced in each period, or caches be kept from one to the next, so that is refused where work
may be spread. Nobody waits for the tokens of a batch: it has no part in the speed of a fleet
(``grades.py``), and no percentile of waiting holds for it (``headroom.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance, Workload

__all__ = ["SECONDS_PER_HOUR", "DemandCell", "check_batch_phases", "demand_cells", "served_periods"]

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class DemandCell:
    """One demand of a workload and the periods in which it may be met.

    Parameters
    ----------
    name
        The workload, and when.
    wanted
        Requests/s of a stream; requests of a whole day of batch work.
    weights
        By number of period: what a replica's rate counts for, 1 for a stream, the seconds of the
        period for batch work.
    period
        Number of the only period of a stream; ``None`` for batch work.
    """

    name: str
    wanted: Fraction
    weights: Mapping[int, Fraction]
    period: int | None

    @property
    def unit(self) -> str:
        """What ``wanted`` counts, for notes."""
        return "requests a day" if self.period is None else "requests/s"

    def counted(self, period: int, rates: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
        """What a replica that carries ``rates`` requests/s in ``period`` brings."""
        weight = self.weights[period]
        return rates if weight == 1 else tuple(rate * weight for rate in rates)


def served_periods(instance: FleetInstance, workload: Workload) -> tuple[int, ...]:
    """Numbers of the periods in which replicas of the workload are of use, rising.

    Raises
    ------
    InstanceError
        If no period is over before the deadline of its batch.
    """
    if workload.batch is None:
        return tuple(range(len(instance.periods)))
    found = workload.batch.periods_of_work(instance.periods)
    if not found:
        raise InstanceError.one(
            f"no period from {workload.batch.arrives!r} on is over within "
            f"{float(workload.batch.deadline_hours):g} h",
            where=f"{instance.source}: workload {workload.name!r}",
            mend="Allow more hours, or cut the day into shorter periods",
        )
    return tuple(sorted(found))


def demand_cells(instance: FleetInstance, workload: Workload) -> list[DemandCell]:
    """One cell for each period of a stream, or the one of batch work."""
    several = len(instance.periods) > 1
    if workload.batch is None:
        return [
            DemandCell(
                name=f"{workload.name} in {period.name}" if several else workload.name,
                wanted=workload.requests_per_s * factor,
                weights={number: Fraction(1)},
                period=number,
            )
            for number, (period, factor) in enumerate(
                zip(instance.periods, workload.by_period, strict=True)
            )
        ]
    hours = float(workload.batch.deadline_hours)
    return [
        DemandCell(
            name=f"{workload.name} within {hours:g} h of {workload.batch.arrives}",
            wanted=workload.batch.requests_per_day,
            weights={
                number: instance.periods[number].hours * SECONDS_PER_HOUR
                for number in served_periods(instance, workload)
            },
            period=None,
        )
    ]


def check_batch_phases(instance: FleetInstance, workload: Workload) -> None:
    """Refuse a batch that may be spread over periods and has prefill and decode apart.

    Raises
    ------
    InstanceError
        Then: prompts read in one period would be decoded in another.
    """
    if workload.batch is None or len(served_periods(instance, workload)) == 1:
        return
    raise InstanceError.one(
        "batch work that may be spread over several periods cannot have prefill and decode apart: "
        "caches would have to be kept from one period to another",
        where=f"{instance.source}: workload {workload.name!r}",
        mend="Offer whole replicas alone (phases = ['aggregated']), or a shorter deadline",
    )
