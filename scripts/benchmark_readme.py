"""Reproduce the README's benchmark: run it, and write the tables and the picture it stands on.

Run from the checkout, in an environment where fleetfront is installed:

    python scripts/benchmark_readme.py [--out FOLDER] [--workers N] [--only-write]

Runs ``fleetfront bench small+medium --levels 1 --time-limit 3`` (under 30 minutes on two cores),
then writes the section between the markers of ``README.md``, the picture
``instances/bench/profiles.png`` and the rows behind both, ``instances/bench/standing.jsonl.gz``
(without the courses of bounds). An interrupted run goes on where it was. ``--only-write`` makes the
section and picture anew from those rows and solves nothing.

Exit status: 0 nothing wrong, 1 a wrong or missing answer, 4 stopped before the end.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from solver.bench.cases import groups_of
from solver.bench.outputs import summary_of, textbooks, write_run
from solver.bench.plots import render_overview
from solver.bench.run import plan_bench, run_bench
from solver.bench.standing import read_standing, standing_text, written_section
from solver.bench.summary import summarise

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "instances" / "bench"
ROWS = BENCH / "standing.jsonl.gz"
PICTURE = BENCH / "profiles.png"
SET = "small+medium"
LEVELS = 1
TIME_LIMIT_S = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, or only write; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("bench-readme"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only-write", action="store_true")
    options = parser.parse_args(arguments)
    if not options.only_write:
        status = _run(options.out, options.workers)
        if status:
            return status
    header, rows = read_standing(ROWS)
    summary = summarise(rows, textbook=textbooks())
    if not summary.sound:
        print("an answer is wrong or missing; nothing was written", file=sys.stderr)
        return 1
    PICTURE.write_bytes(render_overview(groups_of(summary.rows), summary.groups, "png"))
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(written_section(text, header, summary), encoding="utf-8")
    print(f"{len(rows)} solves; {readme}, {PICTURE}")
    return 0


def _run(folder: Path, workers: int) -> int:
    """Solve what is not in the folder yet, and keep the rows."""
    plan = plan_bench(SET, levels=LEVELS, time_limit_s=TIME_LIMIT_S, workers=workers)
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("solving", total=None)
        run = run_bench(
            plan,
            folder,
            on_progress=lambda done, to_do: progress.update(bar, completed=done, total=to_do),
        )
    summary = summary_of(run)
    write_run(run, summary, folder)
    if not summary.sound:
        print("an answer is wrong or missing; see the report", file=sys.stderr)
        return 1
    if not run.complete:
        return 4
    # No date of the file in it: equal rows, equal bytes.
    ROWS.write_bytes(gzip.compress(standing_text(run.header, run.rows).encode(), mtime=0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
