r"""The short run: one layout, more and more users.

Elasticity of scale is average over marginal cost (Varian 2010, *Intermediate Microeconomics*,
chapter 21; Frisch 1965, *Theory of Production*): above 1 returns to scale are increasing, another
user costs less than the mean one. Elasticity of throughput is
:math:`d \ln X / d \ln c = 1 - d \ln T / d \ln c` with :math:`X = c / T(c)`. Where the price does
not depend on load, total cost is proportional to T, elasticity of scale e is
:math:`1 / (d \ln T / d \ln c)`, and elasticity of throughput is :math:`1 - 1/e`.

Batches on offer may leave gaps: marginals are differences per user to the next batch on offer, so
``MC(c) = (TC(c') - TC(c)) / (c' - c)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from solver.economics.curve import Curve, CurvePoint

__all__ = ["ProductionPoint", "production"]


@dataclass(frozen=True, slots=True)
class ProductionPoint:
    """Figures of one concurrency; marginals are ``None`` at the last.

    Parameters
    ----------
    total_usd
        Answers of the mean length for all users, US$.
    marginal_usd_per_mtok
        Of tokens to one more user.
    elasticity_of_scale
        Average over marginal cost; ``None`` also where another user costs nothing or less.
    elasticity_of_throughput
        To the next batch on offer.
    marginal_joules
        Energy of one more token a step, J.
    """

    point: CurvePoint
    total_usd: Fraction
    marginal_usd_per_mtok: Fraction | None
    elasticity_of_scale: Fraction | None
    elasticity_of_throughput: float | None
    marginal_joules: Fraction | None


def production(curve: Curve, *, answer_tokens: int) -> tuple[ProductionPoint, ...]:
    """Costs, returns and energy along a curve.

    Parameters
    ----------
    answer_tokens
        Mean length of an answer, which ``total_usd`` is for.
    """
    found = []
    share = Fraction(answer_tokens, 10**6)
    later: list[CurvePoint | None] = [*curve.points[1:], None]
    for here, there in zip(curve.points, later, strict=True):
        marginal = None if there is None else _per_user(here, there, here.total, there.total)
        scale = None if marginal is None or marginal <= 0 else here.average / marginal
        found.append(
            ProductionPoint(
                here,
                here.total * share,
                marginal,
                scale,
                None if there is None else elasticity_of_throughput(here, there),
                None if there is None else _marginal_joules(here, there),
            )
        )
    return tuple(found)


def _per_user(here: CurvePoint, there: CurvePoint, old: Fraction, new: Fraction) -> Fraction:
    return (new - old) / (there.concurrency - here.concurrency)


def elasticity_of_throughput(here: CurvePoint, there: CurvePoint) -> float:
    """Slope of ln throughput over ln concurrency between two points."""
    return math.log(there.tok_per_s / here.tok_per_s) / math.log(
        there.concurrency / here.concurrency
    )


def _marginal_joules(here: CurvePoint, there: CurvePoint) -> Fraction | None:
    old, new = here.joules_per_token, there.joules_per_token
    if old is None or new is None:
        return None
    return _per_user(here, there, old * here.concurrency, new * there.concurrency)
