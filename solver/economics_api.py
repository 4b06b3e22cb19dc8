"""``solver.api.economics``: the economics of a question as a Python object."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Protocol

from solver.economics.bills import Bill, bills
from solver.economics.document import economics_to_dict
from solver.economics.fleet import LEVELS, FleetEconomics, fleet_economics, tokens_per_s
from solver.economics.preference import Choice, Option, check_preference, choose
from solver.economics.replica import ReplicaEconomics, replica_economics
from solver.economics.sections import BILLS, PREFERENCES, SPECULATION, VALLEYS, sections_of
from solver.economics.service import checked_terms, terms_of
from solver.economics.speculation import Speculation, speculation_of
from solver.economics.valleys import Valleys, valleys_of
from solver.economics.wishes import fleet_under, replica_under
from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.economics import EconomicsTerms, StatedPreference
from solver.instance.fleet.domain import FleetInstance
from solver.instance.reading import Question
from solver.result import Point
from solver.sweep.fleet.roads import Stop

__all__ = ["DEFAULT_PREFERENCE", "Economics", "study"]

DEFAULT_PREFERENCE = StatedPreference("speed^4 per price", speed_exponent=Fraction(4))
"""What is recommended by where nothing is preferred: the score of arXiv 2506.04645."""

Progress = Callable[[int, int], None]


class _Frontier(Protocol):
    @property
    def status(self) -> str: ...
    @property
    def points(self) -> tuple[Point, ...]: ...


Solve = Callable[[ReplicaInstance | FleetInstance], _Frontier]


@dataclass(frozen=True, slots=True, eq=False)
class Economics:
    """What was found; parts that were not asked for are empty.

    Parameters
    ----------
    found
        Of a replica or of a fleet.
    sections
        What was worked out (``solver.economics.sections``).
    choices
        One for every preference.
    bills
        What services cost, feature by feature.
    speculation
        Where drafting stops paying, by machine.
    valleys
        What the deadlines of batch work are worth.
    """

    found: ReplicaEconomics | FleetEconomics
    sections: frozenset[str]
    choices: tuple[Choice, ...] = ()
    bills: tuple[Bill, ...] = ()
    speculation: tuple[Speculation, ...] = ()
    valleys: tuple[Valleys, ...] = ()

    @property
    def status(self) -> str:
        """``complete``, or ``partial`` where something was stopped before it was proved."""
        return "complete" if self._whole() else "partial"

    def _whole(self) -> bool:
        if isinstance(self.found, FleetEconomics):
            if any(level.unproved for level in self.found.solved):
                return False
        elif self.found.left_out:
            return False
        costs = [e for v in self.valleys for e in (v.flat, v.stated, *v.curve)]
        return (
            all(choice.complete for choice in self.choices)
            and all(bill.complete for bill in self.bills)
            and not any(entry.unproved for entry in costs)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: every figure as a float, those that decide also exact as ``p/q``."""
        return economics_to_dict(
            self.found,
            self.choices,
            self.bills,
            speculation=self.speculation,
            valleys=self.valleys,
            sections=self.sections,
            status=self.status,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Study:
    """One run: the question, what is asked of it, and when to stop."""

    terms: EconomicsTerms
    sections: frozenset[str]
    wishes: tuple[StatedPreference, ...]
    solve: Solve
    time_limit_s: float | None
    on_progress: Progress | None
    should_stop: Callable[[], bool] | None
    known: dict[Any, tuple[list[Option], bool]] = field(default_factory=dict)

    def options(
        self,
        key: Any,
        question: ReplicaInstance | FleetInstance,
        option: Callable[[Point], Option],
    ) -> tuple[list[Option], bool]:
        """Designs to choose from, and whether they are all; each frontier is found once."""
        if key not in self.known:
            if self.should_stop is not None and self.should_stop():
                return [], False
            frontier = self.solve(question)
            self.known[key] = (
                [option(point) for point in frontier.points],
                frontier.status != "partial",
            )
        return self.known[key]

    def bills(self, instance: ReplicaInstance | FleetInstance) -> tuple[Bill, ...]:
        if BILLS not in self.sections:
            return ()
        return bills(
            instance,
            time_limit_s=self.time_limit_s,
            on_progress=self.on_progress,
            should_stop=self.should_stop,
        )


def study(
    instance: Question,
    *,
    terms: EconomicsTerms | None,
    preferences: Sequence[StatedPreference],
    layouts: Sequence[str],
    levels: Sequence[Fraction] | None,
    sections: Sequence[str],
    solve: Solve,
    time_limit_s: float | None,
    on_progress: Progress | None,
    should_stop: Callable[[], bool] | None,
) -> Economics:
    """See ``solver.api.economics``; ``solve`` finds the frontier that a preference chooses from."""
    if not isinstance(instance, ReplicaInstance | FleetInstance):
        raise InstanceError.one(
            f"a question of kind {instance.kind} has no production function here",
            where=getattr(instance, "source", "") or instance.name,
            mend="Ask for the economics of a replica or a fleet with models and machines",
        )
    asked = checked_terms(terms or terms_of(instance), instance)
    parts = sections_of(instance, asked, sections)
    wishes = tuple(preferences) or asked.preferences
    if not wishes and "speed" in instance.trade_off:
        # Where speed is not weighed, or not known, nothing prefers it unasked.
        wishes = (DEFAULT_PREFERENCE,)
    if PREFERENCES not in parts:
        wishes = ()
    for wish in wishes:
        check_preference(wish, where=f"preference {wish.name!r}")
    run = _Study(asked, parts, wishes, solve, time_limit_s, on_progress, should_stop)
    if isinstance(instance, ReplicaInstance):
        if levels is not None:
            raise InstanceError.one(
                "levels of demand are for fleets; a replica is followed along concurrency",
                where="--levels",
                mend="Leave the option out",
            )
        return _of_replica(instance, run, tuple(layouts))
    if layouts:
        raise InstanceError.one(
            "curves of a layout are for replicas; a fleet mixes them",
            where="--layout",
            mend="Leave the option out",
        )
    return _of_fleet(instance, run, LEVELS if levels is None else levels)


def _of_replica(instance: ReplicaInstance, run: _Study, layouts: tuple[str, ...]) -> Economics:
    # Wishes are checked against the question before the long part of the work.
    questions = [replica_under(instance, wish) for wish in run.wishes]
    found = replica_economics(
        instance,
        run.terms,
        layouts=layouts,
        sections=run.sections,
        on_progress=run.on_progress,
        should_stop=run.should_stop,
    )

    def option(point: Point) -> Option:
        cost = Fraction(str(point.exact["cost"]))
        design = {"model": instance.model.name, **point.design}
        return Option(Fraction(10**12, int(point.exact["latency_ps"])), cost, cost, design)

    choices = []
    for question, wish in zip(questions, run.wishes, strict=True):
        options, complete = run.options(question.limits, question, option)
        choices.append(choose(wish, options, complete=complete))
    drafts = speculation_of(instance) if SPECULATION in run.sections else ()
    return Economics(found, run.sections, tuple(choices), run.bills(instance), drafts)


def _of_fleet(instance: FleetInstance, run: _Study, levels: Sequence[Fraction]) -> Economics:
    per_hour = tokens_per_s(instance) * 3600 / 10**6
    fleets = [fleet_under(instance, wish, mtok_per_hour=per_hour) for wish in run.wishes]
    found = fleet_economics(
        instance,
        run.terms,
        levels=levels,
        sections=run.sections,
        on_progress=run.on_progress,
        should_stop=run.should_stop,
    )

    def option(point: Point) -> Option:
        cost = Fraction(str(point.exact["cost"]))
        return Option(Fraction(str(point.exact["speed"])), cost, cost / per_hour, point.design)

    choices = []
    for question, wish in zip(fleets, run.wishes, strict=True):
        # The answer itself is wanted, not what the question would have the frontier cut to.
        bare = replace(question, answers=type(question.answers)())
        options, complete = run.options((question.limits, question.workloads), bare, option)
        choices.append(choose(wish, options, complete=complete))
    valleys: tuple[Valleys, ...] = ()
    if VALLEYS in run.sections:
        limit = run.time_limit_s
        deadline = None if limit is None else time.monotonic() + limit
        valleys = valleys_of(instance, stop=Stop(deadline, run.should_stop))
    return Economics(found, run.sections, tuple(choices), run.bills(instance), valleys=valleys)
