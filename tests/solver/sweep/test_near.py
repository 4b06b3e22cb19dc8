"""Near designs are those of the definition: every candidate against every point, one by one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import solver
from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.ranges import parse_integers
from solver.lowering.design import design_alone, evaluate_alone, locate
from solver.lowering.families import CandidateFamily
from solver.lowering.space import ReplicaSpace, lower_replica
from solver.sweep.near import layout_of, near_section, parse_tolerance, short_list

Small = Callable[..., ReplicaInstance]
Pair = tuple[int, Fraction]
Cell = tuple[CandidateFamily, int, int]

QUESTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "a speed floor": {"limits": {"min_speed_tok_per_s": 90}},
    "a cost limit": {"limits": {"max_cost_usd_per_mtok": "1.1"}},
    "few devices": {"limits": {"max_devices": 4}},
    "a throughput cap": {"limits": {"max_tok_per_s": 3000}},
    "2D and two machines": {
        "design__accelerator": ["H100 SXM", "A100-80GB SXM"],
        "design__tensor_parallel_2d": [1, 4],
        "design__weight_bits": [16],
        "price": None,
    },
}


def pairs_of(frontier: solver.Frontier) -> list[Pair]:
    return [(int(p.exact["latency_ps"]), Fraction(p.exact["cost"])) for p in frontier]


def allowed_cells(space: ReplicaSpace) -> Iterator[tuple[Cell, int, Fraction]]:
    """Every candidate within all limits, by the scalar path."""
    for family in space.families:
        for row, column in itertools.product(range(family.shape[0]), range(family.shape[1])):
            alone = evaluate_alone(space, family, row, column)
            if alone.allowed:
                yield (family, row, column), alone.latency_ps, alone.cost


def is_near(latency: int, cost: Fraction, point: Pair, tolerance: Fraction) -> bool:
    """The definition, in speeds."""
    speed, best = Fraction(10**12, latency), Fraction(10**12, point[0])
    return speed >= best * (1 - tolerance) and cost <= point[1] * (1 + tolerance)


@pytest.mark.parametrize("tolerance", ["0", "1/50", "1/10", "1/2", "999/1000"])
@pytest.mark.parametrize("name", list(QUESTIONS))
def test_the_list_is_that_of_the_definition(small: Small, name: str, tolerance: str) -> None:
    question = small(**{"design__batch": "1..8", **QUESTIONS[name]})
    frontier = solver.solve(question, tolerance=tolerance)
    space, share = lower_replica(question), Fraction(tolerance)
    pairs = pairs_of(frontier)
    assert pairs
    near = [
        (cell, latency, cost)
        for cell, latency, cost in allowed_cells(space)
        if any(is_near(latency, cost, pair, share) for pair in pairs)
    ]
    found = frontier.near
    assert found is not None
    assert found["tolerance"] == str(share)
    assert found["status"] == "complete"
    assert found["count"] == len(near) >= len(pairs)
    batches: dict[str, set[int]] = {}
    on_frontier: dict[str, int] = {}
    for cell, latency, cost in near:
        key = str(layout_of(design_alone(space, *cell)))
        batches.setdefault(key, set()).add(int(cell[0].batches[cell[2]]))
        on_frontier[key] = on_frontier.get(key, 0) + ((latency, cost) in pairs)
    told = {str(entry["design"]): entry for entry in found["layouts"]}
    assert {key: set(parse_integers(e["batches"])) for key, e in told.items()} == batches
    assert {key: entry["on_frontier"] for key, entry in told.items()} == on_frontier
    assert sum(entry["count"] for entry in found["layouts"]) == found["count"]


@pytest.mark.parametrize("tolerance", ["1/50", "1/5"])
@pytest.mark.parametrize("name", list(QUESTIONS))
def test_the_simplest_design_at_a_point_is_that_of_the_definition(
    small: Small, name: str, tolerance: str
) -> None:
    question = small(**{"design__batch": "1..8", **QUESTIONS[name]})
    frontier = solver.solve(question, tolerance=tolerance)
    space, share = lower_replica(question), Fraction(tolerance)
    cells = list(allowed_cells(space))
    assert frontier.near is not None
    assert frontier.near["at_points"]
    for entry in frontier.near["at_points"]:
        point = pairs_of(frontier)[entry["point"]]
        near = [cell for cell in cells if is_near(cell[1], cell[2], point, share)]
        assert entry["near"] == len(near)
        (family, row, _), *_ = min(near, key=lambda cell: space.tie_key(*cell[0]))
        losses = {
            cell: max(Fraction(latency, point[0]), cost / point[1])
            for cell, latency, cost in near
            if cell[0] is family and cell[1] == row
        }
        best = min(losses, key=lambda cell: (losses[cell], cell[2]))
        simplest = entry["simplest"]
        assert simplest["design"] == design_alone(space, *best)
        latency, cost = simplest["exact"]["latency_ps"], Fraction(simplest["exact"]["cost"])
        assert entry["speed_change"] == pytest.approx(point[0] / latency - 1, abs=1e-12)
        assert entry["cost_change"] == pytest.approx(float(cost / point[1]) - 1, abs=1e-12)


def test_a_design_exactly_at_the_tolerance_is_near_and_one_beyond_it_is_not(small: Small) -> None:
    question = small(design__batch="1..6", design__weight_bits=[8], design__tensor_parallel=[1])
    space = lower_replica(question)
    cells = [(latency, cost) for _, latency, cost in allowed_cells(space)]
    # One point alone: every other candidate has a smallest tolerance at which it is near.
    point = min(cells)
    tried = 0
    for latency, cost in cells:
        least = max(1 - Fraction(point[0], latency), cost / point[1] - 1)
        if not 0 < least < 1:
            continue
        counts = []
        for tolerance in (least, least - Fraction(1, 10**30)):
            section = near_section(space, [point], tolerance=tolerance, rows=[0], complete=True)
            assert section is not None
            counts.append(section["count"])
        assert counts[0] > counts[1]
        tried += 1
    assert tried > 3


def test_every_point_of_the_frontier_is_near_itself(small: Small) -> None:
    frontier = solver.solve(small(), tolerance="0")
    assert frontier.near is not None
    assert sum(entry["on_frontier"] for entry in frontier.near["layouts"]) >= len(frontier)


def test_layouts_run_from_the_fewest_devices_up(small: Small) -> None:
    frontier = solver.solve(small(), tolerance="20%")
    assert frontier.near is not None
    devices = [entry["design"]["devices"] for entry in frontier.near["layouts"]]
    assert devices == sorted(devices)
    assert len(set(devices)) > 2


def test_a_wider_tolerance_keeps_every_near_design(small: Small) -> None:
    counts = []
    for share in ("0", "1%", "5%", "20%", "60%"):
        near = solver.solve(small(), tolerance=share).near
        assert near is not None
        counts.append(near["count"])
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_ranges_of_a_layout_hold_its_ends(small: Small) -> None:
    question = small()
    frontier = solver.solve(question, tolerance="10%")
    space = lower_replica(question)
    assert frontier.near is not None
    for entry in frontier.near["layouts"]:
        batches = parse_integers(entry["batches"])
        ends = []
        for batch in batches:
            family, row, column = locate(space, {**entry["design"], "batch": batch})
            alone = evaluate_alone(space, family, row, column)
            ends.append((10**12 / alone.latency_ps, float(alone.cost)))
        assert entry["count"] == len(batches)
        assert entry["speed"] == [min(e[0] for e in ends), max(e[0] for e in ends)]
        assert entry["cost"] == [min(e[1] for e in ends), max(e[1] for e in ends)]


def test_without_a_tolerance_nothing_is_listed(small: Small) -> None:
    frontier = solver.solve(small())
    assert frontier.near is None
    assert "near" not in frontier.to_dict()


def test_an_infeasible_question_has_no_near_designs(small: Small) -> None:
    near = solver.solve(small(limits={"min_speed_tok_per_s": 100000}), tolerance="10%").near
    assert near is not None
    assert (near["count"], near["layouts"], near["at_points"]) == (0, [], [])


def test_a_program_lists_what_the_enumeration_lists(small: Small) -> None:
    question = small(design__batch="1..12")
    expected = solver.solve(question, tolerance="10%")
    found = solver.solve(question, tolerance="10%", formulation="column_selection")
    assert found.near == expected.near


def test_near_the_points_of_a_partial_answer_says_partial(small: Small) -> None:
    answers = iter([True])
    frontier = solver.solve(small(), tolerance="10%", should_stop=lambda: next(answers, False))
    assert frontier.status == "partial"
    assert frontier.near is not None
    assert frontier.near["status"] == "partial"
    assert frontier.near["count"] > 0
    assert solver.verify(frontier)


def test_a_stopped_run_says_that_nothing_was_listed(small: Small) -> None:
    frontier = solver.solve(small(), tolerance="10%", should_stop=lambda: True)
    assert frontier.near is not None
    assert frontier.near["status"] == "stopped"
    assert frontier.near["count"] is None
    assert frontier.near["reason"] == "stopped by the user"
    assert solver.verify(frontier)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("10%", "1/10"),
        ("10 %", "1/10"),
        ("0.1", "1/10"),
        (".1", "1/10"),
        ("1/10", "1/10"),
        (" 2.5% ", "1/40"),
        ("0", "0"),
        (0, "0"),
        (0.1, "1/10"),
        (1e-7, "1/10000000"),
        (Fraction(1, 3), "1/3"),
    ],
)
def test_a_tolerance_is_read_exactly(value: str | float | Fraction, expected: str) -> None:
    assert parse_tolerance(value) == Fraction(expected)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "ten",
            "-1%",
            "-0.1",
            "1",
            "10",
            "100%",
            "1/0",
            "1e-3",
            "0.1.2",
            "nan",
            "%",
            "9" * 99,
        ),
        *(1.0, -0.1, float("nan"), float("inf"), Fraction(3, 2), Fraction(-1, 2), True),
    ],
)
def test_what_is_no_share_below_one_is_refused(value: str | float | Fraction) -> None:
    with pytest.raises(InstanceError, match=r"--tolerance: .* Give a share below one"):
        parse_tolerance(value)


@given(st.sets(st.integers(1, 60), min_size=1))
def test_a_short_list_reads_back_as_its_numbers(numbers: set[int]) -> None:
    assert parse_integers(short_list(sorted(numbers))) == tuple(sorted(numbers))


def test_a_short_list_tells_steps() -> None:
    assert short_list([1, 2, 3, 4, 6, 8, 10, 40, 41]) == "1..4, 6..10 step 2, 40, 41"
