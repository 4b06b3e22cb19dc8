"""Fleets on measured tables, from the file to the words: rows of one layout, folders, limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from solver.cli import main

Run = Callable[..., tuple[int, str]]

HEAD = """\
schema = 1
kind = "fleet"
name = "tables"
"""
FLEET = """
[[workloads]]
name = "chat"
input_tokens = 500
output_tokens = 100
requests_per_s = 10
points = "p.csv"
[[machines]]
name = "h"
usd_per_hour = 2
"""
TWO_ROWS = "layout,devices,requests_per_s,tpot_ms\nTP2,2,3,20\nTP2,2,2,10\n"
TWO_SIZES = "layout,devices,requests_per_s,tpot_ms\na,1,3,20\na,2,3,10\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit status and standard output of a command that must say nothing on standard error."""

    def call(*arguments: object) -> tuple[int, str]:
        status = main([str(argument) for argument in arguments])
        caught = capsys.readouterr()
        assert caught.err == ""
        return status, caught.out

    return call


def written(folder: Path, table: str, *, fleet: str = FLEET) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "p.csv").write_text(table)
    path = folder / "q.toml"
    path.write_text(HEAD + fleet)
    return path


@pytest.mark.parametrize(
    ("table", "steps"),
    [
        (TWO_ROWS, ["+5 chat: TP2, 100 tok/s/user on h", "−4 chat: TP2, 50 tok/s/user on h"]),
        (TWO_SIZES, ["+4 chat: a, 2 devices on h", "−4 chat: a, 1 device on h"]),
    ],
)
def test_rows_of_one_layout_are_told_apart_in_the_steps(
    run: Run, tmp_path: Path, table: str, steps: list[str]
) -> None:
    status, out = run("solve", written(tmp_path, table))
    assert status == 0
    for step in steps:
        assert f"  {step}\n" in out
    assert "placed otherwise" not in out


def test_a_result_with_rows_of_one_layout_is_verified(run: Run, tmp_path: Path) -> None:
    result = tmp_path / "r.json"
    question = written(tmp_path, TWO_ROWS)
    assert run("solve", question, "--out", result, "--quiet")[0] == 0
    status, out = run("verify", result, "--instance", question, "--reprove")
    assert (status, out.splitlines()[-1]) == (0, "verified")


def test_the_bill_says_which_row_is_meant_and_how_loaded_it_is(run: Run, tmp_path: Path) -> None:
    _, out = run("solve", written(tmp_path, TWO_ROWS))
    (line,) = [line for line in out.splitlines() if line.startswith("chat ")]
    # Four replicas of 3 requests/s for 10.
    assert line.split() == ["chat", "TP2,", "50", "tok/s/user", "h", "4", "8", "100.0", "%",
                            "83.3", "%"]  # fmt: skip


def test_the_same_question_in_two_folders_compares_as_the_same(run: Run, tmp_path: Path) -> None:
    results = []
    for name in ("one", "two"):
        results.append(tmp_path / f"{name}.json")
        question = written(tmp_path / name, TWO_ROWS)
        run("solve", question, "--out", results[-1], "--quiet")
    status, out = run("compare", *results)
    assert status == 0
    assert "Same question, same status, same points." in out
    first, second = (json.loads(path.read_text()) for path in results)
    assert first["points"] == second["points"]
    assert first["points"][0]["design"]["replicas"][0]["measured"] == "p.csv:3"


def test_a_slip_in_a_layout_of_today_is_told_by_the_solver(run: Run, tmp_path: Path) -> None:
    today = """
[current]
replicas = [{ workload = "chat", machine = "h", layout = "TP_2", count = 2 }]
max_changes = 8
"""
    status, out = run("solve", written(tmp_path, TWO_ROWS, fleet=FLEET + today))
    assert status == 0
    told = " ".join(out.split())
    assert "no layout called 'TP_2' is on offer for chat on h (the nearest is 'TP2')" in told
    assert "6 of 8 replicas" in told


def test_rows_without_the_time_that_is_limited_are_told(run: Run, tmp_path: Path) -> None:
    table = "layout,devices,requests_per_s,tpot_ms,ttft_s\na,1,3,20,0.5\nb,1,5,10,\n"
    fleet = FLEET.replace("[[machines]]", "max_ttft_s = 1\n[[machines]]")
    _, out = run("solve", written(tmp_path, table, fleet=fleet))
    assert "1 of 2 rows of p.csv give no ttft_s and are left out" in " ".join(out.split())
