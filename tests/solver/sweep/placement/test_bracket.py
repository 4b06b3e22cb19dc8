from __future__ import annotations

from dataclasses import replace

from solver.instance.placement.domain import LevelRounding
from solver.sweep.placement.bracket import outer_space, strip_is_closed
from solver.sweep.placement.frontier import chain_space_of, chain_space_rounded
from solver.sweep.placement.strips import Strip
from tests.solver.sweep.placement.questions import measured, priced

_LEVELS = LevelRounding(bytes_per_s=(9 * 10**9, 2 * 10**10), latency_ps=(0, 2 * 10**7))


def test_the_generous_network_of_a_star_bounds_it() -> None:
    for instance in (priced(rounding=_LEVELS), measured(rounding=_LEVELS)):
        generous = chain_space_rounded(instance, generous=True)
        assert outer_space(chain_space_of(instance), generous) is not None


def test_the_cautious_network_bounds_nothing() -> None:
    for instance in (priced(rounding=_LEVELS), measured(rounding=_LEVELS)):
        cautious = chain_space_rounded(instance, generous=False)
        assert outer_space(chain_space_of(instance), cautious) is None


def test_a_network_bounds_itself() -> None:
    for instance in (priced(), measured()):
        space = chain_space_of(instance)
        assert outer_space(space, space) is not None


def test_a_network_without_a_link_bounds_nothing() -> None:
    space = chain_space_of(priced())
    assert space.problem is not None
    linked = space.problem.linked.copy()
    linked[0, 1] = False
    cut = replace(space, problem=replace(space.problem, linked=linked))
    assert outer_space(space, cut) is None
    assert outer_space(cut, space) is not None


def test_a_strip_is_closed_where_no_image_of_the_bracket_reaches_into_it() -> None:
    strip = Strip(10, 20, 5)
    assert strip_is_closed(strip, [(20, 0), (0, 5)])
    assert not strip_is_closed(strip, [(19, 4)])
    assert not strip_is_closed(strip, [(3, 4)])
