"""What a deadline is worth: the bill of a batch as a flat rate, and with more and more time.

As a flat rate the requests of a day are spread evenly over it, and every period has to serve its
part as it comes: what a service without a queue for batch work does. With a deadline the same
requests may be worked off in any period that is over in time, so that nodes which the peak of other
workloads asks for do them at hours when they stand idle. A longer deadline allows all that a
shorter one does, so costs fall or stay along a curve; a flat rate meets the deadline of a whole day
and is never cheaper than that, but may be cheaper than a short one, which asks for much at once.

Costs are the least US$ an hour of the whole fleet at any speed that its limits allow, on average
over the day, each proved; no plan at all is proved too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from formulations.fleet.problem import COST
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance, Workload
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.asking import ask_least
from solver.sweep.fleet.reference import devices_by_machine
from solver.sweep.fleet.roads import Road, Stop

__all__ = ["DeadlineCost", "Valleys", "as_flat_rates", "valleys_of"]

HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class DeadlineCost:
    """The fleet with one way to ask for a batch.

    Parameters
    ----------
    deadline_hours
        ``None``: the batch as a flat rate.
    periods
        Names of those in which it may be worked off, from its arrival on.
    usd_per_hour
        Least cost of the whole fleet; ``None`` where no plan meets the limits.
    devices
        Held by machine and contract, on average over the day.
    unproved
        Why the cost is not proved to be the least; empty where it is.
    """

    deadline_hours: Fraction | None
    periods: tuple[str, ...]
    usd_per_hour: Fraction | None
    devices: tuple[tuple[str, float], ...]
    unproved: str = ""


@dataclass(frozen=True, slots=True)
class Valleys:
    """One batch of a fleet: before (flat), as stated, and along every deadline that differs.

    Parameters
    ----------
    workload
        Its name.
    flat, stated
        As a flat rate, and with its deadline.
    curve
        By deadline, rising: one for each number of whole periods from the arrival on.
    """

    workload: str
    flat: DeadlineCost
    stated: DeadlineCost
    curve: tuple[DeadlineCost, ...]

    @property
    def saved_usd_per_hour(self) -> Fraction | None:
        """What the deadline takes off the bill; ``None`` where one of the two has no plan."""
        if self.flat.usd_per_hour is None or self.stated.usd_per_hour is None:
            return None
        return self.flat.usd_per_hour - self.stated.usd_per_hour

    @property
    def saved_share(self) -> Fraction | None:
        """The same as a share of the bill before."""
        saved, before = self.saved_usd_per_hour, self.flat.usd_per_hour
        return None if saved is None or not before else saved / before


def as_flat_rates(instance: FleetInstance, *, only: str = "") -> FleetInstance:
    """The question with batch work as a stream of its mean rate; ``only`` that of one name.

    Costs alone are asked of it: what else was traded off, a batch may have no level of.
    """
    return replace(
        instance,
        workloads=tuple(
            replace(workload, batch=None) if only in ("", workload.name) else workload
            for workload in instance.workloads
        ),
    )


def valleys_of(
    instance: FleetInstance, *, curve: bool = True, stop: Stop | None = None
) -> tuple[Valleys, ...]:
    """Bills of every batch of the question, the other workloads as they are.

    Parameters
    ----------
    curve
        Whether to ask along all deadlines too: one solve for each period.
    stop
        When to give up; costs not proved by then say so.

    Raises
    ------
    InstanceError
        If the question has no batch work, or a machine has no price.
    """
    found = [workload for workload in instance.workloads if workload.batch is not None]
    if not found:
        raise InstanceError.one(
            "no workload has a deadline, so that no valley of the day can be filled",
            where=f"{instance.source}: workloads",
            mend="Give a workload batch = { requests_per_day, arrives, deadline_hours }",
        )
    # Hourly cost alone: neither speed nor a unit that only means something beside it.
    asked = replace(instance, trade_off=("cost",), cost_unit="usd_per_hour", horizon_hours=None)
    until = stop or Stop()
    return tuple(_valleys(asked, workload, until, curve=curve) for workload in found)


def _valleys(instance: FleetInstance, workload: Workload, stop: Stop, *, curve: bool) -> Valleys:
    batch = workload.batch
    assert batch is not None  # the caller looked
    flat = _cost(as_flat_rates(instance, only=workload.name), None, (), stop)
    along: dict[tuple[str, ...], DeadlineCost] = {}

    def at(hours: Fraction) -> DeadlineCost:
        job = replace(batch, deadline_hours=hours)
        names = tuple(instance.periods[p].name for p in job.periods_of_work(instance.periods))
        if names not in along:
            changed = replace(workload, batch=job)
            asked = replace(
                instance,
                workloads=tuple(changed if w is workload else w for w in instance.workloads),
            )
            along[names] = _cost(asked, hours, names, stop)
        return along[names]

    stated = replace(at(batch.deadline_hours), deadline_hours=batch.deadline_hours)
    steps = _deadlines(instance, batch.arrives) if curve else ()
    return Valleys(
        workload.name,
        flat,
        stated,
        tuple(replace(at(hours), deadline_hours=hours) for hours in steps),
    )


def _deadlines(instance: FleetInstance, arrives: str) -> Iterator[Fraction]:
    """Hours from the start of a period to the end of every period, one round of the day."""
    first = [period.name for period in instance.periods].index(arrives)
    hours = Fraction(0)
    for period in (*instance.periods[first:], *instance.periods[:first]):
        hours += period.hours
        if hours <= HOURS_PER_DAY:
            yield hours


def _cost(
    instance: FleetInstance, hours: Fraction | None, periods: tuple[str, ...], stop: Stop
) -> DeadlineCost:
    space = lower_fleet(instance)
    found = ask_least(space.problem, COST, road=Road, stop=stop)
    if found.plan is None or found.value is None:
        return DeadlineCost(hours, periods, None, (), found.unproved)
    return DeadlineCost(
        hours,
        periods,
        found.value * space.units[COST],
        tuple(devices_by_machine(space, found.plan).items()),
        found.unproved,
    )
