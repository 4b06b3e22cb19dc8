"""How long the exact frontier takes, beside the sampled grid that is published for the question.

Run from the checkout:  python scripts/measure_replica_speed.py

One machine, one run, imports done, CPU seconds (best and median of several repetitions). Measured
are

* the exact frontier of the full 70B design space, lowering included;
* the published grid, restated with the same vectorised step times: 400 log-spaced batches from 1 to
  2^18, 400 log-spaced device counts from the weights' size to 2^18 (fractions of devices), and for
  each of 600 log-spaced latency caps from 0.1 ms to 1 s the cheapest grid point;
* the whole command in a new process, and its peak memory.

The last lines say what each found: distinct points, and how far the grid's costs are from the exact
cost at the same speed.
"""

from __future__ import annotations

import argparse
import bisect
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from solver.api import read_instance
from solver.instance.domain import ReplicaInstance
from solver.lowering.space import lower_replica
from solver.performance.epoch2025 import StepFamily, StepSetting, count
from solver.performance.epoch2025.reference import PIPELINE_CHOICES
from solver.sweep.enumeration import EnumerationOutcome, enumerate_frontier

ROOT = Path(__file__).resolve().parents[1]
INSTANCE = ROOT / "instances" / "epoch" / "llama_3_70b_8bit__h100__il0.toml"
GRID = 400
CAPS = 600
LARGEST = 2.0**18
FloatArray = npt.NDArray[np.float64]


def cpu_seconds(work: Callable[[], object], repetitions: int) -> list[float]:
    """CPU seconds of each repetition."""
    times = []
    for _ in range(repetitions):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return times


def sampled_grid(instance: ReplicaInstance) -> list[tuple[float, float, float]]:
    """Distinct (latency s, US$ per million tokens, devices) of the published grid search."""
    machine = instance.machines[0]
    accelerator, price = machine.accelerator, float(machine.price.usd_per_hour)
    counts = count(instance.model)
    setting = StepSetting(
        counts=counts,
        accelerator=accelerator,
        weight_bits=instance.design.weight_bits[0],
        kv_bits=instance.design.kv_bits[0],
        context_tokens=instance.context_tokens,
    )
    weights = setting.weight_bytes * counts.params
    batches = np.geomspace(1, LARGEST, GRID)
    devices = np.geomspace(weights / accelerator.hbm_bytes, LARGEST, GRID)
    rows = np.arange(GRID, dtype=np.intp)[:, None]
    columns = np.arange(GRID, dtype=np.intp)[None, :]
    kv = setting.kv_bytes * counts.kv_values_per_token * setting.context_tokens
    fits = devices[:, None] * accelerator.hbm_bytes >= kv * batches[None, :] + weights
    latency = np.full((GRID, GRID), np.inf)
    for stages in PIPELINE_CHOICES:
        reachable = fits & (stages <= np.minimum(devices[:, None], batches[None, :]))
        for two_dimensional in (True, False):
            with np.errstate(divide="ignore", invalid="ignore"):
                family = StepFamily(
                    setting,
                    tensor_degrees=devices / stages,
                    batches=batches,
                    two_dimensional=two_dimensional,
                    stages=stages,
                )
                branch = family.latency_s(rows, columns)
            latency = np.where(reachable, np.fmin(latency, branch), latency)
    cost = devices[:, None] * latency / batches[None, :] * price / 3600 * 1e6
    points: dict[tuple[int, int], tuple[float, float, float]] = {}
    for cap in np.geomspace(1e-4, 1.0, CAPS):
        within = np.where(latency <= cap, cost, np.inf)
        at = np.unravel_index(np.argmin(within), within.shape)
        if np.isfinite(within[at]):
            found = (float(latency[at]), float(cost[at]), float(devices[at[0]]))
            points[int(at[0]), int(at[1])] = found
    return sorted(points.values())


def differences(grid: list[tuple[float, float, float]], exact: EnumerationOutcome) -> FloatArray:
    """Relative error of the grid's cost against the exact cost at the same latency."""
    latencies = [point.latency_ps for point in exact.points]
    errors = []
    for latency_s, cost, _ in grid:
        place = bisect.bisect_right(latencies, latency_s * 1e12) - 1
        if place >= 0:
            errors.append(cost / float(exact.points[place].cost) - 1)
    return np.array(errors)


def whole_command() -> tuple[float, float, int]:
    """Wall seconds, CPU seconds and peak bytes of the command in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run(
            [
                sys.executable, "-c", "import sys; from solver.cli import main; sys.exit(main())",
                "solve", str(INSTANCE), "--quiet", "--out", str(Path(folder) / "result.json"),
            ],
            check=True,
            cwd=ROOT,
        )  # fmt: skip
        wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, after.ru_maxrss * 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=7)
    repetitions = parser.parse_args().repetitions
    instance = read_instance(INSTANCE)
    space = lower_replica(instance)
    outcome = enumerate_frontier(space)
    grid = sampled_grid(instance)
    exact_s = cpu_seconds(lambda: enumerate_frontier(lower_replica(instance)), repetitions)
    plain_s = cpu_seconds(
        lambda: enumerate_frontier(lower_replica(instance), prune=False), repetitions
    )
    grid_s = cpu_seconds(lambda: sampled_grid(instance), repetitions)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    wall, cpu, command_peak = whole_command()
    print(f"machine: {platform.processor() or platform.machine()}, Python {sys.version.split()[0]}")
    print(f"question: {instance.title}")
    print(f"candidates: {space.n_stated:,} named, {space.n_candidates:,} deployable")
    print(f"evaluated: {outcome.evaluated:,}; skipped by bound: {outcome.skipped:,}")
    print("                                   CPU s median   best")
    for name, times in (
        ("exact frontier", exact_s),
        ("exact frontier, no pruning", plain_s),
        ("published sampled grid", grid_s),
    ):
        print(f"{name:34} {statistics.median(times):12.3f} {min(times):6.3f}")
    ratio = statistics.median(grid_s) / statistics.median(exact_s)
    print(f"grid time / exact time: {ratio:.2f}")
    print(f"peak memory of this script: {peak / 1e6:.0f} MB")
    print(f"whole command: {wall:.2f} s wall, {cpu:.2f} CPU s, {command_peak / 1e6:.0f} MB")
    errors = differences(grid, outcome)
    whole = sum(1 for *_, devices in grid if devices == int(devices))
    print(f"points: {len(outcome.points):,} exact; {len(grid)} on the grid, {whole} realizable")
    print(
        f"grid cost against exact cost at equal speed: {errors.min():+.1%} to {errors.max():+.1%}"
    )


if __name__ == "__main__":
    main()
