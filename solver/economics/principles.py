r"""Three principles of serving, judged on exact sequences instead of taken for granted.

1. *Diminishing marginal cost*: a token for one more user never costs more than for the one before,
   ``MC(c)`` never rises.
2. *Diminishing returns to scale*: one more user never adds more throughput than the one before,
   ``X(c)`` is concave.
3. *An interior optimum*: cost per token is least at a concurrency that neither the service level
   nor memory ends, so that serving more users at once would be dearer, not forbidden.

Beside them, what the first is often used to say: *falling average cost*, ``AC(c)`` never rises.

For a step that is affine in concurrency, T = a + bc, the first holds (MC is constant), the second
holds, and the third fails: AC = a/c + b falls for ever. A roofline is the greater of two affine
steps: MC jumps up where arithmetic takes over from HBM, which refutes the first.

Kernels work in tiles: a calibrated sequence is jagged, and one tile decides step by step. So the
same is judged along doublings too, 1, 2, 4, ... of what is on offer, on the same exact figures; and
of every judgement it is told how many steps break the rule, and which of them by most.

Latencies are rounded up to whole picoseconds. A rise counts only where it is more than rounding can
make: with a total of at most its stated value and less than one unit ``r`` below it, a slope over d
users is known to ``r/d``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from solver.economics.curve import PS_PER_S, Curve, CurvePoint
from solver.economics.zone import Zone

__all__ = ["Counterexample", "Principle", "along_doublings", "principles"]

DIMINISHING_MARGINAL_COST = "diminishing marginal cost"
FALLING_AVERAGE_COST = "falling average cost"
DIMINISHING_RETURNS = "diminishing returns to scale"
INTERIOR_OPTIMUM = "interior optimum"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Where a principle fails: a concurrency, the figure before it and the one there."""

    concurrency: int
    before: Fraction
    here: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class Principle:
    """A judgement.

    Parameters
    ----------
    holds
        ``None`` where there are too few concurrencies to tell.
    counterexample
        The first.
    breaks, steps
        Steps that break the rule, of so many; 0 of 0 where a rule is not about steps.
    worst
        The step that breaks it by most, in the unit of the figures.
    """

    name: str
    holds: bool | None
    counterexample: Counterexample | None
    why: str = ""
    breaks: int = 0
    steps: int = 0
    worst: Counterexample | None = None


def principles(curve: Curve, found: Zone | None) -> tuple[Principle, ...]:
    """Judge all of them.

    Parameters
    ----------
    curve
        What is physically possible: points that fit, whatever users are promised.
    found
        The zone under the service level; ``None``: nothing keeps it.
    """
    pairs, triples = len(curve.points) - 1, len(curve.points) - 2
    return (
        _judged(DIMINISHING_MARGINAL_COST, triples, _rising_marginal(curve)),
        _judged(FALLING_AVERAGE_COST, pairs, _rising_average(curve)),
        _judged(DIMINISHING_RETURNS, triples, _rising_increment(curve)),
        _optimum(found),
    )


def along_doublings(curve: Curve) -> Curve | None:
    """The points whose concurrency is a power of two; ``None`` where there are none."""
    kept = tuple(p for p in curve.points if p.concurrency & (p.concurrency - 1) == 0)
    return replace(curve, points=kept) if kept else None


def _judged(name: str, steps: int, breaks: Iterator[Counterexample]) -> Principle:
    if steps < 1:
        return Principle(name, None, None, "too few batches on offer")
    found = list(breaks)
    if not found:
        return Principle(name, True, None, steps=steps)
    worst = max(found, key=lambda entry: (entry.here - entry.before, -entry.concurrency))
    return Principle(name, False, found[0], breaks=len(found), steps=steps, worst=worst)


def _triples(curve: Curve) -> Iterator[tuple[CurvePoint, CurvePoint, CurvePoint]]:
    points = curve.points
    return zip(points, points[1:], points[2:], strict=False)


def _rising_marginal(curve: Curve) -> Iterator[Counterexample]:
    for one, two, three in _triples(curve):
        left, right = two.concurrency - one.concurrency, three.concurrency - two.concurrency
        before, here = (two.total - one.total) / left, (three.total - two.total) / right
        most = max(curve.rounding(point) for point in (one, two, three))
        if here - before > most * (Fraction(1, left) + Fraction(1, right)):
            yield Counterexample(two.concurrency, before, here, "US$/Mtok of one more user")


def _rising_average(curve: Curve) -> Iterator[Counterexample]:
    for one, two in curve.pairs:
        if two.average - one.average > curve.rounding(two) / two.concurrency:
            yield Counterexample(two.concurrency, one.average, two.average, "US$/Mtok")


def _rising_increment(curve: Curve) -> Iterator[Counterexample]:
    def most(point: CurvePoint) -> Fraction:
        latency_ps = max(point.latency_ps - curve.resolution_ps, 1)
        return Fraction(point.concurrency * PS_PER_S, latency_ps)

    for one, two, three in _triples(curve):
        left, right = two.concurrency - one.concurrency, three.concurrency - two.concurrency
        if (three.tok_per_s - most(two)) / right > (most(two) - one.tok_per_s) / left:
            yield Counterexample(
                two.concurrency,
                (two.tok_per_s - one.tok_per_s) / left,
                (three.tok_per_s - two.tok_per_s) / right,
                "tok/s of one more user",
            )


def _optimum(found: Zone | None) -> Principle:
    if found is None:
        return Principle(INTERIOR_OPTIMUM, None, None, "nothing keeps the service level")
    if found.place == "only":
        return Principle(INTERIOR_OPTIMUM, None, None, "one batch alone keeps the service level")
    if found.place == "interior":
        share = f"{100 * float(found.tolerance):.4g} %"
        flat = f"but nothing above it is {share} dearer, up to the end: {', '.join(found.ended_by)}"
        return Principle(INTERIOR_OPTIMUM, True, None, flat if found.reaches_end else "")
    ended = ", ".join(found.ended_by)
    if found.place == "lower end":
        ended = "the fewest users on offer"
    best = found.best
    return Principle(
        INTERIOR_OPTIMUM,
        False,
        Counterexample(best.concurrency, best.average, best.average, "US$/Mtok"),
        f"cost is least at the {found.place}: {ended}",
    )
