"""``solver.economics``: the economics of a question as a Python object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from solver.economics.document import economics_to_dict
from solver.economics.fleet import LEVELS, FleetEconomics, fleet_economics, tokens_per_s
from solver.economics.preference import Choice, Option, check_preference, choose
from solver.economics.replica import ReplicaEconomics, replica_economics
from solver.economics.service import checked_terms, terms_of
from solver.economics.wishes import fleet_under, replica_under
from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.economics import EconomicsTerms, StatedPreference
from solver.instance.fleet.domain import FleetInstance
from solver.instance.reading import Question
from solver.result import Point

if TYPE_CHECKING:
    from solver.economics.bills import Bill

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


class Economics:
    """What ``solver.economics`` found.

    Attributes
    ----------
    found
        Of a replica or of a fleet.
    choices
        One for every preference.
    bills
        What services cost, feature by feature; empty where the question states none.
    """

    def __init__(
        self,
        found: ReplicaEconomics | FleetEconomics,
        choices: tuple[Choice, ...],
        bills: tuple[Bill, ...] = (),
    ) -> None:
        self.found = found
        self.choices = choices
        self.bills = bills

    @property
    def status(self) -> str:
        """``complete``, or ``partial`` where something was stopped before it was proved."""
        whole = all(choice.complete for choice in self.choices)
        if isinstance(self.found, FleetEconomics):
            whole = whole and not any(level.unproved for level in self.found.levels)
        whole = whole and all(bill.complete for bill in self.bills)
        return "complete" if whole else "partial"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: every figure as a float, those that decide also exact as ``p/q``."""
        return economics_to_dict(self.found, self.choices, self.bills, status=self.status)


def study(
    instance: Question,
    *,
    terms: EconomicsTerms | None,
    preferences: Sequence[StatedPreference],
    layouts: Sequence[str],
    levels: Sequence[Fraction] | None,
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
    asked = checked_terms(terms or terms_of(instance), source=instance.source)
    wishes = tuple(preferences) or asked.preferences or (DEFAULT_PREFERENCE,)
    for wish in wishes:
        check_preference(wish, where=f"preference {wish.name!r}")
    if isinstance(instance, ReplicaInstance):
        if levels is not None:
            raise InstanceError.one(
                "levels of demand are for fleets; a replica is followed along concurrency",
                where="--levels",
                mend="Leave the option out",
            )
        # Wishes are checked against the question before the long part of the work.
        questions = [replica_under(instance, wish) for wish in wishes]
        found = replica_economics(instance, asked, layouts=tuple(layouts), on_progress=on_progress)
        choices = _replica_choices(questions, wishes, solve)
        return Economics(found, choices, _bills(instance, time_limit_s, should_stop))
    if layouts:
        raise InstanceError.one(
            "curves of a layout are for replicas; a fleet mixes them",
            where="--layout",
            mend="Leave the option out",
        )
    per_hour = tokens_per_s(instance) * 3600 / 10**6
    fleets = [fleet_under(instance, wish, mtok_per_hour=per_hour) for wish in wishes]
    whole = fleet_economics(
        instance,
        asked,
        levels=LEVELS if levels is None else levels,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    choices = _fleet_choices(fleets, wishes, solve, per_hour)
    return Economics(whole, choices, _bills(instance, time_limit_s, should_stop))


def _bills(
    instance: ReplicaInstance | FleetInstance,
    time_limit_s: float | None,
    should_stop: Callable[[], bool] | None,
) -> tuple[Bill, ...]:
    from solver.economics.bills import bills

    return bills(instance, time_limit_s=time_limit_s, should_stop=should_stop)


def _replica_choices(
    questions: Sequence[ReplicaInstance], wishes: Sequence[StatedPreference], solve: Solve
) -> tuple[Choice, ...]:
    known: dict[Any, tuple[list[Option], bool]] = {}
    found = []
    for question, wish in zip(questions, wishes, strict=True):
        if question.limits not in known:
            frontier = solve(question)
            options = [
                Option(
                    Fraction(10**12, int(point.exact["latency_ps"])),
                    Fraction(str(point.exact["cost"])),
                    Fraction(str(point.exact["cost"])),
                    {"model": question.model.name, **point.design},
                )
                for point in frontier.points
            ]
            known[question.limits] = (options, frontier.status != "partial")
        options, complete = known[question.limits]
        found.append(choose(wish, options, complete=complete))
    return tuple(found)


def _fleet_choices(
    questions: Sequence[FleetInstance],
    wishes: Sequence[StatedPreference],
    solve: Solve,
    mtok_per_hour: Fraction,
) -> tuple[Choice, ...]:
    known: dict[Any, tuple[list[Option], bool]] = {}
    found = []
    for question, wish in zip(questions, wishes, strict=True):
        key = (question.limits, question.workloads)
        if key not in known:
            frontier = solve(replace(question, answers=type(question.answers)()))
            options = [
                Option(
                    Fraction(str(point.exact["speed"])),
                    Fraction(str(point.exact["cost"])),
                    Fraction(str(point.exact["cost"])) / mtok_per_hour,
                    point.design,
                )
                for point in frontier.points
            ]
            known[key] = (options, frontier.status != "partial")
        options, complete = known[key]
        found.append(choose(wish, options, complete=complete))
    return tuple(found)
