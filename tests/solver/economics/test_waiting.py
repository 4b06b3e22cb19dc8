"""Values of time at which an interior load is the best, against a search over values."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from solver.economics.curve import Curve, CurvePoint
from solver.economics.waiting import waiting

MICROSECOND = 10**6


def curve(latencies: list[int], broken: tuple[int, ...] = ()) -> Curve:
    points = tuple(
        CurvePoint(c, t, Fraction(2), broken=("speed",) if c in broken else ())
        for c, t in enumerate(latencies, start=1)
    )
    return Curve("m", "x", "TP1", 1, points, 1)


def best(line: Curve, usd_per_s: Fraction) -> int:
    """The load of least cost and waiting together, by its definition."""
    kept = [point for point in line.points if not point.broken]
    return min(
        kept,
        key=lambda p: (
            p.average / 10**6 + usd_per_s * Fraction(p.latency_ps, 10**12),
            p.concurrency,
        ),
    ).concurrency


def test_an_affine_step_has_an_interior_optimum_once_waiting_costs() -> None:
    line = curve([10 * MICROSECOND + MICROSECOND * c for c in range(1, 33)])
    found = waiting(line)
    assert found is not None
    assert found.interior
    assert found.below is not None
    assert best(line, found.above) == 32 or best(line, found.above * Fraction(99, 100)) == 32
    assert 1 < best(line, (found.above + found.below) / 2) < 32
    assert best(line, found.below * 2) == 1


def test_two_loads_leave_none_inside() -> None:
    assert waiting(curve([5, 7])) is None


def test_loads_that_break_the_service_level_do_not_count() -> None:
    assert waiting(curve([5, 7, 9, 11], broken=(3, 4))) is None


@given(
    latencies=st.lists(st.integers(1, 60), min_size=3, max_size=8),
    value=st.fractions(0, 1, max_denominator=50),
)
def test_the_optimum_is_inside_exactly_between_the_two_values(
    latencies: list[int], value: Fraction
) -> None:
    line = curve(latencies)
    usd_per_s = value * 10**5
    found = waiting(line, [("v", usd_per_s)])
    assert found is not None
    (stated,) = found.stated
    assert stated.concurrency == best(line, usd_per_s)
    if usd_per_s > found.above and (found.below is None or usd_per_s < found.below):
        assert 1 < best(line, usd_per_s) < len(latencies)
