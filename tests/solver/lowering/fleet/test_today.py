"""Today's replicas that are no option: told, and counted within the stated limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from formulations.fleet.plan import FleetPlan
from solver.instance.fleet.domain import CurrentFleet, CurrentReplicas, FleetInstance
from solver.lowering.fleet.describe import utilisation
from solver.lowering.fleet.lowering import lower_fleet


def asked(
    make: dict[str, Any], layout: str, *, machine: str = "box", most: int | None = 6
) -> FleetInstance:
    """Layouts ``TP2 W8`` and ``TP4 W8`` on offer on two machines; two replicas run today."""
    rows = [
        make["point"]("1", layout="TP2 W8", where="p.csv:2"),
        make["point"]("2", layout="TP4 W8", devices=2, where="p.csv:3"),
        make["point"]("3", layout="TP8 W8", machine="rack", where="p.csv:4"),
    ]
    return make["question"](
        make["workload"](*rows),
        machines=(make["machine"](), make["machine"]("rack")),
        current=CurrentFleet((CurrentReplicas("chat", machine, layout, 2),), most),
    )


def test_a_slip_names_the_nearest_layout(make: dict[str, Any]) -> None:
    (note,) = lower_fleet(asked(make, "TP4W8")).notes
    assert note == (
        "current.replicas.0: no layout called 'TP4W8' is on offer for chat on box (the nearest is "
        "'TP4 W8'); 2 counted as stopped"
    )


def test_a_layout_of_another_machine_names_that_machine(make: dict[str, Any]) -> None:
    (note,) = lower_fleet(asked(make, "TP8 W8")).notes
    assert "on box (it is on offer on 'rack')" in note


def test_a_machine_left_out_is_told(make: dict[str, Any]) -> None:
    (note,) = lower_fleet(asked(make, "TP2 W8", machine="")).notes
    assert "without a machine (it is on offer on 'box')" in note


@pytest.mark.parametrize(("layout", "most"), [("TP4 W8", 6), ("TP4W8", None)])
def test_nothing_is_told_where_nothing_depends_on_it(
    make: dict[str, Any], layout: str, most: int | None
) -> None:
    assert lower_fleet(asked(make, layout, most=most)).notes == ()


def test_changes_are_shown_against_the_stated_limit(make: dict[str, Any]) -> None:
    space = lower_fleet(asked(make, "TP4W8"))
    names = space.problem.column_names
    counts = np.zeros(len(names), dtype=np.int64)
    counts[names.index("chat: TP2 W8 on box")] = 3
    counts[names.index("changes of chat TP2 W8 on box")] = 3
    found = utilisation(space, FleetPlan(counts))["changes"]
    # Three are started, and the two that nothing offers are stopped.
    assert (found["used"], found["limit"], found["unit"]) == (5.0, 6.0, "replicas")
