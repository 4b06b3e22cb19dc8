"""Questions of energy and quality on the command line: solve, show, compare, verify."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from solver.cli import main

Run = Callable[..., tuple[int, str, str]]

CLOCKED = """\
schema = 1
kind = "replica"
name = "clocked"
title = "Which clock?"
trade_off = ["speed", "cost", "energy"]

[workload]
model = "Llama-3.1-8B"
context_tokens = 2000

[design]
accelerator = "A100-80GB SXM"
tensor_parallel = [1, 2]
batch = [1, 16, 128]
weight_bits = [16]
kv_bits = [16]
clock_mhz = [810, 1110, 1410]

[price]
tier = "on-demand"

[energy]
usd_per_kwh = "0.1"
g_co2_per_kwh = 300
pue = "1.2"
source = "figures of this test"

[performance]
model = "epoch2025"
"""
TWO_MODELS = """\
schema = 1
kind = "replica"
name = "two-models"
trade_off = ["quality", "speed", "cost"]

[workload]
context_tokens = 2000
models = [
    { model = "Llama-3.1-70B", quality = "83.6", source = "a card" },
    { model = "Llama-3.1-8B", quality = "69.4", source = "a card" },
]

[[penalties]]
weight_bits = 8
points = "0.5"
source = "a table"

[design]
accelerator = "H100 SXM"
tensor_parallel = [2, 4]
batch = [1, 32]
weight_bits = [8, 16]
kv_bits = [16]

[price]
tier = "on-demand"

[performance]
model = "epoch2025"
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Exit status, standard output and standard error of a command."""
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        caught = capsys.readouterr()
        return status, caught.out, caught.err

    return call


@pytest.fixture
def clocked(tmp_path: Path) -> Path:
    """Speed, cost and energy of one model at three clocks."""
    path = tmp_path / "clocked.toml"
    path.write_text(CLOCKED)
    return path


@pytest.fixture
def two_models(tmp_path: Path) -> Path:
    """Quality, speed and cost of two models at two widths."""
    path = tmp_path / "two.toml"
    path.write_text(TWO_MODELS)
    return path


def test_a_question_of_energy_is_solved_and_every_file_written(
    run: Run, clocked: Path, tmp_path: Path
) -> None:
    files = {name: tmp_path / f"r.{name}" for name in ("json", "csv", "png", "html")}
    status, out, err = run(
        "solve", clocked, "--out", files["json"], "--csv", files["csv"],
        "--plot", files["png"], "--report", files["html"],
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert "Energy is least of all designs" in out
    document = json.loads(files["json"].read_text())
    assert files["csv"].read_text().count("\n") == len(document["points"]) + 1
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert document["digest"] in files["html"].read_text()


def test_energy_is_power_times_latency_over_batch(run: Run, clocked: Path) -> None:
    for point in json.loads(run("solve", clocked, "--json")[1])["points"]:
        exact = point["exact"]
        joules = Fraction(exact["power_mw"] * exact["latency_ps"], 10**15)
        assert Fraction(exact["energy"]) == joules / point["design"]["batch"]


def test_what_is_solved_is_verified(run: Run, clocked: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    assert run("solve", clocked, "--out", path, "--quiet")[0] == 0
    status, out, _ = run("verify", path, "--instance", clocked)
    assert (status, out.splitlines()[-1]) == (0, "verified")


def test_the_best_quality_is_told_with_its_model(run: Run, two_models: Path) -> None:
    status, out, _ = run("solve", two_models)
    assert status == 0
    line = next(line for line in out.splitlines() if "best quality" in line)
    assert "83.6" in line
    assert "Llama-3.1-70B" in line
    assert "Cheapest at quality and speed no worse than stated" in out


def test_a_floor_of_quality_leaves_the_better_points(run: Run, two_models: Path) -> None:
    everything = json.loads(run("solve", two_models, "--json")[1])["points"]
    floor = ("--set", "limits.min_quality=83")
    good = json.loads(run("solve", two_models, "--json", *floor)[1])["points"]
    expected = [p["exact"] for p in everything if p["objectives"]["quality"] >= 83]
    assert [p["exact"] for p in good] == expected


def test_too_little_energy_is_infeasible_and_says_how_much_is_needed(
    run: Run, clocked: Path, tmp_path: Path
) -> None:
    plot, page = tmp_path / "r.svg", tmp_path / "r.html"
    status, out, _ = run(
        "solve", clocked, "--set", "limits.max_j_per_token=0.001",
        "--plot", plot, "--report", page,
    )  # fmt: skip
    assert status == 3
    assert "One limit alone rules out every design." in out
    assert "max_j_per_token" in page.read_text()
    assert plot.read_text().startswith("<?xml")


def test_show_tells_clocks_power_terms_and_limits(run: Run, clocked: Path) -> None:
    status, out, _ = run("show", clocked, "--set", "limits.max_watts=700")
    assert status == 0
    text = " ".join(out.split())
    assert "traded off: most speed, least cost, least energy" in text
    assert "clocks 810, 1110, 1410 MHz" in text
    assert "US$0.1/kWh, held in the price; 300 g CO2/kWh; PUE 1.2" in text
    assert "power of a replica, at most" in text
    assert "A100-80GB SXM" in text


def test_show_tells_scores_and_penalties_with_their_sources(run: Run, two_models: Path) -> None:
    lines = [" ".join(line.split()) for line in run("show", two_models)[1].splitlines()]
    assert any(line.startswith("Llama-3.1-70B 83.6") and "a card" in line for line in lines)
    assert "W8 -0.5 a table" in lines


def test_show_counts_what_solve_finds(run: Run, two_models: Path) -> None:
    survey = json.loads(run("show", two_models, "--json")[1])
    points = json.loads(run("solve", two_models, "--json")[1])["points"]
    assert survey["points"] == len(points)
    assert [size["stated"] for size in survey["models"]] == [8, 8]


def test_a_limit_binds_where_lifting_it_changes_the_frontier(run: Run, two_models: Path) -> None:
    def binds(value: str) -> bool:
        survey = json.loads(
            run("show", two_models, "--json", "--set", f"limits.min_quality={value}")[1]
        )
        (limit,) = [entry for entry in survey["limits"] if entry["name"] == "min_quality"]
        return bool(limit["binds"])

    assert binds("83")
    assert not binds("10")


def test_two_results_are_compared(run: Run, two_models: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    run("solve", two_models, "--out", before, "--quiet")
    run("solve", two_models, "--set", "limits.min_quality=83", "--out", after, "--quiet")
    status, out, _ = run("compare", before, after)
    assert status == 0
    assert "limits.min_quality: absent before, 83 after." in out
    assert "Best quality: the same" in " ".join(out.split())


def test_other_objectives_are_not_compared(
    run: Run, clocked: Path, two_models: Path, tmp_path: Path
) -> None:
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    run("solve", clocked, "--out", before, "--quiet")
    run("solve", two_models, "--out", after, "--quiet")
    status, _, err = run("compare", before, after)
    assert status == 2
    assert "Give two results that weigh the same" in err


def test_a_plain_result_is_not_compared_with_an_economic_one(
    run: Run, clocked: Path, tmp_path: Path
) -> None:
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    plain = tmp_path / "plain.toml"
    plain.write_text(CLOCKED.replace('trade_off = ["speed", "cost", "energy"]\n', ""))
    assert run("solve", plain, "--out", before, "--quiet")[0] == 0
    assert run("solve", clocked, "--out", after, "--quiet")[0] == 0
    status, _, err = run("compare", before, after)
    assert status == 2
    assert "speed and cost alone" in err
