"""Energy along the clock against every clock asked alone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from solver.api import read_instance, solve
from solver.economics.clock import along_the_clock
from solver.economics.service import ServiceLevel
from solver.instance.domain import ReplicaInstance

ROOT = Path(__file__).resolve().parents[3]
SMALL = {
    "design.batch": [16, 64],
    "design.tensor_parallel": [2, 4],
    "design.clock_mhz": [615, 1020, 1455, 1980],
}


def question(**changes: object) -> ReplicaInstance:
    path = ROOT / "instances/replica/llama-3.1-70b-clock-h100.toml"
    found = read_instance(path, settings={**SMALL, **changes})
    assert isinstance(found, ReplicaInstance)
    return found


def test_the_least_energy_is_that_of_the_frontier_and_its_clock_too() -> None:
    (group,), left_out = along_the_clock(question(), ServiceLevel())
    assert left_out == ()
    least = next(curve for curve in group.curves if curve.aim == "least energy")
    frontier = solve(question())
    best = min(frontier.points, key=lambda point: Fraction(str(point.exact["energy"])))
    assert least.least.j_per_token == Fraction(str(best.exact["energy"]))
    assert least.least.clock_mhz == best.design["clock_mhz"]
    assert (least.batch, least.devices) == (best.design["batch"], best.design["devices"])


def test_every_clock_of_a_curve_is_what_the_clock_alone_gives() -> None:
    (group,), _ = along_the_clock(question(), ServiceLevel())
    curve = next(entry for entry in group.curves if entry.aim == "least energy")
    for entry in curve.points:
        alone = solve(
            question(
                **{
                    "design.clock_mhz": [entry.clock_mhz],
                    "design.batch": [curve.batch],
                    "design.tensor_parallel": [curve.devices],
                }
            )
        )
        assert [Fraction(str(p.exact["energy"])) for p in alone.points] == [entry.j_per_token]


def test_the_place_says_whether_both_ends_take_more() -> None:
    (group,), _ = along_the_clock(question(), ServiceLevel())
    for curve in group.curves:
        clocks = [point.clock_mhz for point in curve.points]
        inside = curve.least.clock_mhz not in (clocks[0], clocks[-1])
        assert (curve.place == "interior") == inside


def test_a_stop_leaves_the_group_out_by_name() -> None:
    found, left_out = along_the_clock(question(), ServiceLevel(), should_stop=lambda: True)
    assert found == ()
    assert left_out == ("Llama-3.1-70B on H100 SXM, along the clock",)
