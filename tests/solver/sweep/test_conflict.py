from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from solver.instance.domain import ReplicaInstance
from solver.lowering.space import lower_replica
from solver.sweep.conflict import count_refused, explain_conflict
from solver.sweep.enumeration import enumerate_frontier

Small = Callable[..., ReplicaInstance]


def test_a_feasible_question_has_no_conflict(small: Small) -> None:
    assert explain_conflict(lower_replica(small())) is None


def test_a_speed_no_design_reaches_is_named_with_what_is_needed(small: Small) -> None:
    space = lower_replica(small(limits={"min_speed_tok_per_s": 5000}))
    conflict = explain_conflict(space)
    assert conflict is not None
    assert [limit.limit for limit in conflict.limits] == ["min_speed"]
    fastest = enumerate_frontier(lower_replica(small())).points[0]
    assert conflict.limits[0].needed == pytest.approx(1e12 / fastest.latency_ps, rel=1e-5)
    assert conflict.nearest["refused_by"][0]["limit"] == "min_speed"


LIMITS: dict[str, Any] = {
    "min_speed_tok_per_s": 300,
    "max_cost_usd_per_mtok": "0.12",
    "max_devices": 2,
}


def test_the_conflict_is_minimum_and_each_member_is_needed(small: Small) -> None:
    conflict = explain_conflict(lower_replica(small(limits=LIMITS)))
    assert conflict is not None
    key = {
        "min_speed": "min_speed_tok_per_s",
        "max_cost": "max_cost_usd_per_mtok",
        "max_devices": "max_devices",
    }
    named = [key[limit.limit] for limit in conflict.limits]
    size = len(named)

    def feasible(names: tuple[str, ...]) -> bool:
        limits = {name: LIMITS[name] for name in names}
        return bool(enumerate_frontier(lower_replica(small(limits=limits))).points)

    assert not feasible(tuple(named))
    for fewer in itertools.combinations(LIMITS, size - 1):
        assert feasible(fewer)


def test_giving_what_is_needed_makes_the_question_feasible(small: Small) -> None:
    limits = {"min_speed_tok_per_s": 300, "max_cost_usd_per_mtok": "0.09"}
    conflict = explain_conflict(lower_replica(small(limits=limits)))
    assert conflict is not None
    for limit in conflict.limits:
        assert limit.needed is not None
        assert limit.change is not None
        key = {"min_speed": "min_speed_tok_per_s", "max_cost": "max_cost_usd_per_mtok"}[limit.limit]
        slack = 1 - 1e-9 if limit.limit == "min_speed" else 1 + 1e-9
        eased = {**limits, key: repr(limit.needed * slack)}
        assert enumerate_frontier(lower_replica(small(limits=eased))).points


def test_a_limit_that_cannot_mend_it_alone_says_so(small: Small) -> None:
    limits = {"max_usd_per_hour": "2.10", "min_speed_tok_per_s": 9000, "max_devices": 1}
    conflict = explain_conflict(lower_replica(small(limits=limits)))
    assert conflict is not None
    assert [limit.limit for limit in conflict.limits] == ["min_speed"]
    hopeless = {"min_speed_tok_per_s": 9000, "max_cost_usd_per_mtok": "0.0001"}
    conflict = explain_conflict(lower_replica(small(limits=hopeless)))
    assert conflict is not None
    assert conflict.limits[0].needed is None
    assert "alone it cannot" in conflict.limits[0].explanation


def test_a_context_that_fills_the_hbm_is_a_conflict_and_not_bad_input(small: Small) -> None:
    space = lower_replica(
        small(workload__context_tokens=120000, design__batch=[64], design__tensor_parallel=[1])
    )
    conflict = explain_conflict(space)
    assert conflict is not None
    assert [limit.limit for limit in conflict.limits] == ["hbm"]
    assert conflict.nearest["refused_by"][0]["by"] > 0


def test_refusals_are_counted_against_every_candidate(small: Small) -> None:
    space = lower_replica(small(limits={"max_devices": 1}))
    counts, _ = count_refused(space)
    by_shape = sum(
        family.shape[1]
        for family in space.families
        for devices in family.devices.tolist()
        if devices > 1
    )
    assert counts["max_devices"] == by_shape


@pytest.mark.parametrize("speed", ["301.7", "412", "555.5", "999"])
def test_what_is_needed_can_be_typed_as_it_is_shown(small: Small, speed: str) -> None:
    limits = {"min_speed_tok_per_s": speed, "max_cost_usd_per_mtok": "0.07", "max_devices": 1}
    conflict = explain_conflict(lower_replica(small(limits=limits)))
    assert conflict is not None
    keys = {
        "min_speed": "min_speed_tok_per_s",
        "max_cost": "max_cost_usd_per_mtok",
        "max_devices": "max_devices",
    }
    for limit in conflict.limits:
        if limit.needed is None:
            continue
        value: object = int(limit.needed) if limit.limit == "max_devices" else f"{limit.needed:g}"
        eased = {**limits, keys[limit.limit]: value}
        assert enumerate_frontier(lower_replica(small(limits=eased))).points, limit
