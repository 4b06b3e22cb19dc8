"""Every shipped fleet ends with the status it declares, and answers what its comment claims."""

from __future__ import annotations

import csv
import tomllib
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from solver.api import read_instance, solve, verify
from solver.cli.exits import status_of
from solver.fleet_frontier import FleetFrontier

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "instances" / "fleet"
REFERENCE = (ROOT / "../shared/data/peers/aiconfigurator").resolve()
FILES = sorted(FOLDER.glob("*.toml"))
CASES = sorted(FOLDER.glob("aiconfigurator-*.toml"))
# Tokens/s per GPU that one prefill type, one decode type and aggregated fillers reach.
FREE_POOLS = {
    "llama70b_bf16_h200_sxm": {8: "492.66", 16: "492.66", 32: "492.66", 64: "492.66"},
    "llama70b_fp8_h100_sxm": {8: "673.5", 16: "728.46", 32: "733.98", 64: "746.59"},
}
GROUPS = sorted(FREE_POOLS)
PAIRS = [
    (group, small, large)
    for group, sizes in FREE_POOLS.items()
    for small in sizes
    for large in sizes
    if small < large
]


@cache
def answer(path: Path) -> FleetFrontier:
    """The answer to a file, solved once for all tests."""
    found = solve(read_instance(path))
    assert isinstance(found, FleetFrontier)
    return found


def tokens_per_s(group: str, devices: int) -> Fraction:
    """The most tokens/s of one of the configurator's cases, exact."""
    (point,) = answer(FOLDER / f"aiconfigurator-{group}_{devices}.toml").points
    return Fraction(str(point.exact["throughput"]))


def reference_rows(name: str) -> list[dict[str, str]]:
    """A table of the reference figures."""
    path = REFERENCE / name
    if not path.exists():
        pytest.skip(f"the reference figures are not here: {name}")
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_fleet_ends_as_it_says(path: Path) -> None:
    stated = tomllib.loads(path.read_text(encoding="utf-8"))["expected_exit_status"]
    assert status_of(answer(path).status) == stated


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_fleet_is_named_like_its_file(path: Path) -> None:
    assert tomllib.loads(path.read_text(encoding="utf-8"))["name"] == path.stem


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_fleet_stands_in_the_table_of_the_folder(path: Path) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    shared = path.stem.rpartition("_")[0] if path in CASES else path.stem
    assert f"`{shared}" in text


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.csv")), ids=lambda path: path.stem)
def test_every_table_is_read_by_a_fleet(path: Path) -> None:
    assert any(f'"{path.name}"' in file.read_text(encoding="utf-8") for file in FILES)


@pytest.mark.parametrize(
    "name",
    [
        "one-model-one-pool",
        "melange-toy",
        "owned-against-rented",
        "sizes-in-two-pools",
        "gpt-oss-and-llama-calibrated",
    ],
)
def test_the_result_of_a_real_question_verifies(name: str) -> None:
    path = FOLDER / f"{name}.toml"
    assert verify(answer(path), instance=path)


def test_the_toy_costs_468_cents_with_one_machine_of_each_type() -> None:
    (point,) = answer(FOLDER / "melange-toy.toml").points
    assert Fraction(str(point.exact["cost"])) == Fraction(468, 100)
    counts = sorted((entry["machine"], entry["count"]) for entry in point.design["replicas"])
    assert counts == [("a100", 1), ("a10g", 1)]


@pytest.mark.parametrize(
    ("group", "devices"), [(group, n) for group in GROUPS for n in FREE_POOLS[group]]
)
def test_a_configurator_case_reaches_what_free_pools_reach(group: str, devices: int) -> None:
    found = tokens_per_s(group, devices) / devices
    assert round(found, 2) >= Fraction(FREE_POOLS[group][devices])


@pytest.mark.parametrize(("group", "small", "large"), PAIRS)
def test_copying_a_smaller_answer_never_beats_ours(group: str, small: int, large: int) -> None:
    assert large // small * tokens_per_s(group, small) <= tokens_per_s(group, large)


def test_the_stated_free_pools_are_those_of_the_reference() -> None:
    rows = reference_rows("exactness_gap.csv")
    found: dict[str, dict[int, str]] = {}
    for row in rows:
        group = found.setdefault(f"{row['case']}_{row['system']}", {})
        group[int(row["N"])] = row["free_pools"]
    assert found == FREE_POOLS


@pytest.mark.parametrize("group", GROUPS)
def test_the_points_of_the_configurator_are_carried_over_unchanged(group: str) -> None:
    stated = [
        (row["role"], int(row["gpus"]), row["batch"], row["requests_per_s"])
        for row in reference_rows("workers.csv")
        if f"{row['case']}_{row['system']}" == group
    ]
    with (FOLDER / f"points-{group}.csv").open(encoding="utf-8", newline="") as lines:
        carried = [
            (
                row["phase"],
                int(row["devices"]),
                row["layout"].rpartition(" ")[2],
                row["requests_per_s"],
            )
            for row in csv.DictReader(lines)
        ]
    assert carried == stated


def test_an_infeasible_fleet_names_limits_that_conflict() -> None:
    assert answer(FOLDER / "not-enough.toml").conflict


def test_the_best_points_of_three_objectives_differ() -> None:
    points = answer(FOLDER / "speed-cost-power.toml").points
    cheapest = min(points, key=lambda point: point.objectives["cost"])
    frugal = min(points, key=lambda point: point.objectives["power"])
    assert frugal.objectives["power"] < cheapest.objectives["power"]


def test_better_models_are_paid_for() -> None:
    points = answer(FOLDER / "quality.toml").points
    scores = sorted({point.objectives["quality"] for point in points})
    cost = [
        min(p.objectives["cost"] for p in points if p.objectives["quality"] == s) for s in scores
    ]
    assert len(scores) > 1
    assert cost == sorted(set(cost))


def test_sizes_in_two_pools_cost_less_than_in_one() -> None:
    path = FOLDER / "sizes-in-two-pools.toml"
    whole = solve(read_instance(path, settings={"design.phases": ["aggregated"]}))
    assert isinstance(whole, FleetFrontier)
    cheap, dear = answer(path).cheapest(), whole.cheapest()
    assert cheap is not None
    assert dear is not None
    assert {entry["phase"] for entry in cheap.design["replicas"]} == {"prefill", "decode"}
    assert cheap.objectives["cost"] < dear.objectives["cost"]


def test_sizes_are_shared_out_over_replicas_of_two_layouts() -> None:
    points = answer(FOLDER / "sizes-in-two-pools.toml").points
    layouts = [
        {entry["layout"] for entry in point.design["replicas"] if entry["phase"] == "decode"}
        for point in points
    ]
    assert max(map(len, layouts)) == 2


def test_spares_and_waiting_times_cost_something() -> None:
    name = FOLDER / "headroom-and-spares.toml"
    without = solve(
        read_instance(
            name,
            settings={"service.spare_replicas": 0, "service.max_wait_s": 3600},
        )
    )
    assert isinstance(without, FleetFrontier)
    dear, cheap = answer(name).cheapest(), without.cheapest()
    assert dear is not None
    assert cheap is not None
    assert cheap.objectives["cost"] < dear.objectives["cost"]
