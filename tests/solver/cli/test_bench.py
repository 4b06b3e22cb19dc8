"""``fleetfront bench`` as a user meets it; but for two runs, solves happen in this process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from solver.bench import outputs
from solver.bench import run as run_module
from solver.bench.kinds.kind import Built
from solver.bench.kinds.replica import ReplicaKind
from solver.cli import main
from solver.engines import get_engine
from solver.errors import EngineError
from tests.solver.bench.bench_runs import TINY, serially

SMALL = [TINY, "--formulations", "column_selection,factored_big_m", "--engines", "highs"]


@pytest.fixture
def bench(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Runs the command in an empty folder, without pictures; exit status, output, errors."""
    monkeypatch.chdir(tmp_path)
    for name in ("render_profile", "render_gaps", "render_overview"):
        monkeypatch.setattr(outputs, name, lambda *_, **__: b"a picture")
    monkeypatch.setattr(run_module, "run_all", serially)

    def run(*words: str) -> tuple[int, str, str]:
        status = main(["bench", *words])
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture(scope="module")
def spawned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """One run with real workers: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("bench")
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from solver.cli import main; sys.exit(main())",
         "bench", *SMALL, "--levels", "2", "--workers", "2", "--json", "--out", str(folder)],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout


# A whole run


def test_json_is_json_and_nothing_else(spawned: tuple[Path, str]) -> None:
    told = json.loads(spawned[1])
    assert told["complete"] is True
    assert told["wrong"] == []
    assert [group["group"] for group in told["groups"]] == ["replica"]


def test_the_folder_holds_rows_tables_pictures_page_and_instances(
    spawned: tuple[Path, str],
) -> None:
    names = {path.name for path in spawned[0].iterdir()}
    assert names == {
        "rows.jsonl", "instances", "summary.csv", "summary.md", "profiles.csv", "gaps.csv",
        "report.html", "profile-replica.png", "profile-replica.svg", "gaps-replica.png",
        "gaps-replica.svg", "overview.png", "overview.svg",
    }  # fmt: skip


def test_workers_bring_every_row_with_its_figures(spawned: tuple[Path, str]) -> None:
    lines = [json.loads(line) for line in (spawned[0] / "rows.jsonl").read_text().splitlines()]
    rows = [line["row"] for line in lines if "row" in line]
    assert [(row["formulation"], row["level"]) for row in rows] == [
        ("column_selection", 0), ("column_selection", 1),
        ("factored_big_m", 0), ("factored_big_m", 1),
    ]  # fmt: skip
    for row in rows:
        assert (row["status"], row["verdict"]) == ("optimal", "right")
        assert re.fullmatch("[0-9a-f]{64}", row["model_sha256"])
        assert row["versions"]["highs"]
        for figure in ("cpu_s", "wall_s", "build_s", "rows", "columns", "nonzeros", "lp_bound"):
            assert row[figure] is not None, figure


def test_the_page_loads_nothing_from_elsewhere(spawned: tuple[Path, str]) -> None:
    page = (spawned[0] / "report.html").read_text(encoding="utf-8")
    loads = re.findall(r"""(?:src|href)\s*=\s*["']?([^"'\s>]*)|url\(([^)]*)\)|@import""", page)
    targets = [one.strip("'\"") for pair in loads for one in pair if one]
    assert not [one for one in targets if not one.startswith(("data:", "#"))]
    assert "<script src" not in page


def test_the_same_command_again_solves_nothing_and_ends_well(
    spawned: tuple[Path, str], bench: Callable[..., tuple[int, str, str]]
) -> None:
    before = (spawned[0] / "rows.jsonl").read_text().splitlines()[1:]
    status, out, err = bench(*SMALL, "--levels", "2", "--out", str(spawned[0]))
    assert (status, err) == (0, "")
    assert "No answer is wrong, no point is missing." in out
    assert (spawned[0] / "rows.jsonl").read_text().splitlines()[1:] == before


def test_quiet_prints_nothing_and_writes_beside_the_command(
    bench: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    assert bench(*SMALL, "--levels", "1", "--quiet") == (0, "", "")
    (folder,) = tmp_path.iterdir()
    assert folder.name == "bench-replica-layouts-layouts-4-batches-3"
    assert (folder / "report.html").exists()


def test_all_levels_can_be_asked(bench: Callable[..., tuple[int, str, str]]) -> None:
    status, out, _ = bench(*SMALL, "--levels", "all", "--json", "--out", "out")
    assert status == 0
    assert json.loads(out)["levels_asked"] is None
    assert '"status":"infeasible"' in Path("out/rows.jsonl").read_text()


# Bad input


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["soup"], ["no set, family or file is called 'soup'", "tiny", "replica-layouts"]),
        (["moip-knapsack:items=30"], ["items", "Parameters are pieces"]),
        ([f"{TINY},seeds=0"], ["seeds cannot be '0'"]),
        ([TINY, "--formulations", "soup"], ["no formulation is called 'soup'", "cp_element"]),
        ([TINY, "--engines", "soup"], ["no engine is called 'soup'", "own, highs"]),
        ([TINY, "--levels", "most"], ["--levels: cannot be 'most'"]),
        ([TINY, "--levels", "0"], ["--levels: cannot be 0"]),
        ([TINY, "--levels", "-1"], ["--levels: cannot be '-1'"]),
        ([TINY, "--seeds", "0"], ["--seeds: cannot be 0"]),
        ([TINY, "--workers", "0"], ["--workers: cannot be 0"]),
        ([TINY, "--time-limit", "0"], ["--time-limit: cannot be 0 s"]),
        ([TINY, "--time-limit", "nan"], ["--time-limit"]),
        ([TINY, "--seeds", "many"], ["--seeds"]),
        ([TINY, "--out", "file"], ["cannot be written", "Name another"]),
        ([TINY, "--formulations", "boxes"], ["no formulation that was asked for"]),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    words: list[str], expected: list[str], bench: Callable[..., tuple[int, str, str]]
) -> None:
    Path("file").write_text("")
    status, out, err = bench(*words)
    assert status == 2
    assert out == ""
    fault, example = err.splitlines()
    assert fault.endswith(".")
    assert example.startswith("Example: ")
    for part in expected:
        assert part in err


def test_without_a_set_all_names_are_listed(bench: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = bench()
    assert (status, err) == (0, "")
    for name in ("tiny", "moip-knapsack", "factored_big_m (textbook)", "Engines: own, highs"):
        assert name in out


# Engines and formulations that fail


def test_a_missing_engine_is_told_once_and_others_run(
    bench: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(name: str) -> Any:
        if name == "scip":
            raise EngineError.one("is missing", where="scip", mend="Install it")
        return get_engine(name)

    monkeypatch.setattr(run_module, "get_engine", lacking)
    status, out, err = bench(*SMALL, "--engines", "scip", "--levels", "2", "--out", "out")
    assert status == 0
    assert err == "scip: is missing. Install it.\n"
    assert "column_selection / scip" in out
    assert Path("out/rows.jsonl").read_text().count('"engine_missing"') == 4


def test_a_wrong_formulation_ends_with_status_1_and_is_named(
    bench: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ReplicaKind.build

    def dearer(self: ReplicaKind, problem: Any, formulation: str, level: Any) -> Built:
        if formulation == "factored_big_m":
            problem = replace(problem, cost=problem.cost + 1)
        return whole(self, problem, formulation, level)

    monkeypatch.setattr(ReplicaKind, "build", dearer)
    status, out, _ = bench(*SMALL, "--levels", "1", "--out", "out")
    assert status == 1
    assert "excludes the optimum" in out
    status, out, _ = bench(*SMALL, "--levels", "1", "--out", "out", "--json")
    assert status == 1
    assert [row["formulation"] for row in json.loads(out)["wrong"]] == ["factored_big_m"]


CHILD = """
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
import sys
from solver.cli import main
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_keeps_rows_and_ends_with_status_4(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    words = ["bench", *SMALL, "--seeds", "5000", "--out", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as child:  # fmt: skip
        began_s = time.monotonic()
        while not rows.exists() or '"row"' not in rows.read_text():
            assert child.poll() is None
            assert time.monotonic() - began_s < 90
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=90)
    assert child.returncode == 4, err
    assert "stopping with what was found" in err
    assert "Stopped before the end; the same command goes on from here." in out
    lines = [json.loads(line) for line in rows.read_text().splitlines()]
    assert [row["row"]["verdict"] for row in lines[2:]] == ["right"] * (len(lines) - 2)
    assert (tmp_path / "report.html").exists()
