"""How long cheapest fleets of bare column problems take to prove, and how much memory.

Run from the checkout:

    python scripts/measure_fleet_speed.py [FOLDER] [--only PATTERN] [--time-limit S] [--levels N]
        [--json FILE] [--plot FILE]

FOLDER holds ``fleet-columns/1`` files; if left out it is ``../shared/data/fleet`` beside the
checkout. Each is solved in a process of its own, one worker, one after the other. Lowering (from
the file in memory to the pruned problem) and solving (to the proof) are timed apart in CPU seconds;
"MB" is the peak of the whole process, imports included.

The verdict compares with the file's ``best_known``: "better" if neither cost nor bound is worse
and one is better, "wrong" if cost and published bounds contradict each other.

With ``--levels N`` the frontier over N latency levels, evenly spread by rank, is asked for instead;
cost and bound are then those of the loosest level, which is that of the file.

The plot shows CPU seconds of solving against the size of the fleet (the n of the file's name),
columns stated, workloads, and limits that bind in the plan found.

Exit status: 0 if nothing is worse than published or wrong, 1 otherwise, 2 for bad input.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from fleet_speed_runs import ROOT, BadInputError, Run, measure, read_fleets
from rich.console import Console
from rich.table import Table

FOLDER = ROOT / "../shared/data/fleet"
_FEW_TICKS = 6
FAULTS = ("worse", "wrong", "killed", "crashed")


def whole(value: int | None) -> str:
    """A count, or a dash."""
    return "-" if value is None else f"{value:,}"


def table_of(runs: Sequence[Run], levels: int) -> Table:
    """One line a run."""
    table = Table(title="cheapest fleets" if not levels else f"frontiers over {levels} levels")
    table.add_column("file", no_wrap=True)
    extra = ("points", "proved", "solves") if levels else ("binding",)
    heads = ("columns", "lower s", "solve s", "cost", "bound", "known cost", "known bound")
    for head in (*heads, *extra, "MB"):
        table.add_column(head, justify="right")
    table.add_column("verdict")
    for run in runs:
        told = run.answer
        if not told:
            table.add_row(run.fleet.name, *["-"] * (len(heads) + len(extra) + 1), run.failure)
            continue
        keys = ("points", "points_proved", "solves") if levels else ("binding",)
        table.add_row(
            run.fleet.name,
            f"{told['columns_stated']} > {told['columns']}",
            f"{told['cpu_lower_s']:.3f}",
            f"{told['cpu_solve_s']:.3f}",
            whole(told["cost"]),
            whole(told["bound"]),
            whole(run.fleet.upper),
            whole(run.fleet.lower),
            *(whole(told[key]) for key in keys),
            f"{run.peak_bytes / 1e6:.0f}",
            run.verdict + (f" ({told['stopped']})" if told["stopped"] else ""),
        )
    return table


def draw(runs: Sequence[Run], path: Path) -> None:
    """Growth of CPU seconds, four ways; open marks were not proved."""
    axes_of = {
        "devices in the fleet": lambda run: run.fleet.devices,
        "columns stated": lambda run: run.answer["columns_stated"],
        "workloads": lambda run: run.answer["workloads"],
        "limits that bind": lambda run: run.answer.get("binding"),
    }
    figure, panels = plt.subplots(2, 2, figsize=(9, 7), sharey=True, layout="constrained")
    figure.suptitle("Time to prove the cheapest fleet of a bare column problem")
    for axes, (label, read) in zip(panels.flat, axes_of.items(), strict=True):
        for loose, colour, name in (
            (True, "tab:blue", "loose limits"),
            (False, "tab:orange", "tight"),
        ):
            for proved in (True, False):
                chosen = [
                    (read(run), max(run.answer["cpu_solve_s"], 1e-4))
                    for run in runs
                    if run.answer
                    and ("loose" in run.fleet.name) == loose
                    and run.answer["proved"] == proved
                    and read(run) is not None
                ]
                if chosen:
                    axes.scatter(
                        *zip(*chosen, strict=True),
                        facecolors=colour if proved else "none",
                        edgecolors=colour,
                        alpha=0.7,
                        label=name if proved else f"{name}, not proved",
                    )
        axes.set_yscale("log")
        if label in ("devices in the fleet", "columns stated"):
            axes.set_xscale("log")
        met = sorted({read(run) for run in runs if run.answer} - {None})
        if 0 < len(met) <= _FEW_TICKS:
            axes.set_xticks(met, [f"{value:,}" for value in met])
            axes.set_xticks([], minor=True)
        axes.set_xlabel(label)
        axes.grid(alpha=0.3)
    for axes in panels[:, 0]:
        axes.set_ylabel("CPU s to solve")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    if handles:
        panels[0, 0].legend(handles, labels)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def report(arguments: argparse.Namespace) -> int:
    """Measure, print, write; the exit status."""
    console = Console(width=None if sys.stdout.isatty() else 170)
    fleets = read_fleets(arguments.folder, arguments.only)
    machine = {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "time_limit_s": arguments.time_limit,
        "levels": arguments.levels,
    }
    console.print(", ".join(f"{key} {value}" for key, value in machine.items()), highlight=False)
    runs = []
    for fleet in fleets:
        run = measure(fleet, arguments.time_limit, arguments.levels)
        runs.append(run)
        took = f"{run.answer['cpu_solve_s']:.2f} s" if run.answer else ""
        console.print(f"{fleet.name}: {run.verdict} {took}", highlight=False)
    console.print(table_of(runs, arguments.levels))
    proved = sum(bool(run.answer) and run.answer["proved"] for run in runs)
    peak = max(run.peak_bytes for run in runs) / 1e6
    console.print(f"{proved} of {len(runs)} proved; most memory {peak:.0f} MB", highlight=False)
    if arguments.json is not None:
        records = [
            {
                "file": run.fleet.name,
                "best_known": {"cost": run.fleet.upper, "bound": run.fleet.lower},
                "verdict": run.verdict,
                "cpu_process_s": run.cpu_process_s,
                "peak_bytes": run.peak_bytes,
                **run.answer,
            }
            for run in runs
        ]
        document = {"machine": machine, "runs": records}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if arguments.plot is not None:
        draw(runs, arguments.plot)
    return 1 if any(run.verdict.startswith(FAULTS) for run in runs) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and measure; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER, metavar="FOLDER")
    parser.add_argument("--only", metavar="PATTERN", help="files whose name contains this")
    parser.add_argument("--time-limit", type=float, default=120.0, metavar="S", help="of each file")
    parser.add_argument("--levels", type=int, default=0, metavar="N", help="frontier over N levels")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="png, svg or pdf")
    chosen = parser.parse_args(arguments)
    if chosen.time_limit <= 0 or chosen.levels < 0:
        parser.error("--time-limit must be positive and --levels not negative")
    if not chosen.folder.is_dir():
        print(f"{chosen.folder}: no such folder; name one with fleet-columns/1 files")
        return 2
    try:
        return report(chosen)
    except (BadInputError, OSError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
