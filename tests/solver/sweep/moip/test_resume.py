"""Runs that are killed and started again, and workers that die, end with the same set."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from formulations.milp import INFINITY, Milp
from formulations.moip.problem import MultiObjectiveProgram
from solver.instance.moip import read_program
from solver.sweep.moip.search import SearchProgress, search

ROOT = Path(__file__).resolve().parents[4]


def knapsack(columns: int, seed: int) -> dict[str, Any]:
    """Two objectives, one row; the file's layout."""
    draw = np.random.default_rng(seed)
    weights = draw.integers(1, 101, columns)
    return {
        "name": f"knapsack-{columns}-{seed}",
        "objectives": 2,
        "n": columns,
        "m": 1,
        "senses": ["max", "max"],
        "c": draw.integers(1, 101, (2, columns)).tolist(),
        "A": {
            "start": [0, columns],
            "index": list(range(columns)),
            "value": weights.tolist(),
        },
        "row_sense": ["<="],
        "rhs": [int(weights.sum()) // 2],
        "lb": [0] * columns,
        "ub": [1] * columns,
        "vtype": "B" * columns,
    }


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("resume") / "knapsack.json"
    path.write_text(json.dumps(knapsack(40, seed=3)))
    return path


@pytest.fixture(scope="module")
def program(file: Path) -> MultiObjectiveProgram:
    return read_program(file)


@pytest.fixture(scope="module")
def images(program: MultiObjectiveProgram) -> list[tuple[int, ...]]:
    """By the search, undisturbed; other tests hold the search against brute force."""
    outcome = search(program)
    assert outcome.status == "complete"
    return [point.image for point in outcome.points]


def start(file: Path, checkpoint: Path, out: Path) -> subprocess.Popen[bytes]:
    script = "import sys; from solver.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(
        [
            sys.executable, "-c", script, "moip", str(file), "--quiet",
            "--checkpoint", str(checkpoint), "--out", str(out),
        ],
        cwd=ROOT,
    )  # fmt: skip


def lines_of(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_killed_again_and_again_it_ends_with_the_same_set(
    file: Path, program: MultiObjectiveProgram, images: list[tuple[int, ...]], tmp_path: Path
) -> None:
    checkpoint, out = tmp_path / "run.jsonl", tmp_path / "result.json"
    kills = 0
    for more in (1, 12, 40):
        seen = lines_of(checkpoint)
        run = start(file, checkpoint, out)
        until_s = time.monotonic() + 60
        while run.poll() is None and lines_of(checkpoint) < seen + more:
            assert time.monotonic() < until_s
            time.sleep(0.002)
        if run.poll() is None:
            run.send_signal(signal.SIGKILL)
            kills += 1
        run.wait(timeout=60)
        if out.exists():
            break
    assert kills >= 1
    assert start(file, checkpoint, out).wait(timeout=120) == 0
    document = json.loads(out.read_text())
    stated = [tuple(point["exact"].values()) for point in document["points"]]
    assert document["status"] == "complete"
    assert stated == [tuple(int(v) for v in program.stated(image)) for image in images]


def test_a_finished_checkpoint_answers_at_once(
    program: MultiObjectiveProgram, images: list[tuple[int, ...]], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "run.jsonl"
    search(program, checkpoint=checkpoint)
    told: list[SearchProgress] = []
    again = search(program, checkpoint=checkpoint, on_progress=told.append)
    assert [point.image for point in again.points] == images
    assert not told


class _Killer:
    """Kills one process as soon as the search has brought its first report home."""

    def __init__(self, pids: list[int]) -> None:
        self.pids = pids
        self.killed = threading.Event()

    def __call__(self, told: SearchProgress) -> None:
        if told.points and not self.killed.is_set():
            os.kill(self.pids[0], signal.SIGKILL)
            self.killed.set()


# Dask tells of what it does when workers die, and of sockets that they leave.
@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_that_loses_a_worker_finds_the_same_set(
    program: MultiObjectiveProgram, images: list[tuple[int, ...]]
) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        pids = [nanny.pid for nanny in cluster.workers.values()]
        killer = _Killer(pids)
        outcome = search(program, dask=cluster.scheduler_address, on_progress=killer)
    assert killer.killed.is_set()
    assert outcome.status == "complete"
    assert [point.image for point in outcome.points] == images


def test_local_workers_find_the_same_set(
    program: MultiObjectiveProgram, images: list[tuple[int, ...]]
) -> None:
    outcome = search(program, workers=2)
    assert outcome.status == "complete"
    assert [point.image for point in outcome.points] == images


def test_engines_on_local_workers_find_the_same_set() -> None:
    draw = np.random.default_rng(5)
    n = 9
    rows = draw.integers(1, 20, (2, n))
    milp = Milp(
        "small",
        np.zeros(n, dtype=np.int64),
        np.ones(n, dtype=np.int64),
        np.ones(n, dtype=bool),
        np.array([0, n, 2 * n]),
        np.tile(np.arange(n), 2),
        rows.reshape(-1),
        np.full(2, -INFINITY),
        rows.sum(axis=1) // 2,
        {"f1": -draw.integers(1, 30, n), "f2": -draw.integers(1, 30, n)},
    )
    names = tuple(f"x{j}" for j in range(n))
    program = MultiObjectiveProgram(milp, ("min", "min"), (1, 1), (0, 0), names, ("a", "b"))
    alone = search(program, engines=["labels"])
    shared = search(program, engines=["cp-sat", "highs"], workers=2)
    assert shared.status == "complete"
    assert [p.image for p in shared.points] == [p.image for p in alone.points]
