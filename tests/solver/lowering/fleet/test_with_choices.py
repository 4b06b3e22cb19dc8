"""Limits on layouts and changes as rows, against counting layouts and changes of every plan."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from formulations.milp import INFINITY
from solver.instance.fleet.domain import CurrentFleet, CurrentReplicas, FleetLimits, Period
from solver.lowering.fleet.question import lower_question
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.stated import stated_limits
from solver.lowering.fleet.uppers import with_limits
from solver.sweep.fleet.roads import Box, Road, Stop

Make = dict[str, Callable[..., Any]]
F = Fraction


def _question(make: Make, **changes: Any) -> Any:
    """Two workloads; on each machine one layout is good at each."""
    machines = (
        make["machine"]("box", contracts=(make["rented"]("2"),), stock_devices=4),
        make["machine"]("tub", contracts=(make["rented"]("3"),), stock_devices=3),
    )
    chat = make["workload"](
        make["point"]("1", layout="a"), make["point"]("2", layout="b", machine="tub"),
        make["point"]("3", layout="a", machine="tub", devices=2),
    )  # fmt: skip
    code = replace(
        make["workload"](
            make["point"]("2", layout="a", workload="code"),
            make["point"]("3", layout="c", workload="code", machine="tub"),
        ),
        name="code",
        requests_per_s=F(4),
    )
    return make["question"](chat, code, machines=machines, **changes)


def _current(*replicas: tuple[str, str, str, int], most: int) -> CurrentFleet:
    return CurrentFleet(tuple(CurrentReplicas(*entry) for entry in replicas), most)


def _key(space: FleetSpace, j: int) -> tuple[str, str, str]:
    column = space.columns[j]
    return column.workload, column.machine, column.layout


def _by_hand(space: FleetSpace) -> int | None:
    """Least cost among plans over the serving columns alone, layouts and changes counted."""
    instance, problem = space.instance, space.problem
    real = [j for j, column in enumerate(space.columns) if column.kind != "other"]
    rows = [
        r for r, name in enumerate(problem.limit_names)
        if not name.startswith(("layouts", "changes"))
    ]  # fmt: skip
    best: int | None = None
    for chosen in itertools.product(*(range(int(problem.upper[j]) + 1) for j in real)):
        counts = np.zeros(problem.n_columns, dtype=np.int64)
        counts[real] = chosen
        if any(a < b for a, b in zip(problem.cover.dot(counts), problem.demand, strict=True)):
            continue
        used = problem.use.dot(counts)
        if any(used[r] > problem.limit[r] for r in rows):
            continue
        running: dict[tuple[str, str, str], int] = {}
        for j in real:
            if counts[j]:
                running[_key(space, j)] = (
                    running.get(_key(space, j), 0) + counts[j] * space.columns[j].replicas
                )
        most = instance.limits.max_layouts
        if most is not None and len({(w, layout) for w, _, layout in running}) > most:
            continue
        current = instance.current
        if current is not None and current.max_changes is not None:
            today: dict[tuple[str, str, str], int] = {}
            for entry in current.replicas:
                today[entry.workload, entry.machine, entry.layout] = entry.count
            changes = sum(abs(running.get(k, 0) - today.get(k, 0)) for k in {*running, *today})
            if changes > current.max_changes:
                continue
        cost = int(problem.measures["cost"] @ counts)
        best = cost if best is None else min(best, cost)
    return best


def _solved(space: FleetSpace) -> int | None:
    return Road(space.problem).least("cost", Box({}, {}), stop=Stop()).value


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_at_most_so_many_layouts_are_in_use(make: Make, most: int) -> None:
    space = lower_question(_question(make, limits=FleetLimits(max_layouts=most)))
    assert _solved(space) == _by_hand(space)


@pytest.mark.parametrize("most", range(8))
def test_at_most_so_many_replicas_change(make: Make, most: int) -> None:
    current = _current(("chat", "box", "a", 3), ("code", "tub", "c", 1), most=most)
    space = lower_question(_question(make, current=current))
    assert _solved(space) == _by_hand(space)


@pytest.mark.parametrize("most", range(1, 6))
def test_what_runs_today_and_is_offered_no_longer_counts_as_changed(make: Make, most: int) -> None:
    current = _current(("chat", "old", "z", 2), ("code", "tub", "c", 2), most=most)
    space = lower_question(_question(make, current=current))
    assert _solved(space) == _by_hand(space)


@pytest.mark.parametrize("most", range(1, 7))
def test_the_fleet_of_every_period_is_near_that_of_today(make: Make, most: int) -> None:
    """By hand: the least cost of each period alone, with its demand and the same fleet today."""
    current = _current(("chat", "box", "a", 2), ("code", "tub", "c", 1), ("chat", "old", "z", 1),
                       most=most)  # fmt: skip
    asked = _question(make, current=current)
    day, night = (
        _by_hand(
            lower_question(
                replace(
                    asked,
                    workloads=tuple(
                        replace(w, requests_per_s=w.requests_per_s * factor)
                        for w in asked.workloads
                    ),
                )
            )
        )
        for factor in (F(1), F(1, 2))
    )
    both = replace(
        asked,
        workloads=tuple(replace(w, by_period=(F(1), F(1, 2))) for w in asked.workloads),
        periods=(Period("day", F(12)), Period("night", F(12))),
    )
    space = lower_question(both)
    found = _solved(space)
    if day is None or night is None:
        assert found is None
    else:
        assert found is not None
        assert found * space.units["cost"] == (day + night) * F(1, 2)


def test_a_limit_on_changes_of_every_period_is_stated_once(make: Make) -> None:
    current = _current(("chat", "box", "a", 3), ("chat", "old", "z", 1), most=5)
    asked = _question(make, current=current)
    asked = replace(
        asked,
        workloads=tuple(replace(w, by_period=(F(1), F(1, 2))) for w in asked.workloads),
        periods=(Period("day", F(12)), Period("night", F(12))),
    )
    (limit,) = (x for x in stated_limits(lower_question(asked)) if x.name == "changes")
    assert (limit.stated, limit.row_names) == (5, ("changes in day", "changes in night"))


@pytest.mark.parametrize(("most", "found"), [(1, False), (2, True)])
def test_a_fleet_that_is_gone_counts_where_nothing_is_offered(
    make: Make, most: int, found: bool
) -> None:
    idle = make["workload"](
        make["point"]("1", tpot_s=F(1)), requests_per_s=F(0), min_speed_tok_per_s=F(5)
    )
    current = _current(("chat", "old", "z", 2), most=most)
    space = lower_question(make["question"](idle, current=current))
    assert "replicas" not in {column.kind for column in space.columns}
    assert (_solved(space) is not None) is found


def test_both_limits_hold_together(make: Make) -> None:
    current = _current(("chat", "box", "a", 3), ("code", "box", "a", 1), most=4)
    space = lower_question(_question(make, current=current, limits=FleetLimits(max_layouts=2)))
    assert _solved(space) == _by_hand(space) is not None


def test_the_space_that_comes_back_has_no_choices_left(make: Make) -> None:
    space = lower_question(_question(make, limits=FleetLimits(max_layouts=2)))
    assert space.choices is None


def test_columns_names_and_units_stay_in_step(make: Make) -> None:
    current = _current(("chat", "box", "a", 3), most=2)
    space = lower_question(_question(make, current=current, limits=FleetLimits(max_layouts=2)))
    assert len(space.columns) == space.problem.n_columns
    assert set(space.limit_units) == set(space.problem.limit_names)


def test_a_limit_that_cannot_bind_adds_nothing(make: Make) -> None:
    space = lower_question(_question(make, limits=FleetLimits(max_layouts=9)))
    assert {column.kind for column in space.columns} == {"replicas"}


def test_helpers_hold_when_the_stock_is_lifted(make: Make) -> None:
    """With one layout a workload and any stock: 3 a on box at 2 and 2 c on tub at 3, or cheaper."""
    tight = _question(make, limits=FleetLimits(max_layouts=2))
    loose = replace(tight, machines=tuple(replace(m, stock_devices=40) for m in tight.machines))
    names = ("stock of box", "stock of tub")
    lifted = with_limits(lower_question(tight).problem, dict.fromkeys(names, INFINITY))
    value = Road(lifted).least("cost", Box({}, {}), stop=Stop()).value
    assert value == _by_hand(lower_question(loose))


def test_only_what_somebody_stated_is_a_stated_limit(make: Make) -> None:
    current = _current(("chat", "box", "a", 3), ("chat", "old", "z", 1), most=5)
    limits = FleetLimits(max_layouts=2, max_watts=F(4000))
    space = lower_question(_question(make, current=current, limits=limits))
    assert {limit.name: (limit.stated, limit.unit) for limit in stated_limits(space)} == {
        "stock of box": (4, "devices"),
        "stock of tub": (3, "devices"),
        "power": (4, "kW"),
        "layouts": (2, "layouts"),
        "changes": (5, "replicas"),
    }


def test_devices_that_nodes_supply_are_no_stated_limit(make: Make) -> None:
    contracts = (make["rented"]("2"), make["rented"]("1", name="later", committed=True))
    box = make["machine"]("box", node_devices=2, contracts=contracts, stock_devices=4)
    space = lower_question(make["question"](make["workload"](make["point"]("1")), machines=(box,)))
    assert [limit.name for limit in stated_limits(space)] == ["stock of box"]
