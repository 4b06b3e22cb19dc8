"""Fleets on the command line: files, exit statuses, what-ifs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from solver.cli import main

Run = Callable[..., tuple[int, str, str]]

POINTS = """\
devices,requests_per_s,tpot_ms,ttft_ms,machine,layout
1,2.5,40,300,small,one
2,6,25,200,small,two
1,5,30,150,large,one
4,24,12,90,large,four
"""
FLEET = """\
schema = 1
kind = "fleet"
name = "two-machines"

[[workloads]]
name = "chat"
input_tokens = 1000
output_tokens = 200
requests_per_s = 50
min_speed_tok_per_s = 20
max_ttft_s = 1
points = "points.csv"

[[machines]]
name = "small"
usd_per_hour = 1
stock_devices = 12

[[machines]]
name = "large"
usd_per_hour = "2.6"
stock_devices = 12
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit status, standard output and standard error of a command."""

    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        caught = capsys.readouterr()
        return status, caught.out, caught.err

    return call


@pytest.fixture
def question(tmp_path: Path) -> Path:
    """A small fleet on measured points."""
    (tmp_path / "points.csv").write_text(POINTS)
    path = tmp_path / "fleet.toml"
    path.write_text(FLEET)
    return path


def test_a_fleet_is_solved_written_and_verified(run: Run, question: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"r.{name}" for name in ("json", "csv", "png", "html")}
    status, out, err = run(
        "solve", question, "--out", files["json"], "--csv", files["csv"],
        "--plot", files["png"], "--report", files["html"],
    )  # fmt: skip
    assert status == 0
    assert err == ""
    assert "Bill of materials" in out
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert "<html" in files["html"].read_text()
    document = json.loads(files["json"].read_text())
    assert document["status"] == "complete"
    costs = [point["objectives"]["cost"] for point in document["points"]]
    assert costs == sorted(costs, reverse=True)
    assert files["csv"].read_text().count("\n") == len(costs) + 1
    status, out, _ = run("verify", files["json"], "--instance", question, "--reprove")
    assert (status, out.splitlines()[-1]) == (0, "verified")


@pytest.mark.parametrize("options", [(), ("--formulation", "counts", "--engine", "highs")])
def test_every_road_gives_the_same_points(
    run: Run, question: Path, options: tuple[str, ...]
) -> None:
    plain = json.loads(run("solve", question, "--json")[1])
    other = json.loads(run("solve", question, "--json", *options)[1])
    assert [p["exact"] for p in other["points"]] == [p["exact"] for p in plain["points"]]


def test_a_speed_asked_for_leaves_the_faster_points(run: Run, question: Path) -> None:
    everything = json.loads(run("solve", question, "--json")[1])["points"]
    fast = json.loads(run("solve", question, "--json", "--min-speed", "35")[1])["points"]
    assert 0 < len(fast) < len(everything)
    assert all(point["objectives"]["speed"] >= 35 for point in fast)


def test_a_budget_nobody_can_keep_ends_with_3_and_says_what_would_do(
    run: Run, question: Path
) -> None:
    cheapest = json.loads(run("solve", question, "--json")[1])["points"][-1]["objectives"]["cost"]
    status, out, _ = run("solve", question, "--max-cost", "2")
    assert status == 3
    assert "budget" in out
    assert f"{cheapest:g} US$/h would do" in out


def test_what_nobody_can_serve_is_bad_input(run: Run, question: Path) -> None:
    status, out, err = run("solve", question, "--min-speed", "5000")
    assert (status, out) == (2, "")
    assert "chat" in err
    assert "Traceback" not in err


def test_a_time_limit_that_is_over_at_once_leaves_a_partial_answer(
    run: Run, question: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.json"
    status, told, _ = run("solve", question, "--time-limit", "0.000001", "--out", out)
    assert status == 4
    document = json.loads(out.read_text())
    assert document["open_boxes"]
    assert "time limit" in told
    assert run("verify", out, "--quiet")[0] == 0


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--formulation", "enumeration"), "enumeration"),
        (("--formulation", "blocks", "--engine", "highs"), "blocks"),
        (("--set", "machines.small.usd_per_hour=3000"), "3000"),
        (("--set", "workloads.chat.points=none.csv"), "none.csv"),
    ],
)
def test_bad_options_end_with_2_and_name_the_slip(
    run: Run, question: Path, options: tuple[str, ...], word: str
) -> None:
    status, out, err = run("solve", question, *options)
    assert (status, out) == (2, "")
    assert word in err
    assert "Traceback" not in err


def test_show_tells_sizes_and_limits(run: Run, question: Path) -> None:
    status, out, _ = run("show", question)
    assert status == 0
    assert "stock of small" in out
    assert json.loads(run("show", question, "--json")[1])


def test_compare_names_what_changed_between_two_fleets(
    run: Run, question: Path, tmp_path: Path
) -> None:
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    run("solve", question, "--out", before, "--quiet")
    run("solve", question, "--set", "machines.small.stock_devices=6", "--out", after, "--quiet")
    status, out, _ = run("compare", before, after)
    assert status == 0
    assert "stock" in out
    assert json.loads(run("compare", before, after, "--json")[1])["changes"]


def test_a_fleet_is_not_compared_with_a_replica(run: Run, question: Path, tmp_path: Path) -> None:
    fleet, replica, file = tmp_path / "f.json", tmp_path / "r.json", tmp_path / "r.toml"
    run("solve", question, "--out", fleet, "--quiet")
    file.write_text(run("init")[1])
    run("solve", file, "--out", replica, "--quiet")
    status, _, err = run("compare", fleet, replica)
    assert status == 2
    assert "another kind" in err
