"""Replicas on nodes: what the rows allow is what a person can lay out, no more and no less."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from formulations.fleet.problem import COST, FleetProblem
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.nodes import NodeCut, devices_taken, node_cuts, sizes_to_fit
from solver.sweep.fleet.roads import Box, Road, Stop

F = Fraction


def nodes_needed(replicas: Sequence[int], node: int) -> int:
    """Fewest nodes by trying every way: those that do not divide a node take whole ones."""
    alone = sum(-(-size // node) for size in replicas if node % size)

    @cache
    def fits(left: tuple[int, ...], rooms: tuple[int, ...]) -> bool:
        if not left:
            return True
        return any(
            fits(left[1:], tuple(sorted((*rooms[:k], room - left[0], *rooms[k + 1 :]))))
            for k, room in enumerate(rooms)
            if room >= left[0] and room not in rooms[:k]
        )

    sharing = tuple(sorted((size for size in replicas if node % size == 0), reverse=True))
    return next(alone + n for n in range(len(sharing) + 1) if fits(sharing, (node,) * n))


def allows(problem: FleetProblem, counts: Sequence[int]) -> bool:
    """Whether some cuts make these counts of the first columns meet every limit."""
    free = [range(0)] * 0
    cuts = [j for j, name in enumerate(problem.column_names) if " into " in name]
    free = [range(sum(counts) + 1)] * len(cuts)
    for chosen in itertools.product(*free):
        if all(
            have <= most
            for have, most in zip(
                problem.use.dot([*counts, *chosen]), problem.limit.tolist(), strict=True
            )
        ):
            return True
    return False


def on_nodes(make: dict[str, Any], sizes: Sequence[int], node: int) -> FleetProblem:
    """One workload, a layout of each size, none better than another, and nodes without end."""
    points = [make["point"](layout=f"d{size}", devices=size) for size in sizes]
    asked = make["question"](
        make["workload"](*points),
        machines=(make["machine"](node_devices=node, stock_devices=None),),
    )
    return lower_fleet(asked, prune=False).problem


@pytest.mark.parametrize(
    ("sizes", "node", "largest"),
    [
        ((2, 3), 6, 4),
        ((1, 2, 3), 6, 3),
        ((1, 2, 3, 4, 6, 8), 8, 2),
        ((3, 4), 12, 4),
        ((2, 3, 4), 12, 2),
        ((4, 6), 12, 3),
        ((6, 10, 15), 30, 2),
    ],
)
def test_replicas_stand_on_just_as_many_nodes_as_they_need(
    make: dict[str, Any], sizes: tuple[int, ...], node: int, largest: int
) -> None:
    problem = on_nodes(make, sizes, node)
    for replicas in itertools.product(range(largest + 1), repeat=len(sizes)):
        listed = [s for s, count in zip(sizes, replicas, strict=True) for _ in range(count)]
        least = nodes_needed(listed, node)
        assert allows(problem, [*replicas, least]), replicas
        if least:
            assert not allows(problem, [*replicas, least - 1]), replicas


@pytest.mark.parametrize(
    ("sizes", "node"),
    [((2, 3, 4, 6), 12), ((6, 10, 15), 30), ((4, 6, 9), 36), ((8, 9, 12, 18), 72)],
)
def test_every_filling_of_a_node_is_reached_by_cuts(sizes: tuple[int, ...], node: int) -> None:
    cuts = node_cuts(sizes, node)

    @cache
    def reach(blocks: tuple[int, ...]) -> frozenset[tuple[int, ...]]:
        """All blocks that cuts make of these, the larger first."""
        found = {blocks}
        for k, block in enumerate(blocks):
            for cut in cuts:
                if cut.block <= block:
                    rest = (*blocks[:k], *blocks[k + 1 :], *cut.parts)
                    found |= reach(tuple(sorted(rest, reverse=True)))
        return frozenset(found)

    made = reach((node,))
    every = range(node // min(sizes) + 1)
    for number in every:
        for parts in itertools.combinations_with_replacement(sorted(sizes, reverse=True), number):
            if sum(parts) <= node:
                assert any(
                    len(blocks) >= len(parts)
                    and all(a >= b for a, b in zip(blocks, parts, strict=False))
                    for blocks in made
                ), parts


@pytest.mark.parametrize(("sizes", "node"), [((2, 3, 4, 6), 12), ((6, 10, 15), 30)])
def test_a_cut_makes_no_devices(sizes: tuple[int, ...], node: int) -> None:
    assert all(sum(cut.parts) <= cut.block for cut in node_cuts(sizes, node))


def test_all_sizes_of_a_rack_of_72_need_few_cuts() -> None:
    sizes = [size for size in range(1, 73) if 72 % size == 0]
    assert len(node_cuts(sizes_to_fit(sizes, 72), 72)) < 25


@pytest.mark.parametrize(
    ("sizes", "node", "to_fit"),
    [
        ((1, 2, 4, 8), 8, ()),
        ((1, 3, 6, 8), 8, ()),
        ((1, 2, 3), 6, (2, 3)),
        ((2, 4, 6), 12, (4, 6)),
        ((1, 2, 4, 6, 12), 12, (4, 6)),
        ((5,), 1, ()),
    ],
)
def test_sizes_that_divide_one_another_need_no_cuts(
    sizes: tuple[int, ...], node: int, to_fit: tuple[int, ...]
) -> None:
    assert sizes_to_fit(sizes, node) == to_fit


@pytest.mark.parametrize(
    ("size", "node", "taken"),
    [(2, 8, 2), (8, 8, 8), (6, 8, 8), (12, 8, 16), (16, 8, 16), (5, 1, 5)],
)
def test_a_replica_takes_its_part_of_a_node_or_whole_ones(size: int, node: int, taken: int) -> None:
    assert devices_taken(size, node) == taken


def test_a_cut_takes_one_block_and_makes_smaller_ones() -> None:
    cut = NodeCut(6, (3, 2))
    assert [cut.taken(size) for size in (6, 3, 2)] == [1, 0, -1]
    assert cut.name == "6 into 3 + 2"


def best(make: dict[str, Any], *points: Any, machines: Any) -> Fraction:
    asked = make["question"](make["workload"](*points, requests_per_s=F(6)), machines=machines)
    space = lower_fleet(asked)
    value = Road(space.problem).least(COST, Box({}, {}), stop=Stop()).value
    assert value is not None
    return value * space.units[COST]


def test_another_layout_on_offer_takes_no_plan_away(make: dict[str, Any]) -> None:
    # Three replicas of 2 devices fill a node of 6; a slow layout of 3 devices changes nothing.
    machines = (
        make["machine"](
            "h", node_devices=6, stock_devices=None, contracts=(make["rented"]("0.9"),)
        ),
        make["machine"]("l", stock_devices=None),
    )
    points = [
        make["point"](machine="h", devices=2),
        make["point"](machine="l", layout="b"),
    ]
    slow = make["point"]("0.5", machine="h", layout="c", devices=3, tpot_s=F(1, 30))
    assert best(make, *points, machines=machines) == F(108, 10)
    assert best(make, *points, slow, machines=machines) == F(108, 10)


def test_replicas_of_two_and_three_devices_fill_nodes_of_six_together(make: dict[str, Any]) -> None:
    # Rates are such that 3 + 3 and 2 + 2 + 2 carry 6 requests/s on two nodes, and either alone too
    # little on two: 4 of 3 devices carry 5, and 6 of 2 devices carry 5.4.
    machines = (make["machine"](node_devices=6, stock_devices=12),)
    points = [
        make["point"]("1.25", devices=3, watts=F(100)),
        make["point"]("0.9", devices=2, layout="b", watts=F(1)),
    ]
    workload = make["workload"](*points, requests_per_s=F("5.2"))
    space = lower_fleet(make["question"](workload, machines=machines))
    value = Road(space.problem).least(COST, Box({}, {}), stop=Stop()).value
    assert value is not None
    assert value * space.units[COST] == 24
