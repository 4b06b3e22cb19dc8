"""The bill of a service before and after each of its features, as a waterfall.

A service is built up feature by feature (``solver.instance.services.steps``): visible tokens alone,
growing context, tool calls, reasoning, retrieval, prefix caching. Every step is a question of its
own, solved exactly: for a fleet the cheapest plan that meets the limits of the workload (it alone;
a ceiling on cost is left out, since cost is what is asked), for a replica question the cheapest
candidate. Storage of kept KV caches comes on top, ``storage.py``.

More demand mostly costs more, but need not: where a floor on speed binds, longer answers spread the
same prompts over more steps, so that a replica may hold more sequences at that speed. Whether that
is why a step costs less than the one before it is found by solving both again without the floor.

A step that no plan can serve has no cost, and says why; one whose optimum was not proved in time
has the cost of the best plan known, and says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Literal

from solver.economics.bill_of_fleet import cheapest_fleet, fleet_at, rate_share, service_rate
from solver.economics.bill_of_replica import cheapest_session, replica_at
from solver.economics.cheapest import Cheapest
from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.domain import FleetInstance, Workload
from solver.instance.services.demand import SessionDemand, session_demand
from solver.instance.services.shape import ServiceShape
from solver.instance.services.steps import service_steps

__all__ = ["Bill", "BillStep", "BillUnit", "bills"]

BillUnit = Literal["usd_per_hour", "usd_per_session"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BillStep:
    """The service with the features named so far.

    Parameters
    ----------
    name
        Of the feature that is new.
    demand
        Of one mean session.
    sessions_per_s
        At the busiest period; ``None`` in a replica question.
    cheapest
        What serving it costs, in the unit of the bill.
    floor_saves
        It costs less than the step before, and no less where the floor on speed is left out.
    """

    name: str
    shape: ServiceShape
    demand: SessionDemand
    sessions_per_s: Fraction | None
    cheapest: Cheapest
    floor_saves: bool = False

    @property
    def usd(self) -> Fraction | None:
        """Serving and storage together; ``None`` where nothing serves it."""
        return self.cheapest.usd

    @property
    def requests_per_s(self) -> Fraction | None:
        """Calls to the model a second."""
        return self._rate(self.demand.calls)

    @property
    def prefill_tok_per_s(self) -> Fraction | None:
        """Tokens of prompts computed a second."""
        return self._rate(self.demand.prefill_tokens)

    @property
    def decode_tok_per_s(self) -> Fraction | None:
        """Tokens written a second, reasoning included."""
        return self._rate(self.demand.output_tokens)

    def _rate(self, a_session: Fraction) -> Fraction | None:
        return None if self.sessions_per_s is None else self.sessions_per_s * a_session


@dataclass(frozen=True, slots=True)
class Bill:
    """What one service costs, feature by feature.

    Parameters
    ----------
    subject
        The workload of a fleet, the name of a replica question.
    unit
        Of every cost: US$ an hour of the fleet (mean over the day), US$ a session of a replica.
    mean_sessions_per_s
        Over the day; ``None`` in a replica question.
    """

    subject: str
    unit: BillUnit
    steps: tuple[BillStep, ...]
    mean_sessions_per_s: Fraction | None = None

    @property
    def complete(self) -> bool:
        """Every step is proved: at its least cost, or to be servable by nothing."""
        return all(not step.cheapest.unproved for step in self.steps)

    def usd_per_session(self, step: BillStep) -> Fraction | None:
        """Cost of one mean session."""
        if step.usd is None or self.mean_sessions_per_s is None:
            return step.usd
        return step.usd / (self.mean_sessions_per_s * 3600)

    def added(self, place: int) -> Fraction | None:
        """What step ``place`` adds to the one before it; ``None`` where either has no cost."""
        now = self.steps[place].usd
        before = self.steps[place - 1].usd if place else Fraction(0)
        return None if now is None or before is None else now - before


def bills(
    instance: FleetInstance | ReplicaInstance,
    *,
    time_limit_s: float | None = None,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> tuple[Bill, ...]:
    """The bill of every service of a question, in their order; empty where it states none.

    Parameters
    ----------
    time_limit_s
        For all steps together; ``None``: until every cost is proved.
    on_progress
        Told ``(steps done, steps)``.

    Raises
    ------
    UnsupportedModelError
        If the performance model cannot represent a model, a precision or a degree.
    """
    deadline = None if time_limit_s is None else time.monotonic() + time_limit_s
    if isinstance(instance, ReplicaInstance):
        stated = [instance.service] if instance.service is not None else []
    else:
        stated = [each.service for each in instance.workloads if each.service is not None]
    total, done = sum(len(service_steps(shape)) for shape in stated), 0

    def tell() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(done, total)

    if isinstance(instance, ReplicaInstance):
        return tuple(_of_replica(instance, shape, deadline, should_stop, tell) for shape in stated)
    return tuple(
        _of_fleet(instance, workload, workload.service, deadline, should_stop, tell)
        for workload in instance.workloads
        if workload.service is not None
    )


def _of_replica(
    instance: ReplicaInstance,
    shape: ServiceShape,
    deadline: float | None,
    should_stop: Callable[[], bool] | None,
    tell: Callable[[], None],
) -> Bill:
    limits = replace(instance.limits, min_speed_tok_per_s=None)
    free = replace(instance, limits=limits) if limits != instance.limits else None

    def least(asked: ReplicaInstance, part: ServiceShape) -> Cheapest:
        question = replica_at(asked, part)
        return _attempt(
            partial(cheapest_session, question, deadline=deadline, should_stop=should_stop)
        )

    found: list[BillStep] = []
    for step in service_steps(shape):
        made = BillStep(
            step.name, step.shape, session_demand(step.shape), None, least(instance, step.shape)
        )
        found.append(_explained(made, found, None if free is None else partial(least, free)))
        tell()
    return Bill(instance.name, "usd_per_session", tuple(found))


def _of_fleet(
    instance: FleetInstance,
    workload: Workload,
    shape: ServiceShape,
    deadline: float | None,
    should_stop: Callable[[], bool] | None,
    tell: Callable[[], None],
) -> Bill:
    rate = service_rate(shape)
    free = replace(workload, min_speed_tok_per_s=None)

    def least(asked: Workload, part: ServiceShape) -> Cheapest:
        question = fleet_at(instance, asked, part)
        return _attempt(
            partial(cheapest_fleet, question, deadline=deadline, should_stop=should_stop)
        )

    found: list[BillStep] = []
    for step in service_steps(shape):
        made = BillStep(
            step.name, step.shape, session_demand(step.shape), rate, least(workload, step.shape)
        )
        found.append(_explained(made, found, partial(least, free) if free != workload else None))
        tell()
    mean = rate * rate_share(instance, workload)
    return Bill(workload.name, "usd_per_hour", tuple(found), mean)


def _explained(
    step: BillStep,
    before: Sequence[BillStep],
    without_floor: Callable[[ServiceShape], Cheapest] | None,
) -> BillStep:
    """``step``, told whether the floor on speed is why it costs less than the last of ``before``.

    Only where both are proved, with and without the floor; a cache takes off by itself.
    """
    if without_floor is None or not before or step.usd is None or before[-1].usd is None:
        return step
    last = before[-1]
    unproved = step.cheapest.unproved or last.cheapest.unproved
    if unproved or step.usd >= before[-1].usd or step.shape.cache is not None:
        return step
    now, then = without_floor(step.shape), without_floor(last.shape)
    if now.usd is None or then.usd is None or now.unproved or then.unproved:
        return step
    return replace(step, floor_saves=now.usd >= then.usd)


def _attempt(solve: Callable[[], Cheapest]) -> Cheapest:
    """What ``solve`` finds; a question that nothing on offer can serve is an answer of a bill."""
    try:
        return solve()
    except InstanceError as error:
        return Cheapest(why_none=error.faults[0].what)
