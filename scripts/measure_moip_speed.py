"""How long complete nondominated sets take, instance by instance, and beside pyaugmecon 2.

Run from the checkout:

    python scripts/measure_moip_speed.py DATA_FOLDER [--instances A,B] [--time-limit S]
        [--against-pyaugmecon PYTHON] [--repetitions N] [--json FILE]

DATA_FOLDER holds programs in the moip JSON layout that say what their nondominated set is
(``nondominated``, or ``nondominated_count`` alone). Every run is a process of its own, one worker,
one after the other. Two figures are told of each:

* CPU s, solve: from the program in memory to the proved set, imports of this package done before;
  what an engine loads when it is first asked counts;
* CPU s, process: the whole process from its start to its end, imports and reading included.

"points per CPU s" and the bounds at the end use the second, larger figure. "solves per point"
counts calls of engines; where labels list the whole set there are none. A partial answer is right
as far as it goes if every point of it is published.

PYTHON is an interpreter of an environment of its own that has pyaugmecon 2 and highspy. pyaugmecon
runs in exact mode (every integer level of the second objective between its values at the two
lexicographic optima) with HiGHS, one worker, one thread, no gap; it stores no solutions. Both sides
take turns, ``--repetitions`` times; medians are compared, on both figures, and the smaller ratio
counts.

Exit status: 0 if no answer is wrong and no bound is missed, 1 otherwise, 2 for bad input.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from moip_speed_runs import BadInputError, Instance, Run, measure, read_instances

PAIRED = ("vopt_ukp_2KP50-11", "pyaug_2kp50", "vopt_spa_sppnw41")
RATIO = 3.0
LARGE, LARGE_CPU_S = "pyaug_2kp250", 600.0
KNAPSACKS, KNAPSACK_RATE = "mokp_p2_n200_", 14.0
TRIPLE_COLUMNS, TRIPLE_RATE, TRIPLE_SOLVES = 50, 6.0, 3.5


@dataclass(frozen=True, slots=True)
class Bound:
    """One line of what was asked for; ``met`` is ``None`` where this run did not measure it."""

    asked: str
    measured: str
    met: bool | None


def middle(runs: Sequence[Run], figure: str) -> float:
    """Median of one figure over repetitions."""
    return statistics.median(getattr(run, figure) for run in runs)


def bounds(
    instances: Sequence[Instance],
    runs: dict[str, Run],
    pairs: dict[str, tuple[list[Run], list[Run]]],
) -> list[Bound]:
    """What was asked for, and whether it is met."""
    lines = []
    for name in PAIRED:
        asked = f"{name}: at least {RATIO:g}x fewer CPU s than pyaugmecon, complete"
        if name not in pairs:
            lines.append(Bound(asked, "not measured", None))
            continue
        ours, theirs = pairs[name]
        if any(run.status == "crashed" for run in theirs):
            lines.append(Bound(asked, "pyaugmecon crashed", False))
            continue
        ratios = {
            figure: middle(theirs, f"cpu_{figure}_s") / middle(ours, f"cpu_{figure}_s")
            for figure in ("solve", "process")
        }
        told = ", ".join(f"{ratio:.1f}x {figure}" for figure, ratio in ratios.items())
        met = all(run.settled for run in ours) and min(ratios.values()) >= RATIO
        lines.append(Bound(asked, told, met))
    asked = f"{LARGE}: complete within {LARGE_CPU_S:g} CPU s"
    if LARGE in runs:
        run = runs[LARGE]
        told = f"{run.status}, {run.cpu_process_s:.1f} CPU s"
        lines.append(Bound(asked, told, run.settled and run.cpu_process_s <= LARGE_CPU_S))
    else:
        lines.append(Bound(asked, "not measured", None))
    knapsacks = [runs[one.name] for one in instances if one.name.startswith(KNAPSACKS)]
    asked = f"{KNAPSACKS}*: complete, at least {KNAPSACK_RATE:g} points per CPU s each"
    met = all(run.settled and run.points_per_cpu_s >= KNAPSACK_RATE for run in knapsacks)
    told = ", ".join(f"{run.points_per_cpu_s:.1f}" for run in knapsacks)
    lines.append(Bound(asked, told or "not measured", met if knapsacks else None))
    triples = [runs[one.name] for one in instances if one.p == 3 and one.n >= TRIPLE_COLUMNS]
    asked = (
        f"three objectives, n >= {TRIPLE_COLUMNS}: complete, at least {TRIPLE_RATE:g} points per "
        f"CPU s, at most {TRIPLE_SOLVES:g} solves a point"
    )
    met = all(
        run.settled
        and run.points_per_cpu_s >= TRIPLE_RATE
        and run.solves_per_point <= TRIPLE_SOLVES
        for run in triples
    )
    told = ", ".join(
        f"{run.points_per_cpu_s:.1f} points per CPU s and {run.solves_per_point:.2f} solves a point"
        for run in triples
    )
    lines.append(Bound(asked, told or "not measured", met if triples else None))
    return lines


def table_row(instance: Instance, run: Run) -> str:
    """One line under ``HEAD``."""
    return (
        f"{instance.name:24} {instance.p:1} {instance.n:5} {instance.m:5} {run.found:6}"
        f" {instance.count:6} {'yes' if run.right else 'NO':5} {run.status:10}"
        f" {run.cpu_solve_s:8.2f} {run.cpu_process_s:8.2f} {run.points_per_cpu_s:9.2f}"
        f" {run.solves_per_point:8.2f} {run.peak_bytes / 1e6:6.0f}  {'+'.join(run.closed_by)}"
    )


HEAD = (
    "                                       points publi-                 CPU s    CPU s    points"
    "   solves   peak  boxes\n"
    "instance                 p     n     m  found   shed right status        solve  process"
    " per CPU s per point    MB  closed by"
)


def record(file: TextIO | None, kind: str, content: dict[str, Any]) -> None:
    """One JSON line."""
    if file is not None:
        file.write(json.dumps({"record": kind, **content}) + "\n")
        file.flush()


def report(arguments: argparse.Namespace, lines: TextIO | None) -> int:
    """Measure and print; the exit status."""
    names = arguments.instances.split(",") if arguments.instances else None
    instances = read_instances(arguments.data, names)
    machine = {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "time_limit_s": arguments.time_limit,
    }
    record(lines, "machine", machine)
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    pairs = {}
    for one in instances:
        if arguments.against_pyaugmecon is not None and one.name in PAIRED:
            pairs[one.name] = side_by_side(one, arguments, lines)
    print(HEAD, flush=True)
    runs = {}
    for one in instances:
        run = measure(one, "fleetfront", sys.executable, arguments.time_limit)
        runs[one.name] = run
        record(lines, "run", asdict(run))
        print(table_row(one, run), *(f"    {note}" for note in run.notes), sep="\n", flush=True)
    print(
        f"\n{sum(run.settled for run in runs.values())} of {len(runs)} complete and as published;"
        f" {sum(run.found for run in runs.values())} points;"
        f" CPU s: {sum(run.cpu_solve_s for run in runs.values()):.1f} solve,"
        f" {sum(run.cpu_process_s for run in runs.values()):.1f} process\n"
    )
    wrong = [run.name for run in runs.values() if not run.right]
    wrong += [name for name, (ours, _) in pairs.items() if not all(run.right for run in ours)]
    judged = bounds(instances, runs, pairs)
    for bound in judged:
        record(lines, "bound", asdict(bound))
        word = {True: "pass", False: "MISS", None: "-"}[bound.met]
        print(f"{word:5} {bound.asked}: {bound.measured}")
    partial = [run.name for run in runs.values() if run.status == "partial"]
    if partial:
        print(f"partial under the limit: {', '.join(partial)}")
    if wrong:
        print(f"wrong answers: {', '.join(wrong)}")
    return 1 if wrong or any(bound.met is False for bound in judged) else 0


def side_by_side(
    instance: Instance, arguments: argparse.Namespace, lines: TextIO | None
) -> tuple[list[Run], list[Run]]:
    """Runs of both sides on one instance, in turns."""
    sides = {"fleetfront": sys.executable, "pyaugmecon": arguments.against_pyaugmecon}
    runs: dict[str, list[Run]] = {side: [] for side in sides}
    for _ in range(arguments.repetitions):
        for side, python in sides.items():
            run = measure(instance, side, python, arguments.time_limit)
            record(lines, "paired run", asdict(run))
            runs[side].append(run)
    for side, done in runs.items():
        told = ", ".join(f"{name} {version}" for name, version in done[-1].versions.items())
        print(
            f"{instance.name:20} {side:10} {middle(done, 'cpu_solve_s'):7.2f} CPU s solve,"
            f" {middle(done, 'cpu_process_s'):7.2f} process; {done[-1].found} points,"
            f" {'the published set' if all(run.settled for run in done) else 'NOT THE SET'};"
            f" {done[-1].solves} solves ({told})",
            flush=True,
        )
    return runs["fleetfront"], runs["pyaugmecon"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument("--instances", metavar="A,B", help="only these")
    parser.add_argument("--time-limit", type=float, default=600.0, metavar="S", help="of each run")
    parser.add_argument("--against-pyaugmecon", metavar="PYTHON")
    parser.add_argument("--repetitions", type=int, default=3, help="of the runs beside pyaugmecon")
    parser.add_argument("--json", type=Path, metavar="FILE", help="one JSON line for each figure")
    chosen = parser.parse_args(arguments)
    if chosen.time_limit <= 0 or chosen.repetitions < 1:
        parser.error("--time-limit and --repetitions must be positive")
    other = chosen.against_pyaugmecon
    if other is not None:
        found = shutil.which(other)
        if found is None:
            parser.error(f"--against-pyaugmecon: {other} is no program")
        # Not resolved: the link is what tells an interpreter its environment.
        chosen.against_pyaugmecon = str(Path(found).absolute())
    try:
        if chosen.json is None:
            return report(chosen, None)
        with chosen.json.open("w", encoding="utf-8") as lines:
            return report(chosen, lines)
    except (BadInputError, OSError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
