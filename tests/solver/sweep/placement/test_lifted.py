from __future__ import annotations

from fractions import Fraction

import numpy as np

from solver.instance.placement.domain import PlacementLimits
from solver.sweep.placement.frontier import chain_space_of
from solver.sweep.placement.lifted import MAX_LAYERS, stated_limits, without_limits
from tests.solver.sweep.placement.questions import measured, priced


def test_only_stated_limits_are_named() -> None:
    limits = PlacementLimits(max_hosts=2, min_speed_tok_per_s=Fraction(1))
    assert stated_limits(chain_space_of(priced(limits=limits))) == [
        "hbm", "max_hosts", "min_speed",
    ]  # fmt: skip
    assert stated_limits(chain_space_of(measured())) == ["max_layers"]


def test_a_question_without_its_limits_has_none_in_its_numbers() -> None:
    limits = PlacementLimits(max_hosts=2, max_usd_per_hour=Fraction(3))
    space = without_limits(
        chain_space_of(priced(limits=limits)), frozenset({"max_hosts", "max_usd_per_hour"})
    )
    assert space.problem is not None
    assert (space.problem.max_hosts, space.problem.max_price) == (None, None)


def test_machines_without_a_most_take_as_long_a_layer_as_before() -> None:
    before = chain_space_of(measured()).tables
    after = without_limits(chain_space_of(measured()), frozenset({MAX_LAYERS})).tables
    assert before is not None
    assert after is not None
    assert after.allowed[:, 1:].all()
    assert np.array_equal(
        after.stage_time[:, 1:], after.stage_time[:, 1:2] * np.arange(1, after.layers + 1)
    )
    known = before.allowed
    assert np.array_equal(after.stage_time[known], before.stage_time[known])
