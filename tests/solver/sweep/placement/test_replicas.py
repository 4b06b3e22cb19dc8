from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from formulations.placement.chain_plan import value_of, violations
from formulations.placement.chain_problem import (
    ChainOption,
    ChainProblem,
    ChainSetting,
    SharedLink,
)
from formulations.placement.chain_tables import ChainTables
from solver.errors import EngineError, InstanceError
from solver.instance.placement.domain import PlacementLimits
from solver.lowering.placement.space import ChainSpace
from solver.sweep.fleet.roads import Answer
from solver.sweep.placement import packing_search as module
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.replicas import LATTICE, OpenSpan, ReplicaAnswer, sweep_packings
from tests.oracles.plain_replicas import (
    packed_frontier,
    partition_frontier,
    small_questions,
    small_rated_tables,
    space_of,
)

_CHECKS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _values(answer: ReplicaAnswer) -> list[tuple[int, int]]:
    return [(point.time, point.rate) for point in answer.points]


@_CHECKS
@given(small_questions())
def test_the_frontier_is_that_of_all_partitions_of_the_hosts(problem: ChainProblem) -> None:
    answer = sweep_packings(space_of(problem))
    assert answer.complete
    assert _values(answer) == partition_frontier(problem)


@_CHECKS
@given(small_rated_tables())
def test_the_frontier_of_measured_machines_is_that_of_all_partitions(tables: ChainTables) -> None:
    answer = sweep_packings(space_of(tables))
    assert answer.complete
    assert _values(answer) == partition_frontier(tables)


@_CHECKS
@given(small_questions(most_hosts=4, most_layers=3, most_links=2))
def test_the_frontier_over_shared_links_is_that_of_all_packings(problem: ChainProblem) -> None:
    answer = sweep_packings(space_of(problem))
    assert answer.complete
    assert _values(answer) == packed_frontier(problem)


@_CHECKS
@given(small_rated_tables(most_hosts=4, most_layers=3, most_links=2))
def test_measured_machines_over_shared_links_have_the_frontier_of_all_packings(
    tables: ChainTables,
) -> None:
    assert _values(sweep_packings(space_of(tables))) == packed_frontier(tables)


@pytest.mark.parametrize("engine", ["cp-sat", "highs"])
@settings(_CHECKS, max_examples=12)
@given(small_questions(most_hosts=4, most_links=1))
def test_the_fleet_program_finds_the_same_frontier(engine: str, problem: ChainProblem) -> None:
    answer = sweep_packings(space_of(problem), engine=engine)
    assert answer.complete
    assert _values(answer) == _values(sweep_packings(space_of(problem)))
    assert LATTICE not in answer.engines


@_CHECKS
@given(small_questions(most_hosts=5, most_links=2))
def test_every_point_is_made_of_valid_chains_on_hosts_of_their_own(problem: ChainProblem) -> None:
    for point in sweep_packings(space_of(problem)).points:
        used = np.zeros(len(problem.count), dtype=np.int64)
        for replica in point.replicas:
            tables = problem.tables(replica.setting)
            assert violations(tables, replica.plan) == []
            assert value_of(tables, replica.plan).time == replica.time
            batch = problem.settings[replica.setting].batch
            assert replica.rate == batch * 10**18 // replica.time
            used += np.array(replica.plan.hosts_used(len(used)))
        assert (used <= problem.count).all()
        assert point.time == max(replica.time for replica in point.replicas)
        assert point.rate == sum(replica.rate for replica in point.replicas)


def _trio(*, hosts: int = 3, busy: int = 0) -> ChainProblem:
    """Hosts of up to 4 layers for a model of 4, 1 us a layer. Batch 1 or 8; a hand-over between two
    hosts takes nothing; the way in keeps a link busy."""
    settings_ = (ChainSetting(1, 1), ChainSetting(2, 4))
    load = np.zeros((2, 2, 2), dtype=np.int64)
    load[:, 1, 0] = busy
    return ChainProblem(
        name="trio",
        layers=4,
        count=np.array([hosts]),
        settings=settings_,
        options=(ChainOption("a", 0, 2, 4, (10**6,) * 2, (1,) * 2, (0,) * 2),),
        hand_over_ps=np.zeros((2, 2, 2), dtype=np.int64),
        linked=np.ones((2, 2), dtype=np.bool_),
        shared=(SharedLink("in", load),) if busy else (),
        price_per_usd=1,
    )


def _space(
    problem: ChainProblem | None = None, limits: PlacementLimits | None = None
) -> ChainSpace:
    return space_of(_trio() if problem is None else problem, limits)


def test_copies_on_hosts_of_their_own_stand_beside_one_long_pipeline() -> None:
    # Batch 1: 4 us on any number of hosts, a quarter a us. Batch 8: one host 16 us and half a us;
    # two hosts 8 us and 1 a us; three hosts 8 us too, for one of them holds 2 layers. So three
    # copies of batch 1; then a pair and a copy of batch 1; then a pair and one host of batch 8.
    micro = 10**12
    assert _values(sweep_packings(_space())) == [
        (4 * 10**6, 3 * micro // 4),
        (8 * 10**6, micro + micro // 4),
        (16 * 10**6, micro + micro // 2),
    ]


def test_a_link_that_is_full_admits_no_further_replica() -> None:
    # The way in keeps the link busy for half of the period of 4 us: two copies and no more.
    answer = sweep_packings(_space(_trio(busy=2 * 10**6)))
    first = answer.points[0]
    assert (first.time, len(first.replicas)) == (4 * 10**6, 2)
    assert _values(answer) == packed_frontier(_trio(busy=2 * 10**6))


def test_three_replicas_may_fill_a_link_together() -> None:
    # With 3 layers a copy of batch 1 takes 3 us, of which the way in keeps the link busy for 1.
    first = sweep_packings(_space(replace(_trio(busy=10**6), layers=3))).points[0]
    assert (first.time, len(first.replicas)) == (3 * 10**6, 3)


def test_points_without_shared_links_are_proved_by_the_lattice() -> None:
    answer = sweep_packings(_space())
    assert {(point.engine, point.closed_by) for point in answer.points} == {
        (LATTICE, "enumeration")
    }
    assert answer.solves == 0
    assert answer.engines == ("labels", LATTICE)


def test_points_of_an_engine_name_it_and_how_they_were_closed() -> None:
    answer = sweep_packings(_space(), engine="cp-sat")
    assert {(point.engine, point.closed_by) for point in answer.points} == {("cp-sat", "bound")}
    assert answer.solves > 0


def test_where_the_lattice_overfills_a_link_an_engine_settles_the_level() -> None:
    answer = sweep_packings(_space(_trio(busy=2 * 10**6)))
    assert answer.solves > 0
    assert "cp-sat" in answer.engines


def test_a_least_speed_ends_the_frontier_there() -> None:
    # 1 token in 8 us is just fast enough.
    limits = PlacementLimits(min_speed_tok_per_s=Fraction(10**6, 8))
    assert [time for time, _ in _values(sweep_packings(_space(limits=limits)))] == [4e6, 8e6]


def test_a_greatest_cost_per_token_removes_dear_chains() -> None:
    # US$ 2 an hour and host. Batch 1 on one host: 4 us a token; batch 8: 2 us on one host of 16 us,
    # and on two hosts of 8 us as well. Per million tokens: 2 x 2 s / 3600 s.
    most = PlacementLimits(max_cost_usd_per_mtok=Fraction(2 * 2, 3600))
    assert [time for time, _ in _values(sweep_packings(_space(limits=most)))] == [8e6, 16e6]
    less = PlacementLimits(max_cost_usd_per_mtok=Fraction(2 * 2, 3600) - Fraction(1, 10**9))
    assert _values(sweep_packings(_space(limits=less))) == []


def test_a_cost_per_token_of_measured_machines_is_refused_with_the_cure() -> None:
    tables = replace(_trio().tables(0), pace=-_trio().tables(0).pace)
    limits = PlacementLimits(max_cost_usd_per_mtok=Fraction(1))
    with pytest.raises(InstanceError, match="limit the price an hour"):
        sweep_packings(space_of(tables, limits))


def test_a_cluster_that_cannot_hold_the_model_has_no_point_and_no_open_span() -> None:
    answer = sweep_packings(_space(replace(_trio(hosts=1), layers=5)))
    assert (answer.points, answer.open_spans) == ((), ())


def test_out_of_time_nothing_is_claimed() -> None:
    answer = sweep_packings(_space(), halt=Halt.after(0, None))
    assert not answer.complete
    assert [(span.above_ps, span.to_ps) for span in answer.open_spans] == [(0, None)]
    assert answer.open_spans[0].reason == "time limit"


def test_labels_that_do_not_fit_leave_all_open_and_points_unproved() -> None:
    answer = sweep_packings(_space(), most_labels=1)
    assert answer.open_spans[0].bound is None
    assert "more than 1 labels" in answer.open_spans[0].reason
    assert answer.points
    assert {point.engine for point in answer.points} == {""}


@pytest.mark.parametrize("asked_before", range(3, 14))
def test_wherever_it_is_stopped_points_are_valid_and_the_rest_is_open(asked_before: int) -> None:
    problem = _trio(busy=2 * 10**6)
    left = iter(range(10**6))
    answer = sweep_packings(
        _space(problem), engine="cp-sat", halt=Halt(asked=lambda: next(left) >= asked_before)
    )
    truth = packed_frontier(problem)
    for time, rate in _values(answer):
        assert rate <= max(r for t, r in truth if t <= time)
    missed = [point for point in truth if point not in _values(answer)]
    for time, _ in missed:
        assert any(
            span.above_ps < time and (span.to_ps is None or time <= span.to_ps)
            for span in answer.open_spans
        )
    assert not (answer.complete and missed)


def test_an_open_span_says_between_which_times_and_up_to_which_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Replicas have periods of 4, 8 and 16 us. Without links three hosts carry 1.5 tokens a us. The
    # first program settles the slowest level among the chains that are known, then the user stops:
    # other chains may be better, so nothing is proved.
    halt = Halt()
    least = module.Road.least

    def least_and_stop(*args: Any, **options: Any) -> Answer:
        answer = least(*args, **options)
        halt.interrupted = True
        return answer

    monkeypatch.setattr(module.Road, "least", least_and_stop)
    problem = _trio(busy=2 * 10**6)
    answer = sweep_packings(_space(problem), engine="cp-sat", halt=halt)
    assert _values(answer) == packed_frontier(problem)[-1:] == [(8 * 10**6, 10**12)]
    assert answer.points[0].engine == ""
    assert answer.open_spans == (OpenSpan(0, 16 * 10**6, 0, 3 * 10**12 // 2, "interrupted"),)


def test_a_packing_that_breaks_a_rule_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "packing_faults", lambda *_: ["4 hosts of orbit 0, which has 3"])
    with pytest.raises(EngineError, match="a packing fails its check: 4 hosts"):
        sweep_packings(_space(), engine="cp-sat")


def test_progress_is_told_of_hosts_and_of_levels() -> None:
    said: list[tuple[int, int]] = []
    sweep_packings(_space(), on_progress=lambda done, todo: said.append((done, todo)))
    assert said[0] == (0, 6)
    assert said[-1][0] == said[-1][1]
