from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.instance.placement.domain import (
    LevelRounding,
    PlacementInstance,
    PlacementLimits,
    PlacementRules,
    PlacementTradeOff,
)
from solver.placement_api import solve_placement_question, verify_placement_document
from solver.placement_frontier import PlacementFrontier
from tests.oracles.chain_enumeration import (
    PS,
    Image,
    Row,
    all_pipelines,
    broken_limits,
    frontier_of,
)
from tests.oracles.placement_questions import small_questions
from tests.oracles.small_topologies import patient

few = settings(patient, max_examples=4)
KINDS: list[tuple[tuple[PlacementTradeOff, ...], bool]] = [
    (("speed", "cost"), False),
    (("speed", "cost"), True),
    (("speed", "throughput"), False),
    (("speed", "throughput"), True),
]
kinds = pytest.mark.parametrize(("trade_off", "measured"), KINDS)


def images_of(found: PlacementFrontier) -> list[Image]:
    """The exact points of an answer, as the enumeration tells them."""
    return [
        (
            int(point.exact["latency_ps"]),
            Fraction(str(point.exact["cost"]))
            if "cost" in point.exact
            else -int(Fraction(str(point.exact["throughput"])) * 10**6),
        )
        for point in found
    ]


def limited(
    draw: st.DrawFn, instance: PlacementInstance, rows: set[Row]
) -> tuple[PlacementInstance, PlacementLimits]:
    """The question with limits at, or a trifle beyond, what some pipelines attain."""
    ordered = sorted(rows, key=lambda row: (row.time_ps, row.hosts, row.rate_micro))
    row = ordered[draw(st.integers(0, len(ordered) - 1))]
    nudge = draw(st.sampled_from([Fraction(1), Fraction(10**9 - 1, 10**9)]))
    limits: dict[str, Any] = {"max_hosts": draw(st.sampled_from([None, 1, 2]))}
    if draw(st.booleans()):
        limits["min_speed_tok_per_s"] = Fraction(PS, row.time_ps) / nudge
    if instance.trade_off[-1] == "cost":
        if draw(st.booleans()):
            limits["max_usd_per_hour"] = row.price * nudge if row.price is not None else None
        if draw(st.booleans()):
            limits["max_cost_usd_per_mtok"] = row.cost * nudge
    found = PlacementLimits(**limits)
    return replace(instance, limits=found), found


def needed_of(limit: str, rows: list[Row]) -> Fraction | None:
    """What a limit would have to be for the best of these; ``None`` where none is a number."""
    if not rows or limit in ("max_layers", "links"):
        return None
    if limit == "min_speed":
        return max(Fraction(PS, row.time_ps) for row in rows)
    if limit == "max_hosts":
        return Fraction(min(row.hosts for row in rows))
    assert limit == "hbm"
    return Fraction(min(row.lacking for row in rows), 10**9)


@kinds
@given(data=st.data())
@few
def test_a_frontier_is_that_of_all_pipelines(
    trade_off: tuple[PlacementTradeOff, ...], measured: bool, data: st.DataObject
) -> None:
    asked = data.draw(small_questions(trade_off=trade_off, measured=measured, max_hosts=3))
    asked = replace(asked, rules=replace(asked.rules, hbm_reserve_fraction=Fraction(1, 10)))
    rows = all_pipelines(asked)
    instance, _ = limited(data.draw, asked, rows)
    found = solve_placement_question(instance)
    expected = frontier_of(instance, rows)
    assert images_of(found) == expected
    assert found.status == ("complete" if expected else "infeasible")
    assert verify_placement_document(found.to_dict()).passed


@kinds
@given(data=st.data())
@few
def test_a_conflict_is_smallest_and_what_would_do_is_exact(
    trade_off: tuple[PlacementTradeOff, ...], measured: bool, data: st.DataObject
) -> None:
    asked = data.draw(small_questions(trade_off=trade_off, measured=measured, max_hosts=3))
    asked = replace(asked, rules=replace(asked.rules, hbm_reserve_fraction=Fraction(1, 3)))
    rows = all_pipelines(asked)
    # Above all that is attained, so that something always stands in the way.
    beyond = Fraction(PS, min(row.time_ps for row in rows)) + 1
    limits = PlacementLimits(
        min_speed_tok_per_s=data.draw(st.sampled_from([beyond, beyond / 2, beyond / 8])),
        max_hosts=data.draw(st.sampled_from([None, 1, 2])),
    )
    instance = replace(asked, limits=limits)
    found = solve_placement_question(instance)
    broken = [(broken_limits(instance, row), row) for row in rows]
    if found.status == "complete":
        assert any(not names for names, _ in broken)
        return

    def meets(names: frozenset[str]) -> bool:
        return any(not (names & limits_broken) for limits_broken, _ in broken)

    named = frozenset(str(entry["limit"]) for entry in found.conflict)
    assert not meets(named)
    assert all(meets(named - {name}) for name in named)
    for entry in found.conflict:
        rest = [row for names, row in broken if names <= {entry["limit"]}]
        told = entry["needed_exact"]
        needed = needed_of(entry["limit"], rest)
        assert told == (None if needed is None else str(needed))


@given(data=st.data())
@few
def test_what_is_left_of_rounded_links_holds_on_the_true_network(data: st.DataObject) -> None:
    asked = data.draw(small_questions(max_hosts=3))
    rates = sorted({link.bytes_per_s for link in asked.topology.links}) or [1]
    levels = LevelRounding(bytes_per_s=(rates[0], 2 * rates[-1]))
    instance = replace(asked, rounding=levels, rules=PlacementRules())
    found = solve_placement_question(instance)
    true = frontier_of(instance, all_pipelines(instance))
    for image in images_of(found):
        assert any(a <= image[0] and b <= image[1] for a, b in true)
    bracket = found.answer.bracket
    if bracket is not None:
        for image in true:
            assert any(a <= image[0] and b <= image[1] for a, b in bracket)
    if found.status == "complete":
        assert images_of(found) == true
