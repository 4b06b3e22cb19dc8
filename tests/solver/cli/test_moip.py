"""``fleetfront moip`` as a user meets it; the search is replaced by trying every assignment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import solver.nondominated
from formulations.moip.problem import MultiObjectiveProgram
from solver.cli import main
from solver.nondominated import NondominatedSet
from tests.oracles import plain_moip as plain

Run = Callable[..., tuple[int, str, str]]

PROGRAM = {
    "name": "five pieces",
    "objectives": 2,
    "n": 5,
    "m": 1,
    "senses": ["max", "max"],
    "c": [[9, 3, 7, 2, 5], [2, 8, 3, 9, 5]],
    "A": {"start": [0, 5], "index": [0, 1, 2, 3, 4], "value": [4, 4, 5, 5, 3]},
    "row_sense": ["<="],
    "rhs": [9],
    "lb": [0, 0, 0, 0, 0],
    "ub": [1, 1, 1, 1, 1],
    "vtype": "BBBBB",
}
RING = {
    **PROGRAM,
    "name": "ring",
    "n": 3,
    "m": 3,
    "c": [[1, 2, 3], [3, 2, 1]],
    "A": {"start": [0, 2, 4, 6], "index": [0, 1, 1, 2, 0, 2], "value": [1] * 6},
    "row_sense": ["=", "=", "="],
    "rhs": [1, 1, 1],
    "lb": [0, 0, 0],
    "ub": [1, 1, 1],
    "vtype": "BBB",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "five.json"
    path.write_text(json.dumps(PROGRAM))
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Options that reached the search; ``unseen`` in it says what the search does not find."""
    options: dict[str, Any] = {"unseen": []}

    def search(problem: MultiObjectiveProgram, **given: Any) -> NondominatedSet:
        options.update(given)
        return NondominatedSet(plain.outcome(problem, unseen=options["unseen"]))

    monkeypatch.setattr(solver.nondominated, "nondominated_set", search)
    return options


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        caught = capsys.readouterr()
        return status, caught.out, caught.err

    return call


def test_a_complete_set_ends_with_0(run: Run, file: Path, asked: dict[str, Any]) -> None:
    status, out, err = run("moip", file)
    assert status == 0
    assert err == ""
    assert "complete: 7 nondominated points" in out
    assert asked["workers"] == 1


def test_every_output_is_written_and_verifies(
    run: Run, file: Path, asked: dict[str, Any], tmp_path: Path
) -> None:
    result, points, picture = (tmp_path / name for name in ("r.json", "p.csv", "p.svg"))
    assert run("moip", file, "--out", result, "--csv", points, "--plot", picture)[0] == 0
    assert len(points.read_text().splitlines()) == 8
    assert "<svg" in picture.read_text()
    status, out, _ = run("verify", result, "--instance", file, "--reprove")
    assert status == 0
    assert "ok      boxes closed again" in out
    assert asked["checkpoint"] is None


def test_verify_fails_with_1_for_another_program(
    run: Run, file: Path, asked: dict[str, Any], tmp_path: Path
) -> None:
    result, other = tmp_path / "r.json", tmp_path / "other.json"
    other.write_text(json.dumps({**PROGRAM, "rhs": [8]}))
    run("moip", file, "--out", result, "--quiet")
    status, out, _ = run("verify", result, "--instance", other)
    assert status == 1
    assert "another problem" in out
    assert asked


def test_verify_fails_with_1_for_an_altered_result(
    run: Run, file: Path, asked: dict[str, Any], tmp_path: Path
) -> None:
    result = tmp_path / "r.json"
    run("moip", file, "--out", result, "--quiet")
    result.write_text(result.read_text().replace('"x2": 1', '"x3": 1', 1))
    status, out, _ = run("verify", result)
    assert status == 1
    assert "FAILED  digest" in out
    assert asked


def test_a_partial_set_ends_with_4_and_says_where_it_is_open(
    run: Run, file: Path, asked: dict[str, Any], tmp_path: Path
) -> None:
    asked["unseen"] = [1]
    result = tmp_path / "r.json"
    status, out, _ = run("moip", file, "--out", result, "--time-limit", 5)
    assert status == 4
    assert asked["time_limit_s"] == 5
    assert "still open" in out
    assert json.loads(result.read_text())["open_boxes"]
    assert run("verify", result)[0] == 0


def test_an_infeasible_program_ends_with_3_and_names_the_rows(
    run: Run, asked: dict[str, Any], tmp_path: Path
) -> None:
    file, result = tmp_path / "ring.json", tmp_path / "r.json"
    file.write_text(json.dumps(RING))
    status, out, _ = run("moip", file, "--out", result)
    assert status == 3
    for row in ("r1: x1 + x2 = 1", "r2: x2 + x3 = 1", "r3: x1 + x3 = 1"):
        assert row in out
    assert [entry["row"] for entry in json.loads(result.read_text())["conflict"]] == [
        "r1", "r2", "r3",
    ]  # fmt: skip
    assert run("verify", result, "--reprove")[0] == 0
    assert asked


def test_json_is_printed_for_machines(run: Run, file: Path, asked: dict[str, Any]) -> None:
    status, out, _ = run("moip", file, "--json")
    assert status == 0
    assert json.loads(out)["instance"]["kind"] == "moip"
    assert asked


def test_quiet_prints_nothing(run: Run, file: Path, asked: dict[str, Any]) -> None:
    assert run("moip", file, "--quiet") == (0, "", "")
    assert asked


def test_options_reach_the_search(run: Run, file: Path, asked: dict[str, Any]) -> None:
    options = ["--engine", "cp-sat", "--engine", "labels", "--workers", 2, "--dask", "tcp://a:1"]
    run("moip", file, *options, "--checkpoint", "c.jsonl", "--recover")
    assert asked["engines"] == ["cp-sat", "labels"]
    assert asked["workers"] == 2
    assert asked["dask"] == "tcp://a:1"
    assert asked["checkpoint"] == Path("c.jsonl")
    assert asked["recover"] is True


def test_without_engine_the_search_chooses(run: Run, file: Path, asked: dict[str, Any]) -> None:
    run("moip", file)
    assert asked["engines"] is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--plot", "set.gif"], "cannot draw a .gif"),
        (["--out", "no/such/folder/r.json"], "does not exist"),
        (["--recover"], "no checkpoint to recover"),
        (["--workers", "many"], "--workers"),
    ],
)
def test_bad_options_end_with_2_before_any_work(
    run: Run, file: Path, asked: dict[str, Any], options: list[str], told: str
) -> None:
    status, out, err = run("moip", file, *options)
    assert (status, out) == (2, "")
    assert told in err
    assert "workers" not in asked


def test_a_bad_program_ends_with_2_and_one_line_a_fault(
    run: Run, asked: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps({**PROGRAM, "rhs": [], "senses": ["up", "max"]}))
    status, _, err = run("moip", file)
    assert status == 2
    first, second, _example = err.splitlines()
    assert all("bad.json" in line for line in (first, second))
    assert "workers" not in asked


def test_four_objectives_cannot_be_drawn(run: Run, asked: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "four.json"
    costs = [[1, 2, 3, 4, 5]] * 4
    file.write_text(json.dumps({**PROGRAM, "objectives": 4, "senses": ["min"] * 4, "c": costs}))
    status, _, err = run("moip", file, "--plot", tmp_path / "p.png")
    assert status == 2
    assert "4 objectives cannot be drawn" in err
    assert "workers" not in asked


def test_a_result_of_the_other_kind_is_named_by_compare(
    run: Run, file: Path, asked: dict[str, Any], tmp_path: Path
) -> None:
    result = tmp_path / "r.json"
    run("moip", file, "--out", result, "--quiet")
    status, _, err = run("compare", result, result)
    assert status == 2
    assert "nondominated set" in err
    assert asked


def test_a_program_is_no_instance_of_a_frontier_and_the_reverse(
    run: Run, file: Path, asked: dict[str, Any], tmp_path: Path
) -> None:
    result = tmp_path / "r.json"
    run("moip", file, "--out", result, "--quiet")
    question = tmp_path / "question.toml"
    run("init", "--out", question)
    assert run("verify", result, "--instance", question)[0] == 2
    assert asked


def test_help_teaches_with_an_example(run: Run) -> None:
    status, out, _ = run("moip", "--help")
    assert status == 0
    assert "Example: fleetfront moip" in out
    assert "fleetfront verify" in out


def test_a_small_program_needs_no_heavy_library(file: Path) -> None:
    script = f"""
import sys
from solver.cli import main
from solver.nondominated import NondominatedSet
assert main(["moip", {str(file)!r}]) == 0
heavy = {{"pandas", "matplotlib", "plotly", "pyomo", "ortools", "scipy", "distributed"}}
print(sorted(heavy & {{name.split(".")[0] for name in sys.modules}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120,
        cwd=Path(__file__).resolve().parents[3],
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
