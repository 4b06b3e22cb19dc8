r"""What a buyer with a stated preference should take from a frontier, and what the others cost.

Over the points of a complete frontier, exactly:

* :math:`\text{speed}^k / \text{cost}` greatest, for a fraction k = a/b: the least
  :math:`\text{cost}^b / \text{speed}^a`;
* a linear value of time: the least of ``cost of an answer + v x seconds of that answer``, an answer
  of n tokens taking n over speed (its first token is not waited for here);
* a budget: the fastest within it;
* a service level: the cheapest that meets it.

Both scores get better with more speed and with less cost, so their optimum over all designs lies on
the frontier. Budgets and service levels are limits: whoever calls sees to it that the frontier is
that of the question *with* them, as a limit on something that is not traded off (a first token, the
price of a replica's hour) may need a design that the free frontier does not show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.errors import Fault, InstanceError
from solver.instance.economics import StatedPreference

__all__ = ["Choice", "Option", "RunnerUp", "check_preference", "choose", "rule_of"]

EXPONENT = "speed^k/cost"
VALUE_OF_TIME = "value of time"
BUDGET = "budget"
SERVICE_LEVEL = "service level"


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """A point of a frontier.

    Parameters
    ----------
    speed
        Tokens/s of one user, above 0.
    cost
        In ``unit`` of the frontier, 0 or more.
    answer_usd
        US$ for a million output tokens; ``None`` where the frontier does not tell.
    design
        JSON values, for people.
    """

    speed: Fraction
    cost: Fraction
    answer_usd: Fraction | None
    design: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class RunnerUp:
    """An alternative to the choice; ``more`` is what it costs beyond it, in the same unit."""

    option: Option
    more: Fraction
    faster: Fraction
    """Its speed over that of the choice."""
    worse: float
    """Its score over that of the choice, at least 1 where less is better."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A recommendation.

    Parameters
    ----------
    rule
        What was optimised.
    score
        Of the choice: for a value of time US$ an answer, waiting included; else the figure that was
        best, as a float; infinite where speed over cost decides and the choice costs nothing.
    next_faster, next_cheaper, runner_up
        Neighbours on the frontier, and the next best by the same rule; ``None`` where there is
        none.
    """

    preference: StatedPreference
    rule: str
    option: Option | None
    score: float | None
    next_faster: RunnerUp | None = None
    next_cheaper: RunnerUp | None = None
    runner_up: RunnerUp | None = None
    complete: bool = True


def check_preference(preference: StatedPreference, *, where: str) -> None:
    """Refuse a preference that cannot be followed.

    Raises
    ------
    InstanceError
        With every fault.
    """
    faults = []
    exponent, value = preference.speed_exponent, preference.usd_per_s_saved
    if exponent is not None and value is not None:
        faults.append(
            Fault(
                where,
                "speed_exponent and usd_per_s_saved are two rules, and one design follows one",
                "State two preferences",
            )
        )
    if exponent is not None and exponent <= 0:
        faults.append(
            Fault(f"{where}.speed_exponent", f"{exponent} is not above 0", "Write 4, or 1/2")
        )
    if exponent is not None and max(exponent.numerator, exponent.denominator) > _MOST_POWER:
        faults.append(
            Fault(
                f"{where}.speed_exponent",
                f"{exponent} has a numerator or denominator above {_MOST_POWER}",
                "Round it, for example to 4 or 3/2",
            )
        )
    elif exponent is not None and exponent > _MOST_EXPONENT:
        faults.append(
            Fault(
                f"{where}.speed_exponent",
                f"{exponent} is above {_MOST_EXPONENT}, where price hardly counts",
                "Write 4, or ask for a budget: the fastest within it",
            )
        )
    if value is not None and value < 0:
        faults.append(
            Fault(f"{where}.usd_per_s_saved", f"{value} is below 0", "Give US$ per second, 0 or up")
        )
    if value is not None and not (preference.answer_tokens or 0) > 0:
        faults.append(
            Fault(
                f"{where}.answer_tokens",
                "a value of time needs the tokens that are waited for",
                "Write answer_tokens = 500, or what an answer has",
            )
        )
    if rule_of(preference) is None:
        faults.append(
            Fault(
                where,
                "nothing is preferred",
                "State speed_exponent, usd_per_s_saved, a budget or a service level",
            )
        )
    if faults:
        raise InstanceError.all_of(faults)


_MOST_POWER = 100
_MOST_EXPONENT = 20
"""Scores stay in the range of floats, as speeds and costs lie between 1e-12 and 1e12."""


def rule_of(preference: StatedPreference) -> str | None:
    """What decides among the designs that the limits of a preference leave; ``None``: nothing."""
    if preference.speed_exponent is not None:
        return EXPONENT
    if preference.usd_per_s_saved is not None:
        return VALUE_OF_TIME
    if preference.max_usd_per_hour is not None or preference.max_usd_per_mtok is not None:
        return BUDGET
    levels = (preference.min_speed_tok_per_s, preference.max_ttft_s, preference.min_quality)
    return SERVICE_LEVEL if any(level is not None for level in levels) else None


def _score(preference: StatedPreference, rule: str, option: Option) -> Fraction:
    """What is minimised, exact."""
    if rule == EXPONENT:
        exponent = preference.speed_exponent or Fraction(0)
        return option.cost**exponent.denominator / option.speed**exponent.numerator
    if rule == VALUE_OF_TIME:
        if option.answer_usd is None:
            raise ValueError("a value of time needs the cost of a token")
        tokens, value = preference.answer_tokens or 0, preference.usd_per_s_saved or Fraction(0)
        return option.answer_usd * tokens / 10**6 + value * tokens / option.speed
    return 1 / option.speed if rule == BUDGET else option.cost


def choose(
    preference: StatedPreference, options: Sequence[Option], *, complete: bool = True
) -> Choice:
    """The best of ``options``; ties go to the faster, then to the cheaper.

    Parameters
    ----------
    options
        The frontier of the question with the limits of the preference; none: nothing meets them.
    complete
        Whether that is all of it.

    Raises
    ------
    ValueError
        If the preference states no rule, or a cost per token is asked for that is not known.
    """
    rule = rule_of(preference)
    if rule is None:
        raise ValueError("nothing is preferred")
    if not options:
        return Choice(preference, rule, None, None, complete=complete)
    ranked = sorted(options, key=lambda o: (_score(preference, rule, o), 1 / o.speed, o.cost))
    best = ranked[0]

    def beside(option: Option | None) -> RunnerUp | None:
        if option is None:
            return None
        scores = _score(preference, rule, option), _score(preference, rule, best)
        # Scores are compared to the power of the denominator; people read speed^k/cost.
        root = preference.speed_exponent.denominator if preference.speed_exponent else 1
        worse = _ratio(*scores, root=root if rule == EXPONENT else 1)
        return RunnerUp(option, option.cost - best.cost, option.speed / best.speed, worse)

    faster = min((o for o in options if o.speed > best.speed), key=_by_speed, default=None)
    cheaper = max((o for o in options if o.cost < best.cost), key=_by_cost, default=None)
    return Choice(
        preference,
        rule,
        best,
        _told(preference, rule, best),
        beside(faster),
        beside(cheaper),
        beside(ranked[1]) if len(ranked) > 1 else None,
        complete,
    )


def _by_speed(option: Option) -> tuple[Fraction, Fraction]:
    return option.speed, option.cost


def _by_cost(option: Option) -> tuple[Fraction, Fraction]:
    return option.cost, option.speed


def _ratio(one: Fraction, other: Fraction, *, root: int) -> float:
    """``(one / other) ** (1 / root)``; infinite where ``other`` alone is 0."""
    if one == other:
        return 1.0
    if not other:
        return math.inf
    return float(one / other) if root == 1 else math.exp(_log(one / other) / root)


def _log(value: Fraction) -> float:
    # Powers of fractions leave the range of floats; logarithms of their whole numbers do not.
    return math.log(value.numerator) - math.log(value.denominator)


def _told(preference: StatedPreference, rule: str, option: Option) -> float:
    """The score as people read it."""
    if rule == EXPONENT and preference.speed_exponent is not None:
        if not option.cost:
            return math.inf
        return math.exp(float(preference.speed_exponent) * _log(option.speed) - _log(option.cost))
    if rule == BUDGET:
        return float(option.speed)
    return float(_score(preference, rule, option))
